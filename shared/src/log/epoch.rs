//! Place: none. The epochs of a ledger, as both folds of the events keep them. One tree goes on; with each epoch key, vkey
//! and origin are others, and the event that begins it shows where the one before was broken off.

use super::RuleBroken;
use super::checkpoint::Checkpoint;
use super::event::EventBody;
use super::note::VerifierKey;
use super::proof::verify_consistency;
use super::tree::Hash;
use crate::evidence::LedgerIdentity;
use crate::ids::ManifestHash;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How an epoch began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// Its number.
    pub epoch: u32,
    /// Entry that says so: as many entries were there before.
    pub index: u64,
    /// The manifest that is current from then on.
    pub manifest: ManifestHash,
    /// Origin and vkey of the epoch before.
    pub predecessor: LedgerIdentity,
    /// Its own.
    pub ledger: LedgerIdentity,
    /// The last head that the witnesses before cosigned, with their lines: a note.
    pub note: String,
    /// That head. What follows it in the ledger, up to the entry, no quorum ever saw.
    pub head: Checkpoint,
}

/// The fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Epochs {
    first: u32,
    begun: Vec<Begun>,
}

impl Epochs {
    /// Number of the epoch that the ledger is in.
    #[must_use]
    pub fn current(&self) -> u32 {
        self.begun.last().map_or(self.first, |begun| begun.epoch)
    }

    /// Those after the first one, in their order.
    #[must_use]
    pub fn begun(&self) -> &[Begun] {
        &self.begun
    }

    /// Puts back what a snapshot has.
    pub(super) const fn restored(first: u32, begun: Vec<Begun>) -> Self {
        Self { first, begun }
    }

    /// Number of the first one.
    pub(super) const fn first(&self) -> u32 {
        self.first
    }

    /// Takes the next event. Whether size and root in it are those of the ledger, and who cosigned, is for whoever has the
    /// tree and the manifests.
    ///
    /// # Errors
    /// [`RuleBroken`]; nothing changed then.
    pub fn take(&mut self, body: &EventBody) -> Result<(), RuleBroken> {
        if let EventBody::Genesis { epoch, .. } = body {
            self.first = *epoch;
        }
        let EventBody::EpochBegun {
            epoch,
            manifest,
            size,
            root,
            predecessor,
            ledger,
            checkpoint: note,
            growth,
            approvals,
            ..
        } = body
        else {
            return Ok(());
        };
        rule(!approvals.is_empty(), "an epoch that nobody approved")?;
        rule(self.current().checked_add(1) == Some(*epoch), "number of the epoch")?;
        let (before, _) = (key(predecessor)?, key(ledger)?);
        rule(ledger.origin != predecessor.origin, "a new epoch under the old origin")?;
        let last = self.begun.last();
        rule(last.is_none_or(|last| last.ledger == *predecessor), "the epoch follows another one")?;
        let head = match last {
            // Nobody ever cosigned the epoch that ends: then it goes on from where that one did.
            Some(last) if last.note == *note => last.head.clone(),
            _ => {
                let head = Checkpoint::open(note, &before)
                    .map_err(|_| RuleBroken("checkpoint of the epoch before"))?;
                let within = last.is_none_or(|last| head.size > last.index);
                rule(within && head.size > 0, "the checkpoint is not of the epoch before")?;
                head
            }
        };
        let growth: Vec<Hash> = growth.iter().map(|hash| hash.0).collect();
        verify_consistency(head.size, *size, &growth, &head.root, &root.0)
            .map_err(|_| RuleBroken("the ledger does not go on from the checkpoint"))?;
        self.begun.push(Begun {
            epoch: *epoch,
            index: *size,
            manifest: *manifest,
            predecessor: predecessor.clone(),
            ledger: ledger.clone(),
            note: note.clone(),
            head,
        });
        Ok(())
    }
}

/// The key of an epoch: its origin ends with the hash of the key, so that no other stands under that origin.
fn key(ledger: &LedgerIdentity) -> Result<VerifierKey, RuleBroken> {
    let key = VerifierKey::parse(&ledger.vkey).map_err(|_| RuleBroken("vkey of an epoch"))?;
    let hash = hex::encode(Sha256::digest(key.public_key()));
    let own = key.name() == ledger.origin && ledger.origin.rsplit('/').next() == Some(&hash);
    rule(own, "origin of an epoch")?;
    Ok(key)
}

const fn rule(holds: bool, text: &'static str) -> Result<(), RuleBroken> {
    if holds { Ok(()) } else { Err(RuleBroken(text)) }
}

#[cfg(test)]
mod tests;
