//! Place: SAM. What the officers must have said, and who they are.

use super::super::people::Person;
use super::*;
use fuin_shared::ids::{InstanceId, ManifestHash, ServiceId};
use fuin_shared::manifest::Officer;

/// Ada and Ben, who must both sign, in the place of the one officer; and what is lost.
fn two_officers() -> (Lost, Person) {
    let mut world = World::cosigned(8, 3);
    let key = world.enrol(P256, 21);
    let ben = Person::new("ben", 31);
    let officer = Officer { id: ben.id.clone(), key: ben.spki() };
    let change = world.approved(|manifest| {
        manifest.officers.push(officer);
        manifest.officer_quorum = 2;
    });
    world.change(change).unwrap();
    let note = signed(&mut world, &key, 1).unwrap().checkpoint;
    let cosigned = world.store.entries.len();
    world.held.seen = Some(note.clone());
    (Lost { world, key, note, cosigned }, ben)
}

/// Under the current manifest, so that nothing but the approvals of the epoch is in question.
fn said(by: impl FnOnce(&mut World, &mut fuin_shared::new_epoch::NewEpoch, &Person)) -> Result<u32, Fault> {
    let (Lost { mut world, note, .. }, ben) = two_officers();
    fresh(&mut world, &[1, 2, 3]);
    world.reboot();
    let mut epoch = world.new_epoch(&note, None);
    by(&mut world, &mut epoch, &ben);
    let planned = world.plan_epoch(epoch);
    if planned.is_ok() {
        assert_eq!(world.provide(), Ok(()));
    }
    planned
}

#[test]
fn it_takes_the_officers_quorum() {
    let both = said(|world, epoch, ben| {
        let plan = epoch.plan.clone();
        epoch.approvals.push(ben.state(&world.epoch_approval(&plan)));
    });
    assert_eq!(both, Ok(1));
    assert_eq!(said(|_, _, _| {}), Err(Fault::EpochQuorum), "one of two");
    assert_eq!(said(|_, epoch, _| epoch.approvals.clear()), Err(Fault::EpochQuorum), "nobody");
}

#[test]
fn one_officer_twice_is_no_quorum() {
    let twice = said(|world, epoch, _| {
        let plan = epoch.plan.clone();
        let officer = Person::new("officer", 11);
        epoch.approvals.push(officer.state(&world.epoch_approval(&plan)));
    });
    assert_eq!(twice, Err(Fault::EpochQuorum));
}

#[test]
fn one_statement_by_two_officers_is_refused() {
    let shared = said(|world, epoch, ben| {
        let approval = world.epoch_approval(&epoch.plan);
        epoch.approvals = vec![Person::new("officer", 11).state(&approval), ben.state(&approval)];
    });
    assert_eq!(shared, Err(Fault::StatementSpent));
}

#[test]
fn more_approvals_than_officers_are_refused() {
    let many = said(|world, epoch, ben| {
        let plan = epoch.plan.clone();
        epoch.approvals.extend((0..2).map(|_| ben.state(&world.epoch_approval(&plan))));
    });
    assert_eq!(many, Err(Fault::StatementMalformed));
}

#[test]
fn officers_of_the_new_manifest_alone_are_strangers() {
    let fault = refused(lost(), |world, epoch| {
        let cleo = Person::new("cleo", 33);
        let entry = Officer { id: cleo.id.clone(), key: cleo.spki() };
        let set = [4, 5, 6].map(Witness::new);
        let change = world.approved(|manifest| {
            manifest.officers = vec![entry];
            manifest.witnesses = Some(policy(&set));
        });
        epoch.plan = world.epoch_plan(&epoch.checkpoint, Some(&change));
        epoch.change = Some(change);
        epoch.approvals = vec![cleo.state(&world.epoch_approval(&epoch.plan))];
    });
    assert_eq!(fault, Fault::UnknownPerson);
}

#[test]
fn an_approval_with_another_key_is_refused() {
    let fault = refused(lost(), |world, epoch| {
        let mut impostor = Person::new("somebody", 34);
        impostor.id = Person::new("officer", 11).id;
        epoch.approvals = vec![impostor.state(&world.epoch_approval(&epoch.plan))];
    });
    assert_eq!(fault, Fault::StatementSignature);
}

