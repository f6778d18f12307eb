//! Place: SAM. Boots while there are two root keys, and hand-over and new epochs beside a rotation.

use super::super::hand_over::pair_with;
use super::super::new_epoch::fresh;
use super::*;
use fuin_shared::phase::Phase;

#[test]
fn a_boot_needs_both_root_keys_while_records_are_under_the_former_one_and_says_which_is_missing() {
    for first_old in [false, true] {
        let mut service = Service::new(0);
        service.world.rotate().unwrap();
        let (new, old) =
            (service.world.held.share.clone().unwrap(), service.world.held.former.clone().unwrap());
        let (first, second) = if first_old { (&old, &new) } else { (&new, &old) };
        service.world.reboot();
        assert_eq!(service.world.give(first, None), Ok(Answer::ShareAccepted { missing: 1 }));
        assert_eq!(service.world.phase(), Phase::Uninitialized);
        let Ok(Answer::CeremonyStatus(status)) = service.world.call(Command::CeremonyStatus) else {
            panic!()
        };
        assert_eq!(status.shares_missing, 1);
        let mut missing: Vec<_> = status.roots.iter().map(|root| (root.commitment, root.missing)).collect();
        missing.sort_unstable();
        let mut expected = vec![(first.1, 0), (second.1, 1)];
        expected.sort_unstable();
        assert_eq!(missing, expected);
        assert!(status.roots.iter().all(|root| root.needed));
        // The same again changes nothing.
        assert_eq!(service.world.give(first, None), Err(Fault::StatementSpent));
        let answer = service.world.give(second, None).unwrap();
        service.world.became_operational(answer);
        service.works();
        assert_eq!(service.world.rewrap(), Ok((3, 0)));
        service.works();
    }
}

#[test]
fn a_boot_that_was_told_of_two_root_keys_believes_no_other_ledger_the_more() {
    let mut service = Service::new(0);
    service.world.rotate().unwrap();
    let (new, old) = (service.world.held.share.clone().unwrap(), service.world.held.former.clone().unwrap());
    service.world.reboot();
    assert_eq!(service.world.give(&new, None), Ok(Answer::ShareAccepted { missing: 1 }));
    let whole = service.world.store.clone();
    let checkpoint = whole.checkpoint.clone();
    service.world.store.entries.pop();
    service.world.store.checkpoint = checkpoint;
    assert!(service.world.give(&old, None).is_err());
    assert_eq!(service.world.phase(), Phase::Halted);
}

#[test]
fn a_crash_before_the_event_forgets_the_new_root_key() {
    for witnesses in [0, 3] {
        let mut service = Service::new(witnesses);
        let from = service.world.evident_root().0;
        let shares = service.world.begin_rotation().unwrap();
        let new = (shares.shares[0].clone(), shares.commitment);
        service.reboots();
        assert_eq!(service.world.evident_root(), (from, None));
        assert_eq!(service.world.confirm_rotation(&shares).err(), Some(Fault::RotationPending));
        // The custodian holds both, and one is of nothing: it hinders no boot, and is no help alone.
        service.reboots();
        service.works();
        service.world.reboot();
        assert_eq!(service.world.give(&new, None), Err(Fault::LedgerBroken));
        service.world.held.share = service.world.held.former.take();
        service.reboots();
        assert!(service.world.rotate().is_ok());
        service.works();
    }
}

#[test]
fn once_it_is_unused_the_former_root_key_brings_no_enclave_up() {
    for erased in [false, true] {
        let mut service = Service::new(0);
        service.world.rotate().unwrap();
        let (new, old) =
            (service.world.held.share.clone().unwrap(), service.world.held.former.clone().unwrap());
        service.world.rewrap().unwrap();
        if erased {
            service.world.erase().unwrap();
        }
        service.world.reboot();
        assert_eq!(service.world.give(&old, None), Err(Fault::LedgerBroken), "{erased}");
        assert_eq!(service.world.phase(), Phase::Halted);
        service.world.reboot();
        let answer = service.world.give(&new, None).unwrap();
        service.world.became_operational(answer);
        service.works();
        assert_eq!(service.world.rewrap(), Err(Fault::RotationPending));
    }
}

#[test]
fn an_epoch_begun_after_a_rotation_is_under_a_key_from_the_new_root_key() {
    let mut world = World::cosigned(8, 3);
    let key = world.enrol(P256, 21);
    let before = world.ledger.clone().unwrap();
    world.rotate().unwrap();
    world.rewrap().unwrap();
    world.erase().unwrap();
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let request = world.sign_request_for(&key, &token, vec![hash(1)]);
    let Ok(Answer::Signatures { receipt, .. }) = world.call(Command::SignHash(request)) else { panic!() };
    world.reboot();
    fresh(&mut world, &[4, 5, 6]);
    let set = [4, 5, 6].map(super::super::witness::Witness::new);
    let change = world.approved(|manifest| manifest.witnesses = Some(super::super::world::policy(&set)));
    let epoch = world.new_epoch(&receipt.checkpoint, Some(change));
    assert_eq!(world.plan_epoch(epoch), Ok(1));
    assert_eq!(world.provide(), Ok(()));
    assert_ne!(world.ledger.clone().unwrap(), before);
    // Boots with the new root key alone, whose epoch before cannot be derived from it; and another rotation.
    for _ in 0..2 {
        world.reboot();
        assert_eq!(world.provide(), Ok(()));
        let token = world.authorize(&key, vec![hash(2)]).unwrap();
        assert!(world.sign(&key, &token, vec![hash(2)]).is_ok());
        world.rotate().unwrap();
        world.reboot();
        assert_eq!(world.provide(), Ok(()));
        assert_eq!(world.rewrap(), Ok((1, 0)));
        world.erase().unwrap();
    }
}

#[test]
fn a_hand_over_waits_until_one_root_key_is_enough() {
    let mut pair = pair_with(0, |_| {});
    let key = pair.giver.enrol(P256, 21);
    let shares = pair.giver.begin_rotation().unwrap();
    pair.giver.confirm_rotation(&shares).unwrap();
    assert_eq!(pair.give().err(), Some(Fault::RotationUnderWay));
    assert_eq!(pair.giver.phase(), Phase::Operational);
    pair.giver.rewrap().unwrap();
    let take = pair.give().unwrap();
    pair.take(take).unwrap();
    let token = pair.taker.authorize(&key, vec![hash(1)]).unwrap();
    assert!(pair.taker.sign(&key, &token, vec![hash(1)]).is_ok());
    pair.taker.erase().unwrap();
}

#[test]
fn a_hand_over_forgets_a_new_root_key_that_waits_for_receipts() {
    let mut pair = pair_with(0, |_| {});
    let shares = pair.giver.begin_rotation().unwrap();
    let take = pair.give().unwrap();
    pair.take(take).unwrap();
    assert_eq!(pair.taker.evident_root().1, None);
    assert_eq!(pair.taker.confirm_rotation(&shares).err(), Some(Fault::RotationPending));
}
