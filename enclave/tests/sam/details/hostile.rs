//! Place: SAM. A host that keeps details and means ill.

use super::*;
use fuin_auditor::check;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::log::detail::{SealedDetail, detail_hash};
use fuin_shared::log::event::EventBody;

/// What comes of the detail of the newest event when this lies in its place.
fn in_place_of_last(world: &World, auditor: &TestAuditor, octets: &[u8]) -> DetailError {
    let last = world.store.entries.len() as u64 - 1;
    let mut opener = world.opener(auditor);
    opener.learn(0, &world.store.details[&0]).unwrap();
    opener.open(last, world.events().last().unwrap(), octets).unwrap_err()
}

#[test]
fn a_detail_that_is_altered_or_moved_is_found() {
    let (world, _, auditor) = signed();
    let last = world.store.entries.len() as u64 - 1;
    let good = &world.store.details[&last];
    for at in 0..good.len() {
        let mut altered = good.clone();
        altered[at] ^= 1;
        assert_eq!(in_place_of_last(&world, &auditor, &altered), DetailError::Altered, "octet {at}");
    }
    for index in 0..last {
        let moved = &world.store.details[&index];
        assert_eq!(in_place_of_last(&world, &auditor, moved), DetailError::Altered, "of event {index}");
    }
    // Anybody sees that, without a key.
    let event = world.events().pop().unwrap();
    assert_eq!(check(&event, good), Ok(()));
    assert_eq!(check(&event, &world.store.details[&0]), Err(DetailError::Altered));
}

/// Even an event that names another's detail gets none that opens: a detail is of one event, in one place, of one ledger.
#[test]
fn a_detail_of_another_event_does_not_open_even_where_the_hash_fits() {
    let (world, _, auditor) = signed();
    let events = world.events();
    let last = events.len() as u64 - 1;
    let sealed = &world.store.details[&last];
    let mut opener = world.opener(&auditor);
    opener.learn(0, &world.store.details[&0]).unwrap();
    let mut forged = events[last as usize - 1].clone();
    forged.detail = Some(detail_hash(sealed));
    assert_eq!(opener.open(last, &forged, sealed), Err(DetailError::Foreign));
    assert_eq!(opener.open(last + 1, &events[last as usize], sealed), Err(DetailError::Foreign));
    assert!(opener.open(last, &events[last as usize], sealed).is_ok());
    let carrier = &world.store.details[&0];
    let mut elsewhere = fuin_auditor::Opener::new(auditor.key());
    assert_eq!(elsewhere.learn(0, carrier), Err(DetailError::NoBeginning));
    let mut genesis = events[0].clone();
    if let EventBody::Genesis { ledger, .. } = &mut genesis.body {
        ledger.0[0] ^= 1;
    }
    elsewhere.begin(&genesis);
    assert_eq!(elsewhere.learn(0, carrier), Err(DetailError::ContentKey));
    assert_eq!(elsewhere.open(last, &events[last as usize], sealed), Err(DetailError::KeyNotRead(0)));
    // Nor in another place of this one.
    assert_eq!(world.opener(&auditor).learn(1, carrier), Err(DetailError::Malformed));
    let mut moved: SealedDetail = codec::decode(carrier).unwrap();
    moved.keys_at = 1;
    assert_eq!(world.opener(&auditor).learn(1, &codec::encode(&moved)), Err(DetailError::ContentKey));
}

#[test]
fn sealed_octets_that_no_enclave_made_are_refused() {
    let (world, _, auditor) = signed();
    let events = world.events();
    let last = events.len() as u64 - 1;
    let try_with = |change: &dyn Fn(&mut SealedDetail)| {
        let mut sealed: SealedDetail = codec::decode(&world.store.details[&last]).unwrap();
        change(&mut sealed);
        let octets = codec::encode(&sealed);
        let mut event = events[last as usize].clone();
        event.detail = Some(detail_hash(&octets));
        let mut opener = world.opener(&auditor);
        opener.learn(0, &world.store.details[&0]).unwrap();
        opener.open(last, &event, &octets).unwrap_err()
    };
    assert_eq!(try_with(&|sealed| sealed.version = 2), DetailError::Malformed);
    assert_eq!(try_with(&|sealed| sealed.keys_at = last + 1), DetailError::Malformed);
    assert_eq!(try_with(&|sealed| sealed.keys_at = last), DetailError::Malformed, "it carries no key");
    assert_eq!(try_with(&|sealed| sealed.keys_at = 1), DetailError::KeyNotRead(1));
    assert_eq!(try_with(&|sealed| sealed.number += 1), DetailError::Foreign);
    assert_eq!(try_with(&|sealed| sealed.ciphertext.0.truncate(15)), DetailError::Foreign);
    let mut unasked = events[last as usize].clone();
    unasked.detail = None;
    assert_eq!(check(&unasked, &world.store.details[&last]), Err(DetailError::Unasked));
    let mut noise = events[last as usize].clone();
    noise.detail = Some(detail_hash(b"noise"));
    assert_eq!(world.opener(&auditor).open(last, &noise, b"noise"), Err(DetailError::Malformed));
}

/// A userID that no octets come upon by chance is nowhere in what leaves the enclave for the host to keep.
#[test]
fn nothing_of_a_detail_is_in_the_clear_in_what_the_host_keeps() {
    let auditor = auditor();
    let mut world = World::audited(5, &[&auditor]);
    let user = "hanako-of-the-northern-lighthouse";
    let key = world.generate(user, P256).unwrap();
    let opened = last(&world, &auditor);
    assert_eq!(opened.credential.unwrap().user.as_str(), user);
    let beside = || world.store.entries.iter().chain(world.store.details.values());
    let records = world.store.records.values().map(codec::encode);
    let checkpoint = world.store.checkpoint.clone().unwrap().into_bytes();
    let kept: Vec<Vec<u8>> = beside().cloned().chain(records).chain([checkpoint]).collect();
    let holds = |octets: &[u8], told: &[u8]| {
        told.windows(8).any(|part| octets.windows(8).any(|window| window == part))
    };
    assert!(kept.iter().all(|octets| !holds(octets, user.as_bytes())));
    // The credential's id names its sealed record, and is nowhere else.
    assert!(beside().all(|octets| !holds(octets, key.key.as_str().as_bytes())));
}

/// With the largest calls that a manifest may allow, a detail finds room in its commit.
#[test]
fn the_largest_signing_call_has_a_detail_too() {
    let auditor = auditor();
    let mut world = World::new(6);
    world.found_by(|manifest| {
        manifest.auditors = vec![auditor.entry()];
        manifest.limits.hashes = fuin_shared::manifest::MAX_HASHES;
    });
    world.install().unwrap();
    world.genesis().unwrap();
    let mut action = super::super::world::generate_action("hanako", P256);
    if let fuin_shared::statement::ManageAction::GenerateKey { multisign, .. } = &mut action {
        *multisign = fuin_shared::manifest::MAX_HASHES;
    }
    let key = world.enrol_by(action, 21);
    let hashes: Vec<_> = (0..u64::from(fuin_shared::manifest::MAX_HASHES))
        .map(|n| Sha256::digest(n.to_be_bytes()).to_vec().into())
        .collect();
    let token = world.authorize(&key, hashes.clone()).unwrap();
    assert_ne!(world.sign(&key, &token, hashes.clone()).err(), Some(Fault::TooLarge));
    assert_eq!(last(&world, &auditor).hashes, hashes);
}
