//! Place: none. Tests of the audit of seals: each rule is broken by itself.

use super::*;
use crate::ids::MandateId;
use crate::log::event::ApproverUse;
use crate::seal::Rate;

fn uses(numbers: &[u32]) -> Vec<ApproverUse> {
    numbers.iter().map(|approver| ApproverUse { approver: *approver, counter: 1 }).collect()
}

fn approvers(sequence: u64, former: &[u32], numbers: &[u32]) -> EventBody {
    EventBody::ApproversSet {
        credential: mark(3, sequence),
        record: RecordMark { version: if sequence == 1 { 2 } else { 3 }, hash: D },
        attests: D,
        approvals: uses(former),
        approvers: numbers.to_vec(),
        threshold: 2,
        statement: StatementId([100 + u8::try_from(sequence).unwrap(); 16]),
    }
}

fn granted(sequence: u64, mandate: u8, by: &[u32]) -> EventBody {
    EventBody::MandateGranted {
        credential: mark(3, sequence),
        mandate: MandateId([mandate; 16]),
        record: RecordMark { version: 1, hash: D },
        count: 5,
        not_before: 0,
        not_after: 10,
        rate: Rate { seals: 3, seconds: 2 },
        approvals: uses(by),
    }
}

fn sealed(sequence: u64, mandate: u8, number: u64, count: u32) -> EventBody {
    EventBody::Sealed {
        credential: mark(3, sequence),
        mandate: MandateId([mandate; 16]),
        number,
        certificate: D,
        count,
        hashes: D,
    }
}

fn ended(sequence: u64, approver: Option<u32>, officer: bool) -> EventBody {
    EventBody::MandateEnded {
        credential: mark(3, sequence),
        mandate: MandateId([1; 16]),
        approval: approver.map(|approver| ApproverUse { approver, counter: 1 }),
        statement: officer.then_some(StatementId([99; 16])),
    }
}

/// A seal key with approvers 1 to 3, two of whom granted mandate 1, then these events from number 3 on, at 1 s each.
fn under(bodies: impl IntoIterator<Item = EventBody>) -> Result<Audit, (u64, Rule)> {
    let mut entries = ledger();
    let first = [made(3, 40), approvers(1, &[], &[1, 2, 3]), granted(2, 1, &[1, 2])];
    entries.extend(first.into_iter().chain(bodies).map(|body| entry(1000, body)));
    audit(&entries)
}

fn broken(bodies: Vec<EventBody>) -> Rule {
    let last = 10 + bodies.len() as u64;
    let (at, rule) = under(bodies).unwrap_err();
    assert_eq!(at, last);
    rule
}

#[test]
fn seals_under_a_mandate_pass() {
    assert!(under([sealed(3, 1, 1, 2), sealed(4, 1, 2, 1), ended(5, Some(3), false)]).is_ok());
    assert!(under([ended(3, None, true)]).is_ok());
    assert!(under([approvers(3, &[1, 3], &[1, 4, 5]), granted(4, 2, &[4, 5])]).is_ok());
}

#[test]
fn no_mandate_gives_more_than_was_granted() {
    assert_eq!(broken(vec![sealed(3, 2, 1, 1)]), Rule::Mandate, "not granted");
    assert_eq!(broken(vec![sealed(3, 1, 2, 1)]), Rule::Mandate, "a number is left out");
    assert_eq!(broken(vec![sealed(3, 1, 1, 1), sealed(4, 1, 1, 1)]), Rule::Mandate, "a number comes back");
    assert_eq!(broken(vec![sealed(3, 1, 1, 0)]), Rule::Mandate, "of nothing");
    assert_eq!(broken(vec![sealed(3, 1, 1, 3), sealed(4, 1, 2, 1)]), Rule::Mandate, "the rate");
    assert_eq!(broken(vec![ended(3, Some(1), false), sealed(4, 1, 1, 1)]), Rule::Mandate, "ended");
    assert_eq!(broken(vec![ended(3, Some(1), false), ended(4, Some(1), false)]), Rule::Mandate);
    let at = |time| {
        let mut entries = ledger();
        let first = [made(3, 40), approvers(1, &[], &[1, 2, 3]), granted(2, 1, &[1, 2])];
        entries.extend(first.into_iter().map(|body| entry(1000, body)));
        entries.extend([entry(1000, sealed(3, 1, 1, 3)), entry(time, sealed(4, 1, 2, 2))]);
        audit(&entries)
    };
    assert!(at(3000).is_ok());
    assert_eq!(at(2999).unwrap_err(), (12, Rule::Mandate), "the rate");
    assert_eq!(at(10_000).unwrap_err(), (12, Rule::Mandate), "the window");
    let mut entries = ledger();
    entries.extend([made(3, 40), approvers(1, &[], &[1, 2, 3])].map(|body| entry(1000, body)));
    entries.extend([granted(2, 1, &[1, 2]), sealed(3, 1, 1, 3)].map(|body| entry(1000, body)));
    entries.extend([entry(4000, sealed(4, 1, 2, 3))]);
    assert_eq!(audit(&entries).unwrap_err(), (12, Rule::Mandate), "the count");
}

