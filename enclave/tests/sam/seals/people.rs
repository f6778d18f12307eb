//! Place: SAM. SEAL-04 and SEAL-07: who may approve, and how that changes.

use super::super::pin_totp::TestPin;
use super::*;
use fuin_shared::sad::MeansProfile;
use fuin_shared::seal::ApproverRegistration;

#[test]
fn seal_04_no_approver_holds_a_key_of_the_services_people() {
    // Seeds of officer, RA, other RA, custodian.
    for seed in [11, 12, 13, 14] {
        let mut world = World::operational(31);
        let mut organization = world.generate_seal_key(SEAL_SUBJECT).unwrap();
        organization.approvers[1] = TestPasskey::new(seed);
        assert_eq!(world.enrol_approvers(&organization, 2), Err(Fault::ApproverConflict), "{seed}");
    }
}

#[test]
fn seal_04_the_sca_holds_no_key_of_the_services_people_or_of_an_approver() {
    let (mut world, mut organization) = ready();
    for seed in [11, 12, 13, 14, 41, 43] {
        organization.sca = Person::new("sca", seed);
        let terms = world.terms(&organization);
        assert_eq!(world.grant(&organization, &terms), Err(Fault::ApproverConflict), "{seed}");
    }
    let mut terms = world.terms(&organization);
    terms.sca_key = fuin_shared::key::Spki(organization.spki.clone().into());
    assert_eq!(world.grant(&organization, &terms), Err(Fault::ApproverConflict));
}

#[test]
fn seal_04_the_sca_holds_no_key_that_opens_shares_or_details() {
    let auditor = super::super::details::auditor();
    let mut world = World::audited(31, &[&auditor]);
    let organization = world.organization();
    let details = auditor.key().public().clone();
    let shares = world.current().0.custodians[0].sealing.clone();
    for point in [details, shares] {
        let mut terms = world.terms(&organization);
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point.as_slice()).unwrap();
        terms.sca_key = fuin_shared::key::Spki::from(&PublicKey::P384(key));
        assert_eq!(world.grant(&organization, &terms), Err(Fault::ApproverConflict));
    }
    let terms = world.terms(&organization);
    assert!(world.grant(&organization, &terms).is_ok());
}

#[test]
fn seal_04_approvers_are_different_and_as_many_as_must_sign() {
    let mut world = World::operational(31);
    let mut organization = world.generate_seal_key(SEAL_SUBJECT).unwrap();
    for threshold in [0, 4] {
        assert_eq!(world.enrol_approvers(&organization, threshold), Err(Fault::ApproversMalformed));
    }
    organization.approvers[2] = TestPasskey::new(41);
    assert_eq!(world.enrol_approvers(&organization, 2), Err(Fault::ApproverConflict));
    // A host's passkey in an approver's place.
    organization.approvers[2] = TestPasskey::new(43);
    let mut registrations: Vec<_> =
        organization.approvers.iter().map(|passkey| world.registered(&organization, passkey)).collect();
    registrations[2] = world.registered(&organization, &TestPasskey::new(66));
    let approvers = organization.approvers.iter().map(registration).collect();
    let action = ManageAction::EnrolApprovers { approvers, threshold: 2 };
    let statement = world.manage(action, Some(&organization.id));
    let evidence = codec::encode(&ApproverEvidence { approvals: Vec::new(), registrations }).into();
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::EidMismatch));
}

#[test]
fn seal_04_no_approver_has_a_pin() {
    let mut world = World::operational(31);
    let organization = world.generate_seal_key(SEAL_SUBJECT).unwrap();
    let pin = TestPin::new("2580", 41);
    let approver = ApproverRegistration {
        means: MeansProfile::PinTotp,
        relying_party: None,
        registration: pin.name(),
        ..registration(&organization.approvers[0])
    };
    let sad = world.sad(&organization.id, &organization.spki, Purpose::Link, Vec::new());
    let registrations = vec![world.sealed(&sad, pin.register(world.seconds()))];
    let action = ManageAction::EnrolApprovers { approvers: vec![approver], threshold: 1 };
    let statement = world.manage(action, Some(&organization.id));
    let evidence = codec::encode(&ApproverEvidence { approvals: Vec::new(), registrations }).into();
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::InvalidProof));
}

