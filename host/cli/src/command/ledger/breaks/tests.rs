//! Place: none. A ledger that was broken off, and what was signed before and after.

use super::*;
use crate::command::ledger::Broken;
use fuin_shared::codec;
use fuin_shared::ids::{Digest32, InstanceId, LedgerId, RootCommitment, ServiceId, StatementId};
use fuin_shared::log::cosignature::Cosigner;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::note::NoteSigner;
use fuin_shared::log::tree::{Hash, consistency_proof, leaf_hash, root_of};
use fuin_shared::log::witness_policy::WitnessPolicy;
use sha2::{Digest as _, Sha256};

const MANIFEST: ManifestHash = ManifestHash([2; 32]);

/// The ledger's key in an epoch.
fn signer(epoch: u8) -> NoteSigner {
    let public = NoteSigner::from_seed("fuin", &[epoch + 1; 32]).unwrap();
    let hash = hex::encode(Sha256::digest(public.verifier().public_key()));
    NoteSigner::from_seed(&format!("ledger.example/{hash}"), &[epoch + 1; 32]).unwrap()
}

fn identity(epoch: u8) -> LedgerIdentity {
    let key = signer(epoch).verifier().clone();
    LedgerIdentity { origin: key.name().to_owned(), vkey: key.to_string() }
}

fn cosigner(number: u8) -> Cosigner {
    Cosigner::from_seed(&format!("witness.example/{number}"), &[number; 32]).unwrap()
}

fn head(epoch: u8, leaves: &[Hash]) -> Checkpoint {
    Checkpoint { origin: identity(epoch).origin, size: leaves.len() as u64, root: root_of(leaves) }
}

/// A genesis, three boots, the break, a boot; the head of three entries was cosigned by these.
struct Ledger {
    entries: Vec<Vec<u8>>,
    leaves: Vec<Hash>,
}

fn ledger(cosigners: &[u8]) -> Ledger {
    let mut ledger = Ledger { entries: Vec::new(), leaves: Vec::new() };
    for n in 0..6u8 {
        let (size, root) = (ledger.leaves.len() as u64, Digest32(root_of(&ledger.leaves)));
        let (nonce, instance) = (Digest32([6; 32]), InstanceId([5; 32]));
        let body = match n {
            0 => EventBody::Genesis {
                service: ServiceId([1; 32]),
                manifest: MANIFEST,
                ledger: LedgerId([3; 16]),
                shard: 0,
                epoch: 0,
                commitment: RootCommitment([4; 32]),
                approvals: vec![],
            },
            4 => {
                let head = head(0, &ledger.leaves[..3]);
                let lines = cosigners.iter().map(|n| cosigner(*n).cosign(&head, 1_700_000_000).unwrap());
                let lines: String = lines.map(|line| line.to_text()).collect();
                EventBody::EpochBegun {
                    epoch: 1,
                    nonce,
                    instance,
                    manifest: MANIFEST,
                    version: 1,
                    size,
                    root,
                    predecessor: identity(0),
                    ledger: identity(1),
                    checkpoint: head.sign(&signer(0)).unwrap() + &lines,
                    growth: consistency_proof(3, &ledger.leaves).unwrap().into_iter().map(Digest32).collect(),
                    approvals: vec![StatementId([1; 16])],
                }
            }
            _ => EventBody::Boot { nonce, instance, manifest: MANIFEST, size, root },
        };
        let entry = codec::encode(&Event { version: 1, time: n.into(), body, detail: None });
        ledger.leaves.push(leaf_hash(&entry));
        ledger.entries.push(entry);
    }
    ledger
}

/// Reads it under this key, with these notes seen at the beginning.
fn read(ledger: &Ledger, key: &VerifierKey, notes: &[String]) -> Result<Vec<Break>, Broken> {
    let (mut audit, mut epochs) = (Audit::new(), Epochs::new(key));
    let broken = |trouble| match trouble {
        Trouble::Broken(broken) => broken,
        Trouble::Unusable(error) => panic!("{error:#}"),
    };
    for note in notes {
        epochs.open(note).unwrap();
    }
    for entry in &ledger.entries {
        let manifest = audit.manifest();
        audit.push(entry).unwrap();
        epochs.look(&audit, manifest).map_err(broken)?;
    }
    epochs.finish().map_err(broken)
}

