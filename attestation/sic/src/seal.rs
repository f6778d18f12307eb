//! Place: SIC. Sealing SAD and assertion to the instance: HPKE base mode, DHKEM(P-384, HKDF-SHA384), HKDF-SHA384,
//! AES-256-GCM (RFC 9180).

use crate::error::SicError;
use crate::evidence::TrustedInstance;
use fuin_shared::codec;
use fuin_shared::sad::{
    Assertion, AuthorizationEvidence, AuthorizedSad, MAX_EVIDENCE, SEAL_INFO, Sad, sad_digest, seal_aad,
};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha384;
use hpke::kem::DhP384HkdfSha384 as Kem;
use hpke::{Deserializable, OpModeS, Serializable};
use rand_core::CryptoRng;

impl TrustedInstance {
    /// Seals the SAD with the means' answer to this instance.
    ///
    /// # Errors
    /// [`SicError::Seal`] when the instance's key is no P-384 point.
    pub fn seal(
        &self,
        sad: &Sad,
        assertion: Assertion,
        rng: &mut impl CryptoRng,
    ) -> Result<AuthorizationEvidence, SicError> {
        let key = <Kem as hpke::Kem>::PublicKey::from_bytes(self.hpke_key()).map_err(|_| SicError::Seal)?;
        let octets = sad.to_bytes();
        let digest = sad_digest(&octets);
        let inside = codec::encode_secret(&AuthorizedSad { sad: octets.into(), assertion }, MAX_EVIDENCE);
        let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha384, Kem>(
            &OpModeS::Base,
            &key,
            SEAL_INFO,
            &inside,
            &seal_aad(self.id(), &digest),
            rng,
        )
        .map_err(|_| SicError::Seal)?;
        Ok(AuthorizationEvidence::Sealed {
            instance: *self.id(),
            sad_digest: digest,
            encapsulated: encapsulated.to_bytes().to_vec().into(),
            ciphertext: ciphertext.into(),
        })
    }
}
