//! Place: CM. The soft crypto module: keys live in enclave memory, and the wrapped form is the private key itself,
//! which the SAM seals into the credential's record.
//!
//! ECDSA on P-256 and P-384 with SHA-256, SHA-384 and SHA-512. Nonces are those of RFC 6979 with the digest of the
//! signature algorithm, so that signing needs no randomness; each signature is verified before it leaves, because a
//! fault in a deterministic signature would give the key away. A digest longer than the curve's order is cut to its
//! leftmost bits, a shorter one is taken as a number (FIPS 186-5, 6.4.1).

mod ecdsa_key;
mod known_answers;

use crate::crypto_module::{CryptoModule, Generated, LoadedKey};
use ecdsa_key::EcdsaKey;
use fuin_shared::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::fault::Fault;
use p256::NistP256;
use p384::NistP384;
use rand_core::CryptoRng;
use std::sync::Arc;

/// The soft module. It keeps no state: keys are where their owners hold them.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoftModule;

impl SoftModule {
    /// A module.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl CryptoModule for SoftModule {
    fn self_test(&self) -> Result<(), Fault> {
        known_answers::check()
    }

    fn generate(&self, algorithm: KeyAlgorithm, rng: &mut dyn CryptoRng) -> Result<Generated, Fault> {
        let (key, wrapped): (Arc<dyn LoadedKey>, _) = match algorithm {
            KeyAlgorithm::EcdsaP256 => EcdsaKey::<NistP256>::generate(rng).into_parts(),
            KeyAlgorithm::EcdsaP384 => EcdsaKey::<NistP384>::generate(rng).into_parts(),
        };
        pairwise(key.as_ref())?;
        Ok(Generated { key, wrapped })
    }

    fn load(&self, algorithm: KeyAlgorithm, wrapped: &[u8]) -> Result<Arc<dyn LoadedKey>, Fault> {
        Ok(match algorithm {
            KeyAlgorithm::EcdsaP256 => Arc::new(EcdsaKey::<NistP256>::from_octets(wrapped)?),
            KeyAlgorithm::EcdsaP384 => Arc::new(EcdsaKey::<NistP384>::from_octets(wrapped)?),
        })
    }

    fn destroy(&self, _: KeyAlgorithm, _: &[u8]) -> Result<(), Fault> {
        Ok(())
    }
}

/// Pairwise consistency: the key signs, and its public key verifies (the signature is checked inside).
fn pairwise(key: &dyn LoadedKey) -> Result<(), Fault> {
    let algorithm =
        key.algorithm().signature_algorithms().first().copied().unwrap_or(SignatureAlgorithm::EcdsaSha256);
    key.sign(algorithm, &algorithm.hash().digest(b"fuin/pairwise-consistency/v1")).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto_module::conformance;

    #[test]
    fn conforms() {
        conformance::run(&SoftModule::new());
    }

    #[test]
    fn the_wrapped_form_is_one_scalar_in_range() {
        let refused =
            |algorithm, octets: &[u8]| SoftModule.load(algorithm, octets).err() == Some(Fault::RecordForeign);
        for (algorithm, length) in [(KeyAlgorithm::EcdsaP256, 32), (KeyAlgorithm::EcdsaP384, 48)] {
            assert!(refused(algorithm, &vec![0; length]), "zero");
            assert!(refused(algorithm, &vec![0xff; length]), "not below the order");
            assert!(refused(algorithm, &vec![1; length - 1]), "short");
            assert!(refused(algorithm, &vec![1; length + 1]), "long");
            assert!(SoftModule.load(algorithm, &vec![1; length]).is_ok());
        }
    }
}
