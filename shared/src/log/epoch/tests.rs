//! Place: none. Tests of the epochs: each rule is broken by itself.

use super::super::note::NoteSigner;
use super::super::tree::{consistency_proof, leaf_hash, root_of};
use super::*;
use crate::ids::{Digest32, InstanceId, LedgerId, RootCommitment, ServiceId, StatementId};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;

const D: Digest32 = Digest32([7; 32]);

/// The ledger's key in an epoch.
fn signer(epoch: u8) -> NoteSigner {
    let public = NoteSigner::from_seed("fuin", &[epoch; 32]).unwrap();
    let hash = hex::encode(Sha256::digest(public.verifier().public_key()));
    NoteSigner::from_seed(&format!("ledger.example/{hash}"), &[epoch; 32]).unwrap()
}

fn identity(epoch: u8) -> LedgerIdentity {
    let key = signer(epoch);
    LedgerIdentity { origin: key.verifier().name().into(), vkey: key.verifier().to_string() }
}

fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// What an epoch signs over the first entries.
fn note(epoch: u8, size: u64) -> String {
    let signer = signer(epoch);
    let origin = signer.verifier().name().into();
    Checkpoint { origin, size, root: root_of(&leaves(size)) }.sign(&signer).unwrap()
}

/// The event that begins `epoch` where there are `size` entries, from the head of `old` ones that `by` signed.
fn begun(epoch: u8, size: u64, by: u8, old: u64) -> EventBody {
    EventBody::EpochBegun {
        epoch: epoch.into(),
        nonce: D,
        instance: InstanceId([5; 32]),
        manifest: ManifestHash([2; 32]),
        version: 1,
        size,
        root: Digest32(root_of(&leaves(size))),
        predecessor: identity(epoch - 1),
        ledger: identity(epoch),
        checkpoint: note(by, old),
        growth: consistency_proof(old, &leaves(size)).unwrap().into_iter().map(Digest32).collect(),
        approvals: vec![StatementId([1; 16])],
    }
}

fn epochs() -> Epochs {
    let mut epochs = Epochs::default();
    let genesis = EventBody::Genesis {
        service: ServiceId([1; 32]),
        manifest: ManifestHash([2; 32]),
        ledger: LedgerId([3; 16]),
        shard: 0,
        epoch: 0,
        commitment: RootCommitment([4; 32]),
        approvals: Vec::new(),
    };
    epochs.take(&genesis).unwrap();
    epochs
}

macro_rules! changed {
    ($body:expr, $field:ident, $how:expr) => {{
        let mut body = $body;
        match &mut body {
            EventBody::EpochBegun { $field, .. } => $how($field),
            other => panic!("{other:?}"),
        }
        body
    }};
}

#[test]
fn epochs_follow_each_other() {
    let mut epochs = epochs();
    assert_eq!((epochs.current(), epochs.begun().len()), (0, 0));
    assert_eq!(epochs.take(&begun(1, 9, 0, 6)), Ok(()));
    // Of its own first head: the entry that began it is in it.
    assert_eq!(epochs.take(&begun(2, 12, 1, 10)), Ok(()));
    // Nobody cosigned that one: the next goes on from the same head.
    assert_eq!(epochs.take(&begun(3, 15, 1, 10)), Ok(()));
    assert_eq!(epochs.current(), 3);
    let shown: Vec<_> = epochs.begun().iter().map(|b| (b.epoch, b.index, b.head.size)).collect();
    assert_eq!(shown, [(1, 9, 6), (2, 12, 10), (3, 15, 10)]);
    assert_eq!(epochs.begun()[2].predecessor, identity(2));
}

#[test]
fn each_rule_by_itself() {
    let good = || begun(1, 9, 0, 6);
    let refused = |body: &EventBody| epochs().take(body).unwrap_err().0;
    assert_eq!(epochs().take(&good()), Ok(()));
    for number in [0, 2, u32::MAX] {
        let body = changed!(good(), epoch, |epoch: &mut u32| *epoch = number);
        assert_eq!(refused(&body), "number of the epoch");
    }
    let body = changed!(good(), approvals, Vec::clear);
    assert_eq!(refused(&body), "an epoch that nobody approved");
    let body = changed!(good(), ledger, |ledger: &mut LedgerIdentity| *ledger = identity(0));
    assert_eq!(refused(&body), "a new epoch under the old origin");
    // A vkey that is none, of another name, and of a key that is not the origin's.
    let body = changed!(good(), ledger, |ledger: &mut LedgerIdentity| ledger.vkey.push('x'));
    assert_eq!(refused(&body), "vkey of an epoch");
    let body = changed!(good(), ledger, |ledger: &mut LedgerIdentity| ledger.vkey = identity(2).vkey);
    assert_eq!(refused(&body), "origin of an epoch");
    let other = NoteSigner::from_seed(&identity(0).origin, &[9; 32]).unwrap();
    let body = changed!(good(), predecessor, |ledger: &mut LedgerIdentity| {
        ledger.vkey = other.verifier().to_string();
    });
    assert_eq!(refused(&body), "origin of an epoch");
    // Heads that the epoch before did not sign, or that are of nothing.
    let foreign = changed!(good(), checkpoint, |text: &mut String| *text = note(1, 6));
    assert_eq!(refused(&foreign), "checkpoint of the epoch before");
    let empty = changed!(good(), checkpoint, |text: &mut String| *text = note(0, 0));
    assert_eq!(refused(&empty), "the checkpoint is not of the epoch before");
    // Trees that are not one.
    for old in [5, 7, 10] {
        let body = changed!(good(), checkpoint, |text: &mut String| *text = note(0, old));
        assert_eq!(refused(&body), "the ledger does not go on from the checkpoint", "{old}");
    }
    let body = changed!(good(), growth, |growth: &mut Vec<Digest32>| growth.truncate(1));
    assert_eq!(refused(&body), "the ledger does not go on from the checkpoint");
    let body = changed!(good(), root, |root: &mut Digest32| *root = D);
    assert_eq!(refused(&body), "the ledger does not go on from the checkpoint");
}

#[test]
fn a_second_epoch_goes_on_from_the_first() {
    let mut epochs = epochs();
    epochs.take(&begun(1, 9, 0, 6)).unwrap();
    let refused = |body: &EventBody| {
        let mut epochs = epochs.clone();
        let before = epochs.clone();
        let rule = epochs.take(body).unwrap_err().0;
        assert_eq!(epochs, before, "nothing changed");
        rule
    };
    let stranger = changed!(begun(2, 12, 1, 10), predecessor, |ledger: &mut LedgerIdentity| {
        *ledger = identity(0);
    });
    assert_eq!(refused(&stranger), "the epoch follows another one");
    // Its key over what was before it, and the older key over a head that the first epoch did not go on from.
    assert_eq!(refused(&begun(2, 12, 1, 9)), "the checkpoint is not of the epoch before");
    assert_eq!(refused(&begun(2, 12, 0, 5)), "checkpoint of the epoch before");
}
