//! Place: none. Tests of the audit: each rule is broken by itself.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::evidence::LedgerIdentity;
use crate::ids::{Digest32, InstanceId, LedgerId, ManifestHash, RootCommitment, ServiceId};
use crate::log::checkpoint::Checkpoint;
use crate::log::event::{CredentialMark, Holder, RecordMark};
use crate::log::note::NoteSigner;
use crate::log::tree::{consistency_proof, root_of};
use crate::sad::{MAX_ATTEMPTS, MAX_UNLOCKS};

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
    codec::encode(&Event { version: VERSION, time, body, detail: None })
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
    let others = EventBody::WitnessesChanged { manifest: ManifestHash([8; 32]), checkpoint: String::new() };
    assert_eq!(broken_by(others), Rule::Manifest, "witnesses of a manifest that is not the newest");
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
    entries.push(codec::encode(&Event { version: 2, time: 8, body: authorized(1, 4, 1), detail: None }));
    assert_eq!(audit(&entries).unwrap_err(), (8, Rule::Version));
    entries.pop();
    entries.push([entry(8, authorized(1, 4, 1)), vec![0]].concat());
    assert_eq!(audit(&entries).unwrap_err(), (8, Rule::Encoding));
    entries.pop();
    entries.push(entry(8, authorized(1, 4, 1)));
    assert!(audit(&entries).is_ok(), "and what is in order passes");
}

#[test]
fn hand_over_is_by_who_has_the_ledger_and_only_a_boot_of_another_follows() {
    let handed = |giver, taker, manifest| EventBody::HandedOver {
        giver: InstanceId([giver; 32]),
        taker: InstanceId([taker; 32]),
        manifest: ManifestHash([manifest; 32]),
    };
    assert_eq!(broken_by(handed(6, 7, 2)), Rule::HandOver, "the last boot was another's");
    assert_eq!(broken_by(handed(5, 5, 2)), Rule::HandOver, "to itself");
    assert_eq!(broken_by(handed(5, 7, 3)), Rule::HandOver, "another manifest");
    let mut entries = ledger();
    entries.push(entry(8, handed(5, 7, 2)));
    let root = audit(&entries).unwrap().root();
    let after = |body| {
        let mut entries = entries.clone();
        entries.push(entry(9, body));
        audit(&entries).map(drop)
    };
    assert_eq!(after(authorized(1, 4, 1)), Err((9, Rule::HandOver)));
    assert_eq!(after(handed(5, 8, 2)), Err((9, Rule::HandOver)), "a second receiver");
    assert_eq!(after(boot(9, root)), Err((9, Rule::HandOver)), "the giver again");
    let by = |instance| {
        let EventBody::Boot { nonce, manifest, size, root, .. } = boot(9, root) else { unreachable!() };
        EventBody::Boot { nonce, instance: InstanceId([instance; 32]), manifest, size, root }
    };
    assert_eq!(after(by(7)), Ok(()));
    assert_eq!(after(by(9)), Ok(()), "the receiver died, and custodians brought another up");
}

fn suspended(sequence: u64, by: Holder, statement: u8) -> EventBody {
    let signer = by == Holder::Signer;
    EventBody::CredentialSuspended {
        credential: mark(1, sequence),
        by,
        means_counter: signer.then_some(0),
        statements: if signer { Vec::new() } else { vec![StatementId([statement; 16])] },
    }
}

fn resumed(sequence: u64, statement: u8) -> EventBody {
    let statement = StatementId([statement; 16]);
    EventBody::CredentialResumed { credential: mark(1, sequence), means_counter: 0, statement }
}

fn released(sequence: u64, statement: u8) -> EventBody {
    let statements = vec![StatementId([statement; 16])];
    EventBody::OfficersReleased { credential: mark(1, sequence), statements }
}

fn debited(sequence: u64, attempts: u32) -> EventBody {
    EventBody::AttemptDebited { credential: mark(1, sequence), attempts }
}

fn unlocked(sequence: u64, statement: u8) -> EventBody {
    EventBody::CredentialUnlocked { credential: mark(1, sequence), statement: StatementId([statement; 16]) }
}

fn relinked(sequence: u64, statement: u8) -> EventBody {
    EventBody::MeansRelinked {
        credential: mark(1, sequence),
        record: RecordMark { version: 2, hash: D },
        attests: D,
        statement: StatementId([statement; 16]),
    }
}

/// The good ledger, then an authorization of three, then these events, the first of which is number 5 of credential 1.
fn after(bodies: impl IntoIterator<Item = EventBody>) -> Result<Audit, (u64, Rule)> {
    let mut entries = ledger();
    entries.push(entry(8, authorized(1, 4, 3)));
    entries.extend(bodies.into_iter().map(|body| entry(8, body)));
    audit(&entries)
}

/// What the last of these events breaks.
fn last_broken(bodies: Vec<EventBody>) -> Rule {
    let last = 8 + bodies.len() as u64;
    let (at, rule) = after(bodies).unwrap_err();
    assert_eq!(at, last);
    rule
}

