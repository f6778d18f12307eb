//! Place: SCA. The key of a signature creation application: P-256, in a file for development. What runs in production
//! keeps it where it cannot be copied; the service sees its public half, and what shows
//! where it lives if the manifest asks (SEAL-06).

use ecdsa::signature::Signer as _;
use fuin_shared::codec;
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::seal::{SealOrder, SignedOrder};
use fuin_shared::statement::SignedStatement;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The text is not a P-256 key in PKCS#8 PEM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 key in PKCS#8 PEM")]
pub struct ScaKeyError;

/// The key. Secret: neither printed nor copied.
pub struct ScaKey(SigningKey);

impl ScaKey {
    /// A new key.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        loop {
            let mut scalar = Zeroizing::new([0u8; 32]);
            rng.fill_bytes(scalar.as_mut());
            // Fails for zero and for numbers not below the group's order: once in 2^32.
            if let Ok(key) = SigningKey::from_slice(scalar.as_ref()) {
                return Self(key);
            }
        }
    }

    /// Reads PKCS#8 in PEM.
    ///
    /// # Errors
    /// [`ScaKeyError`].
    pub fn from_pem(pem: &str) -> Result<Self, ScaKeyError> {
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| ScaKeyError)
    }

    /// PKCS#8 in PEM.
    ///
    /// # Errors
    /// [`ScaKeyError`], which no key causes.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, ScaKeyError> {
        self.0.to_pkcs8_pem(LineEnding::LF).map_err(|_| ScaKeyError)
    }

    /// The public half, as a mandate names it.
    #[must_use]
    pub fn spki(&self) -> Spki {
        Spki::from(&PublicKey::P256(*self.0.verifying_key()))
    }

    /// Signs an order.
    #[must_use]
    pub fn sign(&self, order: &SealOrder) -> SignedOrder {
        let octets = codec::encode(order);
        let signature: DerSignature = self.0.sign(&SignedStatement::message::<SealOrder>(&octets));
        SignedOrder { order: octets.into(), signature: signature.as_bytes().to_vec().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
    use fuin_shared::ids::{MandateId, ServiceId};
    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    #[test]
    fn a_key_comes_back_from_its_text_and_signs_orders() {
        let key = ScaKey::generate(&mut UnwrapErr(SysRng));
        let again = ScaKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(key.spki(), again.spki());
        let order = SealOrder {
            version: fuin_shared::seal::VERSION,
            service: ServiceId([1; 32]),
            mandate: MandateId([2; 16]),
            number: 1,
            expires: 1,
            hashes: vec![vec![3; 32].into()],
            hash_algorithm: HashAlgorithm::Sha256,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
        };
        let signed = again.sign(&order);
        let message = SignedStatement::message::<SealOrder>(signed.order.as_slice());
        let public = key.spki().key().unwrap();
        public.verify(HashAlgorithm::Sha256, &message, signed.signature.as_slice()).unwrap();
        assert!(ScaKey::from_pem("text").is_err());
    }
}
