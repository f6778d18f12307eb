//! Place: SAM. What a signer authorized, and nothing else.

use super::passkey::TestPasskey;
use super::world::{Enrolled, START, Sink, World, evidence, hash};
use fuin_enclave::sam::Ticket;
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32, InstanceId, ServiceId};
use fuin_shared::key::PublicKey;
use fuin_shared::message::{Answer, Command};
use fuin_shared::sad::{LinkSubject, Purpose, Sad, sad_digest};
use proptest::prelude::*;

fn ready(algorithm: KeyAlgorithm) -> (World, Enrolled) {
    let mut world = World::operational(1);
    let key = world.enrol(algorithm, 21);
    (world, key)
}

fn valid(key: &Enrolled, hash: &Blob, signature: &Blob) -> bool {
    PublicKey::from_spki(&key.spki).unwrap().verify_digest(hash.as_slice(), signature.as_slice()).is_ok()
}

/// The same SAD with one field changed, signed by the true passkey.
fn refused_sad(fault: Fault, change: impl Fn(&mut Sad)) {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let mut sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    change(&mut sad);
    assert_eq!(world.authorize_sad(&key, &sad), Err(fault));
}

#[test]
fn authorized_hashes_are_signed_on_both_curves() {
    for algorithm in KeyAlgorithm::ALL {
        let (mut world, key) = ready(algorithm);
        let hashes = vec![hash(1), hash(2), hash(1)];
        let token = world.authorize(&key, hashes.clone()).unwrap();
        let signatures = world.sign(&key, &token, hashes.clone()).unwrap();
        assert_eq!(signatures.len(), 3);
        for (hash, signature) in hashes.iter().zip(&signatures) {
            assert!(valid(&key, hash, signature));
        }
    }
}

#[test]
fn order_and_number_of_calls_do_not_bind_but_each_permission_serves_once() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1), hash(2), hash(2)]).unwrap();
    world.sign(&key, &token, vec![hash(2)]).unwrap();
    world.sign(&key, &token, vec![hash(2), hash(1)]).unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenUnknown));
}

#[test]
fn replayed_token_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.sign(&key, &token, vec![hash(1)]).unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenUnknown));
}

#[test]
fn altered_hash_is_refused_and_spends_nothing() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(9)]), Err(Fault::HashNotAuthorized));
    assert_eq!(world.sign(&key, &token, vec![hash(1), hash(9)]), Err(Fault::HashNotAuthorized));
    assert_eq!(world.sign(&key, &token, vec![hash(1), hash(1)]), Err(Fault::HashNotAuthorized));
    assert_eq!(world.sign(&key, &token, vec![]), Err(Fault::NoHashes));
    assert_eq!(world.sign(&key, &token, vec![vec![0; 31].into()]), Err(Fault::HashLength));
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
}

#[test]
fn token_made_by_the_host_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    for token in [vec![0; 32], vec![], vec![7; 31], vec![7; 1000]] {
        assert_eq!(world.sign(&key, &token.into(), vec![hash(1)]), Err(Fault::TokenUnknown));
    }
}

#[test]
fn altered_token_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    for position in 0..token.0.len() {
        let mut other = token.clone();
        other.0[position] ^= 1;
        assert_eq!(world.sign(&key, &other, vec![hash(1)]), Err(Fault::TokenUnknown));
    }
}

#[test]
fn token_of_another_credential_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let other = world.enrol(KeyAlgorithm::EcdsaP256, 22);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert_eq!(world.sign(&other, &token, vec![hash(1)]), Err(Fault::TokenUnknown));
}

#[test]
fn expired_token_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.advance(120);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenExpired));
}

#[test]
fn token_dies_with_the_instance() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenUnknown));
}

