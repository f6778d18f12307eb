//! Place: CM. The signature value generation module (EN 419 221-5): one trait for every home of signers' keys.

#[cfg(test)]
pub(crate) mod conformance;
pub mod soft;

use crate::sam::Ticket;
use fuin_shared::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::fault::Fault;
use rand_core::CryptoRng;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A key that is ready for use. Dropping it ends its use; the soft module zeroizes it then.
pub trait LoadedKey: Send + Sync {
    /// Its algorithm.
    fn algorithm(&self) -> KeyAlgorithm;
    /// DER SubjectPublicKeyInfo.
    fn spki(&self) -> &[u8];
    /// Signs a digest, verifies the signature, and returns it in DER (`Ecdsa-Sig-Value`).
    ///
    /// # Errors
    /// [`Fault::AlgorithmNotAllowed`], [`Fault::HashLength`], [`Fault::SelfCheck`].
    fn sign(&self, algorithm: SignatureAlgorithm, digest: &[u8]) -> Result<Vec<u8>, Fault>;
}

impl std::fmt::Debug for dyn LoadedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoadedKey({:?})", self.algorithm())
    }
}

/// A home of keys.
pub trait CryptoModule: Send + Sync {
    /// Known answers and a pairwise consistency test.
    ///
    /// # Errors
    /// [`Fault::SelfTest`].
    fn self_test(&self) -> Result<(), Fault>;

    /// Makes a key pair, with a pairwise consistency test.
    ///
    /// # Errors
    /// [`Fault::UnsupportedAlgorithm`], [`Fault::SelfCheck`].
    fn generate(&self, algorithm: KeyAlgorithm, rng: &mut dyn CryptoRng) -> Result<Generated, Fault>;

    /// Makes a wrapped key ready for use.
    ///
    /// # Errors
    /// [`Fault::RecordForeign`] when the octets are no key of this module.
    fn load(&self, algorithm: KeyAlgorithm, wrapped: &[u8]) -> Result<Arc<dyn LoadedKey>, Fault>;

    /// Destroys what the module itself keeps of a wrapped key.
    ///
    /// # Errors
    /// Those of the device; the soft module keeps nothing.
    fn destroy(&self, algorithm: KeyAlgorithm, wrapped: &[u8]) -> Result<(), Fault>;
}

/// A new key.
#[derive(Debug)]
pub struct Generated {
    /// Ready for use.
    pub key: Arc<dyn LoadedKey>,
    /// What the SAM seals into the record: for the soft module the private key itself.
    pub wrapped: Zeroizing<Vec<u8>>,
}

/// Work for the signing pool: all digests or none.
#[derive(Debug)]
pub struct SigningJob {
    /// For the answer.
    pub ticket: Ticket,
    /// The key.
    pub key: Arc<dyn LoadedKey>,
    /// Algorithm.
    pub algorithm: SignatureAlgorithm,
    /// Digests in order.
    pub digests: Vec<Vec<u8>>,
}

impl SigningJob {
    /// Does the work.
    ///
    /// # Errors
    /// The first failure of [`LoadedKey::sign`].
    pub fn run(&self) -> Result<Vec<Vec<u8>>, Fault> {
        self.digests.iter().map(|digest| self.key.sign(self.algorithm, digest)).collect()
    }
}
