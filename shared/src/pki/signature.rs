//! Place: none. Signature algorithm identifiers (RFC 5758) and verification by a DER SubjectPublicKeyInfo.

use alloc::vec::Vec;
use der::Encode;
use spki::AlgorithmIdentifierOwned;
use thiserror::Error;

use crate::algorithm::SignatureAlgorithm;
use crate::key::{KeyError, PublicKey};

/// Why a signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// Not ecdsa-with-SHA256, -SHA384 or -SHA512 without parameters.
    #[error("signature algorithm not supported: use ecdsa-with-SHA256, -SHA384 or -SHA512")]
    UnsupportedAlgorithm,
    /// Not a P-256 or P-384 key as named curve and uncompressed point.
    #[error("public key not supported: use P-256 or P-384, named curve, uncompressed point")]
    UnsupportedKey,
    /// Not a DER signature, or not this key's over this message.
    #[error("the signature does not verify")]
    Wrong,
}

/// The algorithm of a certificate's signature; `parameters` must be absent.
///
/// # Errors
/// [`SignatureError::UnsupportedAlgorithm`].
pub fn algorithm(identifier: &AlgorithmIdentifierOwned) -> Result<SignatureAlgorithm, SignatureError> {
    if identifier.parameters.is_some() {
        return Err(SignatureError::UnsupportedAlgorithm);
    }
    SignatureAlgorithm::ALL
        .into_iter()
        .find(|a| a.oid() == identifier.oid)
        .ok_or(SignatureError::UnsupportedAlgorithm)
}

/// DER AlgorithmIdentifier of a signature algorithm, without parameters.
#[must_use]
pub fn algorithm_der(algorithm: SignatureAlgorithm) -> Vec<u8> {
    let identifier = AlgorithmIdentifierOwned { oid: algorithm.oid(), parameters: None };
    // Invariant: an object identifier alone always encodes.
    identifier.to_der().unwrap_or_default()
}

/// Verifies a DER `Ecdsa-Sig-Value` over `message` by the key in a DER SubjectPublicKeyInfo.
///
/// Any of the three digests goes with either curve (RFC 5758, longer digests are cut to the order's length).
///
/// # Errors
/// [`SignatureError::UnsupportedKey`], [`SignatureError::Wrong`].
pub fn verify(
    spki_der: &[u8],
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let key = PublicKey::from_spki(spki_der).map_err(|_| SignatureError::UnsupportedKey)?;
    key.verify(algorithm.hash(), message, signature).map_err(|e| match e {
        KeyError::Malformed => SignatureError::UnsupportedKey,
        KeyError::Signature => SignatureError::Wrong,
    })
}
