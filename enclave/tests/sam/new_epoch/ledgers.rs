//! Place: SAM. From which ledger a new epoch goes on: the one that the officers named, cosigned by those who were there.

use super::*;
use fuin_shared::log::note::NoteSigner;
use fuin_shared::new_epoch::NewEpoch;

/// A plan with another note over its head, or over another head, approved.
fn with_note(note: impl FnOnce(&World, &str) -> String) -> Fault {
    refused(lost(), |world, epoch| {
        let note = note(world, &epoch.checkpoint);
        epoch.plan = world.epoch_plan(&note, epoch.change.as_ref());
        epoch.checkpoint = note;
        approve(world, epoch);
    })
}

fn text(note: &str) -> String {
    Note::parse(note.as_bytes()).unwrap().text().to_owned()
}

/// The ledger's own line alone.
fn own(note: &str) -> String {
    let parsed = Note::parse(note.as_bytes()).unwrap();
    format!("{}\n{}", parsed.text(), parsed.signatures()[0].to_text())
}

fn lines(note: &str, by: &[Witness]) -> String {
    by.iter().map(|witness| witness.line(&text(note), 1_800_000_000)).collect()
}

#[test]
fn a_ledger_cut_below_the_approved_head_is_refused() {
    for short in 1..=2 {
        let lost = lost();
        let size = lost.cosigned - short;
        let fault = refused(lost, |world, _| {
            // Not even a custodian who remembers is needed for it.
            world.held.seen = None;
            let store = world.store.clone();
            world.store = world.shortened(&store, size);
        });
        assert_eq!(fault, Fault::LedgerShortened, "{size}");
    }
}

#[test]
fn another_continuation_than_the_approved_head_is_refused() {
    let mut world = World::cosigned(8, 3);
    let key = world.enrol(P256, 21);
    let fork = world.store.clone();
    let note = signed(&mut world, &key, 1).unwrap().checkpoint;
    let cosigned = world.store.entries.len();
    // The host restores the old store, and boots of it write their events, which nobody cosigns.
    (world.store, world.held.seen) = (fork, None);
    world.witnesses.clear();
    while world.store.entries.len() < cosigned + 1 {
        world.reboot();
        assert_eq!(world.provide(), Err(Fault::Busy));
    }
    let fault = refused(Lost { world, key, note, cosigned }, |_, _| {});
    assert_eq!(fault, Fault::LedgerShortened);
}

#[test]
fn a_head_under_another_key_is_foreign() {
    let fault = with_note(|world, note| {
        let origin = &world.ledger.as_ref().unwrap().origin;
        let signer = NoteSigner::from_seed(origin, &[9; 32]).unwrap();
        signer.sign(&text(note)).unwrap() + &lines(note, &[1, 2, 3].map(Witness::new))
    });
    assert_eq!(fault, Fault::CheckpointForeign);
}

#[test]
fn a_head_without_the_quorum_that_there_was_is_refused() {
    let old = [1, 2, 3].map(Witness::new);
    assert_eq!(with_note(|_, note| own(note)), Fault::EpochCheckpoint, "nobody");
    assert_eq!(with_note(|_, note| own(note) + &lines(note, &old[..1])), Fault::EpochCheckpoint, "one");
    let twice = |_: &World, note: &str| own(note) + &lines(note, &old[..1]) + &lines(note, &old[..1]);
    assert_eq!(with_note(twice), Fault::EpochCheckpoint, "one twice");
    let new = |_: &World, note: &str| own(note) + &lines(note, &[4, 5, 6].map(Witness::new));
    assert_eq!(with_note(new), Fault::EpochCheckpoint, "the new ones");
    let broken = |_: &World, note: &str| {
        let other = old[1].line("another\n1\nhead\n", 1_800_000_000);
        own(note) + &lines(note, &old[..1]) + &other
    };
    assert_eq!(with_note(broken), Fault::EpochCheckpoint, "over something else");
}

/// What the ledger signed after that, and nobody cosigned, is no head to go on from.
#[test]
fn the_uncosigned_tail_is_no_approved_head() {
    let fault = with_note(|world, _| world.notes[&(world.store.entries.len() as u64)].clone());
    assert_eq!(fault, Fault::EpochCheckpoint);
}

