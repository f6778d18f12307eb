//! Place: SSA, SAM. Commands and answers about seals and the mandates under which they are made.

use crate::bytes::Blob;
use crate::ids::{CredentialId, MandateId};
use crate::manifest::present;
use crate::message::SealedRecord;
use crate::sad::Purpose;
use crate::seal::ScaEvidence;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// See [`crate::message::Command::GetApproverChallenge`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetApproverChallenge {
    /// The seal credential.
    pub credential: CredentialId,
    /// What the SAD will be for.
    pub purpose: Purpose,
    /// Number of the approver.
    pub approver: u32,
    /// The credential's record.
    pub record: SealedRecord,
}

/// See [`crate::message::Command::GrantMandate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantMandate {
    /// The seal credential.
    pub credential: CredentialId,
    /// [`crate::seal::MandateTerms`] in CBOR.
    pub terms: Blob,
    /// [`crate::sad::AuthorizationEvidence`] in CBOR, one for each approver who signs.
    pub approvals: Vec<Blob>,
    /// The credential's record.
    pub record: SealedRecord,
    /// What says where the SCA's key lives.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub evidence: Option<ScaEvidence>,
}

/// See [`crate::message::Command::Seal`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The seal credential.
    pub credential: CredentialId,
    /// [`crate::seal::SignedOrder`] in CBOR.
    pub order: Blob,
    /// The credential's record.
    pub record: SealedRecord,
    /// The mandate's record.
    pub mandate: SealedRecord,
}

/// See [`crate::message::Command::EndMandate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndMandate {
    /// The seal credential.
    pub credential: CredentialId,
    /// The mandate.
    pub mandate: MandateId,
    /// On whose word.
    pub by: EndedBy,
    /// The credential's record.
    pub record: SealedRecord,
}

/// See [`crate::message::Command::EndMandate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum EndedBy {
    /// An approver: [`crate::sad::AuthorizationEvidence`] in CBOR, of purpose `end-mandate`.
    Approver(Blob),
    /// An officer: [`crate::statement::SignedStatement`] over [`crate::seal::MandateEnding`].
    Officer(Blob),
}

/// See [`crate::message::Command::MandateStatus`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateStatus {
    /// Most seals.
    pub count: u32,
    /// Seals that are spent.
    pub used: u32,
    /// Running number that the next order must bear.
    pub next_number: u64,
    /// Unix seconds of the first moment.
    pub not_before: u64,
    /// Unix seconds after the last moment.
    pub not_after: u64,
    /// Whether it was ended before its time.
    pub ended: bool,
}
