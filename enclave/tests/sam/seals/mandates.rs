//! Place: SAM. SEAL-02: mandates, and who can grant them.

use super::*;

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
    let stranger = world.sad_of(&organization, &TestPasskey::new(66), Purpose::Mandate, Some(hash.clone()));
    refused(&mut world, vec![one[0].clone(), stranger], Fault::AssertionCredential);
    let impostor = organization.approvers[1].impostor(66);
    let impostor = world.sad_of(&organization, &impostor, Purpose::Mandate, Some(hash.clone()));
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
    world.seal(&organization, mandate, 1, vec![super::super::world::hash(1)]).unwrap();
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
