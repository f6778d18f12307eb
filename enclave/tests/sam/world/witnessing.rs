//! Place: none. The host between the machine and its witnesses.

use super::*;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::note::Note;
use fuin_shared::log::witness_policy::WitnessPolicy;

/// What the host does with questions to the witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witnessing {
    /// Asks every witness and gives what they say.
    Honest,
    /// Keeps the question.
    Holds,
}

/// Most of these witnesses; as many may lie as that allows.
pub fn policy(witnesses: &[Witness]) -> WitnessPolicy {
    let threshold = (witnesses.len() / 2 + 1) as u8;
    let faults = 2 * threshold - witnesses.len() as u8 - 1;
    WitnessPolicy { witnesses: witnesses.iter().map(Witness::vkey).collect(), threshold, faults }
}

/// The checkpoint of a question.
pub fn checkpoint(cosign: &Cosign) -> Checkpoint {
    Checkpoint::parse(Note::parse(cosign.checkpoint.as_bytes()).unwrap().text()).unwrap()
}

impl World {
    /// Operational after a genesis, with so many witnesses.
    pub fn cosigned(seed: u64, witnesses: u8) -> Self {
        let mut world = Self::with_witnesses(seed, witnesses);
        world.install().unwrap();
        world.genesis().unwrap();
        world
    }

    /// A second machine on a copy of the store, booted and not yet provisioned.
    pub fn twin(&self, seed: u64) -> Self {
        let mut twin = Self::with_witnesses(self.seed, self.witnesses.len() as u8);
        assert_eq!(twin.service, self.service);
        (twin.store, twin.held, twin.ledger) = (self.store.clone(), self.held.clone(), self.ledger.clone());
        twin.notes = self.notes.clone();
        (twin.now, twin.tickets, twin.serial) = (self.now, 1_000_000, self.serial + 1000);
        twin.rng = TestRng::new(seed + 1_000_000);
        twin.reboot();
        twin
    }

    pub(super) fn ask_witnesses(&mut self, cosign: Cosign) -> Option<Input> {
        assert!(self.asked.is_none() && !self.resting, "one question at a time");
        match self.witnessing {
            Witnessing::Holds => {
                self.asked = Some(cosign);
                None
            }
            Witnessing::Honest => {
                let lines = self.lines(&cosign);
                Some(Input::Cosigned(Ok(lines)))
            }
        }
    }

    /// What the witnesses say to a question.
    pub fn lines(&mut self, cosign: &Cosign) -> String {
        let (checkpoint, time) = (checkpoint(cosign), self.seconds());
        let entries = &self.store.entries;
        self.witnesses.iter_mut().filter_map(|witness| witness.cosign(&checkpoint, entries, time)).collect()
    }

    /// Gives an answer to the question that was held.
    pub fn answer(&mut self, result: Result<String, Fault>) -> Vec<(Ticket, Result<Answer, Fault>)> {
        self.asked.take().expect("a question is held");
        self.run(Input::Cosigned(result))
    }

    /// The entry at this index of the store.
    pub fn entry(&self, index: u64) -> Vec<u8> {
        self.store.entries[index as usize].clone()
    }

    /// All events of the store, oldest first.
    pub fn bodies(&self) -> Vec<EventBody> {
        self.store.entries.iter().map(|entry| codec::decode::<Event>(entry).unwrap().body).collect()
    }

    /// The newest event of the store.
    pub fn last(&self) -> EventBody {
        codec::decode::<Event>(self.store.entries.last().unwrap()).unwrap().body
    }

    /// The first entries of a store, with the checkpoint over them that there was.
    pub fn shortened(&self, store: &Store, size: usize) -> Store {
        let mut shorter = Store { records: store.records.clone(), ..Store::default() };
        shorter.entries = store.entries[..size].to_vec();
        shorter.checkpoint = Some(self.notes.get(&(size as u64)).expect("a commit ended here").clone());
        shorter
    }

    /// Lets the pause pass.
    pub fn rested(&mut self) -> Vec<(Ticket, Result<Answer, Fault>)> {
        assert!(std::mem::take(&mut self.resting), "it does not rest");
        self.run(Input::Rested)
    }
}
