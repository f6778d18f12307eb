//! Place: SAM. The manifest says which images may act: another one founds nothing, takes nothing over, and ends when a new
//! manifest does not list it any more.

use super::new_epoch::{Lost, fresh, lost_by};
use super::witness::Witness;
use super::world::{PCRS, World, hash, measurement, policy};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::evidence::Pcr;
use fuin_shared::fault::Fault;
use fuin_shared::phase::Phase;

const NEW: [Pcr; 3] = [Pcr([4; 48]), Pcr([2; 48]), Pcr([5; 48])];

/// A production service before its genesis, on this image.
fn production(seed: u64, pcrs: [Pcr; 3]) -> World {
    let mut world = World::with_witnesses(seed, 3);
    world.found_by(|manifest| manifest.development = false);
    world.pcrs = pcrs;
    world.power_on();
    world.install().unwrap();
    world
}

/// The same at work, on the image that its manifest lists.
fn at_work(seed: u64) -> World {
    let mut world = production(seed, PCRS);
    world.genesis().unwrap();
    world
}

fn boot_on(world: &mut World, pcrs: [Pcr; 3]) -> Result<(), Fault> {
    world.pcrs = pcrs;
    world.reboot();
    world.provide()
}

/// Images that differ from the listed one in one register each.
fn others() -> impl Iterator<Item = [Pcr; 3]> {
    (0..3).map(|index| {
        let mut other = PCRS;
        other[index] = Pcr([9; 48]);
        other
    })
}

#[test]
fn an_image_that_the_manifest_does_not_list_founds_no_service() {
    for other in others() {
        let mut world = production(181, other);
        assert_eq!(world.genesis(), Err(Fault::ImageNotListed));
        assert!(world.store.entries.is_empty());
    }
    production(181, PCRS).genesis().unwrap();
}

#[test]
fn an_image_that_the_manifest_does_not_list_takes_over_no_ledger() {
    let mut world = at_work(182);
    let size = world.store.entries.len();
    for other in others() {
        assert_eq!(boot_on(&mut world, other), Err(Fault::ImageNotListed));
        assert_eq!((world.phase(), world.store.entries.len()), (Phase::Halted, size));
    }
    assert_eq!(boot_on(&mut world, PCRS), Ok(()));
}

#[test]
fn an_upgrade_begins_with_the_manifest() {
    let mut world = at_work(183);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    let change = world.approved(|manifest| manifest.measurements.push(measurement(NEW)));
    world.change(change).unwrap();
    assert_eq!(world.phase(), Phase::Operational);
    assert_eq!(boot_on(&mut world, NEW), Ok(()));
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
}

#[test]
fn an_image_that_leaves_the_list_begins_nothing_more() {
    let mut world = at_work(184);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let change = world.approved(|manifest| manifest.measurements = vec![measurement(NEW)]);
    // The officers get their answer; nothing else is answered any more.
    world.change(change).unwrap();
    assert_eq!(world.phase(), Phase::Halted);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::Halted));
    assert_eq!(boot_on(&mut world, PCRS), Err(Fault::ImageNotListed));
    assert_eq!(boot_on(&mut world, NEW), Ok(()));
    assert!(world.authorize(&key, vec![hash(1)]).is_ok());
}

#[test]
fn an_epoch_under_a_manifest_without_this_image_does_not_begin() {
    let Lost { mut world, note, .. } = lost_by(at_work(186));
    fresh(&mut world, &[4, 5, 6]);
    world.reboot();
    let set = [4, 5, 6].map(Witness::new);
    let change = world.approved(|manifest| {
        manifest.witnesses = Some(policy(&set));
        manifest.measurements = vec![measurement(NEW)];
    });
    let epoch = world.new_epoch(&note, Some(change));
    world.plan_epoch(epoch).unwrap();
    let size = world.store.entries.len();
    assert_eq!(world.provide(), Err(Fault::ImageNotListed));
    assert_eq!((world.phase(), world.store.entries.len()), (Phase::Halted, size));
}

#[test]
fn a_development_service_takes_any_image() {
    let mut world = World::operational(185);
    assert_eq!(boot_on(&mut world, NEW), Ok(()));
}
