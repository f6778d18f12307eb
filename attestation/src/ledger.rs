//! Place: none. Ledger proofs: that an event stands in a service's ledger (steps 35 to 37).
//!
//! A proof needs no key that could have died: the ledger's key signed the checkpoint, the tree holds the event. Receipts for
//! a link or a destruction are such proofs.

use crate::error::{Refusal, Step};
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use fuin_shared::codec;
use fuin_shared::ids::Digest32;
use fuin_shared::key_statement::LedgerProof;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::event::{Event, EventBody, MAX_ENTRY, VERSION};
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::proof::verify_inclusion;
use fuin_shared::log::tree::{Hash, leaf_hash};

/// An event that stands in a ledger. Only [`verify_receipt`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenEvent {
    event: Event,
    index: u64,
    size: u64,
    origin: String,
}

impl ProvenEvent {
    /// The event.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Its index.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Size of the ledger under whose checkpoint it was proven.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The ledger's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Digest of the key statement that the event attests; none for other events.
    #[must_use]
    pub fn attests(&self) -> Option<Digest32> {
        match self.event.body {
            EventBody::KeyGenerated { attests, .. }
            | EventBody::MeansLinked { attests, .. }
            | EventBody::MeansRelinked { attests, .. }
            | EventBody::ApproversSet { attests, .. } => Some(attests),
            _ => None,
        }
    }
}

/// Verifies that an event stands in the ledger of this verifier key (C2SP vkey).
///
/// # Errors
/// A [`Refusal`] at step 35 (no event), 36 (checkpoint) or 37 (inclusion).
pub fn verify_receipt(proof: &LedgerProof, vkey: &str) -> Result<ProvenEvent, Refusal> {
    let octets = proof.event.as_slice();
    let event = event(octets)?;
    let key = VerifierKey::parse(vkey).map_err(|error| {
        Refusal::new(Step::LedgerCheckpoint, format!("the ledger's verifier key: {error}"))
    })?;
    let checkpoint = Checkpoint::open(&proof.checkpoint, &key)
        .map_err(|error| Refusal::new(Step::LedgerCheckpoint, error.to_string()))?;
    let path: Vec<Hash> = proof.path.iter().map(|hash| hash.0).collect();
    verify_inclusion(proof.index, checkpoint.size, &leaf_hash(octets), &path, &checkpoint.root)
        .map_err(|error| Refusal::new(Step::LedgerInclusion, error.to_string()))?;
    Ok(ProvenEvent { event, index: proof.index, size: checkpoint.size, origin: checkpoint.origin })
}

fn event(octets: &[u8]) -> Result<Event, Refusal> {
    let refuse = |what: &'static str| Refusal::new(Step::LedgerEvent, what);
    if octets.len() > MAX_ENTRY {
        return Err(refuse("longer than an entry of a ledger can be"));
    }
    let event: Event = codec::decode(octets).map_err(|_| refuse("not the exact CBOR of an event"))?;
    if event.version != VERSION {
        return Err(refuse("an event of an unknown version"));
    }
    Ok(event)
}

#[cfg(test)]
mod tests;
