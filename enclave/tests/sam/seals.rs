//! Place: SAM. Electronic seals, SEAL-01 to SEAL-07 of sam.md section 5, each against a host and an SCA that try more.

use super::passkey::TestPasskey;
use super::people::Person;
use super::world::{
    Organization, SEAL_SUBJECT, SUBJECT, Sink, World, evidence, generate_action, hash, registration,
};
use fuin_enclave::sam::{Input, Ticket};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, MandateId, ServiceId};
use fuin_shared::key::PublicKey;
use fuin_shared::key_statement::{KeyPurpose, KeyStatement};
use fuin_shared::log::event::{Event, EventBody, salted};
use fuin_shared::log::tree::{leaf_hash, root_of};
use fuin_shared::message::{
    Answer, Command, EndedBy, ExtendTransaction, GetApproverChallenge, Receipt, Seal,
};
use fuin_shared::sad::Purpose;
use fuin_shared::seal::{ApproverEvidence, MandateTerms, Rate, SealOrder, mandate_hash, mandate_record};
use fuin_shared::statement::ManageAction;
use proptest::prelude::*;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

fn ready() -> (World, Organization) {
    let mut world = World::operational(31);
    let organization = world.organization();
    (world, organization)
}

fn granted() -> (World, Organization, MandateId) {
    let (mut world, organization) = ready();
    let terms = world.terms(&organization);
    let mandate = world.grant(&organization, &terms).unwrap();
    (world, organization, mandate)
}

/// A mandate of these terms.
fn granted_as(change: impl Fn(&mut MandateTerms)) -> (World, Organization, MandateId) {
    let (mut world, organization) = ready();
    let mut terms = world.terms(&organization);
    change(&mut terms);
    let mandate = world.grant(&organization, &terms).unwrap();
    (world, organization, mandate)
}

fn valid(organization: &Organization, hash: &Blob, seal: &Blob) -> bool {
    let key = PublicKey::from_spki(&organization.spki).unwrap();
    key.verify_digest(hash.as_slice(), seal.as_slice()).is_ok()
}

fn event(receipt: &Receipt) -> EventBody {
    codec::decode::<Event>(receipt.event.as_slice()).unwrap().body
}

#[test]
fn seals_under_a_mandate_without_a_person() {
    let (mut world, organization, mandate) = granted();
    let hashes = vec![hash(1), hash(2)];
    let seals = world.seal(&organization, mandate, 1, hashes.clone()).unwrap();
    assert_eq!(seals.len(), 2);
    for (hash, seal) in hashes.iter().zip(&seals) {
        assert!(valid(&organization, hash, seal));
    }
    world.advance(60);
    assert_eq!(world.seal(&organization, mandate, 2, vec![hash(3)]).unwrap().len(), 1);
    let Ok(Answer::MandateStatus(status)) = world.call(Command::MandateStatus(mandate)) else { panic!() };
    assert_eq!((status.count, status.used, status.next_number, status.ended), (5, 3, 3, false));
    let unknown = Command::MandateStatus(MandateId([0; 16]));
    assert_eq!(world.call(unknown), Err(Fault::MandateUnknown));
}

#[test]
fn key_statement_says_seal_and_names_the_approvers() {
    let mut world = World::operational(31);
    let organization = world.generate_seal_key(SEAL_SUBJECT).unwrap();
    let statement = |answer: Answer| {
        let Answer::Linked(linked) = answer else { panic!() };
        let attestation: fuin_shared::key_statement::KeyAttestation =
            codec::decode(linked.attestation.unwrap().as_slice()).unwrap();
        codec::decode::<KeyStatement>(attestation.key.as_slice()).unwrap()
    };
    let first = statement(world.enrol_approvers(&organization, 2).unwrap());
    assert_eq!((first.purpose, first.scal), (KeyPurpose::Seal, 2));
    assert!(first.means.is_some() && first.eid_ref.is_some());
    world.sign_seal_request(&organization, &[0, 1]).unwrap();
    let change = world.change(&organization, &[1, 2, 3], &[], 3);
    let second = statement(world.change_approvers(&organization, &change, &[], &[0, 1]).unwrap());
    assert_ne!(first.eid_ref, second.eid_ref);
}

// SEAL-01

