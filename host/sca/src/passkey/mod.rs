//! Place: SIC. A software passkey: WebAuthn level 2 registration and assertion with one P-256 key, without attestation
//! (format `none`), user presence and user verification always set.
//!
//! It verifies nobody: whoever can read its file is the user. It is for development and for tests; a signer's device uses
//! the platform's authenticator.

mod client_data;
mod cose;
mod directory;
mod file;

pub use directory::PasskeyDirectory;

use ecdsa::signature::hazmat::PrehashSigner;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::Digest32;
use fuin_shared::sad::Assertion;
use p256::ecdsa::{DerSignature, SigningKey};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use zeroize::Zeroizing;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED_DATA: u8 = 0x40;
/// AAGUID of an authenticator that does not say what it is.
const AAGUID: [u8; 16] = [0; 16];

/// Why a passkey did not answer.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// There is no such passkey here.
    #[error("passkey: none for relying party {rp_id} with credential id {credential_id} in {directory}")]
    Unknown {
        /// rpId asked for.
        rp_id: String,
        /// Credential id asked for, hex.
        credential_id: String,
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// Its file could not be read or written.
    #[error("passkey file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// Its file holds something else.
    #[error("passkey file {0}: not a software passkey; make a new one by linking again")]
    Malformed(PathBuf),
    /// The service asks for no passkey.
    #[error("passkey: the service asks for another means")]
    NotAsked,
    /// The counter cannot grow any more, or signing failed.
    #[error("passkey: {0}")]
    Signing(&'static str),
}

/// One passkey. Holds a secret key: neither printed nor copied.
pub struct SoftwarePasskey {
    rp_id: String,
    origin: String,
    user: String,
    credential_id: Vec<u8>,
    key: SigningKey,
    counter: Option<u32>,
}

impl SoftwarePasskey {
    /// A new passkey of `user` at `rp_id`, used through `origin`.
    ///
    /// With `counting` its signature counter grows with every assertion, so that assertions must reach the relying party
    /// in their order; without, it stays 0 as with passkeys that are synchronised between devices.
    #[must_use]
    pub fn generate(rp_id: &str, origin: &str, user: &str, counting: bool, rng: &mut impl CryptoRng) -> Self {
        let mut credential_id = vec![0; 16];
        rng.fill_bytes(&mut credential_id);
        let key = loop {
            let mut scalar = Zeroizing::new([0u8; 32]);
            rng.fill_bytes(scalar.as_mut());
            // Fails for zero and for numbers not below the group's order: once in 2^32.
            if let Ok(key) = SigningKey::from_slice(scalar.as_ref()) {
                break key;
            }
        };
        Self {
            rp_id: rp_id.to_owned(),
            origin: origin.to_owned(),
            user: user.to_owned(),
            credential_id,
            key,
            counter: counting.then_some(0),
        }
    }

    /// Relying party.
    #[must_use]
    pub fn rp_id(&self) -> &str {
        &self.rp_id
    }

    /// Raw credential id.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// Registration that answers `challenge`.
    #[must_use]
    pub fn registration(&self, challenge: &Digest32) -> Assertion {
        let client_data = client_data::encode("webauthn.create", challenge, &self.origin);
        let mut data = self.authenticator_data(USER_PRESENT | USER_VERIFIED | ATTESTED_DATA);
        data.extend_from_slice(&AAGUID);
        // 16 octets, set in `generate`; a file with another length is refused.
        data.extend_from_slice(&[0, 16]);
        data.extend_from_slice(&self.credential_id);
        data.extend_from_slice(&cose::public_key(self.key.verifying_key()));
        Assertion::PasskeyRegistration {
            client_data: client_data.into(),
            attestation_object: cose::attestation_object(&data).into(),
        }
    }

    /// Assertion that answers `challenge`.
    ///
    /// # Errors
    /// [`PasskeyError::Signing`] when a counting passkey's counter is at its end.
    pub fn assertion(&mut self, challenge: &Digest32) -> Result<Assertion, PasskeyError> {
        if let Some(counter) = &mut self.counter {
            *counter = counter.checked_add(1).ok_or(PasskeyError::Signing("its counter is at its end"))?;
        }
        let client_data = client_data::encode("webauthn.get", challenge, &self.origin);
        let data = self.authenticator_data(USER_PRESENT | USER_VERIFIED);
        let digest = Sha256::new().chain_update(&data).chain_update(Sha256::digest(&client_data)).finalize();
        let signature: DerSignature =
            self.key.sign_prehash(&digest).map_err(|_| PasskeyError::Signing("its key refused"))?;
        Ok(Assertion::Passkey {
            credential_id: Blob(self.credential_id.clone()),
            client_data: client_data.into(),
            authenticator_data: data.into(),
            signature: signature.as_bytes().to_vec().into(),
        })
    }

    /// Hash of the rpId, flags and counter (WebAuthn section 6.1).
    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.rp_id.as_bytes()).to_vec();
        data.push(flags);
        data.extend_from_slice(&self.counter.unwrap_or(0).to_be_bytes());
        data
    }
}

#[cfg(test)]
mod tests;
