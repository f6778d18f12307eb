//! Place: SAM. A ledger with a break in it, at later boots: every part of the break is held against the rest.

use super::*;
use fuin_shared::ids::{Digest32, InstanceId, ManifestHash, StatementId};
use fuin_shared::log::event::Event;

/// Boots on the store, changed; the custodian remembers nothing.
fn boot(lost: Lost, change: impl FnOnce(&mut World, usize)) -> Result<(), Fault> {
    let mut world = lost.world;
    let at = breaks(&world)[0];
    world.held.seen = None;
    world.power_on();
    change(&mut world, at);
    world.install().unwrap();
    world.provide()
}

/// The break with its event rewritten.
fn rewritten(change: impl FnOnce(&mut EventBody)) -> Result<(), Fault> {
    boot(begun(), |world, at| {
        let mut event: Event = codec::decode(&world.store.entries[at]).unwrap();
        change(&mut event.body);
        world.store.entries[at] = codec::encode(&event);
    })
}

#[test]
fn no_part_of_the_event_can_be_changed() {
    let mut parts = 0;
    macro_rules! change {
        ($field:ident, $how:expr) => {{
            let refused = rewritten(|body| match body {
                EventBody::EpochBegun { $field, .. } => $how($field),
                other => panic!("{other:?}"),
            });
            assert_eq!(refused, Err(Fault::LedgerBroken), stringify!($field));
            parts += 1;
        }};
    }
    assert_eq!(rewritten(|_| {}), Ok(()));
    change!(epoch, |epoch: &mut u32| *epoch += 1);
    change!(nonce, |nonce: &mut Digest32| *nonce = Digest32([9; 32]));
    change!(instance, |instance: &mut InstanceId| *instance = InstanceId([9; 32]));
    change!(manifest, |manifest: &mut ManifestHash| *manifest = ManifestHash([9; 32]));
    change!(version, |version: &mut u64| *version += 1);
    change!(size, |size: &mut u64| *size -= 1);
    change!(root, |root: &mut Digest32| *root = Digest32([9; 32]));
    change!(predecessor, |ledger: &mut fuin_shared::evidence::LedgerIdentity| ledger.origin.push('x'));
    change!(ledger, |ledger: &mut fuin_shared::evidence::LedgerIdentity| ledger.origin.push('x'));
    change!(checkpoint, |note: &mut String| *note = note.replacen("\u{2014} ", "\u{2014} x", 1));
    change!(growth, |growth: &mut Vec<Digest32>| growth.truncate(1));
    change!(approvals, |approvals: &mut Vec<StatementId>| approvals.truncate(1));
    assert_eq!(parts, 12);
}

#[test]
fn a_break_that_is_left_out_repeated_or_moved_is_refused() {
    let cut = boot(begun(), |world, at| drop(world.store.entries.remove(at)));
    assert_eq!(cut, Err(Fault::CheckpointForeign), "the head is of the epoch that is not there");
    let twice = boot(begun(), |world, at| {
        let entry = world.store.entries[at].clone();
        world.store.entries.insert(at, entry);
    });
    assert_eq!(twice, Err(Fault::LedgerBroken));
    let moved = boot(begun(), |world, at| world.store.entries.swap(at, at - 1));
    assert_eq!(moved, Err(Fault::LedgerBroken));
}

#[test]
fn the_head_must_be_of_the_last_epoch() {
    let old = boot(begun(), |world, at| {
        // The newest entries under the checkpoint of before: the host's own doing.
        world.store.checkpoint = Some(world.notes[&(at as u64)].clone());
    });
    assert_eq!(old, Err(Fault::LedgerBroken));
}

/// Without its manifest the ledger is not opened, whoever cosigns.
#[test]
fn the_old_manifest_under_the_new_epoch_is_refused() {
    let fault = boot(begun(), |world, _| world.store.manifests.clear());
    assert_eq!(fault, Err(Fault::ManifestOutdated));
}

/// The old store, cut before the break, under witnesses that are back: who saw the new epoch gives it no root key.
#[test]
fn the_old_epoch_is_over_for_who_saw_the_new_one() {
    let Lost { mut world, key, .. } = begun();
    signed(&mut world, &key, 3).unwrap();
    let (at, store) = (breaks(&world)[0], world.store.clone());
    assert!(world.held.seen.is_some());
    world.power_on();
    world.store = world.shortened(&store, at);
    fresh(&mut world, &[1, 2, 3]);
    world.install().unwrap();
    assert_eq!(world.provide(), Err(Fault::CheckpointForeign));
    assert_eq!(world.phase(), Phase::Halted);
}

#[test]
fn what_custodians_saw_before_the_break_must_be_met() {
    let Lost { mut world, note, .. } = begun();
    world.held.seen = Some(note);
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
}

/// A custodian who saw a head of the old epoch that is not in this ledger.
#[test]
fn a_head_that_the_break_left_behind_is_refused() {
    let mut world = World::cosigned(8, 3);
    let key = world.enrol(P256, 21);
    let older = signed(&mut world, &key, 1).unwrap().checkpoint;
    let size = world.store.entries.len();
    let newer = signed(&mut world, &key, 2).unwrap().checkpoint;
    // Officers who do not know better, and custodians who remember nothing yet.
    let store = world.store.clone();
    (world.store, world.held.seen) = (world.shortened(&store, size), None);
    fresh(&mut world, &[4, 5, 6]);
    planned(&mut world, &older, &[4, 5, 6]);
    assert_eq!(world.provide(), Ok(()));
    let seen = [newer, world.held.seen.clone().unwrap()];
    for (note, expected) in seen.into_iter().zip([Err(Fault::LedgerShortened), Ok(())]) {
        world.held.seen = Some(note);
        world.reboot();
        assert_eq!(world.provide(), expected);
    }
}

/// Two breaks, and the second one's first event where the first one's is.
#[test]
fn epochs_keep_their_order() {
    let Lost { mut world, key, .. } = begun();
    let note = signed(&mut world, &key, 3).unwrap().checkpoint;
    fresh(&mut world, &[7]);
    planned(&mut world, &note, &[7]);
    world.provide().unwrap();
    let [first, second] = breaks(&world)[..] else { panic!() };
    world.held.seen = None;
    let good = world.store.clone();
    world.store.entries.swap(first, second);
    world.reboot();
    assert_eq!(world.provide(), Err(Fault::LedgerBroken));
    world.store = good;
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
}