#[test]
fn seal_01_a_seal_key_never_makes_a_signature() {
    let (mut world, organization) = ready();
    assert_eq!(world.challenge(&organization.id, Purpose::Sign), Err(Fault::KeyPurpose));
    // With a nonce for another purpose, and the word of an approver.
    let challenge = world.challenge(&organization.id, Purpose::Mandate).unwrap();
    let sad = world.sad_for(&challenge, &organization.id, &organization.spki, Purpose::Sign, vec![hash(1)]);
    let sealed =
        world.sealed(&sad, organization.approvers[0].assert(&fuin_shared::sad::sad_digest(&sad.to_bytes())));
    let as_signer = super::world::Enrolled {
        id: organization.id.clone(),
        spki: organization.spki.clone(),
        passkey: TestPasskey::new(41),
    };
    let request = world.authorize_request(&as_signer, &sad, sealed);
    assert_eq!(world.authorize_call(request), Err(Fault::KeyPurpose));
    let token: Blob = vec![7; 32].into();
    assert_eq!(world.sign(&as_signer, &token, vec![hash(1)]), Err(Fault::KeyPurpose));
    let extend = ExtendTransaction {
        credential: organization.id.clone(),
        token,
        hashes: None,
        hash_algorithm: None,
        record: world.store.records[&organization.id].clone(),
    };
    assert_eq!(world.call(Command::ExtendTransaction(extend)), Err(Fault::KeyPurpose));
}

#[test]
fn seal_01_a_seal_key_takes_no_signers_means() {
    let mut world = World::operational(31);
    let organization = world.generate_seal_key(SEAL_SUBJECT).unwrap();
    let sad = world.sad(&organization.id, &organization.spki, Purpose::Link, Vec::new());
    let passkey = TestPasskey::new(41);
    let evidence = evidence(&sad, |digest| passkey.register(digest));
    let statement = world.manage(super::world::link_action(&passkey), Some(&organization.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::KeyPurpose));
}

#[test]
fn seal_01_a_signature_key_never_makes_a_seal() {
    let (mut world, organization, mandate) = granted();
    let key = world.enrol(P256, 21);
    let posing = Organization {
        id: key.id.clone(),
        spki: key.spki.clone(),
        approvers: vec![TestPasskey::new(21)],
        sca: Person::new("sca", 44),
    };
    let terms = world.terms(&posing);
    assert_eq!(world.grant_with(&posing, &terms, Vec::new()), Err(Fault::KeyPurpose));
    assert_eq!(world.challenge(&key.id, Purpose::Mandate), Err(Fault::InvalidKeyState));
    let ask = GetApproverChallenge {
        credential: key.id.clone(),
        purpose: Purpose::Mandate,
        approver: 1,
        record: world.store.records[&key.id].clone(),
    };
    assert_eq!(world.call(Command::GetApproverChallenge(ask)), Err(Fault::KeyPurpose));
    // An order under a mandate of the organization, with the signer's key.
    let order = world.order(mandate, 1, vec![hash(1)]);
    assert_eq!(world.seal_order(&posing, &order).unwrap_err(), Fault::KeyPurpose);
    let change = world.change(&posing, &[], &[TestPasskey::new(51)], 1);
    let action = ManageAction::EnrolApprovers { approvers: change.approvers, threshold: 1 };
    let statement = world.manage(action, Some(&key.id));
    let evidence = codec::encode(&ApproverEvidence::default()).into();
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::KeyPurpose));
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
}

#[test]
fn seal_01_the_certificate_must_be_of_the_keys_kind() {
    // A seal key needs organization and organizationIdentifier, and no person.
    let mut world = World::operational(31);
    for subject in ["CN=Example,O=Example K.K.,C=JP", "CN=Example,2.5.4.97=NTRJP-1", SUBJECT] {
        assert_eq!(world.generate_seal_key(subject).err(), Some(Fault::InvalidProof), "{subject}");
    }
    let subject = "givenName=Taro,CN=Example,2.5.4.97=NTRJP-1,O=Example K.K.";
    let organization = world.generate_seal_key(subject).unwrap();
    world.enrol_approvers(&organization, 2).unwrap();
    assert_eq!(world.link_seal_certificate(&organization, subject), Err(Fault::CertificateNotAcceptable));
    // A key for signatures takes no legal person's.
    let ManageAction::GenerateKey { user, authority, key_algorithm, multisign, .. } =
        generate_action("hanako", P256)
    else {
        panic!()
    };
    let subject = Some(SEAL_SUBJECT.to_owned());
    let action = ManageAction::GenerateKey { user, authority, key_algorithm, multisign, subject };
    let statement = world.manage(action, None);
    let Ok(Answer::KeyGenerated(key)) =
        world.call(Command::GenerateKey(world.signed_manage(&statement, None)))
    else {
        panic!()
    };
    let key = super::world::Enrolled { id: key.key, spki: key.spki.0, passkey: TestPasskey::new(21) };
    world.link_means(&key).unwrap();
    let certificate = world.ca.certify(&key.spki, SEAL_SUBJECT, 77);
    assert_eq!(
        world.link_chain(&key, vec![certificate.into(), world.ca.root.clone().into()]),
        Err(Fault::CertificateNotAcceptable)
    );
}

