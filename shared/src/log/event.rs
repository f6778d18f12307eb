//! Place: SAM. Ledger events: deterministic CBOR without secrets or personal data (design section 5).
//!
//! Subjects are keyed pseudonyms; hashes of what only the signer should recognise are salted, and the receipt opens them.

use crate::ids::{
    Digest32, InstanceId, LedgerId, ManifestHash, RootCommitment, ServiceId, StatementId, Subject,
};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of [`Event`].
pub const VERSION: u8 = 1;
/// Largest entry of a ledger (C2SP tlog-tiles).
pub const MAX_ENTRY: usize = 65_535;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// [`VERSION`].
    pub version: u8,
    /// SAM time, Unix milliseconds.
    pub time: u64,
    /// What happened.
    pub body: EventBody,
}

/// The record of a subject after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordMark {
    /// Its version.
    pub version: u64,
    /// SHA-256 of its sealed body.
    pub hash: Digest32,
}

/// Which credential, and its how-manieth event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialMark {
    /// Pseudonym.
    pub subject: Subject,
    /// 0 for the first event of the credential, one more for each.
    pub sequence: u64,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum EventBody {
    /// First event of a ledger.
    Genesis {
        /// The service.
        service: ServiceId,
        /// The first manifest.
        manifest: ManifestHash,
        /// Random identifier of the ledger.
        ledger: LedgerId,
        /// Shard.
        shard: u32,
        /// Epoch.
        epoch: u32,
        /// Commitment to the root key.
        commitment: RootCommitment,
        /// Approvals that it spent.
        approvals: Vec<StatementId>,
    },
    /// An enclave took the ledger over.
    Boot {
        /// Random.
        nonce: Digest32,
        /// The boot.
        instance: InstanceId,
        /// Current manifest.
        manifest: ManifestHash,
        /// Size of the ledger that it found.
        size: u64,
        /// Root of the ledger that it found.
        root: Digest32,
    },
    /// A key pair was made for a signer.
    KeyGenerated {
        /// The key.
        credential: CredentialMark,
        /// The signer: keyed pseudonym of (RA client, userID).
        signer: Subject,
        /// Its record.
        record: RecordMark,
        /// Digest of the key statement.
        attests: Digest32,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// The signer's means was linked.
    MeansLinked {
        /// The key.
        credential: CredentialMark,
        /// Its record.
        record: RecordMark,
        /// Digest of the key statement.
        attests: Digest32,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// A certification request was signed.
    PopSigned {
        /// The key.
        credential: CredentialMark,
        /// Its record, with the counter down by one.
        record: RecordMark,
        /// Salted hash of the certification request information.
        request_info: Digest32,
        /// Counter of the means after this use.
        means_counter: u32,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// The certificate was linked; the credential is active.
    CertificateLinked {
        /// The credential.
        credential: CredentialMark,
        /// Its record.
        record: RecordMark,
        /// Keyed hash of the certificate's issuer and serial.
        certificate: Subject,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// The key was destroyed: tombstone.
    KeyDestroyed {
        /// The credential.
        credential: CredentialMark,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// A SAD was accepted.
    Authorized {
        /// The credential.
        credential: CredentialMark,
        /// Salted hash of the SAD digest.
        sad: Digest32,
        /// Signatures it allows.
        count: u32,
        /// Counter of the means after this use.
        means_counter: u32,
    },
    /// A signing call was answered.
    Signed {
        /// The credential.
        credential: CredentialMark,
        /// Salted hash of the certificate.
        certificate: Digest32,
        /// Number of signatures.
        count: u32,
        /// RFC 6962 root of the salted hashes, in the order of the call.
        hashes: Digest32,
    },
    /// An activation token was replaced by another for the same permissions.
    TransactionExtended {
        /// The credential.
        credential: CredentialMark,
        /// Permissions that were left.
        left: u32,
    },
    /// The root key was handed to another enclave of this service.
    HandedOver {
        /// The boot that it was sealed to.
        taker: InstanceId,
        /// Current manifest of both.
        manifest: ManifestHash,
    },
}

/// Salted hash: SHA-256 under its own domain.
#[must_use]
pub fn salted(salt: &[u8], value: &[u8]) -> Digest32 {
    Digest32(
        Sha256::new()
            .chain_update(b"fuin/salted/v1\0")
            .chain_update((salt.len() as u64).to_be_bytes())
            .chain_update(salt)
            .chain_update(value)
            .finalize()
            .into(),
    )
}
