//! Place: SIC. A device key in software: P-256, and a compact JWS over the SAD digest for an answer.
//!
//! It asks nobody: whoever can read its file is the user. It is for development, for tests and for signers who guard the
//! file themselves; a signer's device keeps such a key in its own key store.

mod directory;

pub use directory::DeviceKeyDirectory;

use base64ct::{Base64UrlUnpadded, Encoding};
use ecdsa::signature::hazmat::PrehashSigner;
use fuin_shared::ids::Digest32;
use fuin_shared::key::PublicKey;
use fuin_shared::sad::{Assertion, DEVICE_KEY_TYPE, device_key_fingerprint};
use p256::ecdsa::{Signature, SigningKey};
use rand_core::CryptoRng;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Why a device key did not answer.
#[derive(Debug, thiserror::Error)]
pub enum DeviceKeyError {
    /// There is no such key here.
    #[error("device key: none with fingerprint {key} in {directory}")]
    Unknown {
        /// Fingerprint asked for.
        key: Digest32,
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// The service asks for no device key.
    #[error("device key: the service asks for another means")]
    NotAsked,
    /// Its file could not be read or written.
    #[error("device key file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// Its file holds something else.
    #[error("device key file {0}: not a PKCS#8 key on P-256 of this name; make a new one by linking again")]
    Malformed(PathBuf),
    /// Signing failed.
    #[error("device key: its key refused")]
    Signing,
}

/// One device key. Holds a secret key: neither printed nor copied.
pub struct SoftwareDeviceKey {
    key: SigningKey,
}

impl SoftwareDeviceKey {
    /// A new key.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        loop {
            let mut scalar = Zeroizing::new([0u8; 32]);
            rng.fill_bytes(scalar.as_mut());
            // Fails for zero and for numbers not below the group's order: once in 2^32.
            if let Ok(key) = SigningKey::from_slice(scalar.as_ref()) {
                break Self { key };
            }
        }
    }

    /// DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        PublicKey::P256(*self.key.verifying_key()).to_spki()
    }

    /// Its name.
    #[must_use]
    pub fn fingerprint(&self) -> Digest32 {
        device_key_fingerprint(&self.spki())
    }

    /// The key shows itself, answering a SAD digest.
    ///
    /// # Errors
    /// [`DeviceKeyError::Signing`].
    pub fn registration(&self, digest: &Digest32) -> Result<Assertion, DeviceKeyError> {
        Ok(Assertion::DeviceKeyRegistration { public_key: self.spki().into(), jws: self.sign(digest)? })
    }

    /// The answer to a SAD digest.
    ///
    /// # Errors
    /// [`DeviceKeyError::Signing`].
    pub fn assertion(&self, digest: &Digest32) -> Result<Assertion, DeviceKeyError> {
        Ok(Assertion::DeviceKey { jws: self.sign(digest)? })
    }

    fn sign(&self, digest: &Digest32) -> Result<String, DeviceKeyError> {
        let header = json!({ "alg": "ES256", "typ": DEVICE_KEY_TYPE, "kid": self.fingerprint().to_string() });
        let encode = Base64UrlUnpadded::encode_string;
        let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(digest.as_ref()));
        let signature: Signature =
            self.key.sign_prehash(&Sha256::digest(&signed)).map_err(|_| DeviceKeyError::Signing)?;
        Ok(format!("{signed}.{}", encode(&signature.to_bytes())))
    }
}

#[cfg(test)]
mod tests;
