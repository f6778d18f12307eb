//! Place: none. What the host keeps, and how it treats a commit.

use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::CredentialId;
use fuin_shared::log::bundle::append_entry;
use fuin_shared::log::event::Event;
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::{Commit, Head, RecordChange, SealedRecord, StoreAnswer};
use std::collections::BTreeMap;

/// How the next commit is treated. Afterwards the host is honest again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sink {
    /// Keeps it and says so; refuses what does not follow on what is kept.
    #[default]
    Honest,
    /// Refuses.
    Refuses,
    /// Commits and hangs up.
    LosesAnswer,
    /// Hangs up.
    LosesCommit,
    /// Says so twice.
    AnswersTwice,
    /// Answers another question than was asked.
    AnswersAnother,
    /// Keeps the enclave waiting.
    Holds,
    /// Commits and answers late.
    Delays,
    /// Says that it is busy and keeps nothing.
    Busy,
}

/// What goes back.
pub enum Answering {
    /// This answer.
    Reply(Result<StoreAnswer, Fault>),
    /// This answer, after a while.
    Later(Result<StoreAnswer, Fault>),
    /// None: the connection ends.
    HangUp,
}

impl Sink {
    /// Answers in their order.
    pub fn treat(self, store: &mut Store, commit: &Commit) -> Vec<Answering> {
        let committed = || Answering::Reply(Ok(StoreAnswer::Committed));
        let keeps = matches!(self, Self::Honest | Self::LosesAnswer | Self::AnswersTwice | Self::Delays);
        if keeps && !store.commit(commit) {
            return vec![Answering::Reply(Err(Fault::SinkRefused))];
        }
        match self {
            Self::Honest => vec![committed()],
            Self::Refuses => vec![Answering::Reply(Err(Fault::SinkRefused))],
            Self::Busy => vec![Answering::Reply(Err(Fault::Busy))],
            Self::LosesAnswer | Self::LosesCommit => vec![Answering::HangUp],
            Self::AnswersTwice => vec![committed(), committed()],
            Self::AnswersAnother => vec![Answering::Reply(Ok(StoreAnswer::Head(store.head())))],
            Self::Holds => Vec::new(),
            Self::Delays => vec![Answering::Later(Ok(StoreAnswer::Committed))],
        }
    }
}

/// Ledger and records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Store {
    /// Events, as they are written.
    pub entries: Vec<Vec<u8>>,
    /// Newest signed checkpoint.
    pub checkpoint: Option<String>,
    /// Sealed records.
    pub records: BTreeMap<CredentialId, SealedRecord>,
    /// Manifests that were adopted.
    pub manifests: Vec<ManifestChange>,
    /// Sealed details, by the index of their events.
    pub details: BTreeMap<u64, Vec<u8>>,
}

impl Store {
    /// Keeps it; false when it does not follow on what is kept.
    fn commit(&mut self, commit: &Commit) -> bool {
        if commit.first != self.entries.len() as u64 {
            return false;
        }
        self.entries.extend(commit.entries.iter().map(|e| e.0.clone()));
        self.checkpoint = Some(commit.checkpoint.clone());
        for change in &commit.records {
            match change {
                RecordChange::Put(record) => drop(self.records.insert(record.id.clone(), record.clone())),
                RecordChange::Erase(id) => drop(self.records.remove(id)),
                RecordChange::Manifest(change) => self.manifests.push(change.clone()),
                RecordChange::Detail(kept) => drop(self.details.insert(kept.index, kept.sealed.0.clone())),
            }
        }
        true
    }

    /// Size and newest checkpoint.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { size: self.entries.len() as u64, checkpoint: self.checkpoint.clone() }
    }

    /// The ledger from `first` on, as it is sent.
    #[must_use]
    pub fn bundle(&self, first: u64) -> Vec<u8> {
        let mut out = Vec::new();
        for entry in self.entries.iter().skip(usize::try_from(first).unwrap()) {
            append_entry(&mut out, entry).unwrap();
        }
        out
    }

    /// Events by which another root key took over, among those that are events.
    #[must_use]
    pub fn rotations(&self) -> u64 {
        let events = self.entries.iter().filter_map(|entry| codec::decode::<Event>(entry).ok());
        events.filter(|event| event.body.kind() == "root-rotated").count() as u64
    }

    /// Whether it ends within one: then records are under two root keys.
    #[must_use]
    pub fn is_rotating(&self) -> bool {
        let kinds = self.entries.iter().rev().filter_map(|entry| codec::decode::<Event>(entry).ok());
        let mut kinds = kinds.map(|event| event.body.kind());
        kinds.find(|kind| ["root-rotated", "root-unused"].contains(kind)) == Some("root-rotated")
    }

    /// Signatures in the ledger.
    #[must_use]
    pub fn signed(&self) -> u64 {
        let counts =
            self.entries.iter().map(|entry| codec::decode::<Event>(entry).unwrap().body.signatures());
        counts.map(u64::from).sum()
    }
}