#[test]
fn what_is_suspended_neither_authorizes_nor_signs_and_keeps_its_means() {
    let documents = EventBody::DocumentsSigned {
        credential: mark(1, 6),
        certificate: D,
        count: 1,
        documents: D,
        hashes: D,
    };
    let extended = EventBody::TransactionExtended { credential: mark(1, 6), left: 1 };
    let forbidden = [authorized(1, 6, 1), signed(1, 6, 1), documents, extended, relinked(6, 60)];
    for body in forbidden {
        for by in [Holder::Signer, Holder::Ra, Holder::Officer] {
            assert_eq!(last_broken(vec![suspended(5, by, 50), body.clone()]), Rule::Suspended, "{body:?}");
        }
    }
    let back = vec![suspended(5, Holder::Ra, 50), resumed(6, 51), signed(1, 7, 1), relinked(8, 52)];
    assert!(after(back).is_ok());
}

#[test]
fn who_suspends_again_holds_it_once() {
    let twice = |by| vec![suspended(5, by, 50), suspended(6, by, 51)];
    for by in [Holder::Signer, Holder::Ra, Holder::Officer] {
        assert!(after(twice(by)).is_ok());
        let end = if by == Holder::Officer { released(7, 52) } else { resumed(7, 52) };
        assert!(after(twice(by).into_iter().chain([end, signed(1, 8, 1)]).collect::<Vec<_>>()).is_ok());
        assert_eq!(last_broken(twice(by).into_iter().chain([signed(1, 7, 1)]).collect()), Rule::Suspended);
    }
    let by_all =
        [suspended(5, Holder::Signer, 50), suspended(6, Holder::Ra, 51), suspended(7, Holder::Officer, 52)];
    assert!(after(by_all).is_ok());
}

#[test]
fn only_a_suspension_ends_and_only_on_the_word_of_those_who_may_end_it() {
    assert_eq!(last_broken(vec![resumed(5, 50)]), Rule::NotSuspended);
    assert_eq!(last_broken(vec![released(5, 50)]), Rule::NotSuspended);
    assert_eq!(last_broken(vec![suspended(5, Holder::Officer, 50), resumed(6, 51)]), Rule::NotSuspended);
    assert_eq!(last_broken(vec![suspended(5, Holder::Ra, 50), released(6, 51)]), Rule::NotSuspended);
    let both = [suspended(5, Holder::Officer, 50), suspended(6, Holder::Signer, 0), resumed(7, 51)];
    let still = both.into_iter().chain([signed(1, 8, 1)]).collect();
    assert_eq!(last_broken(still), Rule::Suspended, "the officers' is left");
    let free = [suspended(5, Holder::Officer, 50), released(6, 51), signed(1, 7, 1)];
    assert!(after(free).is_ok());
}

#[test]
fn a_suspension_is_on_the_word_of_whom_it_names() {
    let by = |by, means_counter, statements| {
        let credential = mark(1, 5);
        last_broken(vec![EventBody::CredentialSuspended { credential, by, means_counter, statements }])
    };
    let statements = || vec![StatementId([50; 16])];
    assert_eq!(by(Holder::Signer, Some(0), statements()), Rule::Word);
    assert_eq!(by(Holder::Signer, None, Vec::new()), Rule::Word);
    assert_eq!(by(Holder::Ra, None, Vec::new()), Rule::Word);
    assert_eq!(by(Holder::Officer, Some(0), statements()), Rule::Word);
    let nobody = EventBody::OfficersReleased { credential: mark(1, 6), statements: Vec::new() };
    assert_eq!(last_broken(vec![suspended(5, Holder::Officer, 50), nobody]), Rule::Word);
}

#[test]
fn attempts_are_counted_one_by_one_up_to_the_limit() {
    for attempts in [0, 2, u32::MAX] {
        assert_eq!(last_broken(vec![debited(5, attempts)]), Rule::Attempts, "{attempts}");
    }
    assert_eq!(last_broken(vec![debited(5, 1), debited(6, 1)]), Rule::Attempts);
    let all =
        || (1..=MAX_ATTEMPTS).map(|attempt| debited(4 + u64::from(attempt), attempt)).collect::<Vec<_>>();
    assert!(after(all()).is_ok());
    let more = all().into_iter().chain([debited(5 + u64::from(MAX_ATTEMPTS), MAX_ATTEMPTS + 1)]).collect();
    assert_eq!(last_broken(more), Rule::Attempts);
    // Whatever shows that the means held, or is another one, sets them back.
    for body in [authorized(1, 6, 1), relinked(6, 50), suspended(6, Holder::Signer, 0)] {
        assert!(after([debited(5, 1), body.clone(), debited(7, 1)]).is_ok(), "{body:?}");
        assert_eq!(last_broken(vec![debited(5, 1), body, debited(7, 2)]), Rule::Attempts);
    }
    let by_another = vec![debited(5, 1), suspended(6, Holder::Ra, 50), debited(7, 1)];
    assert_eq!(last_broken(by_another), Rule::Attempts);
}

