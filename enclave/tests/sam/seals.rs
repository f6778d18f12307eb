//! Place: SAM. Electronic seals, SEAL-01 to SEAL-07 of sam.md section 5, each against a host and an SCA that try more.

mod ending;
mod mandates;
mod orders;
mod people;
mod purpose;
mod record;
mod sca_key;

pub use ending::held;

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
    let change = world.approver_change(&organization, &[1, 2, 3], &[], 3);
    let second = statement(world.change_approvers(&organization, &change, &[], &[0, 1]).unwrap());
    assert_ne!(first.eid_ref, second.eid_ref);
}
