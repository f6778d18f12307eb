//! Place: SAM. Instance keys: made at boot, named in the evidence, never outside this process.
//!
//! Two pairs on P-384. The HPKE pair (RFC 9180 base mode, DHKEM(P-384, HKDF-SHA384), HKDF-SHA384, AES-256-GCM) opens
//! what people seal to the enclave; the signing pair (ECDSA with SHA-384) speaks for the boot.

mod hpke_suite;

pub use hpke_suite::seal_to;

use crate::channel::hpke_suite::{Kem, open_with};
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::evidence::InstanceKeys;
use fuin_shared::fault::Fault;
use fuin_shared::key::{PublicKey, Spki};
use hpke::{Kem as _, Serializable};
use p384::ecdsa::SigningKey;
use p384::elliptic_curve::Generate;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The two key pairs of a boot. Private parts are zeroized on drop; there is no way to copy or show them.
pub struct InstanceKeyPairs {
    hpke: <Kem as hpke::Kem>::PrivateKey,
    signing: SigningKey,
    verifying: PublicKey,
    public: InstanceKeys,
}

impl InstanceKeyPairs {
    /// Makes new pairs.
    #[must_use]
    pub fn generate(mut rng: &mut dyn CryptoRng) -> Self {
        let (hpke, hpke_public) = Kem::gen_keypair_with_rng(&mut rng);
        let signing = SigningKey::generate_from_rng(rng);
        let verifying = PublicKey::P384(*signing.verifying_key());
        let public =
            InstanceKeys { hpke: Blob(hpke_public.to_bytes().to_vec()), signing: Spki::from(&verifying) };
        Self { hpke, signing, verifying, public }
    }

    /// The public parts, as the evidence names them.
    #[must_use]
    pub fn public(&self) -> InstanceKeys {
        self.public.clone()
    }

    /// Opens what was sealed to [`InstanceKeys::hpke`] under `info` (the use) and `aad` (the context).
    ///
    /// # Errors
    /// [`Fault::Malformed`] whenever it cannot be opened; why is not said.
    pub fn open(
        &self,
        info: &[u8],
        aad: &[u8],
        encapsulated: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        open_with(&self.hpke, info, aad, encapsulated, ciphertext)
    }

    /// ECDSA with SHA-384 in DER. The nonce is that of RFC 6979; the signature is verified before it is returned,
    /// because a faulty deterministic signature would give the key away.
    ///
    /// # Errors
    /// [`Fault::SelfCheck`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        use p384::ecdsa::{Signature, signature::hazmat::PrehashSigner};
        let digest = HashAlgorithm::Sha384.digest(message);
        let signature: Signature = self.signing.sign_prehash(&digest).map_err(|_| Fault::SelfCheck)?;
        let der = signature.to_der().as_bytes().to_vec();
        self.verifying.verify_digest(&digest, &der).map_err(|_| Fault::SelfCheck)?;
        Ok(der)
    }

    /// Pairwise consistency of both pairs.
    ///
    /// # Errors
    /// [`Fault::SelfTest`].
    pub fn self_test(&self, rng: &mut dyn CryptoRng) -> Result<(), Fault> {
        const PROBE: &[u8] = b"fuin/instance-self-test/v1";
        self.sign(PROBE).map_err(|_| Fault::SelfTest)?;
        let sealed =
            seal_to(self.public.hpke.as_slice(), PROBE, b"a", PROBE, rng).map_err(|_| Fault::SelfTest)?;
        let opened = self
            .open(PROBE, b"a", sealed.encapsulated.as_slice(), sealed.ciphertext.as_slice())
            .map_err(|_| Fault::SelfTest)?;
        if opened.as_slice() == PROBE { Ok(()) } else { Err(Fault::SelfTest) }
    }
}

#[cfg(test)]
mod tests;