// SEAL-02

#[test]
fn seal_02_no_seal_without_a_mandate() {
    let (mut world, organization, mandate) = granted();
    let mut order = world.order(mandate, 1, vec![hash(1)]);
    order.mandate = MandateId([9; 16]);
    let mut request =
        world.seal_request(&organization, &world.order(mandate, 1, vec![hash(1)]), &organization.sca);
    let octets = codec::encode(&order);
    let signature =
        organization.sca.sign(&fuin_shared::statement::SignedStatement::message::<SealOrder>(&octets));
    request.order = codec::encode(&fuin_shared::seal::SignedOrder { order: octets.into(), signature }).into();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::MandateUnknown));
}

#[test]
fn seal_02_a_mandate_needs_m_different_approvers_over_its_own_terms() {
    let (mut world, organization) = ready();
    let terms = world.terms(&organization);
    let hash = mandate_hash(terms.hash_algorithm, &terms.to_bytes());
    let refused = |world: &mut World, approvals: Vec<Blob>, fault| {
        assert_eq!(world.grant_with(&organization, &terms, approvals), Err(fault));
    };
    refused(&mut world, Vec::new(), Fault::ApproverQuorum);
    let one = world.approvals(&organization, &[0], Purpose::Mandate, Some(&hash));
    refused(&mut world, one.clone(), Fault::ApproverQuorum);
    // The same evidence, or the same approver, twice.
    refused(&mut world, vec![one[0].clone(), one[0].clone()], Fault::AssertionCredential);
    let twice = world.approvals(&organization, &[0, 0], Purpose::Mandate, Some(&hash));
    refused(&mut world, twice, Fault::AssertionCredential);
    // A stranger, and one who took an approver's credential id.
    let stranger =
        world.approved_by(&organization, &TestPasskey::new(66), Purpose::Mandate, Some(hash.clone()));
    refused(&mut world, vec![one[0].clone(), stranger], Fault::AssertionCredential);
    let impostor = organization.approvers[1].impostor(66);
    let impostor = world.approved_by(&organization, &impostor, Purpose::Mandate, Some(hash.clone()));
    refused(&mut world, vec![one[0].clone(), impostor], Fault::AssertionSignature);
    // Another purpose, other terms.
    let mut other = terms.clone();
    other.count = 4;
    let other = mandate_hash(other.hash_algorithm, &other.to_bytes());
    let other = world.approvals(&organization, &[0, 1], Purpose::Mandate, Some(&other));
    refused(&mut world, other, Fault::SadRequest);
    let ending = world.approvals(&organization, &[0, 1], Purpose::EndMandate, Some(&hash));
    refused(&mut world, ending, Fault::SadPurpose);
    // Nothing of that was spent.
    let second = world.approvals(&organization, &[1], Purpose::Mandate, Some(&hash));
    let mandate = world.grant_with(&organization, &terms, [one, second].concat()).unwrap();
    world.seal(&organization, mandate, 1, vec![super::world::hash(1)]).unwrap();
}

#[test]
fn seal_02_a_mandate_is_granted_once() {
    let (mut world, organization) = ready();
    let terms = world.terms(&organization);
    world.grant(&organization, &terms).unwrap();
    assert_eq!(world.grant(&organization, &terms), Err(Fault::MandateMalformed));
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.grant(&organization, &terms), Err(Fault::MandateMalformed));
}

#[test]
fn seal_02_replayed_approvals_grant_nothing() {
    let (mut world, organization) = ready();
    let terms = world.terms(&organization);
    let hash = mandate_hash(terms.hash_algorithm, &terms.to_bytes());
    let approvals = world.approvals(&organization, &[0, 1], Purpose::Mandate, Some(&hash));
    world.grant_with(&organization, &terms, approvals.clone()).unwrap();
    let other = world.terms(&organization);
    assert_eq!(world.grant_with(&organization, &other, approvals), Err(Fault::SadReplayed));
}

