//! Place: SAM. Boots from a snapshot: nothing that happened before it is forgotten, under whatever root key, in whatever epoch.

use super::super::hand_over::pair_with;
use super::super::new_epoch::{fresh, lost_by};
use super::super::witness::Witness;
use super::super::world::{evidence, hash, policy};
use super::*;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::fault::Fault;
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use fuin_shared::sad::Purpose;
use fuin_shared::statement::ManageAction;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

#[test]
fn spent_statements_destroyed_keys_and_old_records_stay_what_they_are() {
    let mut service = service(0);
    let key = service.world.enrol(P256, 33);
    let record = service.world.store.records[&key.id].clone();
    let sad = service.world.sad(&key.id, &key.spki, Purpose::Delete, Vec::new());
    let consent = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = service.world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let delete = Command::DeleteKey(service.world.signed_manage(&statement, Some(consent)));
    assert!(matches!(service.world.call(delete.clone()), Ok(Answer::Deleted(_))));
    let at = until_summed_up(&mut service);
    service.reboots();
    assert_eq!(service.world.read_from, Some(at as u64));
    service.world.store.records.insert(key.id.clone(), record);
    assert!(service.world.call(delete).is_err());
    assert!(service.world.challenge(&key.id, Purpose::Sign).is_err());
    service.works();
    service.audited();
}

#[test]
fn a_rotation_before_it_and_one_after_it_hinder_no_boot() {
    for witnesses in [0, 3] {
        let mut service = service(witnesses);
        let ledger = service.world.ledger.clone();
        service.world.rotate().unwrap();
        service.world.rewrap().unwrap();
        // The root key before is not erased yet.
        let at = until_summed_up(&mut service);
        service.reboots();
        assert_eq!(service.world.read_from, Some(at as u64));
        service.works();
        service.world.erase().unwrap();
        let at = until_summed_up(&mut service);
        service.reboots();
        assert_eq!(service.world.read_from, Some(at as u64));
        service.works();
        assert_eq!(service.world.ledger, ledger, "the ledger goes on under its key");
        // After the snapshot: a boot needs shares of both.
        let before = service.world.store.summed_up();
        service.world.rotate().unwrap();
        service.reboots();
        assert_eq!(service.world.read_from, before.map(|at| at as u64));
        service.works();
        assert_eq!(service.world.rewrap().map(|(_, left)| left), Ok(0));
        service.world.erase().unwrap();
        service.reboots();
        service.works();
        service.audited();
    }
}

#[test]
fn a_boot_with_the_former_root_key_alone_asks_for_the_one_that_took_over() {
    let mut service = service(0);
    until_summed_up(&mut service);
    service.world.rotate().unwrap();
    let (new, old) = (service.world.held.share.clone().unwrap(), service.world.held.former.clone().unwrap());
    service.world.reboot();
    assert_eq!(service.world.give(&old, None), Ok(Answer::ShareAccepted { missing: 1 }));
    assert_eq!(service.world.phase(), Phase::Uninitialized);
    let answer = service.world.give(&new, None).unwrap();
    service.world.became_operational(answer);
    service.works();
}

#[test]
fn a_new_epoch_is_planned_over_the_whole_ledger_and_boots_after_it_begin_from_snapshots() {
    let mut world = World::summing_up(72, 3, FEW);
    world.install().unwrap();
    world.genesis().unwrap();
    (0..6).for_each(|_| drop(world.enrol(P256, 40)));
    assert!(world.store.summed_up().is_some());
    let mut lost = lost_by(world);
    fresh(&mut lost.world, &[4, 5, 6]);
    lost.world.reboot();
    let set = [4, 5, 6].map(Witness::new);
    let change = lost.world.approved(|manifest| manifest.witnesses = Some(policy(&set)));
    let epoch = lost.world.new_epoch(&lost.note.clone(), Some(change));
    assert_eq!(lost.world.plan_epoch(epoch), Ok(1));
    assert_eq!(lost.world.provide(), Ok(()));
    assert_eq!(lost.world.read_from, Some(0));
    // Of the manifest before there is a snapshot, and it does not serve.
    lost.world.reboot();
    assert_eq!(lost.world.provide(), Ok(()));
    let mut service = Service::of(lost.world);
    let at = until_summed_up(&mut service);
    service.reboots();
    assert_eq!(service.world.read_from, Some(at as u64));
    service.world.rotate().unwrap();
    service.world.rewrap().unwrap();
    service.world.erase().unwrap();
    let at = until_summed_up(&mut service);
    service.reboots();
    assert_eq!(service.world.read_from, Some(at as u64));
    service.works();
    service.audited();
    restored_from_pieces_everywhere(&service.world);
}

#[test]
fn under_another_manifest_the_whole_ledger_is_read_once_and_summed_up_again() {
    let mut service = service(0);
    let before = until_summed_up(&mut service);
    // None follows for long.
    let change = service.world.approved(|manifest| manifest.limits.snapshot_events = None);
    service.world.change(change).unwrap();
    service.reboots();
    assert_eq!(service.world.store.summed_up(), Some(before));
    assert_eq!(service.world.read_from, Some(0), "that was of the manifest before");
    let change = service.world.approved(|manifest| manifest.limits.snapshot_events = Some(FEW));
    service.world.change(change).unwrap();
    (0..FEW).for_each(|_| service.works());
    assert_eq!(service.world.store.summed_up(), Some(before), "a boot under the manifest before");
    service.reboots();
    assert_eq!(service.world.read_from, Some(0));
    service.works();
    let at = service.world.store.summed_up().unwrap();
    assert!(at > before, "at once, since none serves");
    service.reboots();
    assert_eq!(service.world.read_from, Some(at as u64));
    service.works();
}

#[test]
fn what_custodians_have_seen_before_it_is_proven_and_after_it_is_met() {
    for before in [true, false] {
        let mut service = service(0);
        let early = service.world.notes[&5].clone();
        let at = until_summed_up(&mut service);
        service.works();
        let late = service.world.store.checkpoint.clone().unwrap();
        service.world.held.seen = Some(if before { early } else { late });
        service.reboots();
        assert_eq!(service.world.read_from, Some(at as u64));
        service.works();
    }
}

#[test]
fn an_enclave_that_takes_over_from_another_begins_from_a_snapshot_too() {
    let mut pair = pair_with(3, |manifest| manifest.limits.snapshot_events = Some(FEW));
    let mut keys = Vec::new();
    while pair.giver.store.summed_up().is_none() {
        keys.push(pair.giver.enrol(P256, 21));
    }
    let take = pair.give().unwrap();
    pair.take(take).unwrap();
    assert!(pair.taker.read_from > Some(0));
    let token = pair.taker.authorize(&keys[0], vec![hash(1)]).unwrap();
    assert!(pair.taker.sign(&keys[0], &token, vec![hash(1)]).is_ok());
}

#[test]
fn yesterdays_store_with_its_snapshot_is_refused_by_the_witnesses() {
    let mut service = service(3);
    until_summed_up(&mut service);
    let yesterday = service.world.store.clone();
    service.works();
    service.world.store = yesterday;
    service.world.reboot();
    // The boot event waits for a quorum that does not come.
    assert_eq!(service.world.provide(), Err(Fault::Busy));
    assert!(service.world.read_from > Some(0));
    assert_eq!(service.world.phase(), Phase::Recovering);
}
