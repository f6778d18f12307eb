//! Place: none. Tests of the audit: each rule is broken by itself.

use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

use super::*;
use crate::ids::{Digest32, InstanceId, LedgerId, ManifestHash, RootCommitment, ServiceId};
use crate::log::event::{CredentialMark, RecordMark};
use crate::log::tree::root_of;

const D: Digest32 = Digest32([7; 32]);

fn mark(subject: u8, sequence: u64) -> CredentialMark {
    CredentialMark { subject: Subject([subject; 32]), sequence }
}

fn genesis() -> EventBody {
    EventBody::Genesis {
        service: ServiceId([1; 32]),
        manifest: ManifestHash([2; 32]),
        ledger: LedgerId([3; 16]),
        shard: 0,
        epoch: 0,
        commitment: RootCommitment([4; 32]),
        approvals: vec![StatementId([0; 16])],
    }
}

fn made(subject: u8, statement: u8) -> EventBody {
    EventBody::KeyGenerated {
        credential: mark(subject, 0),
        signer: Subject([9; 32]),
        record: RecordMark { version: 1, hash: D },
        attests: D,
        statement: StatementId([statement; 16]),
    }
}

fn destroyed(subject: u8, sequence: u64, statement: u8) -> EventBody {
    EventBody::KeyDestroyed { credential: mark(subject, sequence), statement: StatementId([statement; 16]) }
}

fn authorized(subject: u8, sequence: u64, count: u32) -> EventBody {
    EventBody::Authorized { credential: mark(subject, sequence), sad: D, count, means_counter: 0 }
}

fn signed(subject: u8, sequence: u64, count: u32) -> EventBody {
    EventBody::Signed { credential: mark(subject, sequence), certificate: D, count, hashes: D }
}

fn boot(size: u64, root: Hash) -> EventBody {
    EventBody::Boot {
        nonce: D,
        instance: InstanceId([5; 32]),
        manifest: ManifestHash([2; 32]),
        size,
        root: Digest32(root),
    }
}

fn entry(time: u64, body: EventBody) -> Vec<u8> {
    codec::encode(&Event { version: VERSION, time, body })
}

/// A ledger of two credentials, of which one is destroyed; each event is one millisecond after the other.
fn ledger() -> Vec<Vec<u8>> {
    let mut bodies = vec![genesis(), made(1, 1), made(2, 2), authorized(1, 1, 3), signed(1, 2, 2)];
    bodies.extend([signed(1, 3, 1), destroyed(2, 1, 3)]);
    let mut entries: Vec<_> = (0u64..).zip(bodies).map(|(time, body)| entry(time, body)).collect();
    let leaves: Vec<Hash> = entries.iter().map(|e| leaf_hash(e)).collect();
    entries.push(entry(7, boot(7, root_of(&leaves))));
    entries
}

fn audit(entries: &[Vec<u8>]) -> Result<Audit, (u64, Rule)> {
    let mut audit = Audit::new();
    for entry in entries {
        let at = audit.size();
        audit.push(entry).map_err(|rule| (at, rule))?;
    }
    Ok(audit)
}

/// What the good ledger followed by this event breaks.
fn broken_by(body: EventBody) -> Rule {
    let mut entries = ledger();
    entries.push(entry(8, body));
    let (at, rule) = audit(&entries).unwrap_err();
    assert_eq!(at, 8);
    rule
}

#[test]
fn a_good_ledger_passes_and_is_added_up() {
    let entries = ledger();
    let passed = audit(&entries).unwrap();
    let leaves: Vec<Hash> = entries.iter().map(|e| leaf_hash(e)).collect();
    assert_eq!((passed.size(), passed.root()), (8, root_of(&leaves)));
    let totals = passed.totals();
    assert_eq!((totals.credentials, totals.destroyed), (2, 1));
    assert_eq!((totals.authorized, totals.signed), (3, 3));
    assert_eq!((totals.first_time, totals.last_time), (0, 7));
    assert_eq!(totals.kinds.values().sum::<u64>(), 8);
    assert_eq!(totals.kinds.get("signed"), Some(&2));
}

#[test]
fn each_rule_is_held() {
    assert_eq!(broken_by(genesis()), Rule::Genesis);
    assert_eq!(broken_by(made(1, 9)), Rule::FirstOfCredential);
    assert_eq!(broken_by(authorized(3, 0, 1)), Rule::FirstOfCredential);
    assert_eq!(broken_by(authorized(1, 5, 1)), Rule::Sequence);
    assert_eq!(broken_by(authorized(1, 3, 1)), Rule::Sequence);
    assert_eq!(broken_by(authorized(2, 2, 1)), Rule::Destroyed);
    assert_eq!(broken_by(made(3, 1)), Rule::Statement);
    assert_eq!(broken_by(destroyed(1, 4, 0)), Rule::Statement, "one that the genesis spent");
    assert_eq!(broken_by(signed(1, 4, 1)), Rule::Signatures);
    assert_eq!(broken_by(boot(8, [0; 32])), Rule::BootHead);
    assert_eq!(broken_by(boot(7, audit(&ledger()).unwrap().root())), Rule::BootHead);
    let adopted = |version, statement| EventBody::ManifestAdopted {
        manifest: ManifestHash([8; 32]),
        version,
        approvals: vec![StatementId([statement; 16])],
    };
    assert_eq!(broken_by(adopted(1, 9)), Rule::Manifest, "not newer");
    assert_eq!(broken_by(adopted(2, 0)), Rule::Statement);
    let mut adopting = ledger();
    adopting.push(entry(8, adopted(2, 9)));
    let root = audit(&adopting).unwrap().root();
    adopting.push(entry(9, boot(9, root)));
    assert_eq!(audit(&adopting).unwrap_err(), (9, Rule::Manifest), "a boot under the former");
    assert_eq!(audit(&ledger()[1..]).unwrap_err(), (0, Rule::Genesis));
    let mut entries = ledger();
    entries.push(entry(6, authorized(1, 4, 1)));
    assert_eq!(audit(&entries).unwrap_err(), (8, Rule::Time));
    entries.pop();
    entries.push(codec::encode(&Event { version: 2, time: 8, body: authorized(1, 4, 1) }));
    assert_eq!(audit(&entries).unwrap_err(), (8, Rule::Version));
    entries.pop();
    entries.push([entry(8, authorized(1, 4, 1)), vec![0]].concat());
    assert_eq!(audit(&entries).unwrap_err(), (8, Rule::Encoding));
    entries.pop();
    entries.push(entry(8, authorized(1, 4, 1)));
    assert!(audit(&entries).is_ok(), "and what is in order passes");
}

/// The names are those of the encoding.
#[test]
fn kinds_are_named_as_encoded() {
    for entry in ledger() {
        let event: Event = codec::decode(&entry).unwrap();
        let kind = event.body.kind().as_bytes();
        assert!(entry.windows(kind.len()).any(|w| w == kind));
    }
}

proptest! {
    #[test]
    fn no_entry_panics(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut audit = audit(&ledger()).unwrap();
        let _ = audit.push(&octets);
    }

    /// Whatever two entries change places, the audit or the root notices.
    #[test]
    fn swapped_entries_are_noticed(a in 0usize..8, b in 0usize..8) {
        prop_assume!(a != b);
        let mut entries = ledger();
        let root = audit(&entries).unwrap().root();
        entries.swap(a, b);
        prop_assert!(audit(&entries).map_or(true, |audit| audit.root() != root));
    }
}
