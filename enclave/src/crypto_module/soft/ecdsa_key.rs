//! Place: CM. An ECDSA key in enclave memory, for both curves.

use crate::crypto_module::LoadedKey;
use ecdsa::elliptic_curve::array::ArraySize;
use ecdsa::elliptic_curve::{CurveArithmetic, FieldBytesSize, Generate};
use ecdsa::hazmat::sign_prehashed_rfc6979;
use ecdsa::{EcdsaCurve, Signature, SigningKey, VerifyingKey, der};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::fault::Fault;
use fuin_shared::key::PublicKey;
use p256::NistP256;
use p384::NistP384;
use rand_core::CryptoRng;
use sha2::{Sha256, Sha384, Sha512};
use std::ops::Add;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A curve of the module.
pub(super) trait Curve: EcdsaCurve + CurveArithmetic {
    /// The algorithm of keys on it.
    const ALGORITHM: KeyAlgorithm;
    /// The public key in the common type.
    fn public(key: &VerifyingKey<Self>) -> PublicKey;
}

impl Curve for NistP256 {
    const ALGORITHM: KeyAlgorithm = KeyAlgorithm::EcdsaP256;
    fn public(key: &VerifyingKey<Self>) -> PublicKey {
        PublicKey::P256(*key)
    }
}

impl Curve for NistP384 {
    const ALGORITHM: KeyAlgorithm = KeyAlgorithm::EcdsaP384;
    fn public(key: &VerifyingKey<Self>) -> PublicKey {
        PublicKey::P384(*key)
    }
}

/// A private key with its public key. `SigningKey` zeroizes its scalar when it is dropped.
pub(super) struct EcdsaKey<C: Curve> {
    private: SigningKey<C>,
    public: PublicKey,
    spki: Vec<u8>,
}

impl<C: Curve> EcdsaKey<C> {
    fn new(private: SigningKey<C>) -> Self {
        let public = C::public(private.verifying_key());
        let spki = public.to_spki();
        Self { private, public, spki }
    }

    /// A new key.
    pub(super) fn generate(rng: &mut dyn CryptoRng) -> Self {
        Self::new(SigningKey::generate_from_rng(rng))
    }

    /// From [`EcdsaKey::to_octets`].
    pub(super) fn from_octets(octets: &[u8]) -> Result<Self, Fault> {
        // The library would take a shorter scalar too.
        if octets.len() * 8 != C::ALGORITHM.bits() as usize {
            return Err(Fault::RecordForeign);
        }
        SigningKey::from_slice(octets).map(Self::new).map_err(|_| Fault::RecordForeign)
    }

    /// The private scalar, as long as the curve's order.
    fn to_octets(&self) -> Zeroizing<Vec<u8>> {
        let mut scalar = self.private.to_bytes();
        let octets = Zeroizing::new(scalar.as_slice().to_vec());
        zeroize::Zeroize::zeroize(scalar.as_mut_slice());
        octets
    }

    fn raw_signature(&self, hash: HashAlgorithm, digest: &[u8]) -> Signature<C> {
        let scalar = self.private.as_nonzero_scalar();
        match hash {
            HashAlgorithm::Sha256 => sign_prehashed_rfc6979::<C, Sha256>(scalar, digest, &[]),
            HashAlgorithm::Sha384 => sign_prehashed_rfc6979::<C, Sha384>(scalar, digest, &[]),
            HashAlgorithm::Sha512 => sign_prehashed_rfc6979::<C, Sha512>(scalar, digest, &[]),
        }
        .0
    }
}

impl<C> EcdsaKey<C>
where
    Self: LoadedKey + 'static,
    C: Curve,
{
    /// The key ready for use, and its wrapped form.
    pub(super) fn into_parts(self) -> (Arc<dyn LoadedKey>, Zeroizing<Vec<u8>>) {
        let wrapped = self.to_octets();
        (Arc::new(self), wrapped)
    }
}

impl<C> LoadedKey for EcdsaKey<C>
where
    C: Curve,
    der::MaxSize<C>: ArraySize,
    <FieldBytesSize<C> as Add>::Output: Add<der::MaxOverhead> + ArraySize,
{
    fn algorithm(&self) -> KeyAlgorithm {
        C::ALGORITHM
    }

    fn spki(&self) -> &[u8] {
        &self.spki
    }

    fn sign(&self, algorithm: SignatureAlgorithm, digest: &[u8]) -> Result<Vec<u8>, Fault> {
        if !C::ALGORITHM.signature_algorithms().contains(&algorithm) {
            return Err(Fault::AlgorithmNotAllowed);
        }
        if digest.len() != algorithm.hash().octets() {
            return Err(Fault::HashLength);
        }
        let der = self.raw_signature(algorithm.hash(), digest).to_der().as_bytes().to_vec();
        self.public.verify_digest(digest, &der).map_err(|_| Fault::SelfCheck)?;
        Ok(der)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::entropy::testing::rng;

    #[test]
    fn a_signature_that_does_not_verify_never_leaves() {
        let mut rng = rng(11);
        let mut key = EcdsaKey::<NistP256>::generate(&mut rng);
        key.public = EcdsaKey::<NistP256>::generate(&mut rng).public;
        assert_eq!(key.sign(SignatureAlgorithm::EcdsaSha256, &[1; 32]), Err(Fault::SelfCheck));
    }
}