#[test]
fn other_algorithms_than_authorized_are_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let mut request = world.sign_request_for(&key, &token, vec![hash(1)]);
    request.signature_algorithm = SignatureAlgorithm::EcdsaSha384;
    assert_eq!(world.call(Command::SignHash(request)), Err(Fault::AlgorithmNotAllowed));
    let mut request = world.sign_request_for(&key, &token, vec![hash(1)]);
    request.hash_algorithm = Some(HashAlgorithm::Sha512);
    assert_eq!(world.call(Command::SignHash(request)), Err(Fault::AlgorithmNotAllowed));
}

#[test]
fn sad_for_another_service_is_refused() {
    refused_sad(Fault::SadForeign, |sad| sad.service = ServiceId([0; 32]));
}

#[test]
fn sad_for_another_instance_is_refused() {
    refused_sad(Fault::SadForeign, |sad| sad.instance = InstanceId([0; 32]));
}

#[test]
fn sad_for_another_credential_is_refused() {
    refused_sad(Fault::SadForeign, |sad| sad.credential = CredentialId::new("other").unwrap());
}

#[test]
fn sad_for_another_key_is_refused() {
    refused_sad(Fault::SadForeign, |sad| sad.spki = Digest32([0; 32]));
}

#[test]
fn sad_of_another_version_is_refused() {
    refused_sad(Fault::SadMalformed, |sad| sad.version = 2);
}

#[test]
fn sad_for_another_purpose_is_refused() {
    for purpose in [Purpose::Delete, Purpose::Pop, Purpose::Link] {
        refused_sad(Fault::SadPurpose, |sad| sad.purpose = purpose);
    }
}

#[test]
fn sad_with_another_count_is_refused() {
    refused_sad(Fault::SadCount, |sad| sad.count = 2);
}

#[test]
fn sad_with_more_hashes_than_multisign_is_refused() {
    refused_sad(Fault::SadTooMany, |sad| {
        sad.hashes = (0..6).map(hash).collect();
        sad.count = 6;
    });
}

#[test]
fn sad_without_hashes_is_refused() {
    refused_sad(Fault::SadTooMany, |sad| {
        sad.hashes.clear();
        sad.count = 0;
    });
}

#[test]
fn sad_with_a_hash_of_another_length_is_refused() {
    refused_sad(Fault::SadAlgorithm, |sad| sad.hashes = vec![vec![0; 48].into()]);
}

#[test]
fn sad_whose_algorithms_disagree_is_refused() {
    refused_sad(Fault::SadAlgorithm, |sad| sad.signature_algorithm = SignatureAlgorithm::EcdsaSha512);
}

#[test]
fn expired_sad_is_refused() {
    refused_sad(Fault::SadExpired, |sad| sad.expires = START);
}

#[test]
fn sad_that_lasts_too_long_is_refused() {
    refused_sad(Fault::SadExpired, |sad| sad.expires = START + 301);
}

#[test]
fn sad_for_signing_that_names_a_link_is_refused() {
    refused_sad(Fault::SadRequest, |sad| {
        sad.link = Some(LinkSubject {
            user: "hanako".parse().unwrap(),
            authority: "test-ca".parse().unwrap(),
            identity: Digest32([7; 32]),
        });
    });
}

#[test]
fn nonce_made_by_the_host_is_refused() {
    refused_sad(Fault::SadNonce, |sad| sad.nonce.0[20] ^= 1);
    refused_sad(Fault::SadNonce, |sad| sad.nonce.0.truncate(8));
    refused_sad(Fault::SadNonce, |sad| sad.nonce.0.push(0));
}

#[test]
fn nonce_of_another_credential_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let other = world.enrol(KeyAlgorithm::EcdsaP256, 22);
    let foreign = world.challenge(&other.id, Purpose::Sign).unwrap();
    let sad = world.sad_for(&foreign, &key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    assert_eq!(world.authorize_sad(&key, &sad), Err(Fault::SadNonce));
}

#[test]
fn nonce_of_another_purpose_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let foreign = world.challenge(&key.id, Purpose::Delete).unwrap();
    let sad = world.sad_for(&foreign, &key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    assert_eq!(world.authorize_sad(&key, &sad), Err(Fault::SadNonce));
}

