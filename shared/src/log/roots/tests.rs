//! Place: none. Tests of the fold.

use super::*;
use crate::ids::{Digest32, LedgerId, ServiceId, StatementId};
use crate::log::event::{CredentialMark, RecordMark, Rewrapped, VERSION};
use alloc::vec;
use alloc::vec::Vec;

const FIRST: RootCommitment = RootCommitment([1; 32]);
const SECOND: RootCommitment = RootCommitment([2; 32]);
const MANIFEST: ManifestHash = ManifestHash([3; 32]);
const KEY: Subject = Subject([4; 32]);
const OTHER: Subject = Subject([5; 32]);
const MANDATE: MandateId = MandateId([6; 16]);

fn records() -> Records {
    Records { credentials: BTreeSet::from([KEY, OTHER]), mandates: BTreeMap::from([(MANDATE, OTHER)]) }
}

/// With the mandate alive or not.
fn take(roots: &mut Roots, body: EventBody, live: bool) -> Result<(), RuleBroken> {
    let event = Event { version: VERSION, time: 1, body, detail: None };
    roots.take(&event, records, |_, _| live)
}

fn begun() -> Roots {
    let mut roots = Roots::default();
    let genesis = EventBody::Genesis {
        service: ServiceId([0; 32]),
        manifest: MANIFEST,
        ledger: LedgerId([0; 16]),
        shard: 0,
        epoch: 0,
        commitment: FIRST,
        approvals: Vec::new(),
    };
    take(&mut roots, genesis, true).unwrap();
    roots
}

fn rotation(from: RootCommitment, to: RootCommitment) -> EventBody {
    let approvals = vec![StatementId([7; 16])];
    EventBody::RootRotated { from, to, manifest: MANIFEST, carried: Default::default(), approvals }
}

fn rotated() -> Roots {
    let mut roots = begun();
    take(&mut roots, rotation(FIRST, SECOND), true).unwrap();
    roots
}

const MARK: RecordMark = RecordMark { version: 1, hash: Digest32([8; 32]) };

fn rewrap(subject: Subject, mandate: Option<MandateId>) -> EventBody {
    EventBody::RecordsRewrapped { records: vec![Rewrapped { subject, mandate, record: MARK }] }
}

fn unused(commitment: RootCommitment) -> EventBody {
    EventBody::RootUnused { commitment }
}

fn erased(commitment: RootCommitment) -> EventBody {
    EventBody::RootErased { commitment, deletions: vec![StatementId([9; 16])] }
}

#[test]
fn a_rotation_goes_from_event_to_event() {
    let mut roots = rotated();
    assert_eq!(roots.current().unwrap().commitment, SECOND);
    let former = roots.in_use().unwrap();
    assert_eq!((former.root.commitment, former.left(|_, _| true), former.left(|_, _| false)), (FIRST, 3, 2));
    assert!(
        former.seals(&KEY, None)
            && former.seals(&OTHER, Some(&MANDATE))
            && !former.seals(&KEY, Some(&MANDATE))
    );
    take(&mut roots, rewrap(KEY, None), true).unwrap();
    take(&mut roots, rewrap(OTHER, Some(MANDATE)), true).unwrap();
    take(&mut roots, rewrap(OTHER, None), true).unwrap();
    take(&mut roots, unused(FIRST), true).unwrap();
    assert!(roots.in_use().is_none() && roots.former().unwrap().is_unused());
    take(&mut roots, erased(FIRST), true).unwrap();
    assert!(roots.former().is_none());
    take(&mut roots, rotation(SECOND, FIRST), true).unwrap();
}

#[test]
fn another_root_key_than_the_current_one_is_not_replaced() {
    assert!(take(&mut begun(), rotation(SECOND, FIRST), true).is_err());
    assert!(take(&mut begun(), rotation(FIRST, FIRST), true).is_err());
    assert!(take(&mut Roots::default(), rotation(FIRST, SECOND), true).is_err());
    let mut unapproved = rotation(FIRST, SECOND);
    let EventBody::RootRotated { approvals, .. } = &mut unapproved else { unreachable!() };
    approvals.clear();
    assert!(take(&mut begun(), unapproved, true).is_err());
}

