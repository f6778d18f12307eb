//! Place: SAM. Details for auditors over a break: they are bound to the ledger, not to the origin of an epoch.

use super::super::details::auditor;
use super::super::witness::Witness;
use super::super::world::{TestAuditor, World, policy};
use super::{Lost, fresh, lost_by, planned, signed};
use fuin_auditor::Opened;
use fuin_shared::log::event::EventBody;
use fuin_shared::role::Role;

/// A service whose auditor reads details, with its witnesses lost.
fn audited() -> Lost {
    let mut world = World::with_witnesses(8, 3).read_by(&[&auditor()]);
    world.install().unwrap();
    world.genesis().unwrap();
    lost_by(world)
}

#[test]
fn details_open_on_both_sides_of_a_break() {
    let Lost { mut world, key, note, .. } = audited();
    fresh(&mut world, &[4, 5, 6]);
    planned(&mut world, &note, &[4, 5, 6]);
    world.provide().unwrap();
    signed(&mut world, &key, 3).unwrap();
    let opened = world.opened(&auditor());
    assert_eq!(opened.len(), world.store.entries.len());
    let begun = opened.iter().find(|(event, _)| matches!(event.body, EventBody::EpochBegun { .. }));
    let told: Vec<Role> = begun.unwrap().1.by.iter().map(|actor| actor.role).collect();
    assert_eq!(told, [Role::Officer, Role::Custodian]);
}

#[test]
fn the_epoch_begins_with_the_auditors_of_its_own_manifest() {
    let Lost { mut world, note, .. } = audited();
    let next = TestAuditor::new("sae", 72);
    fresh(&mut world, &[4, 5, 6]);
    world.reboot();
    let set = [4, 5, 6].map(Witness::new);
    let change = world.approved(|manifest| {
        manifest.witnesses = Some(policy(&set));
        manifest.auditors = vec![next.entry()];
    });
    let epoch = world.new_epoch(&note, Some(change));
    world.plan_epoch(epoch).unwrap();
    let before = world.store.entries.len();
    world.provide().unwrap();
    let (former, new) = (world.looked_at(&auditor()), world.looked_at(&next));
    let opens = |looked: &Result<Option<Opened>, _>| matches!(looked, Ok(Some(Opened::Detail(_))));
    assert!(former[..before].iter().all(opens) && !former[before..].iter().any(opens));
    assert!(!new[..before].iter().any(opens) && new[before..].iter().all(opens));
}