#[test]
fn seal_02_terms_that_are_foreign_or_out_of_bounds_are_refused() {
    let (mut world, organization) = ready();
    let refused = |world: &mut World, fault, change: &dyn Fn(&mut MandateTerms)| {
        let mut terms = world.terms(&organization);
        change(&mut terms);
        assert_eq!(world.grant(&organization, &terms), Err(fault));
    };
    let malformed = Fault::MandateMalformed;
    refused(&mut world, malformed, &|t| t.service = ServiceId([0; 32]));
    refused(&mut world, malformed, &|t| t.credential = CredentialId::new("other").unwrap());
    refused(&mut world, malformed, &|t| t.spki.0[0] ^= 1);
    refused(&mut world, malformed, &|t| t.version = 2);
    refused(&mut world, malformed, &|t| t.count = 0);
    refused(&mut world, malformed, &|t| t.nonce = vec![0; 8].into());
    refused(&mut world, malformed, &|t| t.rate.seals = 0);
    refused(&mut world, malformed, &|t| t.document_class.clear());
    refused(&mut world, malformed, &|t| (t.not_before, t.not_after) = (t.not_before - 10, t.not_before));
    let (mut other, organization, _) = granted();
    let mut terms = other.terms(&organization);
    terms.signature_algorithm = SignatureAlgorithm::EcdsaSha384;
    terms.hash_algorithm = HashAlgorithm::Sha384;
    // The approvers' SADs name the other algorithm.
    assert_eq!(other.grant(&organization, &terms), Err(Fault::SadAlgorithm));
}

#[test]
fn seal_02_over_count_is_refused_and_spends_nothing() {
    let (mut world, organization, mandate) = granted_as(|t| t.rate = Rate { seals: 100, seconds: 1 });
    world.seal(&organization, mandate, 1, vec![hash(1), hash(2), hash(3)]).unwrap();
    // All or nothing: three do not fit, and not two of them either.
    assert_eq!(
        world.seal(&organization, mandate, 2, vec![hash(4), hash(5), hash(6)]),
        Err(Fault::MandateSpent)
    );
    world.seal(&organization, mandate, 2, vec![hash(4), hash(5)]).unwrap();
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(6)]), Err(Fault::MandateSpent));
}

#[test]
fn seal_02_late_and_early_are_refused() {
    let (mut world, organization, mandate) = granted_as(|t| t.not_before += 100);
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::MandateWindow));
    world.advance(100);
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    world.advance(3499);
    world.seal(&organization, mandate, 2, vec![hash(2)]).unwrap();
    world.advance(1);
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(3)]), Err(Fault::MandateWindow));
}

#[test]
fn seal_02_wrong_sca_key_is_refused() {
    let (mut world, organization, mandate) = granted();
    let order = world.order(mandate, 1, vec![hash(1)]);
    for stranger in [Person::new("sca", 66), Person::new("officer", 11)] {
        let request = world.seal_request(&organization, &order, &stranger);
        assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderSignature));
    }
    // Nor does it hold for anything but what was signed.
    let request = world.seal_request(&organization, &order, &organization.sca);
    let signed: fuin_shared::seal::SignedOrder = codec::decode(request.order.as_slice()).unwrap();
    let changes: [fn(&mut SealOrder); 4] =
        [|o| o.hashes = vec![hash(9)], |o| o.number = 2, |o| o.expires += 1, |o| o.hashes.push(hash(2))];
    for change in changes {
        let mut changed = order.clone();
        change(&mut changed);
        let octets = codec::encode(&changed);
        let altered =
            fuin_shared::seal::SignedOrder { order: octets.into(), signature: signed.signature.clone() };
        let mut request = request.clone();
        request.order = codec::encode(&altered).into();
        assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderSignature));
    }
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
}

#[test]
fn seal_02_too_fast_is_refused_for_the_interval_and_no_longer() {
    let (mut world, organization, mandate) = granted();
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    world.advance(30);
    world.seal(&organization, mandate, 2, vec![hash(2)]).unwrap();
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(3)]), Err(Fault::MandateRate));
    world.advance(29);
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(3)]), Err(Fault::MandateRate));
    world.advance(1);
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(3), hash(4)]), Err(Fault::MandateRate));
    world.seal(&organization, mandate, 3, vec![hash(3)]).unwrap();
    assert_eq!(world.seal(&organization, mandate, 4, vec![hash(4)]), Err(Fault::MandateRate));
}

