//! Place: SAM. The ledger against its host: refused, shortened, broken, forked; and crashes at any commit.

use super::world::{Sink, Store, World, hash};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::fault::Fault;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::tree::{leaf_hash, root_of};
use fuin_shared::phase::Phase;
use proptest::prelude::*;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

fn with_history() -> World {
    let mut world = World::operational(8);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.sign(&key, &token, vec![hash(1)]).unwrap();
    world.held.seen = world.store.checkpoint.clone();
    world
}

/// Boots on the world's store; what the custodian saw stays as it is.
fn boot(world: &mut World) -> Result<(), Fault> {
    world.reboot();
    world.provide()
}

#[test]
fn checkpoint_covers_every_entry() {
    let world = with_history();
    let key = VerifierKey::parse(&world.ledger.as_ref().unwrap().vkey).unwrap();
    let checkpoint = Checkpoint::open(world.store.checkpoint.as_ref().unwrap(), &key).unwrap();
    let leaves: Vec<_> = world.store.entries.iter().map(|e| leaf_hash(e)).collect();
    assert_eq!(checkpoint.size, leaves.len() as u64);
    assert_eq!(checkpoint.root, root_of(&leaves));
}

#[test]
fn ledger_shortened_to_before_what_a_custodian_saw_is_refused() {
    let mut old = World::operational(8);
    let key = old.enrol(P256, 21);
    let yesterday = old.store.clone();
    let token = old.authorize(&key, vec![hash(1)]).unwrap();
    old.sign(&key, &token, vec![hash(1)]).unwrap();
    old.held.seen = old.store.checkpoint.clone();
    old.store = yesterday;
    assert_eq!(boot(&mut old), Err(Fault::LedgerShortened));
    assert_eq!(old.phase(), Phase::Halted);
}

#[test]
fn empty_ledger_is_refused_once_there_was_one() {
    let mut world = with_history();
    world.store = Store::default();
    assert_eq!(boot(&mut world), Err(Fault::LedgerShortened));
}

#[test]
fn dropped_entry_is_refused_wherever_it_was() {
    let world = with_history();
    for index in 0..world.store.entries.len() {
        let mut world = with_history();
        world.store.entries.remove(index);
        assert!(boot(&mut world).is_err(), "entry {index}");
        assert_eq!(world.phase(), Phase::Halted);
    }
}

#[test]
fn altered_entry_is_refused_wherever_it_was() {
    let count = with_history().store.entries.len();
    for index in 0..count {
        let mut world = with_history();
        let entry = &mut world.store.entries[index];
        let middle = entry.len() / 2;
        entry[middle] ^= 1;
        assert!(boot(&mut world).is_err(), "entry {index}");
    }
}

#[test]
fn swapped_entries_are_refused() {
    let mut world = with_history();
    let last = world.store.entries.len() - 1;
    world.store.entries.swap(last, last - 1);
    assert_eq!(boot(&mut world), Err(Fault::LedgerBroken));
}

#[test]
fn added_entry_is_refused() {
    let mut world = with_history();
    let copy = world.store.entries.last().unwrap().clone();
    world.store.entries.push(copy);
    assert_eq!(boot(&mut world), Err(Fault::LedgerBroken));
}

#[test]
fn cut_last_entry_is_refused() {
    let mut world = with_history();
    world.store.entries.last_mut().unwrap().pop();
    assert_eq!(boot(&mut world), Err(Fault::LedgerBroken));
}

#[test]
fn checkpoint_of_a_foreign_key_is_refused() {
    let mut world = with_history();
    world.store.checkpoint = with_foreign_history().store.checkpoint;
    assert_eq!(boot(&mut world), Err(Fault::CheckpointForeign));
}

fn with_foreign_history() -> World {
    World::operational(9)
}

#[test]
fn old_checkpoint_over_the_whole_ledger_is_refused() {
    let mut world = World::operational(8);
    let old = world.store.checkpoint.clone();
    world.enrol(P256, 21);
    world.store.checkpoint = old;
    assert_eq!(boot(&mut world), Err(Fault::LedgerBroken));
}

