//! Place: SSA. Snapshots from the entries themselves: whoever has them folds them as the enclave does, and keeps the newest.

use super::{Opening, Parts, append_part};
use crate::bytes::Blob;
use crate::codec;
use crate::ids::Digest32;
use crate::log::RuleBroken;
use crate::log::event::Event;
use crate::log::state::{Restoring, State};
use crate::log::tree::{Frontier, Hash, leaf_hash};
use alloc::vec::Vec;

/// What is kept of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Entries that it sums up; its event is the next one.
    pub size: u64,
    /// Roots of the perfect subtrees of these entries, largest first.
    pub peaks: Vec<Hash>,
    /// The pieces of the state, as they travel.
    pub parts: Vec<u8>,
}

impl Kept {
    /// What travels before the pieces. `growth` are the proofs from the sizes that were asked about.
    ///
    /// # Errors
    /// [`RuleBroken`] for more than an opening holds.
    pub fn opening(&self, event: &[u8], growth: Vec<Option<Vec<Hash>>>) -> Result<Vec<u8>, RuleBroken> {
        let digests = |hashes: Vec<Hash>| hashes.into_iter().map(Digest32).collect();
        let opening = Opening {
            event: Blob::from(event),
            peaks: digests(self.peaks.clone()),
            growth: growth.into_iter().map(|proof| proof.map(digests)).collect(),
        };
        let mut out = Vec::new();
        append_part(&mut out, &codec::encode(&opening))?;
        Ok(out)
    }
}

/// The fold of entries, with their tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summing {
    state: State,
    frontier: Frontier,
}

impl Summing {
    /// Goes on from what was kept.
    ///
    /// # Errors
    /// [`RuleBroken`] for what nobody kept.
    pub fn from_kept(kept: Kept) -> Result<Self, RuleBroken> {
        let (mut parts, mut restoring) = (Parts::default(), Restoring::default());
        parts.push(&kept.parts, |part| restoring.push(part))?;
        let frontier = Frontier::from_parts(kept.size, kept.peaks);
        let frontier = frontier.filter(|_| parts.is_whole()).ok_or(RuleBroken("a snapshot that is kept"))?;
        Ok(Self { state: restoring.finish().0, frontier })
    }

    /// How many entries it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Digest of the state.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        self.state.digest()
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// [`RuleBroken`]; it is then of no more use.
    pub fn push(&mut self, entry: &[u8]) -> Result<(), RuleBroken> {
        let event: Event = codec::decode(entry).map_err(|_| RuleBroken("encoding of an event"))?;
        self.state.apply(&event)?;
        self.frontier.push(leaf_hash(entry));
        Ok(())
    }

    /// What to keep of it now.
    ///
    /// # Errors
    /// [`RuleBroken`] for a piece that is too large, which no event makes.
    pub fn keep(&self) -> Result<Kept, RuleBroken> {
        let mut parts = Vec::new();
        self.state.parts().try_for_each(|part| append_part(&mut parts, &part))?;
        Ok(Kept { size: self.size(), peaks: self.frontier.peaks().to_vec(), parts })
    }
}