#[test]
fn seal_02_replayed_and_skipped_numbers_are_refused() {
    let (mut world, organization, mandate) = granted();
    for number in [0, 2, u64::MAX] {
        assert_eq!(world.seal(&organization, mandate, number, vec![hash(1)]), Err(Fault::OrderNumber));
    }
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    world.call(Command::Seal(request.clone())).unwrap();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderNumber));
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(2)]), Err(Fault::OrderNumber));
    world.seal(&organization, mandate, 2, vec![hash(2)]).unwrap();
}

#[test]
fn seal_02_orders_that_are_expired_foreign_or_malformed_are_refused() {
    let (mut world, organization, mandate) = granted();
    let refused = |world: &mut World, fault, change: &dyn Fn(&mut SealOrder)| {
        let mut order = world.order(mandate, 1, vec![hash(1)]);
        change(&mut order);
        assert_eq!(world.seal_order(&organization, &order).unwrap_err(), fault);
    };
    let now = world.seconds();
    refused(&mut world, Fault::OrderExpired, &|o| o.expires = now);
    refused(&mut world, Fault::OrderExpired, &|o| o.expires = now + 301);
    refused(&mut world, Fault::OrderMalformed, &|o| o.service = ServiceId([0; 32]));
    refused(&mut world, Fault::OrderMalformed, &|o| o.version = 2);
    refused(&mut world, Fault::NoHashes, &|o| o.hashes.clear());
    refused(&mut world, Fault::HashLength, &|o| o.hashes = vec![vec![0; 31].into()]);
    refused(&mut world, Fault::SadTooMany, &|o| o.hashes = vec![hash(1); 101]);
    refused(&mut world, Fault::AlgorithmNotAllowed, &|o| {
        o.signature_algorithm = SignatureAlgorithm::EcdsaSha384
    });
    refused(&mut world, Fault::AlgorithmNotAllowed, &|o| o.hash_algorithm = HashAlgorithm::Sha384);
    let order = world.order(mandate, 1, vec![hash(1)]);
    let mut request = world.seal_request(&organization, &order, &organization.sca);
    request.order.0.push(0);
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderMalformed));
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
}

#[test]
fn seal_02_a_mandates_record_is_the_one_that_was_sealed() {
    let (mut world, organization, mandate) = granted();
    let terms = world.terms(&organization);
    let other = world.grant(&organization, &terms).unwrap();
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    let mut foreign = request.clone();
    foreign.mandate = world.store.records[&mandate_record(&other)].clone();
    assert_eq!(world.call(Command::Seal(foreign.clone())), Err(Fault::RecordMissing));
    // Renamed, altered, and the record of a credential under its name.
    foreign.mandate.id = mandate_record(&mandate);
    assert_eq!(world.call(Command::Seal(foreign)), Err(Fault::RecordForeign));
    let mut altered = request.clone();
    altered.mandate.body.0[40] ^= 1;
    assert_eq!(world.call(Command::Seal(altered)), Err(Fault::RecordForeign));
    let mut credential = request.clone();
    credential.mandate = world.store.records[&organization.id].clone();
    credential.mandate.id = mandate_record(&mandate);
    assert_eq!(world.call(Command::Seal(credential)), Err(Fault::RecordForeign));
    world.call(Command::Seal(request)).unwrap();
}

#[test]
fn seal_02_a_mandate_is_of_one_credential() {
    let (mut world, organization, mandate) = granted();
    let other = world.organization();
    let order = world.order(mandate, 1, vec![hash(1)]);
    let mut request = world.seal_request(&organization, &order, &organization.sca);
    request.credential = other.id.clone();
    request.record = world.store.records[&other.id].clone();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::MandateUnknown));
}

#[test]
fn seal_02_counters_numbers_and_rate_survive_a_restart() {
    let (mut world, organization, mandate) = granted();
    let order = world.order(mandate, 1, vec![hash(1), hash(2)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    world.call(Command::Seal(request.clone())).unwrap();
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderNumber));
    assert_eq!(world.seal(&organization, mandate, 2, vec![hash(3)]), Err(Fault::MandateRate));
    world.advance(60);
    world.seal(&organization, mandate, 2, vec![hash(3), hash(4)]).unwrap();
    world.advance(60);
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(5), hash(6)]), Err(Fault::MandateSpent));
    world.seal(&organization, mandate, 3, vec![hash(5)]).unwrap();
}

