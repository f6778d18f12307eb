//! Place: SAM. What a rotation refuses, each by name; nothing changes then.

use super::super::people::Person;
use super::*;
use fuin_shared::ids::{Digest32, InstanceId, ManifestHash, RootCommitment, ServiceId};
use fuin_shared::rotation::{EraseRoot, MAX_REWRAP, RotationApproval, ShareDeletion};
use fuin_shared::statement::ShareReceipt;

fn refuses_order(fault: Fault, change: impl Fn(&mut RotationApproval)) {
    let mut world = World::operational(62);
    let mut approval = world.rotation_approval();
    change(&mut approval);
    let said = vec![world.officer.state(&approval)];
    assert_eq!(world.order_rotation(said).err(), Some(fault));
    assert_eq!((world.evident_root().1, world.rotation_status()), (None, None));
}

#[test]
fn an_approval_of_another_plan_is_refused() {
    refuses_order(Fault::StatementForeign, |a| a.plan.service = ServiceId([9; 32]));
    refuses_order(Fault::StatementForeign, |a| a.plan.ledger.push('x'));
    refuses_order(Fault::StatementForeign, |a| a.plan.instance = InstanceId([9; 32]));
    refuses_order(Fault::StatementForeign, |a| a.plan.manifest = ManifestHash([9; 32]));
    refuses_order(Fault::StatementForeign, |a| a.plan.commitment = RootCommitment([9; 32]));
}

#[test]
fn an_approval_that_has_ended_is_refused_at_the_order_and_at_the_receipts() {
    refuses_order(Fault::StatementExpired, |a| a.not_after = super::super::world::START);
    let mut world = World::operational(62);
    let shares = world.begin_rotation().unwrap();
    world.advance(700);
    assert_eq!(world.confirm_rotation(&shares).err(), Some(Fault::StatementExpired));
    assert_eq!(world.evident_root().0, world.held.former.clone().unwrap().1);
}

#[test]
fn an_approval_is_spent_once() {
    let mut world = World::operational(62);
    let approval = world.rotation_approval();
    let said = vec![world.officer.state(&approval)];
    let shares = world.order_rotation(said).unwrap();
    world.confirm_rotation(&shares).unwrap();
    world.erase().unwrap();
    // Of the plan that is right now, under the name that is spent.
    let again = RotationApproval { statement: approval.statement, ..world.rotation_approval() };
    let said = vec![world.officer.state(&again)];
    assert_eq!(world.order_rotation(said).err(), Some(Fault::StatementSpent));
}

#[test]
fn the_same_order_again_makes_no_other_root_key() {
    let mut world = World::operational(62);
    let approval = world.rotation_approval();
    let said = vec![world.officer.state(&approval)];
    let shares = world.order_rotation(said.clone()).unwrap();
    assert_eq!(world.order_rotation(said), Ok(shares.clone()));
    assert_eq!(world.confirm_rotation(&shares), Ok(shares.commitment));
    // Another approval is another order.
    let mut world = World::operational(62);
    let first = world.begin_rotation().unwrap();
    assert_ne!(world.begin_rotation().unwrap().commitment, first.commitment);
}

#[test]
fn without_the_officers_quorum_there_is_no_rotation() {
    let mut world = World::operational(62);
    assert_eq!(world.order_rotation(Vec::new()).err(), Some(Fault::RotationQuorum));
    let approval = world.rotation_approval();
    let stranger = vec![Person::new("nobody", 70).state(&approval)];
    assert_eq!(world.order_rotation(stranger).err(), Some(Fault::UnknownPerson));
    let forged = vec![Person::new("officer", 70).state(&approval)];
    assert_eq!(world.order_rotation(forged).err(), Some(Fault::StatementSignature));
    let custodian = vec![Person::new("custodian", 14).state(&approval)];
    assert_eq!(world.order_rotation(custodian).err(), Some(Fault::RoleForbidden));
    let twice = vec![world.officer.state(&approval), world.officer.state(&approval)];
    assert_eq!(world.order_rotation(twice).err(), Some(Fault::StatementMalformed));
}

#[test]
fn no_rotation_begins_before_the_one_before_it_ended() {
    let mut service = Service::new(0);
    service.world.rotate().unwrap();
    assert_eq!(service.world.begin_rotation().err(), Some(Fault::RotationUnderWay));
    service.world.rewrap().unwrap();
    assert_eq!(service.world.begin_rotation().err(), Some(Fault::RotationUnderWay));
    service.world.erase().unwrap();
    assert!(service.world.begin_rotation().is_ok());
}

#[test]
fn receipts_that_are_not_for_this_share_are_refused() {
    let mut world = World::operational(62);
    let none = ConfirmGenesis { receipts: Vec::new() };
    assert_eq!(world.call(Command::ConfirmRotation(none.clone())), Err(Fault::RotationPending));
    let shares = world.begin_rotation().unwrap();
    assert_eq!(world.call(Command::ConfirmRotation(none)), Err(Fault::RotationPending), "none is there");
    let good = world.receipt(&shares);
    let changes: [fn(&mut ShareReceipt); 4] = [
        |r| r.service = ServiceId([9; 32]),
        |r| r.instance = InstanceId([9; 32]),
        |r| r.commitment = RootCommitment([9; 32]),
        |r| r.share = Digest32([9; 32]),
    ];
    for change in changes {
        let mut receipt = good.clone();
        change(&mut receipt);
        let receipts = vec![world.custodian.person.state(&receipt)];
        let refused = world.call(Command::ConfirmRotation(ConfirmGenesis { receipts }));
        assert_eq!(refused, Err(Fault::StatementForeign));
    }
    let receipts = vec![Person::new("custodian", 70).state(&good)];
    let refused = world.call(Command::ConfirmRotation(ConfirmGenesis { receipts }));
    assert_eq!(refused, Err(Fault::StatementSignature));
    assert_eq!(world.evident_root().1.unwrap().stage, RotationStage::Sharing);
    assert!(world.confirm_rotation(&shares).is_ok());
}

