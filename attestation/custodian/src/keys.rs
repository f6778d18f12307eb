//! Place: none. A custodian's two secret keys: its own, or those of a device.

use crate::device::KeyDevice;
use crate::error::CustodianError;
use crate::opening::{self, Sealed};
use ecdsa::signature::hazmat::PrehashSigner;
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::PersonId;
use fuin_shared::key::{PublicKey, Spki, raw_to_der};
use fuin_shared::statement::{Body, HpkeSealed, SignedStatement};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha384;
use hpke::kem::DhP384HkdfSha384 as Kem;
use hpke::{Deserializable, Kem as _, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

type OpeningKey = <Kem as hpke::Kem>::PrivateKey;

/// Signing key (ECDSA P-384) and opening key (HPKE, P-384). Never printed, never copied, erased on drop.
pub(crate) enum CustodianKeys {
    Own {
        signing: p384::ecdsa::SigningKey,
        opening: OpeningKey,
    },
    /// Public halves, and the device once it is there.
    Device {
        signing: Spki,
        sealing: Blob,
        device: Option<Box<dyn KeyDevice>>,
    },
}

impl CustodianKeys {
    /// New keys.
    #[must_use]
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        let signing = loop {
            let mut scalar = Zeroizing::new([0u8; 48]);
            rng.fill_bytes(scalar.as_mut());
            // Fails for zero and for numbers not below the group's order: once in 2^190.
            if let Ok(key) = p384::ecdsa::SigningKey::from_slice(scalar.as_ref()) {
                break key;
            }
        };
        let (opening, _) = Kem::gen_keypair_with_rng(rng);
        Self::Own { signing, opening }
    }

    /// From the two scalars, 48 octets each.
    ///
    /// # Errors
    /// [`CustodianError::State`].
    pub(crate) fn from_scalars(signing: &[u8], opening: &[u8]) -> Result<Self, CustodianError> {
        Ok(Self::Own {
            signing: p384::ecdsa::SigningKey::from_slice(signing).map_err(|_| CustodianError::State)?,
            opening: OpeningKey::from_bytes(opening).map_err(|_| CustodianError::State)?,
        })
    }

    /// Of a device that is not there yet.
    ///
    /// # Errors
    /// [`CustodianError::DeviceKeys`] unless they are two different points on P-384.
    pub(crate) fn of_device(signing: Spki, sealing: Blob) -> Result<Self, CustodianError> {
        let Ok(PublicKey::P384(key)) = signing.key() else { return Err(CustodianError::DeviceKeys) };
        let point = <Kem as hpke::Kem>::PublicKey::from_bytes(sealing.as_slice());
        // One key for two uses would let each be abused for the other.
        if point.is_err() || key.to_sec1_point(false).as_bytes() == sealing.as_slice() {
            return Err(CustodianError::DeviceKeys);
        }
        Ok(Self::Device { signing, sealing, device: None })
    }

    /// The two scalars, of keys that are ours.
    pub(crate) fn scalars(&self) -> Option<(Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>)> {
        match self {
            Self::Own { signing, opening } => Some((
                Zeroizing::new(signing.to_bytes().to_vec()),
                Zeroizing::new(opening.to_bytes().to_vec()),
            )),
            Self::Device { .. } => None,
        }
    }

    /// Public key of the signing key.
    #[must_use]
    pub(crate) fn signing_public(&self) -> Spki {
        match self {
            Self::Own { signing, .. } => Spki::from(&PublicKey::P384(*signing.verifying_key())),
            Self::Device { signing, .. } => signing.clone(),
        }
    }

    /// HPKE public key, 97 octets.
    #[must_use]
    pub(crate) fn sealing_public(&self) -> Blob {
        match self {
            Self::Own { opening, .. } => Kem::sk_to_pk(opening).to_bytes().to_vec().into(),
            Self::Device { sealing, .. } => sealing.clone(),
        }
    }

    /// Signs `body` as `signer`.
    pub(crate) fn sign<B: Body>(
        &self,
        signer: &PersonId,
        body: &B,
    ) -> Result<SignedStatement, CustodianError> {
        let octets = codec::encode(body);
        let digest = HashAlgorithm::Sha384.digest(&SignedStatement::message::<B>(&octets));
        let signature = match self {
            Self::Own { signing, .. } => {
                let signature: p384::ecdsa::DerSignature =
                    signing.sign_prehash(&digest).map_err(|_| CustodianError::Sign)?;
                signature.as_bytes().to_vec()
            }
            Self::Device { signing, device, .. } => {
                let digest: [u8; 48] = digest.try_into().map_err(|_| CustodianError::Sign)?;
                let signature = raw_to_der(&present(device)?.sign(&digest)?);
                let signature = signature.map_err(|_| CustodianError::Sign)?;
                let key = signing.key().map_err(|_| CustodianError::DeviceKeys)?;
                key.verify_digest(&digest, &signature).map_err(|_| CustodianError::OtherDevice)?;
                signature
            }
        };
        Ok(SignedStatement { body: octets.into(), signer: signer.clone(), signature: signature.into() })
    }

    /// Opens what was sealed to this custodian.
    pub(crate) fn open(
        &self,
        sealed: &HpkeSealed,
        info: &[u8],
        aad: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CustodianError> {
        let (encapsulated, ciphertext) = (sealed.encapsulated.as_slice(), sealed.ciphertext.as_slice());
        // Refuses whatever is no point of the curve: a device might say something about its key otherwise.
        let point = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated)
            .map_err(|_| CustodianError::ShareOpen)?;
        match self {
            Self::Own { opening, .. } => hpke::single_shot_open::<AesGcm256, HkdfSha384, Kem>(
                &OpModeR::Base,
                opening,
                &point,
                info,
                ciphertext,
                aad,
            )
            .map(Zeroizing::new)
            .map_err(|_| CustodianError::ShareOpen),
            Self::Device { sealing, device, .. } => {
                let point = encapsulated.try_into().map_err(|_| CustodianError::ShareOpen)?;
                let agreed = present(device)?.agree(point)?;
                let recipient = sealing.as_slice();
                opening::open(&agreed, &Sealed { encapsulated, recipient, info, aad, ciphertext })
            }
        }
    }
}

fn present(device: &Option<Box<dyn KeyDevice>>) -> Result<&dyn KeyDevice, CustodianError> {
    device.as_deref().ok_or(CustodianError::NoDevice)
}

/// Seals to an HPKE public key.
pub(crate) fn seal(
    public: &[u8],
    info: &[u8],
    aad: &[u8],
    plain: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<HpkeSealed, CustodianError> {
    let key = <Kem as hpke::Kem>::PublicKey::from_bytes(public).map_err(|_| CustodianError::Seal)?;
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha384, Kem>(
        &OpModeS::Base,
        &key,
        info,
        plain,
        aad,
        rng,
    )
    .map_err(|_| CustodianError::Seal)?;
    Ok(HpkeSealed { encapsulated: encapsulated.to_bytes().to_vec().into(), ciphertext: ciphertext.into() })
}
