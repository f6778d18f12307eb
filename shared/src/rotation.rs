//! Place: SAM. Rotation of the root key: another random one takes over, records are sealed anew, and the former one is erased
//! when enough custodians have deleted their shares of it (decision 0031).

use crate::bytes::Blob;
use crate::ids::{InstanceId, ManifestHash, PersonId, RootCommitment, ServiceId, StatementId};
use crate::message::{GenesisShares, SealedRecord};
use crate::statement::Body;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Most records in one [`Rewrap`].
pub const MAX_REWRAP: usize = 64;

/// What is to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationPlan {
    /// The service.
    pub service: ServiceId,
    /// Origin of the ledger that will spend the approvals.
    pub ledger: String,
    /// The boot that is to make the new root key.
    pub instance: InstanceId,
    /// Current manifest, whose custodians get its shares.
    pub manifest: ManifestHash,
    /// Commitment to the root key that is to be replaced.
    pub commitment: RootCommitment,
}

/// An officer approves a rotation. Spent by the event that makes the new root key the current one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationApproval {
    /// What is approved.
    pub plan: RotationPlan,
    /// Random.
    pub statement: StatementId,
    /// Unix seconds.
    pub not_after: u64,
}

impl Body for RotationApproval {
    const DOMAIN: &'static str = "fuin/rotation-approval/v1";
}

/// A custodian says that the share of a former root key is deleted. It names no boot: it stays true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareDeletion {
    /// The service.
    pub service: ServiceId,
    /// Commitment to the root key whose share is deleted.
    pub commitment: RootCommitment,
    /// Commitment to the root key that took over, whose share is kept.
    pub successor: RootCommitment,
    /// Random.
    pub statement: StatementId,
}

impl Body for ShareDeletion {
    const DOMAIN: &'static str = "fuin/share-deletion/v1";
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RotationStage {
    /// The new root key is on its way to its custodians; nothing depends on it, and a new boot knows nothing of it.
    Sharing,
    /// The new root key is the current one; records are still sealed under the former one.
    Rewrapping,
    /// No record is sealed under the former root key any more: its shares are to be deleted.
    Deleting,
}

impl RotationStage {
    /// The word for a person.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sharing => "sharing",
            Self::Rewrapping => "rewrapping",
            Self::Deleting => "deleting",
        }
    }
}

/// A rotation, as evidence shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootRotation {
    /// Commitment to the root key before.
    pub from: RootCommitment,
    /// Commitment to the one that takes its place.
    pub to: RootCommitment,
    /// How far it is.
    pub stage: RotationStage,
}

/// See [`crate::message::Command::RotateRoot`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateRoot {
    /// [`crate::statement::SignedStatement`] over [`RotationApproval`], one per officer of the quorum.
    pub approvals: Vec<Blob>,
}

/// See [`crate::message::Command::Rewrap`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrap {
    /// Records as the host has them, at most [`MAX_REWRAP`].
    pub records: Vec<SealedRecord>,
}

/// See [`crate::message::Command::EraseRoot`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EraseRoot {
    /// [`crate::statement::SignedStatement`] over [`ShareDeletion`], at most one per custodian.
    pub deletions: Vec<Blob>,
}

/// How far a rotation is, with all that it waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationStatus {
    /// As evidence shows it.
    pub rotation: RootRotation,
    /// The shares of the new root key, each sealed to its custodian, while receipts are awaited.
    pub shares: Option<GenesisShares>,
    /// Custodians whose receipt it waits for.
    pub receipts_missing: Vec<PersonId>,
    /// Records that are still sealed under the former root key.
    pub records_left: u64,
    /// Custodians whose deletion this boot has seen.
    pub deletions: Vec<PersonId>,
    /// How many more deletions are needed.
    pub deletions_missing: u8,
}