#[test]
fn another_order_or_another_manifest_forgets_the_root_key_that_waits() {
    let mut world = World::operational(62);
    let first = world.begin_rotation().unwrap();
    let second = world.begin_rotation().unwrap();
    assert_ne!(first.commitment, second.commitment);
    let receipts = vec![world.custodian.person.state(&world.receipt(&first))];
    let refused = world.call(Command::ConfirmRotation(ConfirmGenesis { receipts }));
    assert_eq!(refused, Err(Fault::StatementForeign));
    let change = world.approved(|manifest| manifest.limits.hashes -= 1);
    world.change(change).unwrap();
    assert_eq!(world.evident_root().1, None);
    let receipts = vec![world.custodian.person.state(&world.receipt(&second))];
    let refused = world.call(Command::ConfirmRotation(ConfirmGenesis { receipts }));
    assert_eq!(refused, Err(Fault::RotationPending));
    // A manifest in the middle of what is under way changes nothing about it.
    world.enrol(P256, 21);
    world.rotate().unwrap();
    let change = world.approved(|manifest| manifest.limits.hashes -= 1);
    world.change(change).unwrap();
    assert_eq!(world.evident_root().1.unwrap().stage, RotationStage::Rewrapping);
    world.rewrap().unwrap();
    world.erase().unwrap();
}

#[test]
fn a_rewrap_takes_a_bounded_number_of_own_records_and_only_in_a_rotation() {
    let mut service = Service::new(0);
    assert_eq!(service.world.rewrap().err(), Some(Fault::RotationPending));
    service.world.rotate().unwrap();
    let record = service.world.store.records[&service.key.id].clone();
    let many = vec![record.clone(); MAX_REWRAP + 1];
    assert_eq!(service.world.rewrap_records(many).err(), Some(Fault::TooLarge));
    let size = service.world.store.entries.len();
    let mut forged = record.clone();
    forged.body.0[40] ^= 1;
    let refused = service.world.rewrap_records(vec![record.clone(), forged]);
    assert_eq!(refused.err(), Some(Fault::RecordForeign));
    assert!(matches!(service.world.last(), EventBody::Alarm { .. }));
    assert_eq!(service.world.store.entries.len(), size + 1);
    // Under another name or version it is nobody's, and twice it is one.
    let changes: [fn(&mut SealedRecord); 2] = [|r| r.version += 1, |r| r.id = "other".parse().unwrap()];
    for change in changes {
        let mut moved = record.clone();
        change(&mut moved);
        assert_eq!(service.world.rewrap_records(vec![moved]).err(), Some(Fault::RecordForeign));
    }
    assert_eq!(service.world.rewrap_records(vec![record.clone(), record]), Ok((1, 2)));
}

fn refuses_deletion(fault: Fault, change: impl Fn(&mut ShareDeletion)) {
    let mut world = World::operational(62);
    world.rotate().unwrap();
    let mut deletion = world.deletion();
    change(&mut deletion);
    let deletions = vec![world.custodian.person.state(&deletion)];
    assert_eq!(world.call(Command::EraseRoot(EraseRoot { deletions })), Err(fault));
    assert_eq!(world.evident_root().1.unwrap().stage, RotationStage::Deleting);
}

#[test]
fn a_deletion_of_another_share_is_refused() {
    refuses_deletion(Fault::StatementForeign, |d| d.service = ServiceId([9; 32]));
    refuses_deletion(Fault::StatementForeign, |d| d.commitment = d.successor);
    refuses_deletion(Fault::StatementForeign, |d| d.successor = d.commitment);
}

#[test]
fn a_deletion_is_a_custodians_word_of_a_root_key_that_is_unused() {
    let mut service = Service::new(0);
    let none = EraseRoot { deletions: Vec::new() };
    assert_eq!(service.world.call(Command::EraseRoot(none.clone())), Err(Fault::RotationPending));
    service.world.rotate().unwrap();
    let deletion = service.world.deletion();
    let said = EraseRoot { deletions: vec![service.world.custodian.person.state(&deletion)] };
    assert_eq!(service.world.call(Command::EraseRoot(said.clone())), Err(Fault::RootInUse));
    service.world.rewrap().unwrap();
    assert_eq!(service.world.call(Command::EraseRoot(none)), Err(Fault::DeletionsMissing));
    let forged = vec![Person::new("custodian", 70).state(&deletion)];
    let refused = service.world.call(Command::EraseRoot(EraseRoot { deletions: forged }));
    assert_eq!(refused, Err(Fault::StatementSignature));
    let strange = vec![Person::new("nobody", 70).state(&deletion)];
    let refused = service.world.call(Command::EraseRoot(EraseRoot { deletions: strange }));
    assert_eq!(refused, Err(Fault::UnknownPerson));
    assert!(service.world.call(Command::EraseRoot(said.clone())).is_ok());
    assert_eq!(service.world.call(Command::EraseRoot(said)), Err(Fault::RotationPending));
}