#[test]
fn fork_that_contradicts_what_a_custodian_saw_is_refused() {
    let mut world = World::operational(8);
    let common = (world.store.clone(), world.held.clone());
    world.enrol(P256, 21);
    let seen_on_one_side = world.store.checkpoint.clone();
    // A second copy goes on from the same store.
    world.store = common.0;
    world.held = common.1;
    boot(&mut world).unwrap();
    world.enrol(P256, 22);
    world.enrol(P256, 23);
    world.held.seen = seen_on_one_side;
    assert_eq!(boot(&mut world), Err(Fault::LedgerShortened));
}

#[test]
fn refused_commit_releases_nothing_and_halts() {
    let mut world = World::operational(8);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.sink = Sink::Refuses;
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::SinkRefused));
    assert_eq!(world.phase(), Phase::Halted);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::Halted));
}

#[test]
fn lost_answer_to_a_commit_is_found_out_and_released() {
    let mut world = World::operational(8);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let before = world.store.entries.len();
    world.sink = Sink::LosesAnswer;
    assert_eq!(world.sign(&key, &token, vec![hash(1)]).unwrap().len(), 1);
    assert_eq!(world.store.entries.len(), before + 1);
}

#[test]
fn lost_commit_is_sent_again_and_then_released() {
    let mut world = World::operational(8);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let before = world.store.entries.len();
    world.sink = Sink::LosesCommit;
    assert_eq!(world.sign(&key, &token, vec![hash(1)]).unwrap().len(), 1);
    assert_eq!(world.store.entries.len(), before + 1);
}

#[test]
fn commit_that_lands_late_is_found_out_and_released() {
    let mut world = World::operational(8);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let before = world.store.entries.len();
    world.sink = Sink::LandsLate;
    assert_eq!(world.sign(&key, &token, vec![hash(1)]).unwrap().len(), 1);
    assert_eq!(world.store.entries.len(), before + 1);
    assert_eq!(world.phase(), Phase::Operational);
}

#[test]
fn host_that_answers_with_another_head_halts_the_enclave() {
    let mut world = World::operational(8);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    world.store.checkpoint = with_foreign_history().store.checkpoint;
    world.sink = Sink::LosesCommit;
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::SinkRefused));
    assert_eq!(world.phase(), Phase::Halted);
}

#[test]
fn clock_far_behind_the_ledger_is_refused() {
    let mut world = with_history();
    world.now.0 -= 3_600_000;
    assert_eq!(boot(&mut world), Err(Fault::Clock));
}

#[test]
fn credential_signs_after_another_boot() {
    let mut world = World::operational(8);
    let key = world.enrol(P256, 21);
    world.held.seen = world.store.checkpoint.clone();
    boot(&mut world).unwrap();
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Crashes before and after commits, at any of them: what was acknowledged is in the ledger of the next boot, and no
    /// token outlives its boot.
    #[test]
    fn crash_at_any_commit_loses_nothing_acknowledged(plan in proptest::collection::vec(0u8..4, 1..6)) {
        let mut world = World::operational(8);
        let key = world.enrol(P256, 21);
        let mut acknowledged = 0u64;
        for (n, step) in (0u8..).zip(plan) {
            world.held.seen = world.store.checkpoint.clone();
            let Ok(token) = world.authorize(&key, vec![hash(n)]) else { panic!("authorize") };
            acknowledged += 1;
            match step {
                0 => {}
                1 => world.sink = Sink::LosesAnswer,
                2 => world.sink = Sink::LosesCommit,
                _ => world.sink = Sink::Silent,
            }
            if world.sign(&key, &token, vec![hash(n)]).is_ok() {
                acknowledged += 1;
            }
            prop_assert!(boot(&mut world).is_ok());
            prop_assert_eq!(world.sign(&key, &token, vec![hash(n)]), Err(Fault::TokenUnknown));
        }
        // Genesis, four of the enrolment, one boot each, and everything that was acknowledged.
        prop_assert!(world.store.entries.len() as u64 >= 5 + acknowledged);
    }
}
