//! Place: SAM. Key statements: bound by a document, by the event, and the same again after another boot.

use super::world::World;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::key_statement::{KeyAttestation, KeyStatement, key_user_data};
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::{Answer, AttestKey, Command, Receipt};
use fuin_shared::sad::MeansProfile;
use sha2::{Digest, Sha256};

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

/// Opens an attestation; the harness's security module gives the bare `user_data` as its document.
fn open(octets: &Blob) -> (KeyStatement, Digest32) {
    let attestation: KeyAttestation = codec::decode(octets.as_slice()).unwrap();
    let statement: KeyStatement = codec::decode(attestation.key.as_slice()).unwrap();
    let digest = statement.digest();
    let user_data = key_user_data(attestation.statement.as_slice(), &digest);
    assert_eq!(attestation.document.as_slice(), user_data.as_ref());
    (statement, digest)
}

fn attested_by(receipt: &Receipt) -> Digest32 {
    let event: Event = codec::decode(receipt.event.as_slice()).unwrap();
    match event.body {
        EventBody::KeyGenerated { attests, .. } | EventBody::MeansLinked { attests, .. } => attests,
        other => panic!("{other:?}"),
    }
}

fn attest(world: &mut World, id: &CredentialId) -> (KeyStatement, Digest32) {
    let record = world.store.records[id].clone();
    let request = AttestKey { key: id.clone(), record, nonce: Some(vec![5; 16].into()) };
    let Ok(Answer::KeyAttested(octets)) = world.call(Command::AttestKey(request)) else { panic!() };
    open(&octets)
}

#[test]
fn new_key_is_stated_without_means() {
    let mut world = World::operational(5);
    let key = world.generate("hanako", P256).unwrap();
    let (statement, digest) = open(&key.attestation);
    assert_eq!(statement.key, key.key);
    assert_eq!(statement.spki, Digest32(Sha256::digest(key.spki.as_slice()).into()));
    assert_eq!((statement.service, statement.scal), (world.service, 2));
    assert_eq!((statement.means, statement.eid_ref), (None, None));
    assert_eq!(attested_by(&key.receipt), digest);
}

#[test]
fn linked_means_is_stated_and_stays_so_over_boots() {
    let mut world = World::operational(5);
    let key = world.enrol(P256, 21);
    let (before, digest) = attest(&mut world, &key.id);
    assert_eq!(before.means, Some(MeansProfile::Passkey));
    assert!(before.eid_ref.is_some());
    world.held.seen = world.store.checkpoint.clone();
    world.reboot();
    world.provide().unwrap();
    world.advance(1000);
    assert_eq!(attest(&mut world, &key.id), (before, digest));
    let bound = world.store.entries.iter().any(|entry| {
        let event: Event = codec::decode(entry).unwrap();
        matches!(event.body, EventBody::MeansLinked { attests, .. } if attests == digest)
    });
    assert!(bound, "an event binds the statement");
}

#[test]
fn other_means_has_another_reference() {
    let mut world = World::operational(5);
    let (one, other) = (world.enrol(P256, 21), world.enrol(P256, 22));
    assert_ne!(attest(&mut world, &one.id).0.eid_ref, attest(&mut world, &other.id).0.eid_ref);
}

#[test]
fn nonce_of_a_wrong_length_is_refused() {
    let mut world = World::operational(5);
    let key = world.enrol(P256, 21);
    let record = world.store.records[&key.id].clone();
    for length in [0, 7, 65] {
        let nonce = Some(vec![0; length].into());
        let request = AttestKey { key: key.id.clone(), record: record.clone(), nonce };
        assert_eq!(world.call(Command::AttestKey(request)), Err(Fault::Malformed));
    }
}
