//! Place: SAM. Results that wait for the ledger, and the answers that they become.

use super::key_attestation::Wanted;
use super::operational::{Attempt, SealJob};
use super::{ServiceContext, Ticket};
use crate::ceremony::hand_over::Handing;
use crate::ledger::journal::Released;
use fuin_shared::bytes::Blob;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{MandateId, RootCommitment, Subject};
use fuin_shared::message::{Answer, KeyGenerated, Linked, ManifestChanged, Receipt};

/// A result that waits for its event.
#[derive(Debug)]
pub struct Withheld {
    /// Whose it is.
    pub ticket: Ticket,
    /// What it will say.
    pub result: Outcome,
}

/// A key statement that a document is to bind.
#[derive(Debug)]
pub struct Attest {
    /// [`fuin_shared::key_statement::KeyStatement`] in CBOR.
    pub key: Blob,
    /// The client's nonce.
    pub nonce: Option<Blob>,
}

/// What follows from a release.
pub enum Next {
    /// An answer.
    Reply(Answer),
    /// An answer, once a document binds its key statement.
    Attest(Wanted),
    /// Nothing: nobody asked.
    Nothing,
    /// A refusal, of which the event tells.
    Refuse(Fault),
    /// The command goes on.
    Resume(Box<Attempt>),
    /// Nothing to say: that was said at once. A suspension of this credential is released.
    Settle(Subject),
    /// A manifest that is current from now on, and an answer.
    Adopt(Box<ServiceContext>, Answer),
    /// Seals, once they are made.
    Seal(Box<SealJob>, Receipt),
    /// The root key leaves, and this boot ends.
    HandOver(Box<Handing>, Receipt),
    /// The rotation of the root key goes on, and an answer if somebody waits for it.
    Turn(Turn, Option<Answer>),
}

/// What an event of a rotation changes.
pub enum Turn {
    /// The root key of this commitment is the current one.
    Rotated(RootCommitment),
    /// No record is under the former one.
    Unused,
    /// The former one is erased.
    Erased,
}

/// What a result will say.
#[derive(Debug)]
pub enum Outcome {
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
        /// To be attested.
        attest: Attest,
    },
    /// Means was linked; the record's new version.
    MeansLinked(u64, Attest),
    /// Certificate was linked; the record's new version.
    CertificateLinked(u64),
    /// A certification request and the record's new version.
    Request(Blob, u64),
    /// The key is destroyed.
    Deleted,
    /// An activation token and its expiry.
    Activation(Blob, u64),
    /// Signatures.
    Signatures(Vec<Blob>),
    /// An event was noted that nobody waits for.
    Noted,
    /// The means' answer was refused.
    Refused(Fault),
    /// An attempt is debited and may be compared now.
    Debited(Box<Attempt>),
    /// A suspension, answered already.
    Bound(Subject),
    /// A suspension or a lock ended.
    Restored,
    /// A manifest was adopted.
    ManifestAdopted(Box<ServiceContext>),
    /// Seals that may be made.
    Seal(Box<SealJob>),
    /// A mandate was granted.
    MandateGranted(MandateId),
    /// A mandate was ended.
    MandateEnded,
    /// The root key, sealed to another instance.
    HandedOver(Box<Handing>),
    /// Another root key took over.
    RootRotated(RootCommitment),
    /// So many records are sealed anew, and so many are left.
    Rewrapped(u32, u64),
    /// No record is under the former root key; nobody asked.
    RootUnused,
    /// The former root key is erased.
    RootErased,
}

impl Withheld {
    /// Whether somebody waits for it still.
    #[must_use]
    pub const fn is_awaited(&self) -> bool {
        !matches!(self.result, Outcome::Bound(_) | Outcome::Noted | Outcome::RootUnused)
    }
}

/// What follows from a result that the ledger released.
pub fn next(released: Released<Withheld>) -> (Ticket, Next) {
    let (Withheld { ticket, result }, receipt) = released.into_parts();
    (ticket, follow(result, receipt))
}

fn follow(outcome: Outcome, receipt: Receipt) -> Next {
    Next::Reply(match outcome {
        Outcome::KeyGenerated { key, spki, algorithm, attest } => {
            let answer = Answer::KeyGenerated(KeyGenerated {
                key,
                spki,
                algorithm,
                version: 1,
                attestation: None,
                receipt,
            });
            return Next::Attest(Wanted { key: attest.key, nonce: attest.nonce, answer });
        }
        Outcome::MeansLinked(version, attest) => {
            let answer = Answer::Linked(Linked { version, attestation: None, receipt });
            return Next::Attest(Wanted { key: attest.key, nonce: attest.nonce, answer });
        }
        Outcome::ManifestAdopted(context) => {
            let (manifest, version) = (context.hash, context.manifest.version);
            let answer = Answer::ManifestChanged(ManifestChanged { manifest, version, receipt });
            return Next::Adopt(context, answer);
        }
        Outcome::Seal(job) => return Next::Seal(job, receipt),
        Outcome::RootRotated(commitment) => {
            let answer = Answer::RootRotated { commitment, receipt };
            return Next::Turn(Turn::Rotated(commitment), Some(answer));
        }
        Outcome::RootUnused => return Next::Turn(Turn::Unused, None),
        Outcome::RootErased => return Next::Turn(Turn::Erased, Some(Answer::RootErased(receipt))),
        Outcome::Rewrapped(records, left) => Answer::Rewrapped { records, left },
        Outcome::HandedOver(handing) => return Next::HandOver(handing, receipt),
        Outcome::MandateGranted(mandate) => Answer::MandateGranted { mandate, receipt },
        Outcome::MandateEnded => Answer::MandateEnded(receipt),
        Outcome::Operational(ledger) => Answer::Operational { ledger, checkpoint: receipt.checkpoint },
        Outcome::CertificateLinked(version) => Answer::Linked(Linked { version, attestation: None, receipt }),
        Outcome::Request(csr, version) => Answer::Request { csr, version, receipt },
        Outcome::Deleted => Answer::Deleted(receipt),
        Outcome::Activation(token, expires) => Answer::Activation { token, expires, receipt },
        Outcome::Signatures(signatures) => Answer::Signatures { signatures, receipt },
        Outcome::Noted => return Next::Nothing,
        Outcome::Refused(fault) => return Next::Refuse(fault),
        Outcome::Debited(attempt) => return Next::Resume(attempt),
        Outcome::Bound(subject) => return Next::Settle(subject),
        Outcome::Restored => Answer::Restored(receipt),
    })
}