#[test]
fn seal_07_a_change_of_approvers_needs_as_many_of_the_former_ones() {
    let (mut world, organization) = ready();
    let newcomers = [TestPasskey::new(51)];
    let change = world.approver_change(&organization, &[1, 2], &newcomers, 2);
    // The RA alone, and with one approver, or with one twice.
    for (who, fault) in [
        (&[][..], Fault::ApproverQuorum),
        (&[0], Fault::ApproverQuorum),
        (&[1, 1], Fault::AssertionCredential),
    ] {
        assert_eq!(world.change_approvers(&organization, &change, &newcomers, who), Err(fault));
    }
    world.change_approvers(&organization, &change, &newcomers, &[1, 2]).unwrap();
    // Who left approves nothing any more; who came does.
    let terms = world.terms(&organization);
    let hash = mandate_hash(terms.hash_algorithm, &terms.to_bytes());
    let first = world.sad_of(&organization, &organization.approvers[0], Purpose::Mandate, Some(hash.clone()));
    let left = world.sad_of(&organization, &organization.approvers[2], Purpose::Mandate, Some(hash.clone()));
    assert_eq!(
        world.grant_with(&organization, &terms, vec![first.clone(), left]),
        Err(Fault::AssertionCredential)
    );
    let came = world.sad_of(&organization, &newcomers[0], Purpose::Mandate, Some(hash));
    world.grant_with(&organization, &terms, vec![first, came]).unwrap();
    world.reboot();
    world.provide().unwrap();
}

#[test]
fn seal_07_approvers_sign_exactly_who_comes_and_who_stays() {
    let (mut world, organization) = ready();
    let newcomers = [TestPasskey::new(51)];
    let agreed = world.approver_change(&organization, &[1, 2], &newcomers, 2);
    let hash = agreed.hash(HashAlgorithm::Sha256);
    let approvals = world.approvals(&organization, &[0, 1], Purpose::Approvers, Some(&hash));
    let stranger = TestPasskey::new(66);
    for (keep, newcomer, threshold) in
        [(vec![1, 2], &stranger, 2), (vec![1, 2], &newcomers[0], 1), (vec![1, 3], &newcomers[0], 2)]
    {
        let approvers = vec![registration(newcomer)];
        let action = ManageAction::ChangeApprovers { keep, approvers, threshold };
        let statement = world.manage(action, Some(&organization.id));
        let registrations = vec![world.registered(&organization, newcomer)];
        let evidence = ApproverEvidence { approvals: approvals.clone(), registrations };
        let manage = world.signed_manage(&statement, Some(codec::encode(&evidence).into()));
        assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::SadRequest));
    }
}

#[test]
fn seal_07_numbers_of_those_who_left_do_not_come_back() {
    let (mut world, organization) = ready();
    let newcomers = [TestPasskey::new(51)];
    let change = world.approver_change(&organization, &[1, 2], &newcomers, 2);
    let answer = world.change_approvers(&organization, &change, &newcomers, &[0, 1]).unwrap();
    let Answer::Linked(linked) = answer else { panic!() };
    let EventBody::ApproversSet { approvers, approvals, .. } = event(&linked.receipt) else { panic!() };
    assert_eq!((approvers, approvals.len()), (vec![1, 2, 4], 2));
    // Somebody who is not there cannot stay.
    let change = world.approver_change(&organization, &[1, 3], &[], 1);
    assert_eq!(world.change_approvers(&organization, &change, &[], &[0, 1]), Err(Fault::ApproversMalformed));
}