#[test]
fn a_rotation_follows_none_that_has_not_ended() {
    let next = rotation(SECOND, RootCommitment([10; 32]));
    let mut roots = rotated();
    assert!(take(&mut roots.clone(), next.clone(), true).is_err());
    take(&mut roots, rewrap(KEY, None), true).unwrap();
    take(&mut roots, rewrap(OTHER, None), true).unwrap();
    take(&mut roots, unused(FIRST), false).unwrap();
    assert!(take(&mut roots.clone(), next.clone(), true).is_err());
    take(&mut roots, erased(FIRST), true).unwrap();
    assert!(take(&mut roots, next, true).is_ok());
}

#[test]
fn only_what_is_under_the_former_root_key_is_sealed_anew_and_once() {
    assert!(take(&mut begun(), rewrap(KEY, None), true).is_err());
    let mut roots = rotated();
    let none = EventBody::RecordsRewrapped { records: Vec::new() };
    for body in [rewrap(Subject([11; 32]), None), rewrap(KEY, Some(MANDATE)), none] {
        assert!(take(&mut roots.clone(), body, true).is_err());
    }
    take(&mut roots, rewrap(KEY, None), true).unwrap();
    assert!(take(&mut roots, rewrap(KEY, None), true).is_err());
}

#[test]
fn a_root_key_that_seals_something_is_neither_unused_nor_erased() {
    assert!(take(&mut begun(), unused(FIRST), false).is_err());
    assert!(take(&mut begun(), erased(FIRST), false).is_err());
    let mut roots = rotated();
    assert!(take(&mut roots.clone(), erased(FIRST), false).is_err());
    take(&mut roots, rewrap(KEY, None), true).unwrap();
    assert!(take(&mut roots.clone(), unused(FIRST), false).is_err());
    take(&mut roots, rewrap(OTHER, None), true).unwrap();
    assert!(take(&mut roots.clone(), unused(FIRST), true).is_err(), "a mandate that is alive");
    assert!(take(&mut roots.clone(), unused(SECOND), false).is_err());
    take(&mut roots, unused(FIRST), false).unwrap();
    assert!(take(&mut roots.clone(), unused(FIRST), false).is_err());
    assert!(take(&mut roots.clone(), erased(SECOND), false).is_err());
    let unsaid = EventBody::RootErased { commitment: FIRST, deletions: Vec::new() };
    assert!(take(&mut roots.clone(), unsaid, false).is_err());
    take(&mut roots, erased(FIRST), false).unwrap();
}

#[test]
fn what_is_sealed_or_ends_meanwhile_leaves_the_former_root_key() {
    let mark = |subject| CredentialMark { subject, sequence: 1 };
    let statement = StatementId([12; 16]);
    let mut roots = rotated();
    let linked =
        EventBody::MeansLinked { credential: mark(KEY), record: MARK, attests: Digest32([0; 32]), statement };
    take(&mut roots, linked, true).unwrap();
    assert!(!roots.in_use().unwrap().seals(&KEY, None));
    let mut ended = roots.clone();
    let end = EventBody::MandateEnded {
        credential: mark(OTHER),
        mandate: MANDATE,
        approval: None,
        statement: Some(statement),
    };
    take(&mut ended, end, true).unwrap();
    assert_eq!(ended.in_use().unwrap().left(|_, _| true), 1);
    take(&mut roots, EventBody::KeyDestroyed { credential: mark(OTHER), statement }, true).unwrap();
    assert_eq!(roots.in_use().unwrap().left(|_, _| true), 0);
}

#[test]
fn nothing_is_handed_over_while_two_root_keys_are_needed() {
    use crate::ids::InstanceId;
    let handed =
        EventBody::HandedOver { giver: InstanceId([1; 32]), taker: InstanceId([2; 32]), manifest: MANIFEST };
    assert!(take(&mut begun(), handed.clone(), true).is_ok());
    assert!(take(&mut rotated(), handed, true).is_err());
}
