//! Place: SAM, SCA. Evidence of where the key of an SCA lives (SEAL-06). It travels beside the terms of a mandate, whose id
//! stays what it is, and is judged by the manifest: in the enclave, and by each approver before.

use crate::bytes::Blob;
use crate::codec;
use crate::ids::Digest32;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Largest evidence in octets.
pub const MAX_SCA_EVIDENCE: usize = 32 * 1024;

/// What says where a key lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum ScaEvidence {
    /// In hardware: certificates in DER, the key's first, each followed by its issuer's, the anchor given or left out.
    Certificates(Vec<Blob>),
    /// In an enclave: its attestation document, whose `public_key` is the key's SubjectPublicKeyInfo in DER.
    Document(Blob),
}

impl ScaEvidence {
    /// The one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Names it to auditors.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        let domain = b"fuin/sca-evidence/v1\0";
        Digest32(Sha256::new().chain_update(domain).chain_update(self.to_bytes()).finalize().into())
    }
}
