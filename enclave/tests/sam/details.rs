//! Place: SAM. Details for auditors: each event has one, they alone open it, and the host can neither move nor alter nor drop
//! one unseen.

mod hostile;
mod kinds;
mod readers;

use super::world::{Enrolled, TestAuditor, World, hash};
use fuin_auditor::{DetailError, Opened};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;
use fuin_shared::sad::Purpose;
use sha2::{Digest, Sha256};

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

pub fn auditor() -> TestAuditor {
    TestAuditor::new("rin", 71)
}

/// Audited, with a credential that has signed.
fn signed() -> (World, Enrolled, TestAuditor) {
    let auditor = auditor();
    let mut world = World::audited(1, &[&auditor]);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1), hash(2)]).unwrap();
    world.sign(&key, &token, vec![hash(2), hash(1)]).unwrap();
    (world, key, auditor)
}

fn last(world: &World, auditor: &TestAuditor) -> Detail {
    world.opened(auditor).pop().unwrap().1
}

#[test]
fn a_signing_event_tells_auditors_who_signed_what_with_which_certificate() {
    let (mut world, key, auditor) = signed();
    let detail = last(&world, &auditor);
    let concerned = detail.credential.unwrap();
    assert_eq!((concerned.id, concerned.client.as_str()), (key.id.clone(), "ra"));
    assert_eq!(concerned.user.as_str(), "hanako");
    assert_eq!(detail.by.iter().map(|by| by.name.as_str()).collect::<Vec<_>>(), ["hanako"]);
    assert_eq!(detail.hashes, [hash(2), hash(1)], "in the order of the call");
    let certificate = world.ca.certify(&key.spki, super::world::SUBJECT, 101);
    assert_eq!(detail.certificate.unwrap().0, *Sha256::digest(certificate));
    // The authorization tells the SAD, and so does an answer that is refused.
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(3)]);
    let digest = fuin_shared::sad::sad_digest(&sad.to_bytes());
    let forged = world.sealed(&sad, super::passkey::TestPasskey::new(99).assert(&digest));
    let request = world.authorize_request(&key, &sad, forged);
    assert!(world.authorize_call(request).is_err());
    assert!(matches!(world.last(), EventBody::AuthorizationFailed { .. }));
    let refused = last(&world, &auditor);
    assert_eq!((refused.purpose, refused.sad, refused.by.len()), (Some(Purpose::Sign), Some(digest), 0));
    assert_eq!(refused.credential.unwrap().id, key.id);
}

#[test]
fn without_an_auditor_who_has_a_sealing_key_nothing_is_made() {
    let (mut world, _) = World::staffed(9);
    world.install().unwrap();
    world.genesis().unwrap();
    world.enrol(P256, 21);
    assert!(world.store.details.is_empty());
    assert!(world.events().iter().all(|event| event.detail.is_none()));
}

#[test]
fn details_come_in_the_commit_of_their_events_and_nothing_is_released_before() {
    use super::world::Sink;
    let (mut world, key, _) = signed();
    let before = (world.store.entries.len(), world.store.details.len());
    assert_eq!(before.0, before.1, "each event has one");
    // A host that does not keep them gets no token, and the enclave halts.
    world.sink = Sink::Refuses;
    assert!(world.authorize(&key, vec![hash(3)]).is_err());
    assert_eq!((world.store.entries.len(), world.store.details.len()), before);
    // A commit that comes again brings the same.
    let (mut world, key, auditor) = signed();
    world.sink = Sink::LosesCommit;
    assert!(world.authorize(&key, vec![hash(3)]).is_ok());
    world.sink = Sink::LandsLate;
    assert!(world.authorize(&key, vec![hash(4)]).is_ok());
    assert_eq!(world.opened(&auditor).len(), before.0 + 2);
}

#[test]
fn a_content_key_serves_a_bounded_number_of_details() {
    use fuin_shared::codec;
    use fuin_shared::log::detail::SealedDetail;
    let (mut world, key, auditor) = signed();
    for _ in 0..1050 {
        super::suspension::by_ra(&mut world, &key).unwrap();
    }
    let sealed = |index: &u64| codec::decode::<SealedDetail>(&world.store.details[index]).unwrap();
    let carriers: Vec<u64> =
        (0..world.store.details.len() as u64).filter(|at| !sealed(at).keys.is_empty()).collect();
    assert_eq!(carriers.len(), 2, "{carriers:?}");
    assert!((1024..1030).contains(&carriers[1]), "{carriers:?}");
    assert_eq!(world.opened(&auditor).len(), world.store.entries.len());
}

fn is_opened(looked: &Result<Option<Opened>, DetailError>) -> bool {
    matches!(looked, Ok(Some(Opened::Detail(_))))
}

fn is_for_others(looked: &Result<Option<Opened>, DetailError>) -> bool {
    *looked == Ok(Some(Opened::ToOthers))
}