#[test]
fn seal_02_what_was_spent_is_never_given_back() {
    // The commit lands, the answer and the seal are lost with the boot.
    let (mut world, organization, mandate) = granted();
    world.sink = Sink::Silent;
    let order = world.order(mandate, 1, vec![hash(1), hash(2)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    assert_eq!(world.call(Command::Seal(request.clone())), Err(Fault::Busy));
    // In memory at once, durable or not.
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderNumber));
    assert_eq!(world.seal(&organization, mandate, 2, vec![hash(3)]), Err(Fault::MandateRate));
}

#[test]
fn seal_02_the_key_is_not_used_before_the_event_is_durable() {
    let (mut world, organization, mandate) = granted();
    world.sink = Sink::Silent;
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    let effects = world.machine.handle(
        Input::Command { ticket: Ticket(9_000), command: Command::Seal(request) },
        world.now,
        &mut world.rng,
    );
    let text = format!("{effects:?}");
    assert!(text.contains("Commit") && !text.contains("Sign("), "{text}");
}

#[test]
fn seal_02_a_seal_waits_for_the_witnesses() {
    let mut world = World::cosigned(32, 3);
    let organization = world.organization();
    let terms = world.terms(&organization);
    let mandate = world.grant(&organization, &terms).unwrap();
    world.witnessing = super::world::Witnessing::Holds;
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::Busy));
    let asked = world.asked.clone().unwrap();
    let lines = world.lines(&asked);
    let answers = world.answer(Ok(lines));
    assert!(matches!(&answers[..], [(_, Ok(Answer::Signatures { .. }))]), "{answers:?}");
}

#[test]
fn seal_02_no_seal_with_a_destroyed_key() {
    let (mut world, organization, mandate) = granted();
    world.delete_seal_key(&organization, &[0]).unwrap_err();
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    world.delete_seal_key(&organization, &[0, 1]).unwrap();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::UnknownCredential));
    // The mandate's record went with the key.
    assert!(!world.store.records.contains_key(&mandate_record(&mandate)));
}

#[test]
fn seal_02_no_seal_while_the_time_is_in_doubt_and_its_end_goes_on() {
    let (mut world, organization, mandate) = granted();
    world.step(3_600_000);
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::ClockDoubt));
    let terms = world.terms(&organization);
    assert_eq!(world.grant(&organization, &terms), Err(Fault::ClockDoubt));
    let by = world.ended_by_approver(&organization, &organization.approvers[0], mandate);
    world.end(&organization, mandate, by).unwrap();
    world.step(-3_600_000);
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::MandateEnded));
}

#[test]
fn seal_02_live_mandates_are_bounded() {
    let (mut world, organization) = ready();
    let mut last = None;
    for _ in 0..16 {
        let terms = world.terms(&organization);
        last = Some(world.grant(&organization, &terms).unwrap());
    }
    let terms = world.terms(&organization);
    assert_eq!(world.grant(&organization, &terms), Err(Fault::LimitReached));
    let mandate = last.unwrap();
    let by = world.ended_by_approver(&organization, &organization.approvers[0], mandate);
    world.end(&organization, mandate, by).unwrap();
    world.grant(&organization, &terms).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Orders, repeated, altered and skipped ones, pauses and boots in any order: never more than count and rate allow.
    #[test]
    fn seal_02_never_more_seals_than_the_mandate_allows(
        steps in proptest::collection::vec((0u8..9, any::<u16>()), 1..30),
    ) {
        let (mut world, organization, mandate) = granted_as(|t| t.rate = Rate { seals: 3, seconds: 60 });
        let (mut next, mut made, mut requests) = (1, Vec::<(u64, usize)>::new(), Vec::<Seal>::new());
        for (step, at) in steps {
            let at = usize::from(at);
            let number = if step == 8 { next + 1 } else { next };
            let order = world.order(mandate, number, vec![hash(at as u8); 1 + at % 3]);
            let mut request = world.seal_request(&organization, &order, &organization.sca);
            match step {
                0..4 | 8 => {}
                4 if requests.is_empty() => continue,
                4 => request = requests[at % requests.len()].clone(),
                5 => {
                    let length = request.order.0.len();
                    request.order.0[at % length] ^= 1 << (at % 8);
                }
                6 => {
                    world.advance(at as u64 % 90);
                    continue;
                }
                _ => {
                    world.reboot();
                    world.provide().unwrap();
                    continue;
                }
            }
            let answer = world.call(Command::Seal(request.clone()));
            if step < 4 {
                requests.push(request);
            }
            if let Ok(Answer::Signatures { signatures, .. }) = answer {
                // A repeated request may be one that was refused when it came first.
                prop_assert!(step <= 4);
                made.push((world.seconds(), signatures.len()));
                next += 1;
            }
        }
        prop_assert!(made.iter().map(|(_, n)| n).sum::<usize>() <= 5);
        for (then, _) in &made {
            let within = made.iter().filter(|(other, _)| other >= then && other - then < 60);
            prop_assert!(within.map(|(_, n)| n).sum::<usize>() <= 3);
        }
    }
}

