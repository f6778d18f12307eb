//! Place: SAM. Rotation of the root key (decision 0031): keys go on, records move over, and the old root key leads nowhere.

mod boots;
mod kills;
mod old;
mod refusals;

use super::world::{Enrolled, Organization, Witnessing, World, hash};
use fuin_enclave::sam::Input;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::fault::Fault;
use fuin_shared::ids::MandateId;
use fuin_shared::log::audit::Audit;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::*;
use fuin_shared::rotation::RotationStage;
use fuin_shared::sad::Purpose;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

/// A service with a credential that signs and one that seals.
pub struct Service {
    pub world: World,
    pub key: Enrolled,
    organization: Organization,
    mandate: MandateId,
    number: u64,
}

impl AsMut<World> for Service {
    fn as_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Service {
    pub fn new(witnesses: u8) -> Self {
        Self::of(if witnesses == 0 { World::operational(61) } else { World::cosigned(61, witnesses) })
    }

    /// In a world that is operational.
    pub fn of(mut world: World) -> Self {
        let key = world.enrol(P256, 21);
        let organization = world.organization();
        let mut terms = world.terms(&organization);
        (terms.count, terms.rate.seals) = (100, 100);
        let mandate = world.grant(&organization, &terms).unwrap();
        Self { world, key, organization, mandate, number: 1 }
    }

    /// Signs and seals.
    pub fn works(&mut self) {
        let token = self.world.authorize(&self.key, vec![hash(1)]).unwrap();
        assert_eq!(self.world.sign(&self.key, &token, vec![hash(1)]).unwrap().len(), 1);
        self.world.seal(&self.organization, self.mandate, self.number, vec![hash(2)]).unwrap();
        self.number += 1;
    }

    /// Another boot, with all that the custodian has.
    pub fn reboots(&mut self) {
        self.world.reboot();
        assert_eq!(self.world.provide(), Ok(()));
    }

    /// The auditor, who has no key, accepts the ledger; so many records are under a former root key.
    pub fn audited(&self) -> Audit {
        let mut audit = Audit::new();
        for entry in &self.world.store.entries {
            audit.push(entry).unwrap();
        }
        audit
    }

    pub fn events(&self, of: fn(&EventBody) -> bool) -> usize {
        self.world.bodies().iter().filter(|body| of(body)).count()
    }
}

#[test]
fn all_keys_sign_before_during_and_after_a_rotation_and_over_boots_in_each_phase() {
    for witnesses in [0, 3] {
        let mut service = Service::new(witnesses);
        service.works();
        let ledger = service.world.ledger.clone();
        let shares = service.world.begin_rotation().unwrap();
        service.works();
        let to = service.world.confirm_rotation(&shares).unwrap();
        assert_eq!(to, shares.commitment);
        service.works();
        service.reboots();
        service.works();
        // Signer, seal key and mandate.
        assert_eq!(service.audited().records_left(), 3);
        let one = service.world.store.records[&service.key.id].clone();
        assert_eq!(service.world.rewrap_records(vec![one]), Ok((1, 2)));
        service.works();
        service.reboots();
        service.works();
        assert_eq!(service.world.rewrap(), Ok((2, 0)));
        assert!(matches!(service.world.last(), EventBody::RootUnused { .. }));
        service.works();
        service.reboots();
        service.works();
        service.world.erase().unwrap();
        assert!(matches!(service.world.last(), EventBody::RootErased { .. }));
        service.works();
        service.reboots();
        service.works();
        assert_eq!(service.world.ledger, ledger, "the ledger goes on under its key");
        let audit = service.audited();
        assert_eq!(audit.roots().current().unwrap().commitment, to);
        assert!(audit.roots().former().is_none());
        // And once more: now neither root key is the first one.
        service.world.rotate().unwrap();
        service.reboots();
        assert_eq!(service.world.rewrap(), Ok((3, 0)));
        service.world.erase().unwrap();
        service.reboots();
        service.works();
        let new = service.world.enrol(P256, 29);
        let token = service.world.authorize(&new, vec![hash(3)]).unwrap();
        assert!(service.world.sign(&new, &token, vec![hash(3)]).is_ok());
    }
}

#[test]
fn evidence_and_status_show_both_commitments_and_the_stage() {
    let mut service = Service::new(0);
    let (from, rotation) = service.world.evident_root();
    assert_eq!((rotation, service.world.rotation_status()), (None, None));
    let shares = service.world.begin_rotation().unwrap();
    let to = shares.commitment;
    let shown = |service: &mut Service| {
        let (current, rotation) = service.world.evident_root();
        let rotation = rotation.unwrap();
        assert_eq!((rotation.from, rotation.to), (from, to));
        let status = service.world.rotation_status().unwrap();
        assert_eq!(status.rotation, rotation);
        (current, rotation.stage, status)
    };
    let (current, stage, status) = shown(&mut service);
    assert_eq!((current, stage), (from, RotationStage::Sharing));
    assert_eq!((status.shares.as_ref(), status.receipts_missing.len()), (Some(&shares), 1));
    service.world.confirm_rotation(&shares).unwrap();
    let (current, stage, status) = shown(&mut service);
    assert_eq!((current, stage), (to, RotationStage::Rewrapping));
    assert_eq!((status.shares, status.records_left), (None, 3));
    service.reboots();
    assert_eq!(shown(&mut service).1, RotationStage::Rewrapping);
    service.world.rewrap().unwrap();
    let (current, stage, status) = shown(&mut service);
    assert_eq!((current, stage), (to, RotationStage::Deleting));
    assert_eq!((status.records_left, status.deletions_missing), (0, 1));
    service.reboots();
    assert_eq!(shown(&mut service).1, RotationStage::Deleting);
    service.world.erase().unwrap();
    assert_eq!(service.world.evident_root(), (to, None));
    assert_eq!(service.world.rotation_status(), None);
    service.reboots();
    assert_eq!(service.world.evident_root(), (to, None));
}

#[test]
fn a_record_keeps_its_version() {
    let mut service = Service::new(0);
    let world = &mut service.world;
    let before = world.store.records[&service.key.id].clone();
    let statement = world.manage(fuin_shared::statement::ManageAction::Suspend {}, Some(&service.key.id));
    world.rotate().unwrap();
    let token = world.authorize(&service.key, vec![hash(1), hash(2)]).unwrap();
    let request = world.sign_request_for(&service.key, &token, vec![hash(1)]);
    assert_eq!(world.rewrap(), Ok((3, 0)));
    let after = world.store.records[&service.key.id].clone();
    assert_eq!(before.version, after.version);
    assert_ne!(before.body, after.body);
    // No record is under the former root key, and none of it serves any more.
    assert_eq!(world.call(Command::SignHash(request)).err(), Some(Fault::RecordStale));
    assert_eq!(world.sign(&service.key, &token, vec![hash(1)]).unwrap().len(), 1);
    // What the RA client signed over the version holds.
    assert!(world.call(Command::Hold(world.signed_manage(&statement, None))).is_ok());
}

#[test]
fn a_call_with_the_record_of_before_its_rewrap_is_answered_while_the_former_root_key_is_there() {
    let mut service = Service::new(0);
    let world = &mut service.world;
    world.rotate().unwrap();
    let token = world.authorize(&service.key, vec![hash(1), hash(2)]).unwrap();
    let request = world.sign_request_for(&service.key, &token, vec![hash(1)]);
    let record = request.record.clone();
    assert_eq!(world.rewrap_records(vec![record.clone()]), Ok((1, 2)));
    assert_ne!(world.store.records[&service.key.id], record);
    assert!(matches!(world.call(Command::SignHash(request)), Ok(Answer::Signatures { .. })));
    // Sealed anew once.
    assert_eq!(world.rewrap_records(vec![record.clone()]), Ok((0, 2)));
    // And not any more once it is changed.
    let new = super::passkey::TestPasskey::new(88);
    super::relinking::relinked(world, &service.key, &service.key.passkey, &new).unwrap();
    let question = GetChallenge { credential: service.key.id.clone(), purpose: Purpose::Sign, record };
    assert_eq!(world.call(Command::GetChallenge(question)), Err(Fault::RecordStale));
}

#[test]
fn a_record_that_is_changed_or_destroyed_meanwhile_needs_no_rewrap() {
    let mut service = Service::new(0);
    let gone = service.world.enrol(P256, 22);
    service.world.rotate().unwrap();
    assert_eq!(service.audited().records_left(), 4);
    let new = super::passkey::TestPasskey::new(88);
    super::relinking::relinked(&mut service.world, &service.key, &service.key.passkey, &new).unwrap();
    assert_eq!(service.audited().records_left(), 3);
    super::time::delete(&mut service.world, &gone).unwrap();
    assert_eq!(service.audited().records_left(), 2);
    let by = service.world.ended_by_approver(
        &service.organization,
        &service.organization.approvers[0],
        service.mandate,
    );
    service.world.end(&service.organization, service.mandate, by).unwrap();
    assert_eq!(
        (service.audited().records_left(), service.world.rotation_status().unwrap().records_left),
        (1, 1)
    );
    // A key that is made meanwhile is under the new one.
    service.world.enrol(P256, 23);
    assert_eq!(service.world.rewrap().map(|(_, left)| left), Ok(0));
    assert!(matches!(service.world.last(), EventBody::RootUnused { .. }));
}

#[test]
fn a_mandate_that_is_over_keeps_no_root_key_alive() {
    let mut service = Service::new(0);
    let mandate = fuin_shared::seal::mandate_record(&service.mandate);
    service.world.rotate().unwrap();
    // The host lost it.
    service.world.store.records.remove(&mandate);
    assert_eq!(service.world.rewrap(), Ok((2, 1)));
    let unused = |body: &EventBody| matches!(body, EventBody::RootUnused { .. });
    service.world.advance(3_000);
    service.world.enrol(P256, 23);
    assert_eq!(service.events(unused), 0);
    service.world.advance(1_000);
    service.world.enrol(P256, 24);
    assert_eq!(service.events(unused), 1);
}

#[test]
fn what_is_left_does_not_count_mandates_that_are_over() {
    let mut service = Service::new(0);
    let credentials: Vec<_> = [service.key.id.clone(), service.organization.id.clone()].into();
    let mandate = fuin_shared::seal::mandate_record(&service.mandate);
    service.world.rotate().unwrap();
    service.world.advance(4_000);
    service.world.enrol(P256, 23);
    assert_eq!(service.audited().records_left(), 2);
    let records = service.world.store.records.clone();
    assert_eq!(service.world.rewrap_records(vec![records[&mandate].clone()]), Ok((1, 2)));
    assert_eq!(service.world.rewrap_records(vec![records[&credentials[0]].clone()]), Ok((1, 1)));
    assert_eq!(service.world.rewrap_records(vec![records[&credentials[1]].clone()]), Ok((1, 0)));
}

#[test]
fn without_records_the_former_root_key_is_unused_at_once() {
    let mut world = World::operational(61);
    world.rotate().unwrap();
    assert!(matches!(world.last(), EventBody::RootUnused { .. }));
    world.erase().unwrap();
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
}

/// The end of one rotation, seen by witnesses late, is not the end of the next.
#[test]
fn a_rotation_that_begins_before_the_end_of_the_last_one_is_released_goes_on() {
    let mut service = Service::new(3);
    service.world.rotate().unwrap();
    service.world.rewrap().unwrap();
    service.world.witnessing = Witnessing::Holds;
    assert_eq!(service.world.erase().err(), Some(Fault::Busy));
    let shares = service.world.begin_rotation().unwrap();
    service.world.witnessing = Witnessing::Honest;
    let asked = service.world.asked.take().unwrap();
    let lines = service.world.lines(&asked);
    let replies = service.world.run(Input::Cosigned(Ok(lines)));
    assert!(replies.iter().any(|(_, result)| matches!(result, Ok(Answer::RootErased(_)))), "{replies:?}");
    assert_eq!(service.world.evident_root().1.unwrap().stage, RotationStage::Sharing);
    assert_eq!(service.world.confirm_rotation(&shares), Ok(shares.commitment));
}
