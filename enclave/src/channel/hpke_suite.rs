//! Place: SAM. The one HPKE suite.

use fuin_shared::fault::Fault;
use fuin_shared::statement::HpkeSealed;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha384;
use hpke::kem::DhP384HkdfSha384;
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, setup_receiver, setup_sender_with_rng};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// DHKEM(P-384, HKDF-SHA384).
pub(super) type Kem = DhP384HkdfSha384;

/// Seals `plaintext` to an HPKE public key (97 octets, uncompressed point).
///
/// # Errors
/// [`Fault::Malformed`] when `public` is no point of the curve.
pub fn seal_to(
    public: &[u8],
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    mut rng: &mut dyn CryptoRng,
) -> Result<HpkeSealed, Fault> {
    let public = <Kem as hpke::Kem>::PublicKey::from_bytes(public).map_err(|_| Fault::Malformed)?;
    let (encapsulated, mut context) =
        setup_sender_with_rng::<AesGcm256, HkdfSha384, Kem>(&OpModeS::Base, &public, info, &mut rng)
            .map_err(|_| Fault::Malformed)?;
    let ciphertext = context.seal(plaintext, aad).map_err(|_| Fault::Malformed)?;
    Ok(HpkeSealed { encapsulated: encapsulated.to_bytes().to_vec().into(), ciphertext: ciphertext.into() })
}

/// See [`super::InstanceKeyPairs::open`].
pub(super) fn open_with(
    private: &<Kem as hpke::Kem>::PrivateKey,
    info: &[u8],
    aad: &[u8],
    encapsulated: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let encapsulated =
        <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| Fault::Malformed)?;
    let mut context =
        setup_receiver::<AesGcm256, HkdfSha384, Kem>(&OpModeR::Base, private, &encapsulated, info)
            .map_err(|_| Fault::Malformed)?;
    context.open(ciphertext, aad).map(Zeroizing::new).map_err(|_| Fault::Malformed)
}