#[test]
fn replayed_sad_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    world.authorize_sad(&key, &sad).unwrap();
    assert_eq!(world.authorize_sad(&key, &sad), Err(Fault::SadReplayed));
}

#[test]
fn expired_nonce_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let challenge = world.challenge(&key.id, Purpose::Sign).unwrap();
    world.advance(300);
    let sad = world.sad_for(&challenge, &key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    assert_eq!(world.authorize_sad(&key, &sad), Err(Fault::SadExpired));
}

#[test]
fn nonce_of_an_earlier_boot_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let challenge = world.challenge(&key.id, Purpose::Sign).unwrap();
    world.reboot();
    world.provide().unwrap();
    let mut sad = world.sad_for(&challenge, &key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    assert_eq!(world.authorize_sad(&key, &sad), Err(Fault::SadForeign));
    sad.instance = world.machine.instance();
    assert_eq!(world.authorize_sad(&key, &sad), Err(Fault::SadNonce));
}

#[test]
fn hosts_own_passkey_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let foreign = TestPasskey::new(99).assert(&sad_digest(&sad.to_bytes()));
    let evidence = world.sealed(&sad, foreign);
    let request = world.authorize_request(&key, &sad, evidence);
    assert_eq!(world.authorize_call(request), Err(Fault::AssertionCredential));
}

#[test]
fn assertion_over_other_hashes_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let shown = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let assertion = key.passkey.assert(&sad_digest(&shown.to_bytes()));
    let mut swapped = shown.clone();
    swapped.hashes = vec![hash(2)];
    let evidence = world.sealed(&swapped, assertion);
    let request = world.authorize_request(&key, &swapped, evidence);
    assert_eq!(world.authorize_call(request), Err(Fault::AssertionChallenge));
}

#[test]
fn evidence_sealed_under_another_digest_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let sealed = world.sealed(&sad, key.passkey.assert(&sad_digest(&sad.to_bytes())));
    for position in 0..sealed.0.len() {
        let mut altered = sealed.clone();
        altered.0[position] ^= 1;
        let request = world.authorize_request(&key, &sad, altered);
        let refused = world.authorize_call(request);
        assert!(matches!(refused, Err(Fault::SadMalformed | Fault::SadForeign)), "{position}: {refused:?}");
    }
}

#[test]
fn request_that_disagrees_with_the_sad_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1), hash(2)]);
    let evidence = evidence(&sad, |digest| key.passkey.assert(digest));
    let mut request = world.authorize_request(&key, &sad, evidence);
    request.hashes = Some(vec![hash(1), hash(3)]);
    assert_eq!(world.authorize_call(request.clone()), Err(Fault::SadRequest));
    request.hashes = Some(vec![hash(2), hash(1)]);
    request.count = 1;
    assert_eq!(world.authorize_call(request.clone()), Err(Fault::SadRequest));
    request.count = 2;
    request.hash_algorithm = Some(HashAlgorithm::Sha384);
    assert_eq!(world.authorize_call(request.clone()), Err(Fault::SadRequest));
    request.hash_algorithm = None;
    assert!(world.authorize_call(request).is_ok());
}

#[test]
fn live_activations_are_bounded_and_never_evicted() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let tokens: Vec<_> = (0..3).map(|n| world.authorize(&key, vec![hash(n)]).unwrap()).collect();
    assert_eq!(world.authorize(&key, vec![hash(9)]), Err(Fault::ActivationsFull));
    for (n, token) in (0..).zip(&tokens) {
        world.sign(&key, token, vec![hash(n)]).unwrap();
    }
    assert!(world.authorize(&key, vec![hash(9)]).is_ok());
}

#[test]
fn expired_certificate_is_refused() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    // The manifest must outlive the certificate for this to be seen: it does not, and says so first.
    world.advance(30_000_001);
    let record = world.store.records[&key.id].clone();
    let request =
        fuin_shared::message::GetChallenge { credential: key.id.clone(), purpose: Purpose::Sign, record };
    assert_eq!(world.call(Command::GetChallenge(request)), Err(Fault::ManifestExpired));
}