#[test]
fn an_approval_that_is_none_is_refused() {
    assert_eq!(refused(lost(), |_, epoch| epoch.approvals = vec![blob(b"yes")]), Fault::StatementMalformed);
    // Another statement of the officer's is not one over this.
    let fault = refused(lost(), |world, epoch| {
        let approval = world.approval();
        epoch.approvals = vec![Person::new("officer", 11).state(&approval)];
    });
    assert_eq!(fault, Fault::StatementSignature);
}

#[test]
fn an_operators_word_is_not_an_officers() {
    let mut world = World::with_witnesses(8, 3);
    let operator = Person::new("operator", 17);
    let entry = fuin_shared::manifest::Staff { id: operator.id.clone(), key: operator.spki() };
    world.found_by(|manifest| manifest.operators = vec![entry]);
    world.install().unwrap();
    world.genesis().unwrap();
    let note = world.held.seen.clone().unwrap();
    world.reboot();
    let mut epoch = world.new_epoch(&note, None);
    epoch.approvals = vec![operator.state(&world.epoch_approval(&epoch.plan))];
    assert_eq!(world.plan_epoch(epoch), Err(Fault::RoleForbidden));
}

#[test]
fn another_boot_is_refused() {
    let fault = refused(lost(), |world, epoch| {
        epoch.plan.instance = InstanceId([7; 32]);
        approve(world, epoch);
    });
    assert_eq!(fault, Fault::StatementForeign);
}

#[test]
fn another_service_is_refused() {
    let fault = refused(lost(), |world, epoch| {
        epoch.plan.service = ServiceId([7; 32]);
        approve(world, epoch);
    });
    assert_eq!(fault, Fault::StatementForeign);
}

#[test]
fn another_manifest_is_refused() {
    let fault = refused(lost(), |world, epoch| {
        epoch.plan.manifest = ManifestHash([7; 32]);
        approve(world, epoch);
    });
    assert_eq!(fault, Fault::StatementForeign);
    // The one that was approved must come, and the one that comes must have been approved.
    assert_eq!(refused(lost(), |_, epoch| epoch.change = None), Fault::StatementForeign);
    let fault = refused(lost(), |world, epoch| {
        epoch.plan.manifest = world.current().1;
        approve(world, epoch);
    });
    assert_eq!(fault, Fault::StatementForeign);
}

#[test]
fn approvals_of_another_plan_are_refused() {
    assert_eq!(refused(lost(), |_, epoch| epoch.plan.epoch = 2), Fault::StatementForeign);
    assert_eq!(refused(lost(), |_, epoch| epoch.plan.ledger.push('x')), Fault::StatementForeign);
}

#[test]
fn the_manifest_needs_its_own_approvals() {
    let fault = refused(lost(), |world, epoch| {
        epoch.change.as_mut().unwrap().approvals.clear();
        approve(world, epoch);
    });
    assert_eq!(fault, Fault::ManifestSignature);
    let fault = refused(lost(), |world, epoch| {
        let ledger = world.ledger.clone();
        world.ledger.as_mut().unwrap().origin.push('x');
        epoch.change = Some(naming(world, &[4, 5, 6]));
        world.ledger = ledger;
        approve(world, epoch);
    });
    assert_eq!(fault, Fault::StatementForeign, "approved for another ledger");
}

#[test]
fn an_expired_approval_is_refused() {
    let expire = |world: &mut World, epoch: &mut fuin_shared::new_epoch::NewEpoch| {
        let mut approval = world.epoch_approval(&epoch.plan);
        approval.not_after = world.seconds();
        epoch.approvals = vec![Person::new("officer", 11).state(&approval)];
    };
    assert_eq!(refused(lost(), expire), Fault::StatementExpired);
}

#[test]
fn an_ended_manifest_begins_no_epoch() {
    let fault = refused(lost(), |world, epoch| {
        let now = world.seconds();
        let change = world.approved(|manifest| manifest.not_after = now);
        epoch.plan = world.epoch_plan(&epoch.checkpoint, Some(&change));
        epoch.change = Some(change);
        approve(world, epoch);
    });
    assert_eq!(fault, Fault::ManifestExpired);
}

