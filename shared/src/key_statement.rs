//! Place: SAM. Key statements: what the SAM says of a signer's key, for the CA that certifies it and for evaluators.
//!
//! A statement outlives the process that made it: one evidence document binds its digest (with the caller's nonce where
//! there was one), and a ledger event carries the same digest, so that a proof of inclusion shows it later.

use crate::algorithm::KeyAlgorithm;
use crate::bytes::Blob;
use crate::codec;
use crate::evidence::{UserData, user_data_of};
use crate::ids::{CaId, CredentialId, Digest32, ManifestHash, ServiceId};
use crate::sad::MeansProfile;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha384};

/// Version of [`KeyStatement`].
pub const VERSION: u8 = 1;
/// Largest [`KeyAttestation`] in octets.
pub const MAX_ATTESTATION: usize = 320 * 1024;

/// What a key is for; fixed for life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPurpose {
    /// Signatures of a person.
    Signature,
    /// Seals of an organization.
    Seal,
}

/// Where a key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CryptoModuleKind {
    /// In the enclave itself.
    Soft,
}

/// What the SAM says of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyStatement {
    /// [`VERSION`].
    pub version: u8,
    /// The service.
    pub service: ServiceId,
    /// Manifest in force.
    pub manifest: ManifestHash,
    /// The key (`keyID`, later `credentialID`).
    pub key: CredentialId,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub spki: Digest32,
    /// Its algorithm.
    pub algorithm: KeyAlgorithm,
    /// Sole control assurance level to whose requirements the key is used: 1 or 2.
    pub scal: u8,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// Where it was made and lives; it cannot be exported.
    pub crypto_module: CryptoModuleKind,
    /// Kind of the linked means; null before linkEid.
    pub means: Option<MeansProfile>,
    /// Digest that names the linked means; null before linkEid.
    pub eid_ref: Option<Digest32>,
    /// CA that certifies it.
    pub authority: CaId,
    /// SAM time of generateKey or linkEid, Unix seconds.
    pub time: u64,
}

impl KeyStatement {
    /// Digest that document and ledger carry.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        key_digest(&codec::encode(self))
    }
}

/// Digest of a statement's octets.
#[must_use]
pub fn key_digest(statement: &[u8]) -> Digest32 {
    Digest32(Sha256::new().chain_update(b"fuin/key-statement/v1\0").chain_update(statement).finalize().into())
}

/// `user_data` of the document that binds a key statement to what the instance says of itself.
#[must_use]
pub fn key_user_data(evidence_statement: &[u8], key: &Digest32) -> UserData {
    UserData(
        Sha384::new()
            .chain_update(b"fuin/key-evidence/v1\0")
            .chain_update(user_data_of(evidence_statement))
            .chain_update(key)
            .finalize()
            .into(),
    )
}

/// Shows that an event is in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerProof {
    /// Index of the event.
    pub index: u64,
    /// [`crate::log::event::Event`] in CBOR.
    pub event: Blob,
    /// RFC 6962 inclusion proof, from the leaf upwards.
    pub path: Vec<Digest32>,
    /// Signed checkpoint.
    pub checkpoint: String,
}

/// What travels: the statement, the document that binds it with what belongs to that, and the ledger's proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAttestation {
    /// [`KeyStatement`] in CBOR.
    pub key: Blob,
    /// Evidence document whose `user_data` is [`key_user_data`].
    pub document: Blob,
    /// [`crate::evidence::EvidenceStatement`] in CBOR.
    pub statement: Blob,
    /// [`crate::manifest::SignedManifest`] in CBOR.
    pub manifest: Blob,
    /// The event that carries the statement's digest.
    pub ledger: Option<LedgerProof>,
}
