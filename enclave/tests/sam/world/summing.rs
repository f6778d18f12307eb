//! Place: none. Snapshots as the host of the test shows them.

use super::*;
use fuin_shared::log::event::Event;
use fuin_shared::log::snapshot::Summing;
use fuin_shared::log::tree::{consistency_proof, leaf_hash};

/// What the host says when it is asked for a snapshot.
#[derive(Clone)]
pub enum Shown {
    /// The newest that the ledger has.
    Newest,
    /// That there is none.
    Nothing,
    /// These octets.
    Octets(Vec<u8>),
    /// Nothing more after the first octets: the connection is lost.
    Lost,
}

impl Store {
    /// Size of the newest snapshot.
    pub fn summed_up(&self) -> Option<usize> {
        // Of what is no event the enclave will tell.
        let is_one = |entry: &Vec<u8>| {
            codec::decode::<Event>(entry).is_ok_and(|event| event.body.kind() == "snapshot")
        };
        self.entries.iter().rposition(is_one)
    }

    /// The fold of so many entries.
    pub fn summing(&self, size: usize) -> Summing {
        let mut summing = Summing::default();
        self.entries[..size].iter().for_each(|entry| summing.push(entry).unwrap());
        summing
    }

    /// Proofs that so many entries grew from these sizes.
    pub fn growth(&self, marks: &[u64], size: usize) -> Vec<Option<Vec<[u8; 32]>>> {
        let leaves: Vec<_> = self.entries[..size].iter().map(|entry| leaf_hash(entry)).collect();
        marks.iter().map(|mark| consistency_proof(*mark, &leaves)).collect()
    }

    /// The newest snapshot as it is sent.
    pub fn snapshot(&self, marks: &[u64]) -> Option<Vec<u8>> {
        let size = self.summed_up()?;
        let mut summing = Summing::default();
        // Of what breaks a rule there is none.
        self.entries[..size].iter().try_for_each(|entry| summing.push(entry)).ok()?;
        let kept = summing.keep().unwrap();
        let opening = kept.opening(&self.entries[size], self.growth(marks, size)).unwrap();
        Some([opening, kept.parts].concat())
    }
}

impl World {
    /// With a snapshot after so many events; nothing is installed.
    pub fn summing_up(seed: u64, witnesses: u8, events: u32) -> Self {
        let mut world = Self::with_witnesses(seed, witnesses);
        world.found_by(|manifest| manifest.limits.snapshot_events = Some(events));
        world
    }

    pub(super) fn show_snapshot(&self, marks: &[u64]) -> Vec<Input> {
        let octets = match &self.snapshot {
            Shown::Newest => self.store.snapshot(marks),
            Shown::Nothing => None,
            Shown::Octets(octets) => Some(octets.clone()),
            Shown::Lost => {
                let mut octets = self.store.snapshot(marks).unwrap();
                octets.truncate(100);
                let lost = Input::SnapshotOctets { result: Err(Fault::Disconnected), last: true };
                return vec![Input::SnapshotOctets { result: Ok(octets), last: false }, lost];
            }
        };
        let Some(octets) = octets else {
            return vec![Input::SnapshotOctets { result: Err(Fault::NoSnapshot), last: true }];
        };
        // Cut where nothing ends.
        let pieces = octets.chunks(997).map(<[u8]>::to_vec);
        let pieces = pieces.map(|piece| Input::SnapshotOctets { result: Ok(piece), last: false });
        pieces.chain([Input::SnapshotOctets { result: Ok(Vec::new()), last: true }]).collect()
    }
}
