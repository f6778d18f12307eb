//! Place: SSA, SAM. What travels at a genesis, when shares come back, and from one enclave to another.

use crate::bytes::Blob;
use crate::ids::{PersonId, RootCommitment};
use crate::manifest::present;
use crate::rotation::RotationStatus;
use crate::statement::CustodianShare;
use alloc::boxed::Box;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// See [`crate::message::Command::Genesis`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// [`crate::statement::SignedStatement`] over [`crate::statement::GenesisApproval`], one per officer of the quorum.
    pub approvals: Vec<Blob>,
}

/// See [`crate::message::Command::ConfirmGenesis`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmGenesis {
    /// [`crate::statement::SignedStatement`] over [`crate::statement::ShareReceipt`], at most one per custodian.
    pub receipts: Vec<Blob>,
}

/// See [`crate::message::Command::ProvideShare`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvideShare {
    /// [`crate::statement::SignedStatement`] over [`crate::statement::ShareStatement`].
    pub statement: Blob,
    /// [`crate::statement::HpkeSealed`] in CBOR: the share under `info` `SHARE_TO_INSTANCE`.
    pub sealed: Blob,
    /// While records are sealed under two root keys: the same custodian's share of the other one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub other: Option<OtherShare>,
}

/// A second share of one custodian, of another root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherShare {
    /// As [`ProvideShare::statement`].
    pub statement: Blob,
    /// As [`ProvideShare::sealed`].
    pub sealed: Blob,
}

/// See [`crate::message::Command::Genesis`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisShares {
    /// Commitment to the new root key.
    pub commitment: RootCommitment,
    /// A share for each custodian.
    pub shares: Vec<CustodianShare>,
}

/// See [`crate::message::Command::CeremonyStatus`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeremonyStatus {
    /// The shares of a genesis that waits for receipts, each sealed to its custodian.
    pub genesis: Option<GenesisShares>,
    /// Custodians whose receipt it waits for.
    pub receipts_missing: Vec<PersonId>,
    /// Custodians whose share is here.
    pub shares: Vec<PersonId>,
    /// How many more shares are needed.
    pub shares_missing: u8,
    /// Number of the epoch that the shares would begin; left out where they are for a boot as any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u32>,
    /// Where shares of more than one root key are here or needed: of which, and how many more. The numbers above are of the
    /// one of which most are here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roots: Vec<RootShares>,
    /// The rotation of the root key that is under way at an operational enclave.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub rotation: Option<Box<RotationStatus>>,
}

/// Shares of one root key at a boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootShares {
    /// Its commitment.
    pub commitment: RootCommitment,
    /// Custodians whose share is here.
    pub shares: Vec<PersonId>,
    /// How many more are needed.
    pub missing: u8,
    /// Whether the ledger was read, and showed that this root key is needed.
    pub needed: bool,
}

/// See [`crate::message::Command::HandOver`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// [`crate::evidence::EvidenceBundle`] of the enclave that will take over, in phase `Uninitialized`; its nonce is the
    /// instance id of the one that hands over.
    pub evidence: Blob,
}

/// See [`crate::message::Command::TakeOver`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeOver {
    /// [`crate::evidence::EvidenceBundle`] of the enclave that hands over, from before it did, in phase `Operational`; its
    /// nonce is the instance id of the one that takes over.
    pub evidence: Blob,
    /// What that one answered to [`crate::message::Command::HandOver`].
    pub handed: HandedOver,
}

/// The root key on its way from one instance to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandedOver {
    /// [`crate::statement::HandOverStatement`] in CBOR.
    pub statement: Blob,
    /// ECDSA in DER by the instance signing key of the one that hands over, over
    /// [`crate::statement::SignedStatement::message`].
    pub signature: Blob,
    /// [`crate::statement::HpkeSealed`] in CBOR: the root key under `info` `ROOT_TO_INSTANCE`.
    pub sealed: Blob,
}
