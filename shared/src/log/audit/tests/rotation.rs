//! Place: none. Tests of the audit of a rotation: each rule is broken by itself. The rules of the fold alone are tested with it.

use super::*;
use crate::ids::MandateId;
use crate::log::event::{ApproverUse, Rewrapped};
use crate::seal::Rate;

const FROM: RootCommitment = RootCommitment([4; 32]);
const TO: RootCommitment = RootCommitment([5; 32]);
const MARK: RecordMark = RecordMark { version: 1, hash: D };

fn rotated(manifest: u8, statement: u8) -> EventBody {
    EventBody::RootRotated {
        from: FROM,
        to: TO,
        manifest: ManifestHash([manifest; 32]),
        carried: Default::default(),
        approvals: vec![StatementId([statement; 16])],
    }
}

fn rewrapped(subject: u8, mandate: Option<u8>, version: u64) -> EventBody {
    let record = RecordMark { version, ..MARK };
    let mandate = mandate.map(|mandate| MandateId([mandate; 16]));
    EventBody::RecordsRewrapped {
        records: vec![Rewrapped { subject: Subject([subject; 32]), mandate, record }],
    }
}

fn erased(statement: u8) -> EventBody {
    EventBody::RootErased { commitment: FROM, deletions: vec![StatementId([statement; 16])] }
}

/// After the good ledger: one credential is left, and one for seals has a mandate that ends at 10 s.
fn after(bodies: impl IntoIterator<Item = (u64, EventBody)>) -> Result<Audit, (u64, Rule)> {
    let approvers = EventBody::ApproversSet {
        credential: mark(3, 1),
        record: RecordMark { version: 2, ..MARK },
        attests: D,
        approvals: Vec::new(),
        approvers: vec![1],
        threshold: 1,
        statement: StatementId([101; 16]),
    };
    let granted = EventBody::MandateGranted {
        credential: mark(3, 2),
        mandate: MandateId([1; 16]),
        record: MARK,
        count: 5,
        not_before: 0,
        not_after: 10,
        rate: Rate { seals: 3, seconds: 2 },
        approvals: vec![ApproverUse { approver: 1, counter: 1 }],
    };
    let mut entries = ledger();
    entries.extend([made(3, 40), approvers, granted].map(|body| entry(1000, body)));
    entries.extend(bodies.into_iter().map(|(time, body)| entry(time, body)));
    audit(&entries)
}

fn broken(bodies: Vec<(u64, EventBody)>) -> Rule {
    let last = 10 + bodies.len() as u64;
    let (at, rule) = after(bodies).unwrap_err();
    assert_eq!(at, last);
    rule
}

const UNUSED: EventBody = EventBody::RootUnused { commitment: FROM };

#[test]
fn a_rotation_passes_and_its_records_are_counted() {
    let begun = (1000, rotated(2, 102));
    let audit = after([begun.clone()]).unwrap();
    assert_eq!(audit.records_left(), 3);
    assert_eq!(audit.roots().current().unwrap().commitment, TO);
    let two = [begun.clone(), (1000, rewrapped(1, None, 1)), (1000, rewrapped(3, None, 2))];
    let audit = after(two.clone()).unwrap();
    assert_eq!(audit.records_left(), 1, "the mandate");
    let all = two.clone().into_iter().chain([
        (1000, rewrapped(3, Some(1), 1)),
        (1000, UNUSED),
        (1000, erased(103)),
    ]);
    let audit = after(all).unwrap();
    assert!(audit.roots().former().is_none());
    assert_eq!(audit.records_left(), 0);
    // Or the mandate is over.
    assert!(after(two.into_iter().chain([(10_000, UNUSED)])).is_ok());
}

#[test]
fn each_rule_of_a_rotation_is_held() {
    let begun = || (1000, rotated(2, 102));
    assert_eq!(broken(vec![(1000, rotated(9, 102))]), Rule::Manifest);
    assert_eq!(broken(vec![(1000, rotated(2, 0))]), Rule::Statement, "one that the genesis spent");
    assert_eq!(broken(vec![(1000, rewrapped(1, None, 1))]), Rule::Rotation, "there is none");
    assert_eq!(broken(vec![begun(), (1000, rewrapped(2, None, 1))]), Rule::Rotation, "it is destroyed");
    assert_eq!(broken(vec![begun(), (1000, rewrapped(1, Some(1), 1))]), Rule::Rotation, "another's mandate");
    assert_eq!(broken(vec![begun(), (1000, rewrapped(3, Some(1), 2))]), Rule::Rotation, "another version");
    assert_eq!(broken(vec![begun(), (1000, begun().1)]), Rule::Rotation, "one at a time");
    assert_eq!(broken(vec![begun(), (1000, UNUSED)]), Rule::Rotation, "records are left");
    assert_eq!(broken(vec![begun(), (1000, erased(103))]), Rule::Rotation, "it is in use");
    let done =
        |time| vec![begun(), (1000, rewrapped(1, None, 1)), (1000, rewrapped(3, None, 2)), (time, UNUSED)];
    assert_eq!(broken(done(9999)), Rule::Rotation, "the mandate is alive");
    let spent = [done(10_000), vec![(10_000, erased(102))]].concat();
    assert_eq!(broken(spent), Rule::Statement);
    let handed = EventBody::HandedOver {
        giver: InstanceId([5; 32]),
        taker: InstanceId([6; 32]),
        manifest: ManifestHash([2; 32]),
    };
    assert_eq!(broken(vec![begun(), (1000, handed)]), Rule::Rotation);
}