#[test]
fn permission_is_spent_even_if_the_signature_is_lost() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let request = world.sign_request_for(&key, &token, vec![hash(1)]);
    // The job is handed out and its result never comes.
    let effects = world.machine.handle(
        fuin_enclave::sam::Input::Command { ticket: Ticket(9999), command: Command::SignHash(request) },
        world.now,
        &mut world.rng,
    );
    assert_eq!(effects.len(), 1);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenUnknown));
}

#[test]
fn receipt_shows_later_what_was_displayed() {
    use fuin_shared::log::event::{Event, EventBody, salted};
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let mut sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    sad.display = Some(Digest32([9; 32]));
    let consent = evidence(&sad, |digest| key.passkey.assert(digest));
    let request = world.authorize_request(&key, &sad, consent);
    let Ok(Answer::Activation { receipt, .. }) = world.call(Command::Authorize(request)) else { panic!() };
    assert_eq!(world.store.entries[receipt.index as usize], receipt.event.0);
    let event: Event = fuin_shared::codec::decode(receipt.event.as_slice()).unwrap();
    let EventBody::Authorized { sad: kept, .. } = event.body else { panic!() };
    let opens = |sad: &Sad| salted(receipt.salts[0].as_slice(), sad_digest(&sad.to_bytes()).as_ref()) == kept;
    assert!(opens(&sad), "who has the SAD and the receipt's salt");
    for other in [None, Some(Digest32([8; 32]))] {
        assert!(!opens(&Sad { display: other, ..sad.clone() }));
    }
}

#[test]
fn receipt_opens_the_event_and_names_the_signed_hashes() {
    use fuin_shared::log::event::{Event, EventBody, salted};
    use fuin_shared::log::tree::{leaf_hash, root_of};
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1), hash(2)]).unwrap();
    let request = world.sign_request_for(&key, &token, vec![hash(2), hash(1)]);
    let Ok(Answer::Signatures { receipt, .. }) = world.call(Command::SignHash(request)) else { panic!() };
    assert_eq!(world.store.entries[receipt.index as usize], receipt.event.0);
    let event: Event = fuin_shared::codec::decode(receipt.event.as_slice()).unwrap();
    let EventBody::Signed { count, hashes, .. } = event.body else { panic!() };
    assert_eq!(count, 2);
    let leaves: Vec<_> = [hash(2), hash(1)]
        .iter()
        .zip(&receipt.salts[1..])
        .map(|(hash, salt)| leaf_hash(salted(salt.as_slice(), hash.as_slice()).as_ref()))
        .collect();
    assert_eq!(hashes.0, root_of(&leaves));
}

#[test]
fn nothing_leaves_while_the_commit_is_open() {
    let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.sink = Sink::Silent;
    // `Busy` is what the harness says when no reply came.
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::Busy));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is asked for in whatever portions: never more signatures of a hash than were authorized.
    #[test]
    fn never_more_signatures_than_permissions(
        authorized in proptest::collection::vec(0u8..4, 1..5),
        calls in proptest::collection::vec(proptest::collection::vec(0u8..5, 0..4), 0..8),
    ) {
        let (mut world, key) = ready(KeyAlgorithm::EcdsaP256);
        let token = world.authorize(&key, authorized.iter().map(|n| hash(*n)).collect()).unwrap();
        let mut left = authorized.clone();
        for call in calls {
            let hashes: Vec<_> = call.iter().map(|n| hash(*n)).collect();
            let mut after = left.clone();
            let covered = !call.is_empty() && call.iter().all(|n| {
                after.iter().position(|m| m == n).map(|i| after.remove(i)).is_some()
            });
            let result = world.sign(&key, &token, hashes);
            prop_assert_eq!(result.is_ok(), covered);
            if covered {
                left = after;
            }
        }
    }
}
