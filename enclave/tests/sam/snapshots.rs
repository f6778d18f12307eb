//! Place: SAM. Snapshots (decision 0032, spec gap 18): a boot that begins from one knows everything that a boot knows which reads
//! the whole ledger, and one that is not the ledger's own leads nowhere.

mod boots;
mod refusals;

use super::rotation::Service;
use super::world::{Shown, World};
use fuin_shared::codec;
use fuin_shared::log::audit::{Audit, Rule};
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::snapshot::Summing;

/// Fewest events between two snapshots.
pub const FEW: u32 = 16;

/// A service with snapshots, operational, with a credential that signs and one that seals.
pub fn service(witnesses: u8) -> Service {
    let mut world = World::summing_up(71, witnesses, FEW);
    world.install().unwrap();
    world.genesis().unwrap();
    Service::of(world)
}

/// Works until another snapshot is in the ledger; answers how many events it sums up.
pub fn until_summed_up(service: &mut Service) -> usize {
    let before = service.world.store.summed_up();
    for _ in 0..20 {
        service.works();
        let now = service.world.store.summed_up();
        if now > before {
            return now.unwrap();
        }
    }
    panic!("no snapshot");
}

fn events(world: &World) -> Vec<Event> {
    world.store.entries.iter().map(|entry| codec::decode(entry).unwrap()).collect()
}

#[test]
fn a_snapshot_says_how_many_events_there_are_and_what_they_add_up_to() {
    for witnesses in [0, 3] {
        let mut service = service(witnesses);
        let sizes = [until_summed_up(&mut service), until_summed_up(&mut service)];
        assert!(sizes[0] >= FEW as usize && sizes[1] - sizes[0] == FEW as usize);
        for at in sizes {
            let EventBody::Snapshot { size, state } = events(&service.world)[at].body else { panic!() };
            assert_eq!((size, state), (at as u64, service.world.store.summing(at).digest()));
        }
        service.audited();
    }
}

#[test]
fn without_a_word_of_the_manifest_no_small_ledger_has_one() {
    let mut service = Service::new(0);
    (0..FEW).for_each(|_| service.works());
    assert_eq!(service.world.store.summed_up(), None);
}

#[test]
fn auditors_refuse_a_snapshot_of_something_else() {
    let mut service = service(0);
    let at = until_summed_up(&mut service);
    let good = events(&service.world);
    let EventBody::Snapshot { size, state } = good[at].body else { panic!() };
    let mut other = state;
    other.0[31] ^= 1;
    for (size, state) in [(size, other), (size - 1, state), (size + 1, state)] {
        let mut events = good.clone();
        events[at].body = EventBody::Snapshot { size, state };
        let mut audit = Audit::new();
        let mut pushed = events.iter().map(|event| audit.push(&codec::encode(event)));
        assert_eq!(pushed.find_map(Result::err), Some(Rule::Snapshot));
        assert_eq!(audit.size(), at as u64);
    }
}

/// Whatever a ledger went through: from the pieces of every beginning of it comes the same state, which goes on in the same way.
pub fn restored_from_pieces_everywhere(world: &World) {
    let mut whole = Summing::default();
    let mut kept = 0;
    for (at, entry) in world.store.entries.iter().enumerate() {
        whole.push(entry).unwrap();
        let Ok(pieces) = whole.keep() else { panic!("{at}") };
        if pieces.parts.is_empty() {
            // Records are under two root keys.
            continue;
        }
        kept += 1;
        let mut restored = Summing::from_kept(pieces.clone()).unwrap();
        assert_eq!(restored.keep(), Ok(pieces), "{at}");
        assert!(restored == whole, "{at}");
        // What comes next changes both alike.
        if let Some(next) = world.store.entries.get(at + 1) {
            let mut further = whole.clone();
            further.push(next).unwrap();
            restored.push(next).unwrap();
            assert!(restored == further, "{at}");
        }
    }
    assert!(kept > 10);
}

#[test]
fn every_state_of_a_ledger_comes_back_from_its_pieces() {
    let mut service = service(0);
    until_summed_up(&mut service);
    service.world.rotate().unwrap();
    service.works();
    service.world.rewrap().unwrap();
    service.works();
    service.world.erase().unwrap();
    until_summed_up(&mut service);
    restored_from_pieces_everywhere(&service.world);
}

#[test]
fn while_records_are_under_two_root_keys_there_is_no_snapshot() {
    let mut service = service(0);
    until_summed_up(&mut service);
    service.world.rotate().unwrap();
    let before = service.world.store.summed_up();
    (0..FEW).for_each(|_| service.works());
    assert_eq!(service.world.store.summed_up(), before);
    service.world.rewrap().unwrap();
    service.works();
    assert!(service.world.store.summed_up() > before);
    service.audited();
}

#[test]
fn a_boot_reads_what_follows_the_newest_snapshot() {
    let mut service = service(0);
    let at = until_summed_up(&mut service);
    service.reboots();
    assert_eq!(service.world.read_from, Some(at as u64));
    service.works();
    service.world.snapshot = Shown::Nothing;
    service.reboots();
    assert_eq!(service.world.read_from, Some(0));
    service.works();
    service.audited();
}
