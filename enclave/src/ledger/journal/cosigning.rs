//! Place: SAM. Durable batches that wait for the witnesses. The host is believed in nothing: what counts are cosignatures
//! over this enclave's own octets of the checkpoint, and a refusal means "not yet" (spec/ledger.md, gaps 1, 2 and 8).

use super::Released;
use fuin_shared::bytes::Blob;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::WitnessKey;
use fuin_shared::log::note::SignatureLine;
use fuin_shared::log::witness_policy::WitnessSet;
use fuin_shared::message::{Commit, Cosign, Receipt, RecordChange};
use std::collections::VecDeque;
use std::time::Duration;

/// Pause after a first answer without a quorum, doubled with each one that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// A batch that the host has made durable.
pub(super) struct Durable<T> {
    commit: Commit,
    items: Vec<(Vec<Blob>, T)>,
    /// Head of the ledger with this batch.
    head: Checkpoint,
    octets: usize,
}

impl<T> Durable<T> {
    pub(super) fn new(commit: Commit, items: Vec<(Vec<Blob>, T)>, head: Checkpoint) -> Self {
        let records = commit.records.iter().map(|change| match change {
            RecordChange::Put(record) => record.body.0.len(),
            RecordChange::Erase(_) => 0,
        });
        let octets = commit.entries.iter().map(|entry| entry.0.len()).chain(records).sum();
        Self { commit, items, head, octets }
    }

    /// The results with their receipts, under `cosigned`, a later checkpoint or this one, or under the batch's own.
    pub(super) fn release(self, cosigned: Option<&str>) -> Vec<Released<T>> {
        let checkpoint = cosigned.map_or(self.commit.checkpoint, str::to_owned);
        let results = self.commit.entries.into_iter().zip(self.items).zip(self.commit.first..);
        results
            .map(|((event, (salts, outcome)), index)| Released {
                outcome,
                receipt: Receipt { index, event, salts, checkpoint: checkpoint.clone() },
            })
            .collect()
    }
}

/// The checkpoint that the witnesses were asked about: the enclave's own octets.
struct Asked {
    head: Checkpoint,
    note: String,
}

/// The batches, in order, and the one question under way.
pub(super) struct Cosigning<T> {
    witnesses: WitnessSet,
    waiting: VecDeque<Durable<T>>,
    asked: Option<Asked>,
    resting: bool,
    pause: Duration,
}

impl<T> Cosigning<T> {
    pub(super) const fn new(witnesses: WitnessSet) -> Self {
        Self { witnesses, waiting: VecDeque::new(), asked: None, resting: false, pause: FIRST_PAUSE }
    }

    pub(super) fn push(&mut self, batch: Durable<T>) {
        self.waiting.push_back(batch);
    }

    /// Events and octets that wait.
    pub(super) fn held(&self) -> (usize, usize) {
        self.waiting.iter().fold((0, 0), |(events, octets), batch| {
            (events + batch.items.len(), octets + batch.octets)
        })
    }

    /// Changes of records that wait.
    pub(super) fn records(&self) -> impl Iterator<Item = &RecordChange> {
        self.waiting.iter().flat_map(|batch| &batch.commit.records)
    }

    pub(super) fn ask(&mut self, ledger: &LedgerIdentity) -> Option<Cosign> {
        if self.asked.is_some() || self.resting {
            return None;
        }
        let newest = self.waiting.back()?;
        let note = newest.commit.checkpoint.clone();
        self.asked = Some(Asked { head: newest.head.clone(), note: note.clone() });
        let quorum = u8::try_from(self.witnesses.threshold()).unwrap_or(u8::MAX);
        Some(Cosign { ledger: ledger.clone(), checkpoint: note, quorum })
    }

    /// What is released, or how long to rest; none if nothing was asked.
    pub(super) fn answered(&mut self, lines: &str) -> Option<Result<Vec<Released<T>>, Duration>> {
        let asked = self.asked.take()?;
        let Some(cosigned) = self.quorum(&asked, lines) else {
            self.resting = true;
            let pause = self.pause;
            self.pause = (pause * 2).min(LONGEST_PAUSE);
            return Some(Err(pause));
        };
        self.pause = FIRST_PAUSE;
        let covered = self.waiting.iter().take_while(|batch| batch.head.size <= asked.head.size).count();
        let released = self.waiting.drain(..covered).flat_map(|batch| batch.release(Some(&cosigned)));
        Some(Ok(released.collect()))
    }

    /// The checkpoint with the lines of the quorum, each witness once; none unless it is one.
    fn quorum(&self, asked: &Asked, lines: &str) -> Option<String> {
        let lines = SignatureLine::parse_all(lines).ok()?;
        let cosigned = self.witnesses.cosigned(asked.head.clone(), &lines).ok()?;
        if !self.witnesses.quorum(cosigned.cosignatures()) {
            return None;
        }
        let by = |key: &WitnessKey| lines.iter().find(|l| l.name() == key.name() && l.id() == key.id());
        let own = self.witnesses.keys().iter().filter_map(by).map(SignatureLine::to_text);
        Some(std::iter::once(asked.note.clone()).chain(own).collect())
    }

    pub(super) const fn rested(&mut self) {
        self.resting = false;
    }

    /// Gives up what waits.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = T> {
        self.waiting.drain(..).flat_map(|batch| batch.items).map(|(_, outcome)| outcome)
    }
}
