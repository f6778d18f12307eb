//! Place: SAM, SSA. What the enclave asks of the host: to keep sealed octets and the ledger. The host is believed in nothing.

use crate::bytes::Blob;
use crate::evidence::LedgerIdentity;
use crate::ids::CredentialId;
use crate::manifest::ManifestChange;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A record that only the enclave can open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedRecord {
    /// Which record.
    pub id: CredentialId,
    /// Counted by the enclave from 1.
    pub version: u64,
    /// Salt, nonce and ciphertext.
    pub body: Blob,
}

/// A change to the host's records, made with the event that orders it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum RecordChange {
    /// Keep this version in place of the former.
    Put(SealedRecord),
    /// Erase the record.
    Erase(CredentialId),
    /// Keep this manifest after those that are kept: every later boot needs it.
    Manifest(ManifestChange),
    /// Keep this beside the entry that it is of, for auditors.
    Detail(KeptDetail),
}

/// A sealed detail with the entry that it is of, one of the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptDetail {
    /// Index of the entry.
    pub index: u64,
    /// [`crate::log::detail::SealedDetail`] in CBOR.
    pub sealed: Blob,
}

impl RecordChange {
    /// The detail, if it is one.
    #[must_use]
    pub const fn detail(&self) -> Option<&KeptDetail> {
        match self {
            Self::Detail(detail) => Some(detail),
            Self::Put(_) | Self::Erase(_) | Self::Manifest(_) => None,
        }
    }

    /// About how many octets it takes on the wire.
    #[must_use]
    pub fn octets(&self) -> usize {
        128 + match self {
            Self::Put(record) => record.body.0.len(),
            Self::Erase(_) => 0,
            Self::Manifest(change) => change.octets(),
            Self::Detail(detail) => detail.sealed.0.len(),
        }
    }
}

/// A request of the enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum StoreRequest {
    /// Make events durable, all or nothing, in one transaction, before answering. Refuse (803) unless the ledger has
    /// exactly `first` entries.
    Commit(Commit),
    /// Size and newest checkpoint.
    Head,
    /// All entries from `first` on, as a stream of `u16 length || entry` (C2SP tlog-tiles bundle form).
    ReadLedger {
        /// Index of the first entry wanted.
        first: u64,
    },
    /// The newest snapshot that there is, as a stream ([`crate::log::snapshot`]), with proofs that its tree grew from these sizes;
    /// 805 where there is none.
    ReadSnapshot {
        /// Sizes of earlier heads, at most [`crate::log::snapshot::MAX_MARKS`].
        marks: Vec<u64>,
    },
    /// Ask the witnesses to cosign a checkpoint that is durable already. Whatever comes of it is an answer: a refusal by
    /// a witness means "not yet".
    Cosign(Cosign),
}

/// See [`StoreRequest::Commit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// Index of the first new entry: the size so far.
    pub first: u64,
    /// Entries: events in CBOR.
    pub entries: Vec<Blob>,
    /// Signed checkpoint over the ledger with these entries.
    pub checkpoint: String,
    /// Records that change with them.
    pub records: Vec<RecordChange>,
}

/// An answer of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum StoreAnswer {
    /// To `Commit`.
    Committed,
    /// To `Head`.
    Head(Head),
    /// To `ReadLedger` and `ReadSnapshot`: chunks follow under the request's id.
    Stream,
    /// To `Cosign`: signature lines of witnesses as in a note, each with its line feed, at most [`MAX_COSIGNATURES`]
    /// octets; empty when there are none yet.
    Cosigned(String),
    /// As `Cosigned`, and a witness said that it knows a newer or another ledger.
    Contradicted(String),
}

/// Most octets of signature lines in an answer to [`StoreRequest::Cosign`].
pub const MAX_COSIGNATURES: usize = 16 * 1024;

/// See [`StoreRequest::Cosign`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cosign {
    /// The ledger: what a witness must know before it cosigns.
    pub ledger: LedgerIdentity,
    /// Signed checkpoint.
    pub checkpoint: String,
    /// How many witnesses are enough.
    pub quorum: u8,
}

/// See [`StoreRequest::Head`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Newest signed checkpoint; none while empty.
    pub checkpoint: Option<String>,
}
