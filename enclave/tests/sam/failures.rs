//! Place: SAM. Answers of a means that are refused: each is an event and spends its nonce; none locks a means that signs.

use super::passkey::TestPasskey;
use super::world::{Enrolled, Sink, World, evidence, hash, link_action, pop_action};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm};
use fuin_shared::fault::Fault;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::Command;
use fuin_shared::phase::Phase;
use fuin_shared::sad::{Purpose, sad_digest};
use fuin_shared::statement::ManageAction;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

/// The newest event tells of a refused answer for this purpose.
fn failed(world: &World, wanted: Purpose, number: Fault) {
    match world.last() {
        EventBody::AuthorizationFailed { purpose, fault, .. } => {
            assert_eq!((purpose, fault), (wanted, number.number()));
        }
        other => panic!("{other:?}"),
    }
}

fn impostor(key: &Enrolled) -> TestPasskey {
    key.passkey.impostor(66)
}

#[test]
fn a_refused_answer_spends_its_nonce_and_is_an_event() {
    let mut world = World::operational(51);
    let key = world.enrol(P256, 21);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let forged = world.sealed(&sad, impostor(&key).assert(&sad_digest(&sad.to_bytes())));
    let request = world.authorize_request(&key, &sad, forged);
    assert_eq!(world.authorize_call(request), Err(Fault::AssertionSignature));
    failed(&world, Purpose::Sign, Fault::AssertionSignature);
    // The right answer comes too late for this SAD; another SAD is as good as ever.
    assert_eq!(world.authorize_sad(&key, &sad), Err(Fault::SadReplayed));
    assert!(world.authorize(&key, vec![hash(1)]).is_ok());
}

#[test]
fn a_sad_that_is_refused_before_its_answer_was_compared_spends_nothing() {
    let mut world = World::operational(52);
    let key = world.enrol(P256, 21);
    let size = world.store.entries.len();
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let answer = impostor(&key).assert(&sad_digest(&sad.to_bytes()));
    let sealed = world.sealed(&sad, answer);
    let mut request = world.authorize_request(&key, &sad, sealed);
    request.count = 2;
    assert_eq!(world.authorize_call(request), Err(Fault::SadRequest));
    assert_eq!(world.store.entries.len(), size);
    assert!(world.authorize_sad(&key, &sad).is_ok());
}

#[test]
fn no_number_of_refused_signatures_locks_a_credential() {
    let mut world = World::operational(53);
    let key = world.enrol(P256, 21);
    for _ in 0..30 {
        let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
        let forged = world.sealed(&sad, impostor(&key).assert(&sad_digest(&sad.to_bytes())));
        let request = world.authorize_request(&key, &sad, forged);
        assert_eq!(world.authorize_call(request), Err(Fault::AssertionSignature));
    }
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
    // A later boot folds the same events.
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.phase(), Phase::Operational);
    assert!(world.authorize(&key, vec![hash(1)]).is_ok());
}

#[test]
fn refused_answers_of_link_request_and_deletion_are_events_too() {
    let mut world = World::operational(54);
    let made = world.generate("hanako", P256).unwrap();
    let key = Enrolled { id: made.key, spki: made.spki.0, passkey: TestPasskey::new(21) };

    let sad = world.sad(&key.id, &key.spki, Purpose::Link, Vec::new());
    let elsewhere = evidence(&sad, |_| key.passkey.register(&fuin_shared::ids::Digest32([1; 32])));
    let statement = world.manage(link_action(&key.passkey), Some(&key.id));
    let manage = world.signed_manage(&statement, Some(elsewhere));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::AssertionChallenge));
    failed(&world, Purpose::Link, Fault::AssertionChallenge);
    // The statement of the RA is not spent by it.
    let sad = world.sad(&key.id, &key.spki, Purpose::Link, Vec::new());
    let right = evidence(&sad, |digest| key.passkey.register(digest));
    world.call(Command::LinkEid(world.signed_manage(&statement, Some(right)))).unwrap();

    let info = world.request_info(&key).unwrap();
    let digest = HashAlgorithm::Sha256.digest(info.as_slice());
    let sad = world.sad(&key.id, &key.spki, Purpose::Pop, vec![digest.into()]);
    let forged = evidence(&sad, |digest| impostor(&key).assert(digest));
    let statement = world.manage(pop_action(Some(info.clone())), Some(&key.id));
    let manage = world.signed_manage(&statement, Some(forged));
    assert_eq!(world.call(Command::AuthorizePop(manage)), Err(Fault::AssertionSignature));
    failed(&world, Purpose::Pop, Fault::AssertionSignature);
    world.sign_request(&key, &info).unwrap();

    let sad = world.sad(&key.id, &key.spki, Purpose::Delete, Vec::new());
    let forged = evidence(&sad, |digest| impostor(&key).assert(digest));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let manage = world.signed_manage(&statement, Some(forged));
    assert_eq!(world.call(Command::DeleteKey(manage)), Err(Fault::AssertionSignature));
    failed(&world, Purpose::Delete, Fault::AssertionSignature);
    assert!(world.challenge(&key.id, Purpose::Delete).is_ok());
}

#[test]
fn a_refusal_leaves_only_with_its_event() {
    let mut world = World::operational(55);
    let key = world.enrol(P256, 21);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let forged = world.sealed(&sad, impostor(&key).assert(&sad_digest(&sad.to_bytes())));
    let request = world.authorize_request(&key, &sad, forged);
    world.sink = Sink::Refuses;
    assert_eq!(world.authorize_call(request), Err(Fault::SinkRefused));
    assert_eq!(world.phase(), Phase::Halted);
}
