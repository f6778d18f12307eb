//! Place: SAM. Key statements: bound by a document, by the event, and the same again after another boot.

use super::passkey::TestPasskey;
use super::world::{Enrolled, World, generate_action};
use fuin_enclave::sam::{Effect, Input, Ticket};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::key_statement::{KeyAttestation, KeyStatement, key_user_data};
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::{Answer, AttestKey, Command, Commit, Receipt, RecordChange};
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
    let (statement, digest) = open(&key.attestation.clone().unwrap());
    assert_eq!(statement.key, key.key);
    assert_eq!(statement.spki, Digest32(Sha256::digest(key.spki.as_slice()).into()));
    assert_eq!((statement.service, statement.scal), (world.service, 1));
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

/// A credential id is chosen by whoever registers: the reference tells two keys under one id apart.
#[test]
fn other_key_under_the_same_credential_id_has_another_reference() {
    let mut world = World::operational(5);
    let signers = TestPasskey::new(21);
    let mut reference = |passkey: TestPasskey| {
        let key = world.generate("hanako", P256).unwrap();
        let key = Enrolled { id: key.key, spki: key.spki.0, passkey };
        world.link_means(&key).unwrap();
        attest(&mut world, &key.id).0.eid_ref
    };
    let hosts = reference(signers.impostor(66));
    assert_ne!(reference(signers), hosts);
}

fn generate_without_answer(world: &mut World, ticket: u64, user: &str) -> Option<Commit> {
    let statement = world.manage(generate_action(user, P256), None);
    let command = Command::GenerateKey(world.signed_manage(&statement, None));
    let input = Input::Command { ticket: Ticket(ticket), command };
    let mut effects = world.machine.handle(input, world.now, &mut world.rng);
    // The first command of a boot waits for the time.
    if matches!(effects[..], [Effect::AskTime]) {
        effects = world.machine.handle(Input::Time(Ok(world.now)), world.now, &mut world.rng);
    }
    effects.into_iter().find_map(|effect| match effect {
        Effect::Commit(commit) => Some(commit),
        _ => None,
    })
}

#[test]
fn key_whose_event_is_not_durable_is_not_stated() {
    let mut world = World::operational(5);
    let commit = generate_without_answer(&mut world, 9_000, "hanako").unwrap();
    let [RecordChange::Put(record)] = commit.records.as_slice() else { panic!() };
    let request = AttestKey { key: record.id.clone(), record: record.clone(), nonce: None };
    // The host has the record, and has not said that it keeps the event.
    assert_eq!(world.call(Command::AttestKey(request.clone())), Err(Fault::Busy));
    world.store.commit(&commit);
    world.run(Input::Committed(Ok(())));
    assert!(matches!(world.call(Command::AttestKey(request)), Ok(Answer::KeyAttested(_))));
}

#[test]
fn every_key_of_a_large_commit_is_answered_with_its_statement() {
    let mut world = World::operational(5);
    let first = generate_without_answer(&mut world, 9_000, "user-0").unwrap();
    for n in 1..=100 {
        assert!(generate_without_answer(&mut world, 9_000 + n, &format!("user-{n}")).is_none());
    }
    world.store.commit(&first);
    let replies = world.run(Input::Committed(Ok(())));
    assert_eq!(replies.len(), 101);
    for (ticket, reply) in replies {
        let Ok(Answer::KeyGenerated(key)) = reply else { panic!("{ticket:?}: {reply:?}") };
        assert_eq!(attested_by(&key.receipt), open(&key.attestation.clone().unwrap()).1);
    }
}

#[test]
fn nothing_is_stated_under_an_expired_manifest() {
    let mut world = World::operational(5);
    let key = world.enrol(P256, 21);
    world.advance(30_000_001);
    let request =
        AttestKey { key: key.id.clone(), record: world.store.records[&key.id].clone(), nonce: None };
    assert_eq!(world.call(Command::AttestKey(request)), Err(Fault::ManifestExpired));
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
