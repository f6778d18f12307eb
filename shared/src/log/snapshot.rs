//! Place: SAM, SSA. A snapshot as the host gives it to a boot (spec/ledger.md, gap 18): the state after so many events, and of the tree
//! what its growth is verified with.
//!
//! ```text
//! (u32 length || octets)*      the first one an [`Opening`] in CBOR, then the pieces of the state
//! ```
//!
//! The host makes it from the entries, and is not believed: the digest of the pieces is that of a snapshot event, and what the
//! tree is built on leads to the signed head only if that event is in the ledger at its place.

mod kept;

pub use kept::{Kept, Summing};

use super::RuleBroken;
use super::event::{Event, EventBody};
use super::proof::verify_consistency;
use super::state::{Restoring, State};
use super::tree::{Frontier, Hash};
use crate::bytes::Blob;
use crate::codec;
use crate::ids::Digest32;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Largest piece: a mandate with the times of its newest seals, of which there are 10,000 at most.
pub const MAX_PART: usize = 512 * 1024;
/// Most earlier heads that a boot asks about: one for each custodian, and some for a custodian who knows several.
pub const MAX_MARKS: usize = 256;

/// What comes before the pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The snapshot event, which is the entry that follows what it sums up.
    pub event: Blob,
    /// Roots of the perfect subtrees of the entries before it, largest first.
    pub peaks: Vec<Digest32>,
    /// For earlier sizes that were asked about, in that order, the consistency proof to those entries; null where it asks for more
    /// than there are.
    pub growth: Vec<Option<Vec<Digest32>>>,
}

/// A snapshot that belongs together. Whether it is of the ledger shows when the entries after it lead to the signed head.
#[derive(Debug)]
pub struct Snapshot {
    /// The state.
    pub state: State,
    /// Its digest.
    pub digest: Digest32,
    /// The tree of the entries that it sums up.
    pub frontier: Frontier,
    growth: Vec<Option<Vec<Hash>>>,
}

impl Snapshot {
    /// Whether the tree of the entries grew from this earlier head, the `number`th that was asked about.
    #[must_use]
    pub fn grew_from(&self, number: usize, size: u64, root: &Hash) -> bool {
        let proof = self.growth.get(number).and_then(Option::as_ref);
        let now = (self.frontier.size(), self.frontier.root());
        proof.is_some_and(|proof| verify_consistency(size, now.0, proof, root, &now.1).is_ok())
    }
}

/// Writes one piece, or the opening, as it travels.
///
/// # Errors
/// [`RuleBroken`] for one over [`MAX_PART`], which no state has.
pub fn append_part(out: &mut Vec<u8>, part: &[u8]) -> Result<(), RuleBroken> {
    let length = u32::try_from(part.len()).ok().filter(|_| part.len() <= MAX_PART);
    out.extend_from_slice(&length.ok_or(RuleBroken("size of a piece of a snapshot"))?.to_be_bytes());
    out.extend_from_slice(part);
    Ok(())
}

/// Reads pieces as they travel, however they are cut.
#[derive(Debug, Default)]
pub struct Parts {
    buffer: Vec<u8>,
}

impl Parts {
    /// Gives what became whole with these octets to `each`.
    ///
    /// # Errors
    /// [`RuleBroken`] for a piece over [`MAX_PART`]; those of `each`.
    pub fn push(
        &mut self,
        octets: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), RuleBroken>,
    ) -> Result<(), RuleBroken> {
        self.buffer.extend_from_slice(octets);
        let buffer = core::mem::take(&mut self.buffer);
        let mut rest = buffer.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            if length > MAX_PART {
                return Err(RuleBroken("size of a piece of a snapshot"));
            }
            let Some((part, after)) = after.split_at_checked(length) else { break };
            each(part)?;
            rest = after;
        }
        self.buffer = rest.to_vec();
        Ok(())
    }

    /// Whether nothing is left over.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.buffer.is_empty()
    }
}

/// A snapshot under way.
#[derive(Debug, Default)]
pub struct Reading {
    parts: Parts,
    opening: Option<Opening>,
    restoring: Restoring,
}

impl Reading {
    /// Takes a piece of the stream.
    ///
    /// # Errors
    /// [`RuleBroken`]; the snapshot is then of no use.
    pub fn push(&mut self, octets: &[u8]) -> Result<(), RuleBroken> {
        let Self { parts, opening, restoring } = self;
        parts.push(octets, |part| {
            if opening.is_some() {
                return restoring.push(part);
            }
            let first: Opening = codec::decode(part).map_err(|_| RuleBroken("opening of a snapshot"))?;
            if first.growth.len() > MAX_MARKS {
                return Err(RuleBroken("opening of a snapshot"));
            }
            *opening = Some(first);
            Ok(())
        })
    }

    /// Holds the state against the event.
    ///
    /// # Errors
    /// [`RuleBroken`].
    pub fn finish(self) -> Result<Snapshot, RuleBroken> {
        let Self { parts, opening, restoring } = self;
        let opening = opening.filter(|_| parts.is_whole()).ok_or(RuleBroken("end of a snapshot"))?;
        let event: Event =
            codec::decode(opening.event.as_slice()).map_err(|_| RuleBroken("event of a snapshot"))?;
        let EventBody::Snapshot { size, state: said } = event.body else {
            return Err(RuleBroken("event of a snapshot"));
        };
        let peaks = opening.peaks.iter().map(|peak| peak.0).collect();
        let frontier = Frontier::from_parts(size, peaks).ok_or(RuleBroken("tree of a snapshot"))?;
        let (state, digest) = restoring.finish();
        if digest != said {
            return Err(RuleBroken("the state of a snapshot is not what its event says"));
        }
        let hashes = |proof: Vec<Digest32>| proof.into_iter().map(|hash| hash.0).collect();
        let growth = opening.growth.into_iter().map(|proof| proof.map(hashes)).collect();
        Ok(Snapshot { state, digest, frontier, growth })
    }
}

#[cfg(test)]
mod tests;
