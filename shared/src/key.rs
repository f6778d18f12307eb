//! Place: none. Public keys of people and machines, as DER SubjectPublicKeyInfo, and the check of their signatures.

use crate::algorithm::{HashAlgorithm, KeyAlgorithm};
use crate::bytes::Blob;
use alloc::vec::Vec;
use ecdsa::signature::hazmat::PrehashVerifier;
use p256::pkcs8::{DecodePublicKey, EncodePublicKey};
use serde::{Deserialize, Serialize};

/// Longest SubjectPublicKeyInfo of an algorithm in the set.
const MAX_SPKI: usize = 160;

/// Why a key or a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the DER SubjectPublicKeyInfo of an uncompressed P-256 or P-384 point.
    #[error("not a P-256 or P-384 public key")]
    Malformed,
    /// The signature is not DER, is out of range, or does not verify.
    #[error("signature does not verify")]
    Signature,
}

/// A parsed public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// On P-256.
    P256(p256::ecdsa::VerifyingKey),
    /// On P-384.
    P384(p384::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo; only its one encoding is taken.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        if der.len() > MAX_SPKI {
            return Err(KeyError::Malformed);
        }
        let key = p256::ecdsa::VerifyingKey::from_public_key_der(der)
            .map(Self::P256)
            .or_else(|_| p384::ecdsa::VerifyingKey::from_public_key_der(der).map(Self::P384))
            .map_err(|_| KeyError::Malformed)?;
        if key.to_spki() == der { Ok(key) } else { Err(KeyError::Malformed) }
    }

    /// DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        let document = match self {
            Self::P256(key) => key.to_public_key_der(),
            Self::P384(key) => key.to_public_key_der(),
        };
        // Invariant: a valid point always encodes.
        document.map(|d| d.into_vec()).unwrap_or_default()
    }

    /// Which algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::P256(_) => KeyAlgorithm::EcdsaP256,
            Self::P384(_) => KeyAlgorithm::EcdsaP384,
        }
    }

    /// The digest that statements under this key use: SHA-256 for P-256, SHA-384 for P-384.
    #[must_use]
    pub const fn statement_hash(&self) -> HashAlgorithm {
        match self {
            Self::P256(_) => HashAlgorithm::Sha256,
            Self::P384(_) => HashAlgorithm::Sha384,
        }
    }

    /// Verifies an ECDSA signature in DER (`Ecdsa-Sig-Value`) over a digest.
    ///
    /// # Errors
    /// [`KeyError::Signature`].
    pub fn verify_digest(&self, digest: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let wrong = |_| KeyError::Signature;
        match self {
            Self::P256(key) => {
                let s = p256::ecdsa::Signature::from_der(signature).map_err(wrong)?;
                exact(s.to_der().as_bytes(), signature)?;
                key.verify_prehash(digest, &s).map_err(wrong)
            }
            Self::P384(key) => {
                let s = p384::ecdsa::Signature::from_der(signature).map_err(wrong)?;
                exact(s.to_der().as_bytes(), signature)?;
                key.verify_prehash(digest, &s).map_err(wrong)
            }
        }
    }

    /// Verifies an ECDSA signature in DER over a message digested with `hash`.
    ///
    /// # Errors
    /// [`KeyError::Signature`].
    pub fn verify(&self, hash: HashAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        self.verify_digest(&hash.digest(message), signature)
    }

    /// Verifies the raw `r || s` form that JOSE and COSE use.
    ///
    /// # Errors
    /// [`KeyError::Signature`].
    pub fn verify_raw(&self, hash: HashAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let wrong = |_| KeyError::Signature;
        let digest = hash.digest(message);
        match self {
            Self::P256(key) => {
                let s = p256::ecdsa::Signature::from_slice(signature).map_err(wrong)?;
                key.verify_prehash(&digest, &s).map_err(wrong)
            }
            Self::P384(key) => {
                let s = p384::ecdsa::Signature::from_slice(signature).map_err(wrong)?;
                key.verify_prehash(&digest, &s).map_err(wrong)
            }
        }
    }
}

fn exact(one: &[u8], other: &[u8]) -> Result<(), KeyError> {
    if one == other { Ok(()) } else { Err(KeyError::Signature) }
}

/// A public key as it stands in manifests and statements: DER SubjectPublicKeyInfo.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spki(pub Blob);

impl Spki {
    /// Parses the key.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_spki(self.0.as_slice())
    }
}

impl From<&PublicKey> for Spki {
    fn from(key: &PublicKey) -> Self {
        Self(key.to_spki().into())
    }
}

/// DER `Ecdsa-Sig-Value` of a signature's raw `r || s` form (64 or 96 octets).
///
/// # Errors
/// [`KeyError::Signature`] when the length is another or a number is out of range.
pub fn raw_to_der(raw: &[u8]) -> Result<Vec<u8>, KeyError> {
    let wrong = |_| KeyError::Signature;
    match raw.len() {
        64 => Ok(p256::ecdsa::Signature::from_slice(raw).map_err(wrong)?.to_der().as_bytes().to_vec()),
        96 => Ok(p384::ecdsa::Signature::from_slice(raw).map_err(wrong)?.to_der().as_bytes().to_vec()),
        _ => Err(KeyError::Signature),
    }
}
