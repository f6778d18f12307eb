//! Place: SAM. What somebody can do with an old share or an old store, and cannot.

use super::super::time;
use super::*;
use fuin_shared::phase::Phase;

#[test]
fn an_old_store_opens_under_no_root_key_once_the_former_one_is_erased() {
    let mut service = Service::new(0);
    let old = service.world.store.clone();
    service.world.rotate().unwrap();
    service.world.rewrap().unwrap();
    service.world.erase().unwrap();
    // Old records beside the new ledger.
    let records = std::mem::replace(&mut service.world.store.records, old.records.clone());
    service.reboots();
    let question = GetChallenge {
        credential: service.key.id.clone(),
        purpose: Purpose::Sign,
        record: old.records[&service.key.id].clone(),
    };
    assert_eq!(service.world.call(Command::GetChallenge(question)), Err(Fault::RecordForeign));
    let new = super::super::world::Store { records, ..service.world.store.clone() };
    // The old ledger with the share that there is: it knows nothing of that root key.
    service.world.store = old;
    service.world.reboot();
    assert_eq!(service.world.provide(), Err(Fault::LedgerBroken));
    service.world.store = new;
    service.reboots();
    service.works();
}

/// Whoever kept enough old shares has the past, which no witness cosigns again.
#[test]
fn an_old_share_with_an_old_store_gets_past_no_witness() {
    let mut service = Service::new(3);
    let old = service.world.store.clone();
    let share = service.world.held.share.clone().unwrap();
    service.world.rotate().unwrap();
    service.world.rewrap().unwrap();
    service.world.erase().unwrap();
    service.world.store = old;
    service.world.held.seen = None;
    service.world.reboot();
    assert_eq!(service.world.give(&share, None), Err(Fault::Busy), "it waits for a quorum that never comes");
    assert_eq!(service.world.phase(), Phase::Recovering);
}

/// SRG_KM.7.3: deletion reaches backups when the root key goes.
#[test]
fn a_destroyed_key_is_not_sealed_anew_and_goes_with_the_former_root_key() {
    let mut service = Service::new(0);
    let gone = service.world.enrol(P256, 22);
    let backup = service.world.store.records[&gone.id].clone();
    time::delete(&mut service.world, &gone).unwrap();
    service.world.rotate().unwrap();
    assert_eq!(service.world.rewrap_records(vec![backup.clone()]), Ok((0, 3)));
    assert_eq!(service.world.rewrap(), Ok((3, 0)));
    assert!(!service.world.store.records.contains_key(&gone.id));
    let question = GetChallenge { credential: gone.id.clone(), purpose: Purpose::Sign, record: backup };
    assert_eq!(service.world.call(Command::GetChallenge(question)), Err(Fault::RecordForeign));
}

/// A stale version is not made new by sealing it anew.
#[test]
fn an_old_version_is_not_sealed_anew() {
    let mut service = Service::new(0);
    let old = service.world.store.records[&service.key.id].clone();
    let new = super::super::passkey::TestPasskey::new(88);
    super::super::relinking::relinked(&mut service.world, &service.key, &service.key.passkey, &new).unwrap();
    service.world.rotate().unwrap();
    let size = service.world.store.entries.len();
    assert_eq!(service.world.rewrap_records(vec![old]), Ok((0, 3)));
    assert_eq!(service.world.store.entries.len(), size);
}

#[test]
fn nothing_is_sealed_under_the_former_root_key_after_the_event() {
    let mut service = Service::new(0);
    service.world.rotate().unwrap();
    let made = service.world.enrol(P256, 22);
    let record = service.world.store.records[&made.id].clone();
    assert_eq!(service.world.rewrap(), Ok((3, 0)));
    assert_eq!(service.world.store.records[&made.id], record);
    service.world.erase().unwrap();
    service.reboots();
    let token = service.world.authorize(&made, vec![hash(1)]).unwrap();
    assert!(service.world.sign(&made, &token, vec![hash(1)]).is_ok());
}