#[test]
fn as_many_different_approvers_sign_as_must() {
    assert_eq!(broken(vec![granted(3, 2, &[1])]), Rule::Mandate);
    assert_eq!(broken(vec![granted(3, 2, &[1, 1])]), Rule::Mandate);
    assert_eq!(broken(vec![granted(3, 2, &[1, 4])]), Rule::Mandate, "nobody's number");
    assert_eq!(broken(vec![granted(3, 1, &[1, 2])]), Rule::Mandate, "granted before");
    assert_eq!(broken(vec![approvers(3, &[], &[1, 2, 3])]), Rule::Mandate, "the former decide");
    assert_eq!(broken(vec![approvers(3, &[1, 2], &[1])]), Rule::Mandate, "fewer than must sign");
    let back = vec![approvers(3, &[1, 2], &[1, 2]), approvers(4, &[1, 2], &[1, 2, 3])];
    assert_eq!(broken(back), Rule::Mandate, "a number comes back");
    assert_eq!(broken(vec![ended(3, Some(4), false)]), Rule::Mandate);
    assert_eq!(broken(vec![ended(3, None, false)]), Rule::Word);
    assert_eq!(broken(vec![ended(3, Some(1), true)]), Rule::Word);
    let first = approvers(1, &[1, 2], &[1, 2, 3]);
    let mut entries = ledger();
    entries.extend([entry(1000, made(3, 40)), entry(1000, first)]);
    assert_eq!(audit(&entries).unwrap_err(), (9, Rule::Mandate), "nobody can approve before");
}

#[test]
fn a_seal_key_makes_no_signatures_and_no_other_key_makes_seals() {
    let signature = EventBody::Signed { credential: mark(3, 3), certificate: D, count: 1, hashes: D };
    let authorized = EventBody::Authorized { credential: mark(3, 3), sad: D, count: 1, means_counter: 0 };
    assert_eq!(broken(vec![signature]), Rule::Mandate);
    assert_eq!(broken(vec![authorized]), Rule::Mandate);
    let mut entries = ledger();
    entries.extend([entry(8, made(3, 40)), entry(8, granted(1, 1, &[1, 2]))]);
    assert_eq!(audit(&entries).unwrap_err(), (9, Rule::Mandate));
}

#[test]
fn what_is_suspended_makes_no_seals_and_the_approvers_take_part_in_its_end() {
    let suspended = |sequence| EventBody::CredentialSuspended {
        credential: mark(3, sequence),
        by: Holder::Ra,
        means_counter: None,
        statements: vec![StatementId([50; 16])],
    };
    let resumed = |sequence, numbers: &[u32]| EventBody::SealResumed {
        credential: mark(3, sequence),
        approvals: uses(numbers),
        statement: StatementId([51; 16]),
    };
    assert_eq!(broken(vec![suspended(3), sealed(4, 1, 1, 1)]), Rule::Suspended);
    assert_eq!(broken(vec![suspended(3), granted(4, 2, &[1, 2])]), Rule::Suspended);
    assert_eq!(broken(vec![suspended(3), approvers(4, &[1, 2], &[1, 2, 4])]), Rule::Suspended);
    assert_eq!(broken(vec![resumed(3, &[1, 2])]), Rule::NotSuspended);
    assert_eq!(broken(vec![suspended(3), resumed(4, &[1])]), Rule::Mandate);
    assert!(under([suspended(3), resumed(4, &[1, 2]), sealed(5, 1, 1, 1)]).is_ok());
    assert!(under([suspended(3), ended(4, Some(2), false)]).is_ok(), "what restricts goes on");
}
