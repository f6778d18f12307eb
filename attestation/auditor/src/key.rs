//! Place: none. The auditor's sealing key: a scalar of P-384. Never printed, never copied, erased on drop.

use crate::opener::DetailError;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::Digest32;
use fuin_shared::log::detail::{KEY_INFO, WrappedKey, key_hash};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha384;
use hpke::kem::DhP384HkdfSha384 as Kem;
use hpke::{Deserializable, Kem as _, OpModeR, Serializable};
use zeroize::Zeroizing;

/// The key.
pub struct AuditorKey {
    opening: <Kem as hpke::Kem>::PrivateKey,
    public: Blob,
}

impl AuditorKey {
    /// From its scalar, 48 octets; none if it is none of the curve.
    #[must_use]
    pub fn from_scalar(octets: &[u8]) -> Option<Self> {
        let opening = <Kem as hpke::Kem>::PrivateKey::from_bytes(octets).ok()?;
        let public = Kem::sk_to_pk(&opening).to_bytes().to_vec().into();
        Some(Self { opening, public })
    }

    /// The public key as the manifest names it, 97 octets.
    #[must_use]
    pub const fn public(&self) -> &Blob {
        &self.public
    }

    /// What names it in wrapped content keys.
    #[must_use]
    pub fn hash(&self) -> Digest32 {
        key_hash(self.public.as_slice())
    }

    /// Opens a content key that was wrapped to this key under `aad`.
    pub(crate) fn unwrap(
        &self,
        wrapped: &WrappedKey,
        aad: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, DetailError> {
        let encapsulated = wrapped.sealed.encapsulated.as_slice();
        let point =
            <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| DetailError::ContentKey)?;
        let opened = hpke::single_shot_open::<AesGcm256, HkdfSha384, Kem>(
            &OpModeR::Base,
            &self.opening,
            &point,
            KEY_INFO,
            wrapped.sealed.ciphertext.as_slice(),
            aad,
        );
        let opened = opened.map(Zeroizing::new).map_err(|_| DetailError::ContentKey)?;
        let mut key = Zeroizing::new([0; 32]);
        if opened.len() != key.len() {
            return Err(DetailError::ContentKey);
        }
        key.copy_from_slice(&opened);
        Ok(key)
    }
}