#[test]
fn seal_02_no_seal_under_an_expired_certificate() {
    let mut world = World::operational(31);
    let organization = world.generate_seal_key(SEAL_SUBJECT).unwrap();
    world.enrol_approvers(&organization, 2).unwrap();
    let end = world.seconds() + 1800;
    let certificate = world.ca.certify_until(&organization.spki, SEAL_SUBJECT, 77, end);
    let certificates = vec![certificate.into(), world.ca.root.clone().into()];
    let statement = world.manage(ManageAction::LinkCert { certificates }, Some(&organization.id));
    world.call(Command::LinkCert(world.signed_manage(&statement, None))).unwrap();
    let terms = world.terms(&organization);
    let mandate = world.grant(&organization, &terms).unwrap();
    world.advance(1799);
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    world.advance(1);
    assert_eq!(world.seal(&organization, mandate, 2, vec![hash(2)]), Err(Fault::CertificateExpired));
    let terms = world.terms(&organization);
    assert_eq!(world.grant(&organization, &terms), Err(Fault::CertificateExpired));
}

// SEAL-03

#[test]
fn seal_03_any_one_approver_ends_a_mandate_at_once() {
    for who in 0..3 {
        let (mut world, organization, mandate) = granted();
        world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
        let by = world.ended_by_approver(&organization, &organization.approvers[who], mandate);
        assert!(matches!(world.end(&organization, mandate, by), Ok(Answer::MandateEnded(_))));
        assert_eq!(world.seal(&organization, mandate, 2, vec![hash(2)]), Err(Fault::MandateEnded));
        world.reboot();
        world.provide().unwrap();
        assert_eq!(world.seal(&organization, mandate, 2, vec![hash(2)]), Err(Fault::MandateEnded));
    }
}

#[test]
fn seal_03_an_officer_ends_a_mandate() {
    let (mut world, organization, mandate) = granted();
    let statement = world.ending(mandate);
    let by = EndedBy::Officer(world.officer.state(&statement));
    world.end(&organization, mandate, by.clone()).unwrap();
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::MandateEnded));
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::MandateEnded));
}

#[test]
fn seal_03_nobody_else_ends_a_mandate() {
    let (mut world, organization, mandate) = granted();
    let stranger = world.ended_by_approver(&organization, &TestPasskey::new(66), mandate);
    assert_eq!(world.end(&organization, mandate, stranger), Err(Fault::AssertionCredential));
    // A word for another mandate.
    let terms = world.terms(&organization);
    let other = world.grant(&organization, &terms).unwrap();
    let by = world.ended_by_approver(&organization, &organization.approvers[0], other);
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::SadRequest));
    // Statements by the RA, by somebody under the officer's name, over something else, late, and used before.
    let ending = world.ending(mandate);
    let by_ra = EndedBy::Officer(world.ra.state(&ending));
    assert_eq!(world.end(&organization, mandate, by_ra), Err(Fault::UnknownPerson));
    let posing = EndedBy::Officer(Person::new("officer", 66).state(&ending));
    assert_eq!(world.end(&organization, mandate, posing), Err(Fault::StatementSignature));
    for (fault, change) in [
        (
            Fault::StatementForeign,
            (|e| e.service = ServiceId([0; 32])) as fn(&mut fuin_shared::seal::MandateEnding),
        ),
        (Fault::StatementForeign, |e| e.ledger.push('0')),
        (Fault::StatementForeign, |e| e.mandate = MandateId([0; 16])),
        (Fault::StatementExpired, |e| e.not_after -= 60),
        (Fault::StatementExpired, |e| e.not_after += 3600),
    ] {
        let mut changed = ending.clone();
        change(&mut changed);
        let by = EndedBy::Officer(world.officer.state(&changed));
        assert_eq!(world.end(&organization, mandate, by), Err(fault));
    }
    let used = fuin_shared::seal::MandateEnding { mandate: other, ..ending.clone() };
    let by = EndedBy::Officer(world.officer.state(&used));
    world.end(&organization, other, by).unwrap();
    let by = EndedBy::Officer(world.officer.state(&ending));
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::StatementSpent));
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
}

