//! Place: SAM. What an enclave says of itself: a statement whose digest the evidence document carries
//! (design section 3.4), and the bundle that travels.

use crate::bytes::{Blob, fixed_octets};
use crate::codec;
use crate::ids::{Digest32, InstanceId, ManifestHash, RootCommitment, ServiceId};
use crate::key::Spki;
use crate::manifest::ReleaseMode;
use crate::phase::Phase;
use crate::rotation::RootRotation;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha384};

/// Version of [`EvidenceStatement`].
pub const STATEMENT_VERSION: u8 = 1;
/// Largest bundle in octets.
pub const MAX_BUNDLE: usize = 256 * 1024;

fixed_octets! {
    /// SHA-384 of a statement under its domain: the `user_data` of the evidence document.
    UserData, 48
}
fixed_octets! {
    /// Value of a platform configuration register.
    Pcr, 48
}

impl Pcr {
    /// The value of a zero register after one extension: `SHA-384(0^48 || data)`.
    #[must_use]
    pub fn extended_once(data: &[u8]) -> Self {
        Self(Sha384::new().chain_update([0u8; 48]).chain_update(data).finalize().into())
    }
}

/// What a bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Shown to signers, SCAs, CAs and custodians.
    Service,
    /// Shown while a root key is being made.
    Genesis,
    /// Shown to a key management service.
    Kms,
}

/// Keys made at boot that never outlive the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceKeys {
    /// HPKE public key, DHKEM(P-384): 97 octets, uncompressed point.
    pub hpke: Blob,
    /// Instance signing key (P-384).
    pub signing: Spki,
}

impl InstanceKeys {
    /// The name of these keys: SHA-256 under its own domain.
    #[must_use]
    pub fn id(&self) -> InstanceId {
        InstanceId(
            Sha256::new()
                .chain_update(b"fuin/instance/v1\0")
                .chain_update(codec::encode(self))
                .finalize()
                .into(),
        )
    }
}

/// The ledger an instance writes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerIdentity {
    /// Origin line of its checkpoints.
    pub origin: String,
    /// Verifier key in C2SP vkey form.
    pub vkey: String,
}

/// That the ledger is not in its first epoch: a quorum of witnesses was lost, and there is a break in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEpoch {
    /// Number of the epoch.
    pub number: u32,
    /// Origin of the ledger in the epoch before.
    pub predecessor: String,
    /// Entry that shows the break: as many entries were there before.
    pub index: u64,
}

/// Where the root key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootProvider {
    /// Shares of custodians.
    Custodians,
}

/// The statement. Absent parts are explicit nulls, but for what came later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceStatement {
    /// [`STATEMENT_VERSION`].
    pub version: u8,
    /// What the evidence is for.
    pub purpose: Purpose,
    /// The service.
    pub service: ServiceId,
    /// Phase at the time of the document.
    pub phase: Phase,
    /// Keys of this boot.
    pub instance: InstanceKeys,
    /// Hash of the current manifest.
    pub manifest: ManifestHash,
    /// The ledger, once there is one.
    pub ledger: Option<LedgerIdentity>,
    /// Commitment to the root key, once there is one.
    pub root_commitment: Option<RootCommitment>,
    /// Where the root key came from.
    pub root_provider: Option<RootProvider>,
    /// When results are released.
    pub release: Option<ReleaseMode>,
    /// Hash of the witness policy; null means there are no witnesses.
    pub witness_policy: Option<Digest32>,
    /// The epoch of the ledger; left out in the first one, and before there is a ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<LedgerEpoch>,
    /// The rotation of the root key; left out while none is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<RootRotation>,
}

impl EvidenceStatement {
    /// What `user_data` must be.
    #[must_use]
    pub fn user_data(&self) -> UserData {
        user_data_of(&codec::encode(self))
    }
}

/// `user_data` for the octets of a statement.
#[must_use]
pub fn user_data_of(statement: &[u8]) -> UserData {
    UserData(Sha384::new().chain_update(b"fuin/evidence/v1\0").chain_update(statement).finalize().into())
}

/// The instance key's word that it saw a caller's nonce, over a document made earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    /// The caller's nonce.
    pub nonce: Blob,
    /// SAM time, Unix seconds.
    pub time: u64,
    /// ECDSA in DER by the instance signing key over [`Freshness::message`].
    pub signature: Blob,
}

impl Freshness {
    /// The octets that are signed (with SHA-384).
    #[must_use]
    pub fn message(nonce: &[u8], time: u64, manifest: &ManifestHash, statement: &UserData) -> Vec<u8> {
        let mut out = b"fuin/freshness/v1\0".to_vec();
        out.extend(codec::encode(&(Blob::from(nonce), time, manifest, statement)));
        out
    }
}

/// What travels: document, statement, manifest and, over a cached document, freshness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceBundle {
    /// Evidence document of the platform (COSE_Sign1).
    pub document: Blob,
    /// [`EvidenceStatement`] in CBOR.
    pub statement: Blob,
    /// [`crate::manifest::SignedManifest`] in CBOR.
    pub manifest: Blob,
    /// Present when the document does not carry the caller's nonce itself.
    pub freshness: Option<Freshness>,
}
