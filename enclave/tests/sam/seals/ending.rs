//! Place: SAM. SEAL-03: any one approver and any officer ends a mandate, at once.

use super::*;

#[test]
fn seal_03_any_one_approver_ends_a_mandate_at_once() {
    for who in 0..3 {
        let (mut world, organization, mandate) = granted();
        world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
        let by = world.ended_by_approver(&organization, &organization.approvers[who], mandate);
        assert!(matches!(world.end(&organization, mandate, by), Ok(Answer::MandateEnded(_))));
        assert_eq!(world.seal(&organization, mandate, 2, vec![hash(2)]), Err(Fault::MandateEnded));
        world.reboot();
        world.provide().unwrap();
        assert_eq!(world.seal(&organization, mandate, 2, vec![hash(2)]), Err(Fault::MandateEnded));
    }
}

#[test]
fn seal_03_an_officer_ends_a_mandate() {
    let (mut world, organization, mandate) = granted();
    let statement = world.ending(mandate);
    let by = EndedBy::Officer(world.officer.state(&statement));
    world.end(&organization, mandate, by.clone()).unwrap();
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::MandateEnded));
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::MandateEnded));
}

#[test]
fn seal_03_nobody_else_ends_a_mandate() {
    let (mut world, organization, mandate) = granted();
    let stranger = world.ended_by_approver(&organization, &TestPasskey::new(66), mandate);
    assert_eq!(world.end(&organization, mandate, stranger), Err(Fault::AssertionCredential));
    // A word for another mandate.
    let terms = world.terms(&organization);
    let other = world.grant(&organization, &terms).unwrap();
    let by = world.ended_by_approver(&organization, &organization.approvers[0], other);
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::SadRequest));
    // Statements by the RA, by somebody under the officer's name, over something else, late, and used before.
    let ending = world.ending(mandate);
    let by_ra = EndedBy::Officer(world.ra.state(&ending));
    assert_eq!(world.end(&organization, mandate, by_ra), Err(Fault::RoleForbidden));
    let unknown = EndedBy::Officer(Person::new("nobody", 66).state(&ending));
    assert_eq!(world.end(&organization, mandate, unknown), Err(Fault::UnknownPerson));
    let posing = EndedBy::Officer(Person::new("officer", 66).state(&ending));
    assert_eq!(world.end(&organization, mandate, posing), Err(Fault::StatementSignature));
    for (fault, change) in [
        (
            Fault::StatementForeign,
            (|e| e.service = ServiceId([0; 32])) as fn(&mut fuin_shared::seal::MandateEnding),
        ),
        (Fault::StatementForeign, |e| e.ledger.push('0')),
        (Fault::StatementForeign, |e| e.mandate = MandateId([0; 16])),
        (Fault::StatementExpired, |e| e.not_after -= 60),
        (Fault::StatementExpired, |e| e.not_after += 3600),
    ] {
        let mut changed = ending.clone();
        change(&mut changed);
        let by = EndedBy::Officer(world.officer.state(&changed));
        assert_eq!(world.end(&organization, mandate, by), Err(fault));
    }
    let used = fuin_shared::seal::MandateEnding { mandate: other, ..ending.clone() };
    let by = EndedBy::Officer(world.officer.state(&used));
    world.end(&organization, other, by).unwrap();
    let by = EndedBy::Officer(world.officer.state(&ending));
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::StatementSpent));
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
}

#[test]
fn seal_03_in_doubt_of_the_time_mandates_end_and_nothing_is_granted_or_sealed() {
    let (mut world, organization, mandate) = granted();
    let terms = world.terms(&organization);
    world.step(3_600_000);
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::ClockDoubt));
    assert_eq!(world.grant(&organization, &terms), Err(Fault::ClockDoubt));
    let by = world.ended_by_approver(&organization, &organization.approvers[1], mandate);
    assert!(matches!(world.end(&organization, mandate, by), Ok(Answer::MandateEnded(_))));
    world.step(-3_600_000);
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::MandateEnded));
}

#[test]
fn seal_03_an_end_binds_before_it_is_durable() {
    let (mut world, organization, mandate) = granted();
    let by = world.ended_by_approver(&organization, &organization.approvers[2], mandate);
    world.sink = Sink::Silent;
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::Busy));
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::MandateEnded));
}

