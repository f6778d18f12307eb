//! Place: none. The signing half of a note key. The seed comes from outside; nothing random happens here.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use ed25519_dalek::{Signer, SigningKey};

use super::key::{KeyError, VerifierKey};
use super::{NoteError, SignatureLine, check_text};

/// Name and Ed25519 signing key. Zeroized on drop, never printed, never copied.
pub struct NoteSigner {
    key: SigningKey,
    verifier: VerifierKey,
}

impl NoteSigner {
    /// The signer of this name with this seed. The caller zeroizes its own copy of the seed.
    ///
    /// # Errors
    /// [`KeyError::BadName`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key().as_bytes())?;
        Ok(Self { key, verifier })
    }

    /// The key that verifies.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text, one or more lines each ended by a line feed; returns the signature line.
    ///
    /// # Errors
    /// [`NoteError::BadText`], [`NoteError::ControlCharacter`].
    pub fn sign_line(&self, text: &str) -> Result<SignatureLine, NoteError> {
        check_text(text)?;
        Ok(SignatureLine {
            name: self.verifier.name().to_owned(),
            id: self.verifier.id(),
            signature: self.key.sign(text.as_bytes()).to_bytes().to_vec(),
        })
    }

    /// Signs a text; returns the whole note.
    ///
    /// # Errors
    /// As [`NoteSigner::sign_line`].
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        Ok(format!("{text}\n{}", self.sign_line(text)?.to_text()))
    }
}
