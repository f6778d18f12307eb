//! Place: SSA, SAM. How a credential stands, and what changes that: suspension, its end, another means.

use crate::bytes::Blob;
use crate::ids::CredentialId;
use crate::log::event::Holder;
use crate::message::{Manage, SealedRecord};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// See [`crate::message::Command::Suspend`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspend {
    /// The credential.
    pub credential: CredentialId,
    /// [`crate::sad::AuthorizationEvidence`] in CBOR, of purpose `suspend`.
    pub evidence: Blob,
    /// The credential's record.
    pub record: SealedRecord,
}

/// See [`crate::message::Command::Order`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The credential.
    pub credential: CredentialId,
    /// [`crate::statement::SignedStatement`] over [`crate::statement::CredentialOrder`], one of each officer.
    pub orders: Vec<Blob>,
    /// The credential's record.
    pub record: SealedRecord,
}

/// See [`crate::message::Command::Relink`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relink {
    /// The RA client's proof; its evidence is of purpose `relink`, by the linked means.
    pub manage: Manage,
    /// [`crate::sad::AuthorizationEvidence`] in CBOR, of purpose `link`, by the new means.
    pub registration: Blob,
}

/// See [`crate::message::Command::CredentialStatus`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialQuestion {
    /// The credential.
    pub credential: CredentialId,
    /// Its record.
    pub record: SealedRecord,
}

/// How a credential stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialStatus {
    /// Whether a certificate is linked.
    pub active: bool,
    /// On whose word it is suspended; on nobody's if it is not.
    pub suspended: Vec<Holder>,
    /// Running number of the credential's event by which the officers' suspension stands; a release names it.
    pub officers_event: Option<u64>,
    /// Whether its means was tried too often.
    pub locked: bool,
    /// Whether a suspension is not released yet: it binds this boot, and is to be asked for again should that end.
    pub pending: bool,
    /// Answers of its means that were refused since the last one that held.
    pub failures: u32,
}
