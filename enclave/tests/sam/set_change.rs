//! Place: SAM. Witnesses change under the quorum of both sets, and the ledger shows it (spec/ledger.md, gap 6 and section 7).

use super::witness::Witness;
use super::world::{Enrolled, World, hash, policy};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::note::Note;
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::*;
use fuin_shared::phase::Phase;

/// A service with the witnesses 1, 2 and 3, and a manifest that names 3, 4 and 5.
fn service() -> (World, Enrolled, ManifestChange) {
    let mut world = World::cosigned(8, 3);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    let set = [3, 4, 5].map(Witness::new);
    let change = world.approved(|manifest| manifest.witnesses = Some(policy(&set)));
    (world, key, change)
}

/// Which witnesses answer.
pub fn up(world: &mut World, numbers: &[u8]) {
    for witness in &mut world.witnesses {
        witness.up = numbers.iter().any(|n| witness.name == Witness::new(*n).name);
    }
}

fn boot(world: &mut World) -> Result<(), Fault> {
    world.held.seen = None;
    world.reboot();
    world.provide()
}

fn stays_recovering(world: &mut World) {
    for _ in 0..3 {
        assert_eq!(world.phase(), Phase::Recovering);
        assert!(world.rested().is_empty());
    }
}

/// Names under the checkpoints by which witnesses took over.
fn takeovers(world: &World) -> Vec<Vec<String>> {
    let bodies = world.store.entries.iter().map(|entry| codec::decode::<Event>(entry).unwrap().body);
    let names = |body| match body {
        EventBody::WitnessesChanged { checkpoint, .. } => {
            let note = Note::parse(checkpoint.as_bytes()).unwrap();
            Some(note.signatures().iter().skip(1).map(|line| line.name().to_owned()).collect())
        }
        _ => None,
    };
    bodies.filter_map(names).collect()
}

#[test]
fn set_change() {
    let (mut world, key, change) = service();
    let before = world.store.clone();
    // The old set alone: the change does not count, and nothing after it leaves.
    let first = world.evident_manifest();
    assert_eq!(world.change(change.clone()), Err(Fault::Busy));
    assert_eq!(world.authorize(&key, vec![hash(1)]), Err(Fault::Busy));
    for _ in 0..3 {
        assert!(world.rested().is_empty());
    }
    assert_eq!((world.evident_manifest(), takeovers(&world).len()), (first, 0));
    let again = world.approved(|manifest| manifest.witnesses = Some(policy(&[Witness::new(6)])));
    assert_eq!(world.change(again), Err(Fault::Busy), "one at a time");
    // The new ones alone.
    world.witnesses.extend([4, 5].map(Witness::new));
    up(&mut world, &[3, 4, 5]);
    assert!(world.rested().is_empty());
    // Both quorums over one head.
    up(&mut world, &[1, 3, 5]);
    let replies = world.rested();
    assert!(matches!(replies[0].1, Ok(Answer::ManifestChanged(_))), "{replies:?}");
    assert!(matches!(replies[1].1, Ok(Answer::Activation { .. })), "{replies:?}");
    let names: Vec<String> = [1, 3, 5].map(|n| Witness::new(n).name).into();
    let mut shown = takeovers(&world);
    shown.iter_mut().for_each(|names| names.sort());
    assert_eq!(shown, [names]);
    assert_ne!(world.evident_manifest(), first);
    // From now on the new ones alone, also at a boot.
    up(&mut world, &[4, 5]);
    let token = world.authorize(&key, vec![hash(2)]).unwrap();
    assert!(world.sign(&key, &token, vec![hash(2)]).is_ok());
    assert_eq!(boot(&mut world), Ok(()));
    assert_eq!(takeovers(&world).len(), 1, "once");
    up(&mut world, &[1, 2, 3]);
    assert_eq!(world.authorize(&key, vec![hash(3)]), Err(Fault::Busy));
    let today = world.store.clone();

    // The retired set and the old manifest: who remembers the change extends no history without it.
    up(&mut world, &[1, 2, 3]);
    world.store = before.clone();
    assert_eq!(boot(&mut world), Err(Fault::Busy));
    stays_recovering(&mut world);
    // One of them lost its memory: that is one too few, and another key is nobody's.
    world.witnesses[1] = Witness::new(2);
    let mut impostor = Witness::new(99);
    impostor.name = world.witnesses[0].name.clone();
    world.witnesses.push(impostor);
    world.store = before;
    assert_eq!(boot(&mut world), Err(Fault::Busy));
    stays_recovering(&mut world);
    // The old manifest under the newest ledger.
    world.store = today;
    let changes = std::mem::take(&mut world.store.manifests);
    assert_eq!(boot(&mut world), Err(Fault::ManifestOutdated));
    assert_eq!(world.phase(), Phase::Halted);
    world.store.manifests = changes;
    up(&mut world, &[3, 4, 5]);
    assert_eq!(boot(&mut world), Ok(()));
}

/// A crash between the event and its quorums: the next boot waits for both.
#[test]
fn set_change_that_waits_goes_on_after_a_boot() {
    let (mut world, key, change) = service();
    assert_eq!(world.change(change), Err(Fault::Busy));
    world.witnesses.extend([4, 5].map(Witness::new));
    for few in [&[1, 2][..], &[4, 5], &[3, 4, 5]] {
        up(&mut world, few);
        assert_eq!(boot(&mut world), Err(Fault::Busy), "{few:?}");
        stays_recovering(&mut world);
        assert!(takeovers(&world).is_empty());
    }
    up(&mut world, &[2, 3, 4]);
    assert_eq!(boot(&mut world), Ok(()));
    assert_eq!(takeovers(&world).len(), 1);
    up(&mut world, &[4, 5]);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
    // And another change can follow.
    let change = world.approved(|manifest| manifest.witnesses = Some(policy(&[Witness::new(5)])));
    assert!(world.change(change).is_ok());
    assert_eq!(takeovers(&world).len(), 2);
    up(&mut world, &[5]);
    assert_eq!(boot(&mut world), Ok(()));
}