#[test]
fn seal_03_an_end_binds_before_it_is_durable() {
    let (mut world, organization, mandate) = granted();
    let by = world.ended_by_approver(&organization, &organization.approvers[2], mandate);
    world.sink = Sink::Silent;
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::Busy));
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::MandateEnded));
}

#[test]
fn seal_03_a_seal_that_waits_when_its_mandate_ends_is_not_made() {
    let mut world = World::cosigned(33, 3);
    let organization = world.organization();
    let terms = world.terms(&organization);
    let mandate = world.grant(&organization, &terms).unwrap();
    let by = world.ended_by_approver(&organization, &organization.approvers[0], mandate);
    world.witnessing = super::world::Witnessing::Holds;
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::Busy));
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::Busy));
    let asked = world.asked.clone().unwrap();
    let lines = world.lines(&asked);
    let answers = world.answer(Ok(lines));
    assert!(answers.iter().any(|(_, result)| *result == Err(Fault::MandateEnded)), "{answers:?}");
}

// SEAL-04

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

// SEAL-05

#[test]
fn seal_05_each_seal_is_an_event_with_mandate_and_running_number() {
    let (mut world, organization, mandate) = granted();
    let hashes = vec![hash(1), hash(2)];
    let order = world.order(mandate, 1, hashes.clone());
    let (_, receipt) = world.seal_order(&organization, &order).unwrap();
    let EventBody::Sealed { mandate: named, number, count, hashes: root, .. } = event(&receipt) else {
        panic!()
    };
    assert_eq!((named, number, count), (mandate, 1, 2));
    let leaves: Vec<_> = hashes
        .iter()
        .zip(&receipt.salts[1..])
        .map(|(hash, salt)| leaf_hash(salted(salt.as_slice(), hash.as_slice()).as_ref()))
        .collect();
    assert_eq!(root.0, root_of(&leaves));
    assert_eq!(world.store.entries[receipt.index as usize], receipt.event.0);
    // Refused orders leave no number behind.
    world.seal(&organization, mandate, 9, vec![hash(3)]).unwrap_err();
    world.advance(60);
    world.seal(&organization, mandate, 2, vec![hash(3)]).unwrap();
    let numbers: Vec<_> = world
        .store
        .entries
        .iter()
        .filter_map(|entry| match codec::decode::<Event>(entry).unwrap().body {
            EventBody::Sealed { number, .. } => Some(number),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [1, 2]);
}

// SEAL-07

#[test]
fn seal_07_a_change_of_approvers_needs_as_many_of_the_former_ones() {
    let (mut world, organization) = ready();
    let newcomers = [TestPasskey::new(51)];
    let change = world.change(&organization, &[1, 2], &newcomers, 2);
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
    let first =
        world.approved_by(&organization, &organization.approvers[0], Purpose::Mandate, Some(hash.clone()));
    let left =
        world.approved_by(&organization, &organization.approvers[2], Purpose::Mandate, Some(hash.clone()));
    assert_eq!(
        world.grant_with(&organization, &terms, vec![first.clone(), left]),
        Err(Fault::AssertionCredential)
    );
    let came = world.approved_by(&organization, &newcomers[0], Purpose::Mandate, Some(hash));
    world.grant_with(&organization, &terms, vec![first, came]).unwrap();
    world.reboot();
    world.provide().unwrap();
}

#[test]
fn seal_07_approvers_sign_exactly_who_comes_and_who_stays() {
    let (mut world, organization) = ready();
    let newcomers = [TestPasskey::new(51)];
    let agreed = world.change(&organization, &[1, 2], &newcomers, 2);
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
    let change = world.change(&organization, &[1, 2], &newcomers, 2);
    let answer = world.change_approvers(&organization, &change, &newcomers, &[0, 1]).unwrap();
    let Answer::Linked(linked) = answer else { panic!() };
    let EventBody::ApproversSet { approvers, approvals, .. } = event(&linked.receipt) else { panic!() };
    assert_eq!((approvers, approvals.len()), (vec![1, 2, 4], 2));
    // Somebody who is not there cannot stay.
    let change = world.change(&organization, &[1, 3], &[], 1);
    assert_eq!(world.change_approvers(&organization, &change, &[], &[0, 1]), Err(Fault::ApproversMalformed));
}