fn note(epoch: u8, by: u8, size: usize) -> String {
    let leaves = &ledger(&[1, 2]).leaves[..size];
    let origin = identity(epoch).origin;
    let signer = NoteSigner::from_seed(&origin, &[by + 1; 32]).unwrap();
    head(epoch, leaves).sign(&signer).unwrap()
}

#[test]
fn a_break_is_named_with_who_cosigned_before_it() {
    let ledger = ledger(&[1, 2]);
    let breaks = read(&ledger, signer(1).verifier(), &[]).unwrap();
    let [found] = &breaks[..] else { panic!("{breaks:?}") };
    let set = |numbers: &[u8], threshold| {
        let witnesses = numbers.iter().map(|n| cosigner(*n).witness().to_string()).collect();
        WitnessPolicy { witnesses, threshold, faults: 0 }.check().unwrap()
    };
    let said = |history: &[Named]| (found.value(history), found.text(history));
    let (value, text) = said(&[(MANIFEST, Some(set(&[1, 2, 3], 2)))]);
    assert_eq!((&value["index"], &value["epoch"], &value["cosignedSize"]), (&4.into(), &1.into(), &3.into()));
    assert_eq!(value["predecessor"]["origin"], identity(0).origin);
    assert_eq!((&value["origin"], &value["quorum"]), (&identity(1).origin.into(), &true.into()));
    assert_eq!(value["cosignedBy"], serde_json::json!(["witness.example/1", "witness.example/2"]));
    assert!(text.contains("entry 4 begins epoch 1") && text.contains("entries 3 to 3 no quorum"), "{text}");
    let (value, text) = said(&[(MANIFEST, Some(set(&[2, 3, 4], 2)))]);
    assert!(value["quorum"] == false && text.contains("NO QUORUM"), "{text}");
    for nothing in [&[][..], &[(ManifestHash([9; 32]), Some(set(&[1, 2, 3], 2)))]] {
        let (value, text) = said(nothing);
        assert!(value["quorum"].is_null() && text.contains("not verified"), "{text}");
    }
}

#[test]
fn checkpoints_of_both_epochs_are_held_against_their_own_keys() {
    let ledger = ledger(&[1, 2]);
    let good = [note(0, 0, 1), note(0, 0, 4), note(1, 1, 5), note(1, 1, 6)];
    assert_eq!(read(&ledger, signer(1).verifier(), &good).unwrap().len(), 1);
    let forged = read(&ledger, signer(1).verifier(), &[note(0, 7, 2)]).unwrap_err();
    assert_eq!(forged.index, 1);
    assert!(forged.rule.starts_with("checkpoint of 2 entries: "), "{forged:?}");
    assert!(Epochs::new(signer(1).verifier()).open(&note(1, 7, 6)).is_err(), "of the last one at once");
    assert!(Epochs::new(signer(1).verifier()).open("no note").is_err());
}

#[test]
fn another_origin_that_no_break_names_is_refused() {
    let ledger = ledger(&[1, 2]);
    let stranger = read(&ledger, signer(1).verifier(), &[note(3, 3, 2)]).unwrap_err();
    assert_eq!(stranger.index, 1);
    // Without a break there is one origin alone.
    let whole = Ledger { entries: ledger.entries[..4].to_vec(), leaves: ledger.leaves[..4].to_vec() };
    assert_eq!(read(&whole, signer(0).verifier(), &[note(0, 0, 2)]), Ok(Vec::new()));
    let other = read(&whole, signer(0).verifier(), &[note(1, 1, 2)]).unwrap_err();
    assert!(other.rule.contains("another origin"), "{other:?}");
}

#[test]
fn the_key_must_be_that_of_the_last_epoch() {
    let refused = read(&ledger(&[1, 2]), signer(2).verifier(), &[]).unwrap_err();
    assert_eq!(refused.index, 4);
    assert!(refused.rule.contains("another key"), "{refused:?}");
}
