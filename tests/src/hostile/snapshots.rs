//! Place: none. Snapshots of the ledger, and what a host shows in their place.

use super::store::Store;
use fuin_shared::codec;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::snapshot::{Kept, Summing};
use fuin_shared::log::tree::{consistency_proof, leaf_hash};

/// What the host shows once, in place of the newest snapshot.
#[derive(Debug, Clone)]
pub enum SnapshotLie {
    /// That there is none.
    Nothing,
    /// The first part of it.
    Cut,
    /// One with another octet in its state.
    Altered,
    /// That of another store.
    Of(Box<Store>),
    /// A state that lacks the last event, with an event that says that this is what there is.
    Forged,
}

/// Nothing of what breaks a rule.
fn summed(entries: &[Vec<u8>]) -> Option<Summing> {
    let mut summing = Summing::default();
    entries.iter().try_for_each(|entry| summing.push(entry)).ok()?;
    Some(summing)
}

impl Store {
    /// How many events the newest snapshot sums up.
    #[must_use]
    pub fn summed_up(&self) -> Option<usize> {
        // Of what is no event the enclave will tell.
        let is_one = |entry: &Vec<u8>| {
            codec::decode::<Event>(entry).is_ok_and(|event| event.body.kind() == "snapshot")
        };
        self.entries.iter().rposition(is_one)
    }

    /// Whether the next boot begins from one, also where the last event before it is another: the manifest is the same still. Where
    /// that event has ended a rotation, the state without it is none to begin from.
    #[must_use]
    pub fn has_snapshot(&self) -> bool {
        let adopted = |entry: &Vec<u8>| {
            matches!(codec::decode::<Event>(entry).unwrap().body, EventBody::ManifestAdopted { .. })
        };
        let ended = |entry: &Vec<u8>| {
            matches!(codec::decode::<Event>(entry).unwrap().body, EventBody::RootUnused { .. })
        };
        self.summed_up().is_some_and(|size| {
            !self.entries[size..].iter().any(adopted) && !self.entries[..size].last().is_some_and(ended)
        })
    }

    /// The newest snapshot, or what the host shows in its place, with proofs that the ledger grew to it from these sizes.
    #[must_use]
    pub fn snapshot(&self, marks: &[u64], lie: Option<SnapshotLie>) -> Option<Vec<u8>> {
        if let Some(SnapshotLie::Of(other)) = lie {
            return other.snapshot(marks, None);
        }
        let size = self.summed_up()?;
        let (before, event) = (&self.entries[..size], self.entries[size].clone());
        let kept = summed(before)?.keep().unwrap();
        let leaves: Vec<_> = before.iter().map(|entry| leaf_hash(entry)).collect();
        let growth = marks.iter().map(|mark| consistency_proof(*mark, &leaves)).collect();
        let (kept, event) = if matches!(lie, Some(SnapshotLie::Forged)) {
            forged(before, kept, &event)
        } else {
            (kept, event)
        };
        let mut octets = [kept.opening(&event, growth).unwrap(), kept.parts].concat();
        match lie {
            Some(SnapshotLie::Nothing) => return None,
            Some(SnapshotLie::Cut) => octets.truncate(octets.len() / 2),
            // In the identifiers of spent statements, which come last.
            Some(SnapshotLie::Altered) => *octets.last_mut().unwrap() ^= 1,
            _ => {}
        }
        Some(octets)
    }
}

/// The tree is the true one. The last event before is another, of no consequence.
fn forged(before: &[Vec<u8>], truth: Kept, event: &[u8]) -> (Kept, Vec<u8>) {
    let mut other = before.to_vec();
    let last = other.last_mut().unwrap();
    let mut forgotten: Event = codec::decode(last).unwrap();
    forgotten.body = EventBody::ClockDoubted { kernel: 1, ahead: None };
    // Even where the last event changed nothing.
    forgotten.time += 1;
    *last = codec::encode(&forgotten);
    let forged = summed(&other).unwrap();
    let mut event: Event = codec::decode(event).unwrap();
    event.body = EventBody::Snapshot { size: truth.size, state: forged.digest() };
    (Kept { peaks: truth.peaks, ..forged.keep().unwrap() }, codec::encode(&event))
}
