//! Place: SAM. extendTransaction: another token for what is left, never for more.

use super::world::{Enrolled, World, hash};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::{Answer, Command, ExtendTransaction};

fn ready() -> (World, Enrolled) {
    let mut world = World::operational(1);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    (world, key)
}

fn request(world: &World, key: &Enrolled, token: &Blob, hashes: Option<Vec<Blob>>) -> ExtendTransaction {
    ExtendTransaction {
        credential: key.id.clone(),
        token: token.clone(),
        hashes,
        hash_algorithm: None,
        record: world.store.records[&key.id].clone(),
    }
}

fn extend(
    world: &mut World,
    key: &Enrolled,
    token: &Blob,
    hashes: Option<Vec<Blob>>,
) -> Result<(Blob, u64, Event), Fault> {
    let request = request(world, key, token, hashes);
    match world.call(Command::ExtendTransaction(request))? {
        Answer::Activation { token, expires, receipt } => {
            Ok((token, expires, codec::decode(receipt.event.as_slice()).unwrap()))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_new_token_signs_what_is_left_and_the_old_one_nothing() {
    let (mut world, key) = ready();
    let token = world.authorize(&key, vec![hash(1), hash(2), hash(2)]).unwrap();
    world.sign(&key, &token, vec![hash(2)]).unwrap();
    let (new, _, event) = extend(&mut world, &key, &token, Some(vec![hash(1), hash(2)])).unwrap();
    assert!(matches!(event.body, EventBody::TransactionExtended { left: 2, .. }));
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenUnknown));
    world.sign(&key, &new, vec![hash(1), hash(2)]).unwrap();
    assert_eq!(world.sign(&key, &new, vec![hash(2)]), Err(Fault::TokenUnknown));
    assert_eq!(extend(&mut world, &key, &new, None).unwrap_err(), Fault::TokenUnknown);
}

#[test]
fn extend_transaction_with_a_new_hash_is_refused_and_costs_nothing() {
    let (mut world, key) = ready();
    let token = world.authorize(&key, vec![hash(1), hash(2)]).unwrap();
    for wrong in [vec![hash(9)], vec![hash(1), hash(9)], vec![hash(1), hash(1)], vec![hash(1); 3]] {
        assert_eq!(extend(&mut world, &key, &token, Some(wrong)).unwrap_err(), Fault::HashNotAuthorized);
    }
    assert_eq!(extend(&mut world, &key, &token, Some(vec![])).unwrap_err(), Fault::NoHashes);
    let many = vec![hash(1); 101];
    assert_eq!(extend(&mut world, &key, &token, Some(many)).unwrap_err(), Fault::SadTooMany);
    world.sign(&key, &token, vec![hash(1), hash(2)]).unwrap();
}

#[test]
fn extended_token_signs_no_hash_that_was_signed_before() {
    let (mut world, key) = ready();
    let token = world.authorize(&key, vec![hash(1), hash(2)]).unwrap();
    world.sign(&key, &token, vec![hash(1)]).unwrap();
    assert_eq!(extend(&mut world, &key, &token, Some(vec![hash(1)])).unwrap_err(), Fault::HashNotAuthorized);
    let (new, ..) = extend(&mut world, &key, &token, None).unwrap();
    assert_eq!(world.sign(&key, &new, vec![hash(1)]), Err(Fault::HashNotAuthorized));
    world.sign(&key, &new, vec![hash(2)]).unwrap();
}

#[test]
fn extending_adds_no_time() {
    let (mut world, key) = ready();
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let (token, first, _) = extend(&mut world, &key, &token, None).unwrap();
    world.advance(60);
    let (token, second, _) = extend(&mut world, &key, &token, None).unwrap();
    assert_eq!(first, second);
    world.advance(60);
    assert_eq!(extend(&mut world, &key, &token, None).unwrap_err(), Fault::TokenExpired);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenUnknown));
}

#[test]
fn extending_with_another_digest_algorithm_is_refused() {
    let (mut world, key) = ready();
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let mut named = request(&world, &key, &token, None);
    named.hash_algorithm = Some(HashAlgorithm::Sha384);
    assert_eq!(world.call(Command::ExtendTransaction(named)).unwrap_err(), Fault::AlgorithmNotAllowed);
    let mut named = request(&world, &key, &token, None);
    named.hash_algorithm = Some(HashAlgorithm::Sha256);
    assert!(world.call(Command::ExtendTransaction(named)).is_ok());
}

#[test]
fn token_of_another_credential_is_not_extended() {
    let (mut world, key) = ready();
    let other = world.enrol(KeyAlgorithm::EcdsaP256, 22);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert_eq!(extend(&mut world, &other, &token, None).unwrap_err(), Fault::TokenUnknown);
    assert_eq!(extend(&mut world, &key, &vec![0; 32].into(), None).unwrap_err(), Fault::TokenUnknown);
    world.sign(&key, &token, vec![hash(1)]).unwrap();
}

#[test]
fn extended_transactions_are_replayed_at_boot() {
    let (mut world, key) = ready();
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let (token, ..) = extend(&mut world, &key, &token, None).unwrap();
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenUnknown));
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.sign(&key, &token, vec![hash(1)]).unwrap();
}