#[test]
fn only_a_lock_is_opened_and_not_without_end() {
    assert_eq!(last_broken(vec![unlocked(5, 50)]), Rule::Unlock);
    assert_eq!(last_broken(vec![debited(5, 1), unlocked(6, 50)]), Rule::Unlock);
    let (mut bodies, mut sequence) = (Vec::new(), 5);
    for unlock in 0..=MAX_UNLOCKS {
        for attempt in 1..=MAX_ATTEMPTS {
            bodies.push(debited(sequence, attempt));
            sequence += 1;
        }
        bodies.push(unlocked(sequence, 50 + u8::try_from(unlock).unwrap()));
        sequence += 1;
    }
    assert_eq!(last_broken(bodies.clone()), Rule::Unlock);
    bodies.pop();
    assert!(after(bodies).is_ok());
}

mod rotation;
mod seals;

/// The names are those of the encoding.
/// The ledger, broken off after its last entry and gone on with under another key; what it says can be changed.
fn broken_off(change: impl FnOnce(&mut EventBody)) -> Result<Audit, (u64, Rule)> {
    let mut entries = ledger();
    let leaves: Vec<Hash> = entries.iter().map(|e| leaf_hash(e)).collect();
    let (size, root) = (leaves.len() as u64, root_of(&leaves));
    let signer = |seed: u8| {
        let public = NoteSigner::from_seed("fuin", &[seed; 32]).unwrap();
        let hash = hex::encode(Sha256::digest(public.verifier().public_key()));
        NoteSigner::from_seed(&format!("ledger.example/{hash}"), &[seed; 32]).unwrap()
    };
    let identity = |key: &NoteSigner| LedgerIdentity {
        origin: key.verifier().name().to_owned(),
        vkey: key.verifier().to_string(),
    };
    let (old, new) = (signer(1), signer(2));
    let head = Checkpoint { origin: identity(&old).origin, size: 5, root: root_of(&leaves[..5]) };
    let mut body = EventBody::EpochBegun {
        epoch: 1,
        nonce: D,
        instance: InstanceId([6; 32]),
        manifest: ManifestHash([3; 32]),
        version: 2,
        size,
        root: Digest32(root),
        predecessor: identity(&old),
        ledger: identity(&new),
        checkpoint: head.sign(&old).unwrap(),
        growth: consistency_proof(5, &leaves).unwrap().into_iter().map(Digest32).collect(),
        approvals: vec![StatementId([8; 16])],
    };
    change(&mut body);
    entries.push(entry(8, body));
    audit(&entries)
}

macro_rules! broken_off {
    ($field:ident, $how:expr) => {
        broken_off(|body| match body {
            EventBody::EpochBegun { $field, .. } => $how($field),
            other => panic!("{other:?}"),
        })
    };
}

#[test]
fn an_epoch_goes_on_and_shows_the_break() {
    let audit = broken_off(|_| {}).unwrap();
    let [begun] = audit.epochs().begun() else { panic!() };
    assert_eq!((begun.epoch, begun.index, begun.head.size), (1, 8, 5));
    assert_ne!(begun.predecessor.origin, begun.ledger.origin);
    // The manifest that it names is current, and no other.
    let boot = |manifest| EventBody::Boot {
        nonce: D,
        instance: InstanceId([7; 32]),
        manifest: ManifestHash([manifest; 32]),
        size: audit.size(),
        root: Digest32(audit.root()),
    };
    assert_eq!(audit.clone().push(&entry(9, boot(2))), Err(Rule::Manifest));
    assert!(audit.clone().push(&entry(9, boot(3))).is_ok());
}

#[test]
fn an_epoch_that_breaks_a_rule_is_noticed() {
    let rule = |refused: Result<Audit, (u64, Rule)>| refused.unwrap_err();
    assert_eq!(rule(broken_off!(size, |size: &mut u64| *size -= 1)), (8, Rule::BootHead));
    assert_eq!(rule(broken_off!(root, |root: &mut Digest32| *root = D)), (8, Rule::BootHead));
    assert_eq!(rule(broken_off!(epoch, |epoch: &mut u32| *epoch = 2)), (8, Rule::Epoch));
    assert_eq!(rule(broken_off!(checkpoint, String::clear)), (8, Rule::Epoch));
    assert_eq!(rule(broken_off!(growth, Vec::<Digest32>::clear)), (8, Rule::Epoch));
    assert_eq!(rule(broken_off!(version, |version: &mut u64| *version = 1)), (8, Rule::Manifest));
    let again =
        broken_off!(approvals, |approvals: &mut Vec<StatementId>| approvals[0] = StatementId([1; 16]));
    assert_eq!(rule(again), (8, Rule::Statement));
}

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
