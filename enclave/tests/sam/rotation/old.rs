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

impl Service {
    /// One whole rotation.
    fn rotates(&mut self, rewrapped: u32) {
        self.world.rotate().unwrap();
        assert_eq!(self.world.rewrap(), Ok((rewrapped, 0)));
        self.world.erase().unwrap();
    }

    fn alarms(&self) -> usize {
        self.events(|body| matches!(body, EventBody::Alarm { .. }))
    }

    fn ends_mandate(&mut self) {
        let by =
            self.world.ended_by_approver(&self.organization, &self.organization.approvers[0], self.mandate);
        self.world.end(&self.organization, self.mandate, by).unwrap();
    }
}

/// Its record stays under a root key of before both: the enclave cannot open it, and knows it by name and hash.
#[test]
fn the_record_of_a_mandate_that_ended_before_is_no_foreign_one_in_a_later_rotation() {
    let mut service = Service::new(0);
    service.ends_mandate();
    service.rotates(2);
    service.world.rotate().unwrap();
    let name = fuin_shared::seal::mandate_record(&service.mandate);
    let record = service.world.store.records[&name].clone();
    assert_eq!(service.world.rewrap_records(vec![record.clone()]), Ok((0, 2)));
    service.reboots();
    assert_eq!(service.world.rewrap(), Ok((2, 0)));
    assert_eq!(service.alarms(), 0);
    service.world.erase().unwrap();
    service.rotates(2);
    assert_eq!((service.alarms(), &service.world.store.records[&name]), (0, &record));
    // Other octets under that name are somebody's who lies.
    service.world.rotate().unwrap();
    let mut forged = record;
    forged.body.0[40] ^= 1;
    assert_eq!(service.world.rewrap_records(vec![forged]).err(), Some(Fault::RecordForeign));
    assert_eq!(service.alarms(), 1);
}

#[test]
fn nor_is_that_of_one_whose_time_is_over_or_whose_key_is_destroyed() {
    for destroyed in [false, true] {
        let mut service = Service::new(0);
        let name = fuin_shared::seal::mandate_record(&service.mandate);
        let record = service.world.store.records.remove(&name).unwrap();
        service.world.rotate().unwrap();
        if destroyed {
            service.world.delete_seal_key(&service.organization, &[0, 1]).unwrap();
        } else {
            service.world.advance(4_000);
        }
        let credentials = if destroyed { 1 } else { 2 };
        assert_eq!(service.world.rewrap(), Ok((credentials, 0)));
        service.world.erase().unwrap();
        service.world.rotate().unwrap();
        service.world.store.records.insert(name, record);
        assert_eq!(service.world.rewrap(), Ok((credentials, 0)));
        assert_eq!(service.alarms(), 0);
    }
}

/// The host lost it, and finds it after the root key is gone that a living mandate would need.
#[test]
fn the_record_of_a_mandate_that_lives_is_foreign_under_a_root_key_that_is_gone() {
    let mut service = Service::new(0);
    let name = fuin_shared::seal::mandate_record(&service.mandate);
    let old = service.world.store.records[&name].clone();
    service.rotates(3);
    service.world.rotate().unwrap();
    assert_eq!(service.world.rewrap_records(vec![old]).err(), Some(Fault::RecordForeign));
    assert_eq!(service.alarms(), 1);
}

#[test]
fn an_order_under_a_mandate_that_nobody_can_read_any_more_is_no_alarm() {
    let mut service = Service::new(0);
    service.ends_mandate();
    service.world.rotate().unwrap();
    let seal = |service: &mut Service| {
        service.world.seal(&service.organization, service.mandate, service.number, vec![hash(2)]).err()
    };
    assert_eq!(seal(&mut service), Some(Fault::MandateEnded));
    service.world.rewrap().unwrap();
    assert_eq!(seal(&mut service), Some(Fault::MandateUnknown));
    service.world.erase().unwrap();
    service.reboots();
    assert_eq!(seal(&mut service), Some(Fault::MandateUnknown));
    assert_eq!(service.alarms(), 0);
}

/// On its way when a rotation sealed it anew: stale, and until the rotation has ended no alarm.
#[test]
fn a_call_with_the_record_of_before_its_rewrap_is_stale_until_the_rotation_has_ended() {
    let mut service = Service::new(0);
    let old = service.world.store.records[&service.key.id].clone();
    let asks = |service: &mut Service| {
        let (credential, record) = (service.key.id.clone(), old.clone());
        let question = GetChallenge { credential, purpose: Purpose::Sign, record };
        service.world.call(Command::GetChallenge(question)).err()
    };
    service.world.rotate().unwrap();
    service.world.rewrap().unwrap();
    assert_eq!(asks(&mut service), Some(Fault::RecordStale));
    service.reboots();
    assert_eq!((asks(&mut service), service.alarms()), (Some(Fault::RecordStale), 0));
    service.world.erase().unwrap();
    assert_eq!((asks(&mut service), service.alarms()), (Some(Fault::RecordForeign), 1));
}