#[test]
fn seal_03_a_seal_that_waits_when_its_mandate_ends_is_not_made() {
    let mut world = World::cosigned(33, 3);
    let organization = world.organization();
    let terms = world.terms(&organization);
    let mandate = world.grant(&organization, &terms).unwrap();
    let by = world.ended_by_approver(&organization, &organization.approvers[0], mandate);
    world.witnessing = super::super::world::Witnessing::Holds;
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::Busy));
    assert_eq!(world.end(&organization, mandate, by), Err(Fault::Busy));
    let asked = world.asked.clone().unwrap();
    let lines = world.lines(&asked);
    let answers = world.answer(Ok(lines));
    assert!(answers.iter().any(|(_, result)| *result == Err(Fault::MandateEnded)), "{answers:?}");
}

#[test]
fn seal_03_with_the_witnesses_away_every_mandate_is_ended_at_once_and_none_keeps_a_place() {
    let mut world = World::cosigned(34, 3);
    let organization = world.organization();
    let mandates: Vec<_> = (0..16)
        .map(|_| {
            let terms = world.terms(&organization);
            world.grant(&organization, &terms).unwrap()
        })
        .collect();
    world.witnessing = super::super::world::Witnessing::Holds;
    for (ended, mandate) in mandates.iter().enumerate() {
        let by = world.ended_by_approver(&organization, &organization.approvers[ended % 3], *mandate);
        assert_eq!(world.end(&organization, *mandate, by), Err(Fault::Busy), "it waits for its event");
        assert_eq!(world.waits.len(), ended + 1);
        assert_eq!(world.seal(&organization, *mandate, 1, vec![hash(1)]), Err(Fault::MandateEnded));
    }
    // Work keeps its place: the runtime hears of none.
    let terms = world.terms(&organization);
    assert_eq!(world.grant(&organization, &terms), Err(Fault::Busy));
    assert_eq!(world.waits.len(), mandates.len());
    // All are answered when the witnesses are back: the first question covers the first of them.
    world.witnessing = super::super::world::Witnessing::Honest;
    let asked = world.asked.clone().unwrap();
    let lines = world.lines(&asked);
    let answers = world.answer(Ok(lines));
    let ended = answers.iter().filter(|(_, result)| matches!(result, Ok(Answer::MandateEnded(_))));
    assert!(ended.map(|(ticket, _)| *ticket).eq(world.waits.iter().copied()), "{answers:?}");
}

/// The RA suspends, or with these approvers resumes.
pub fn held(
    world: &mut World,
    organization: &Organization,
    action: ManageAction,
    who: &[usize],
) -> Result<Answer, Fault> {
    let approvals = world.approvals(organization, who, Purpose::Resume, None);
    let evidence = codec::encode(&ApproverEvidence { approvals, registrations: Vec::new() }).into();
    let statement = world.manage(action, Some(&organization.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    world.call(Command::Hold(manage))
}

#[test]
fn a_suspended_seal_credential_seals_nothing_until_m_approvers_agree() {
    let (mut world, organization, mandate) = granted();
    held(&mut world, &organization, ManageAction::Suspend {}, &[]).unwrap();
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::CredentialDisabled));
    let terms = world.terms(&organization);
    assert_eq!(world.grant(&organization, &terms), Err(Fault::CredentialDisabled));
    let change = world.approver_change(&organization, &[1, 2], &[], 2);
    let changed = world.change_approvers(&organization, &change, &[], &[0, 1]);
    assert_eq!(changed, Err(Fault::CredentialDisabled), "what is suspended keeps its approvers");
    assert_eq!(held(&mut world, &organization, ManageAction::Resume {}, &[1]), Err(Fault::ApproverQuorum));
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::CredentialDisabled));
    held(&mut world, &organization, ManageAction::Resume {}, &[0, 1]).unwrap();
    // What the mandate allows is as it was.
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    let resumed = held(&mut world, &organization, ManageAction::Resume {}, &[0, 1]);
    assert_eq!(resumed, Err(Fault::InvalidKeyState));
}

#[test]
fn a_mandate_of_a_suspended_credential_can_be_ended() {
    let (mut world, organization, mandate) = granted();
    held(&mut world, &organization, ManageAction::Suspend {}, &[]).unwrap();
    let by = world.ended_by_approver(&organization, &organization.approvers[1], mandate);
    world.end(&organization, mandate, by).unwrap();
}