#[test]
fn lines_of_strangers_do_not_come_into_the_ledger() {
    let Lost { mut world, note, .. } = lost();
    fresh(&mut world, &[4, 5, 6]);
    world.reboot();
    let change = naming(&mut world, &[4, 5, 6]);
    let note = note.clone() + &lines(&note, &[Witness::new(77)]);
    let epoch = world.new_epoch(&note, Some(change));
    assert_eq!(world.plan_epoch(epoch), Ok(1));
    assert_eq!(world.provide(), Ok(()));
    assert!(note.contains("witness.example/77"));
    assert!(!world.epochs().begun()[0].note.contains("witness.example/77"));
}

#[test]
fn a_note_over_another_head_than_the_plans_is_refused() {
    let fault = refused(lost(), |world, epoch| {
        epoch.plan.checkpoint = text(&world.notes[&1]);
        approve(world, epoch);
    });
    assert_eq!(fault, Fault::EpochCheckpoint);
    let fault = refused(lost(), |_, epoch| epoch.checkpoint = "no note".to_owned());
    assert_eq!(fault, Fault::EpochCheckpoint);
}

#[test]
fn another_epoch_than_the_next_is_refused() {
    for number in [0, 2, u32::MAX] {
        let fault = refused(lost(), |world, epoch| {
            epoch.plan.epoch = number;
            approve(world, epoch);
        });
        assert_eq!(fault, Fault::EpochNumber, "{number}");
    }
}

#[test]
fn another_ledger_is_refused() {
    let fault = refused(lost(), |world, epoch| {
        epoch.plan.ledger.push('x');
        approve(world, epoch);
    });
    assert_eq!(fault, Fault::StatementForeign);
}

/// A plan for the epoch after one that has heads of its own, from this note of before.
fn second_from(note: &str, mut world: World) -> Result<(), Fault> {
    fresh(&mut world, &[7]);
    world.held.seen = None;
    world.reboot();
    let change = naming(&mut world, &[7]);
    let epoch: NewEpoch = world.new_epoch(note, Some(change));
    assert_eq!(world.plan_epoch(epoch), Ok(2));
    world.provide()
}

#[test]
fn a_head_of_an_epoch_before_the_last_is_refused() {
    let mut world = World::cosigned(8, 3);
    let key = world.enrol(P256, 21);
    let older = signed(&mut world, &key, 1).unwrap().checkpoint;
    let note = signed(&mut world, &key, 2).unwrap().checkpoint;
    world.held.seen = Some(note.clone());
    fresh(&mut world, &[4, 5, 6]);
    planned(&mut world, &note, &[4, 5, 6]);
    world.provide().unwrap();
    assert_eq!(second_from(&older, world), Err(Fault::EpochCheckpoint));
}

/// The custodians remember more than the officers named.
#[test]
fn a_ledger_cut_to_an_older_approved_head_is_refused_by_who_saw_more() {
    let mut world = World::cosigned(8, 3);
    let key = world.enrol(P256, 21);
    let older = signed(&mut world, &key, 1).unwrap().checkpoint;
    let cosigned = world.store.entries.len();
    let note = signed(&mut world, &key, 2).unwrap().checkpoint;
    world.held.seen = Some(note);
    let fault = refused(Lost { world, key, note: older, cosigned }, |world, _| {
        let store = world.store.clone();
        world.store = world.shortened(&store, cosigned);
    });
    assert_eq!(fault, Fault::LedgerShortened);
}

#[test]
fn a_boot_with_a_plan_takes_no_hand_over() {
    let Lost { mut world, note, .. } = lost();
    let handed = HandedOver { statement: blob(b""), signature: blob(b""), sealed: blob(b"") };
    let take = TakeOver { evidence: blob(b""), handed };
    world.reboot();
    assert_eq!(world.call(Command::TakeOver(take.clone())), Err(Fault::PeerRefused));
    let epoch = world.new_epoch(&note, None);
    assert_eq!(world.plan_epoch(epoch), Ok(1));
    assert_eq!(world.call(Command::TakeOver(take)), Err(Fault::WrongPhase));
}
