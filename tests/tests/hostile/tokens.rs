//! Place: none. Signing calls that the host alters, repeats or makes up: refused by the enclave itself.

use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::ids::CredentialId;
use fuin_shared::message::{Command, SignHash};
use fuin_shared::sad::Purpose;
use fuin_tests::hostile::attacks::own_answer;
use fuin_tests::hostile::signer::{hash, signatures, verify};
use fuin_tests::hostile::world::World;
use fuin_tests::signer::random;

fn refused(world: &World, request: SignHash, number: u16) {
    let signed = world.host.state().store.signed();
    let refusal = signatures(world.host.call(Command::SignHash(request))).expect_err("it was signed");
    assert_eq!(refusal.number(), number);
    assert_eq!(world.host.state().store.signed(), signed);
}

#[test]
fn signing_calls_of_a_hostile_host_are_refused_by_the_enclave() {
    let mut world = World::operational();
    let key = world.enrol();
    let other = world.enrol();
    let hashes = [hash(), hash()];
    let token = world.token(&key, &hashes);
    let good = world.sign_request(&key, &token, &hashes);

    // Altered hash, in each place.
    for index in 0..2 {
        for bit in [0, 255] {
            let mut altered = good.clone();
            altered.hashes[index].0[bit / 8] ^= 1 << (bit % 8);
            refused(&world, altered, 702);
        }
    }
    // Another hash in place, added, or one of them twice.
    for hashes in [
        vec![hash()],
        vec![hashes[0].clone(), hash()],
        vec![hashes[0].clone(), hashes[1].clone(), hash()],
        vec![hashes[0].clone(), hashes[0].clone()],
    ] {
        refused(&world, SignHash { hashes, ..good.clone() }, 702);
    }
    refused(&world, SignHash { hashes: Vec::new(), ..good.clone() }, 707);
    refused(&world, SignHash { hashes: vec![vec![1; 31].into()], ..good.clone() }, 703);
    refused(&world, SignHash { hashes: vec![vec![1; 48].into()], ..good.clone() }, 703);

    // A token that the host made, and those near a real one.
    refused(&world, SignHash { token: Blob::from(&random::<32>()[..]), ..good.clone() }, 700);
    refused(&world, SignHash { token: Blob::default(), ..good.clone() }, 700);
    for octet in [0, 15, 31] {
        let mut altered = good.clone();
        altered.token.0[octet] ^= 1;
        refused(&world, altered, 700);
    }

    // A token with another credential.
    let foreign = SignHash { credential: other.id.clone(), record: world.record(&other.id), ..good.clone() };
    refused(&world, foreign, 700);
    // Records that belong elsewhere, were altered, or do not exist.
    let foreign = SignHash { record: world.record(&other.id), ..good.clone() };
    refused(&world, foreign, 400);
    let mut altered = good.clone();
    altered.record.body.0[40] ^= 1;
    refused(&world, altered, 402);
    let mut newer = good.clone();
    newer.record.version += 1;
    refused(&world, newer, 402);
    refused(&world, SignHash { record: key.former.clone(), ..good.clone() }, 401);
    let unknown = CredentialId::new("unknown").unwrap();
    refused(&world, SignHash { credential: unknown, ..good.clone() }, 400);

    // Another algorithm than the authorized one.
    let other_hash = SignHash { hash_algorithm: Some(HashAlgorithm::Sha384), ..good.clone() };
    refused(&world, other_hash, 704);
    let algorithm = SignatureAlgorithm::EcdsaSha384;
    refused(&world, SignHash { signature_algorithm: algorithm, hash_algorithm: None, ..good.clone() }, 704);

    // The true call is served once.
    verify(&key, &hashes, &signatures(world.host.call(Command::SignHash(good.clone()))).unwrap());
    refused(&world, good.clone(), 700);
    refused(&world, SignHash { hashes: hashes[..1].to_vec(), ..good.clone() }, 700);
    assert_eq!(world.host.state().store.signed(), 2);
    world.works(&key);
    world.works(&other);

    // Nor by another boot.
    let left = world.token(&key, &hashes);
    world.recover();
    refused(&world, good, 700);
    refused(&world, world.sign_request(&key, &left, &hashes), 700);
    world.works(&key);
}

#[test]
fn consents_that_the_host_alters_or_repeats_are_refused_by_the_enclave() {
    let mut world = World::operational();
    let key = world.enrol();
    let on = world.trusted();
    let hashes = [hash()];
    let (evidence, _) = world.consent(&on, &key, Purpose::Sign, &hashes);
    let good = world.authorize_request(&key, evidence, &hashes);
    let call = |world: &World, request| world.host.call(Command::Authorize(request));

    // The request says something else than the signer did.
    for hashes in [vec![hash()], vec![hashes[0].clone(), hash()]] {
        let count = u32::try_from(hashes.len()).unwrap();
        let altered = fuin_shared::message::Authorize { hashes: Some(hashes), count, ..good.clone() };
        assert_eq!(call(&world, altered).unwrap_err().number(), 609);
    }
    // Each octet of what is sealed counts.
    let length = good.evidence.0.len();
    for at in (length / 2..length).step_by(length / 16) {
        let mut altered = good.clone();
        altered.evidence.0[at] ^= 1;
        let number = call(&world, altered).unwrap_err().number();
        assert!(matches!(number, 600 | 601), "octet {at}: {number}");
    }
    assert!(call(&world, good.clone()).is_ok());
    assert_eq!(call(&world, good.clone()).unwrap_err().number(), 604);
    world.recover();
    assert_eq!(call(&world, good).unwrap_err().number(), 601);

    // A consent to something else than signing.
    let on = world.trusted();
    let (evidence, _) = world.consent(&on, &key, Purpose::Delete, &[]);
    let request = world.authorize_request(&key, evidence, &hashes);
    assert_eq!(call(&world, request).unwrap_err().number(), 605);
    world.works(&key);
}

#[test]
fn a_passkey_that_the_host_made_is_refused() {
    let mut world = World::operational();
    let key = world.enrol();
    let hashes = [hash()];
    let on = world.trusted();
    // The host has a device of its own, and everything that passes through its hands.
    let (sad, challenge) = world.sad(&on, &key, Purpose::Sign, &hashes);
    let digest = fuin_shared::sad::sad_digest(&sad.to_bytes());
    let assertion = own_answer(key.means, &challenge, &digest).unwrap();
    let sealed = on.seal(&sad, assertion, &mut rand_core::UnwrapErr(getrandom::SysRng)).unwrap();
    let evidence = fuin_shared::codec::encode(&sealed).into();
    let request = world.authorize_request(&key, evidence, &hashes);
    assert_eq!(world.host.call(Command::Authorize(request)).unwrap_err().number(), 501);
    world.works(&key);
}
