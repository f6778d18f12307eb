//! Place: none. What the host keeps, and how it treats a commit.

use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::CredentialId;
use fuin_shared::log::bundle::append_entry;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::{Commit, Head, RecordChange, SealedRecord, StoreAnswer};
use std::collections::BTreeMap;

/// How the next commit is treated. Afterwards the host is honest again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sink {
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
}

/// What goes back.
pub enum Answering {
    Reply(Result<StoreAnswer, Fault>),
    HangUp,
}

impl Sink {
    pub fn treat(self, store: &mut Store, commit: &Commit) -> Vec<Answering> {
        let committed = || Answering::Reply(Ok(StoreAnswer::Committed));
        if matches!(self, Self::Honest | Self::LosesAnswer | Self::AnswersTwice) {
            store.commit(commit);
        }
        match self {
            Self::Honest => vec![committed()],
            Self::Refuses => vec![Answering::Reply(Err(Fault::SinkRefused))],
            Self::LosesAnswer | Self::LosesCommit => vec![Answering::HangUp],
            Self::AnswersTwice => vec![committed(), committed()],
            Self::AnswersAnother => vec![Answering::Reply(Ok(StoreAnswer::Head(store.head())))],
            Self::Holds => Vec::new(),
        }
    }
}

/// Ledger and records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Store {
    pub entries: Vec<Vec<u8>>,
    pub checkpoint: Option<String>,
    pub records: BTreeMap<CredentialId, SealedRecord>,
}

impl Store {
    fn commit(&mut self, commit: &Commit) {
        assert_eq!(commit.first, self.entries.len() as u64);
        self.entries.extend(commit.entries.iter().map(|e| e.0.clone()));
        self.checkpoint = Some(commit.checkpoint.clone());
        for change in &commit.records {
            match change {
                RecordChange::Put(record) => self.records.insert(record.id.clone(), record.clone()),
                RecordChange::Erase(id) => self.records.remove(id),
            };
        }
    }

    pub fn head(&self) -> Head {
        Head { size: self.entries.len() as u64, checkpoint: self.checkpoint.clone() }
    }

    pub fn bundle(&self, first: u64) -> Vec<u8> {
        let mut out = Vec::new();
        for entry in self.entries.iter().skip(usize::try_from(first).unwrap()) {
            append_entry(&mut out, entry).unwrap();
        }
        out
    }

    /// Signatures in the ledger.
    pub fn signed(&self) -> u64 {
        let counts = self.entries.iter().map(|entry| match codec::decode::<Event>(entry).unwrap().body {
            EventBody::Signed { count, .. } => u64::from(count),
            _ => 0,
        });
        counts.sum()
    }
}