/// Nothing of a former epoch is used again.
#[test]
fn approvals_are_spent_with_the_epoch() {
    let Lost { mut world, key, .. } = begun();
    let spent: Vec<_> = world
        .bodies()
        .iter()
        .rev()
        .find_map(|body| match body {
            EventBody::EpochBegun { approvals, .. } => Some(approvals.clone()),
            _ => None,
        })
        .unwrap();
    assert_eq!(spent.len(), 2, "of the epoch and of the manifest");
    let note = signed(&mut world, &key, 3).unwrap().checkpoint;
    for statement in spent {
        world.reboot();
        let plan = world.epoch_plan(&note, None);
        let approval = fuin_shared::new_epoch::EpochApproval { statement, ..world.epoch_approval(&plan) };
        let mut epoch = world.new_epoch(&note, None);
        epoch.approvals = vec![Person::new("officer", 11).state(&approval)];
        assert_eq!(world.plan_epoch(epoch), Ok(2));
        assert_eq!(world.provide(), Err(Fault::StatementSpent));
    }
    assert_eq!(breaks(&world).len(), 1);
}

#[test]
fn a_message_of_a_former_boot_is_refused() {
    let Lost { mut world, note, .. } = lost();
    fresh(&mut world, &[4, 5, 6]);
    world.reboot();
    let change = naming(&mut world, &[4, 5, 6]);
    let epoch = world.new_epoch(&note, Some(change));
    assert_eq!(world.plan_epoch(epoch.clone()), Ok(1));
    world.reboot();
    assert_eq!(world.plan_epoch(epoch), Err(Fault::StatementForeign));
}

/// The last good one counts; a bad one takes nothing away.
#[test]
fn a_plan_that_is_refused_leaves_the_one_before_it() {
    let Lost { mut world, note, .. } = lost();
    fresh(&mut world, &[4, 5, 6]);
    planned(&mut world, &note, &[4, 5, 6]);
    let mut bad = world.new_epoch(&note, None);
    bad.approvals.clear();
    assert_eq!(world.plan_epoch(bad), Err(Fault::EpochQuorum));
    assert_eq!(world.provide(), Ok(()));
    assert_eq!(breaks(&world).len(), 1);
}

#[test]
fn a_service_without_witnesses_has_no_epochs() {
    let mut world = World::operational(8);
    let note = world.held.seen.clone().unwrap();
    world.reboot();
    let epoch = world.new_epoch(&note, None);
    assert_eq!(world.plan_epoch(epoch), Err(Fault::EpochUnwitnessed));
    assert_eq!(world.provide(), Ok(()));
}

#[test]
fn only_a_boot_that_waits_for_its_root_key_takes_a_plan() {
    let Lost { mut world, note, .. } = begun();
    let epoch = world.new_epoch(&note, None);
    assert_eq!(world.plan_epoch(epoch), Err(Fault::WrongPhase));
    // While a root key is being made there is no ledger to go on with, and with a plan none is made.
    let mut world = World::with_witnesses(8, 3);
    world.install().unwrap();
    world.ledger = Some(fuin_shared::evidence::LedgerIdentity { origin: "o".into(), vkey: "o".into() });
    let epoch = world.new_epoch(&note, None);
    assert_eq!(world.plan_epoch(epoch.clone()), Ok(1));
    assert_eq!(world.begin_genesis().err(), Some(Fault::WrongPhase));
    world.reboot();
    world.begin_genesis().unwrap();
    let epoch = world.new_epoch(&note, None);
    assert_eq!(world.plan_epoch(epoch), Err(Fault::WrongPhase));
}

/// What was approved under one manifest does not serve under the next one of the chain.
#[test]
fn a_manifest_that_follows_undoes_the_plan() {
    let Lost { mut world, key, note, .. } = lost();
    fresh(&mut world, &[1, 2, 3]);
    let _ = (key, &note);
    world.reboot();
    let epoch = world.new_epoch(&note, None);
    assert_eq!(world.plan_epoch(epoch), Ok(1));
    let change = world.approved(|manifest| manifest.limits.hashes = 7);
    assert!(matches!(world.call(Command::FollowManifest(change)), Ok(Answer::ManifestFollowed { .. })));
    // Nothing is left of it: the ledger has not adopted that manifest.
    let (share, commitment) = world.share();
    let sealed = world.sealed_share(&share, &commitment);
    let mut statement = world.share_statement(&sealed, commitment);
    statement.manifest = world.evident_manifest();
    let statement = world.custodian.person.state(&statement);
    let given = world.call(Command::ProvideShare(ProvideShare { statement, sealed, other: None }));
    assert_eq!(given, Err(Fault::ManifestNotAdopted));
    assert!(breaks(&world).is_empty());
}
