//! Place: SAM. Results that wait for the ledger, and the answers that they become.

use super::Ticket;
use crate::ledger::journal::Released;
use fuin_shared::bytes::Blob;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::message::{Answer, KeyGenerated, Linked, Receipt};

/// A result that waits for its event.
#[derive(Debug)]
pub struct Withheld {
    /// Whose it is.
    pub ticket: Ticket,
    /// What it will say.
    pub result: Outcome,
}

/// What a result will say.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing: an event that only the next one's result waits for.
    Silent,
    /// The ledger is founded, or taken over.
    Operational(LedgerIdentity),
    /// A key was made.
    KeyGenerated {
        /// The answer without its receipt.
        key: fuin_shared::ids::CredentialId,
        /// DER SubjectPublicKeyInfo.
        spki: Blob,
        /// Algorithm.
        algorithm: fuin_shared::algorithm::KeyAlgorithm,
    },
    /// Means or certificate was linked; the record's new version.
    Linked(u64),
    /// A certification request and the record's new version.
    Request(Blob, u64),
    /// The key is destroyed.
    Deleted,
    /// An activation token and its expiry.
    Activation(Blob, u64),
    /// Signatures.
    Signatures(Vec<Blob>),
}

/// The answer of a result that the ledger released.
pub fn answer(released: Released<Withheld>) -> (Ticket, Option<Answer>) {
    let (Withheld { ticket, result }, receipt) = released.into_parts();
    (ticket, to_answer(result, receipt))
}

fn to_answer(outcome: Outcome, receipt: Receipt) -> Option<Answer> {
    Some(match outcome {
        Outcome::Silent => return None,
        Outcome::Operational(ledger) => Answer::Operational { ledger, checkpoint: receipt.checkpoint },
        Outcome::KeyGenerated { key, spki, algorithm } => {
            Answer::KeyGenerated(KeyGenerated { key, spki, algorithm, version: 1, receipt })
        }
        Outcome::Linked(version) => Answer::Linked(Linked { version, receipt }),
        Outcome::Request(csr, version) => Answer::Request { csr, version, receipt },
        Outcome::Deleted => Answer::Deleted(receipt),
        Outcome::Activation(token, expires) => Answer::Activation { token, expires, receipt },
        Outcome::Signatures(signatures) => Answer::Signatures { signatures, receipt },
    })
}
