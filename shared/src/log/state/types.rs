//! Place: SAM, SSA, none. What the fold keeps.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::bytes::Blob;
use crate::ids::{LedgerId, ManifestHash, ServiceId, Subject};
use crate::log::event::{Holder, RecordMark};
use crate::log::sealing::Sealing;
use crate::sad::MAX_ATTEMPTS;

/// Which ledger: a root key serves several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerName {
    /// Random.
    pub ledger: LedgerId,
    /// Shard.
    pub shard: u32,
    /// Epoch.
    pub epoch: u32,
}

/// What the first event fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foundation {
    /// The service.
    pub service: ServiceId,
    /// The first manifest.
    pub manifest: ManifestHash,
    /// The ledger.
    pub name: LedgerName,
}

/// The newest manifest that the ledger has adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adopted {
    /// Its hash.
    pub hash: ManifestHash,
    /// Its version.
    pub version: u64,
}

/// How the witnesses of a manifest took over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Takeover {
    /// By this checkpoint, which bears both quorums.
    Cosigned(String),
    /// By a new epoch, without those before.
    Epoch,
}

/// What does not change with the root key, sealed under the one that took over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// As in the event of the rotation.
    pub octets: Blob,
    /// Epoch of the ledger then.
    pub epoch: u32,
}

/// A snapshot that the ledger shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Events before its own, which it sums up.
    pub size: u64,
    /// Current manifest then.
    pub manifest: ManifestHash,
}

/// Under what an epoch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// The manifest.
    pub manifest: Adopted,
    /// Whether its witnesses, if it named others, had taken over.
    pub took_over: bool,
}

/// What is known of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialState {
    /// Sequence that its next event must have.
    pub next_sequence: u64,
    /// Its current record; none once it is destroyed.
    pub record: Option<RecordMark>,
    /// Last counter of its means.
    pub means_counter: u32,
    /// Whose it is.
    pub signer: Subject,
    /// Answers of its means that were refused since the last one that held. Only counted: whoever can send messages
    /// could lock anybody's credential.
    pub failures: u32,
    /// Answers that could be guesses since the last one that held, debited before they were compared.
    pub attempts: u32,
    /// How often the lock was opened.
    pub unlocks: u32,
    /// On whose word it is suspended, with the running number of the event by which it is.
    pub holders: BTreeMap<Holder, u64>,
    /// Its seals, if it makes some.
    pub sealing: Sealing,
}

impl CredentialState {
    /// Whether no further guess is compared.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.attempts >= MAX_ATTEMPTS
    }

    /// Whether it may authorize and sign.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        !self.holders.is_empty()
    }
}
