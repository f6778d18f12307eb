//! Place: none. A custodian's two secret keys.

use crate::error::CustodianError;
use ecdsa::signature::hazmat::PrehashSigner;
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::PersonId;
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::statement::{Body, HpkeSealed, SignedStatement};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha384;
use hpke::kem::DhP384HkdfSha384 as Kem;
use hpke::{Deserializable, Kem as _, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

type OpeningKey = <Kem as hpke::Kem>::PrivateKey;

/// Signing key (ECDSA P-384) and opening key (HPKE, P-384). Never printed, never copied, erased on drop.
pub struct CustodianKeys {
    signing: p384::ecdsa::SigningKey,
    opening: OpeningKey,
}

impl CustodianKeys {
    /// New keys.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let signing = loop {
            let mut scalar = Zeroizing::new([0u8; 48]);
            rng.fill_bytes(scalar.as_mut());
            // Fails for zero and for numbers not below the group's order: once in 2^190.
            if let Ok(key) = p384::ecdsa::SigningKey::from_slice(scalar.as_ref()) {
                break key;
            }
        };
        let (opening, _) = Kem::gen_keypair_with_rng(rng);
        Self { signing, opening }
    }

    /// From the two scalars, 48 octets each.
    ///
    /// # Errors
    /// [`CustodianError::State`].
    pub(crate) fn from_scalars(signing: &[u8], opening: &[u8]) -> Result<Self, CustodianError> {
        Ok(Self {
            signing: p384::ecdsa::SigningKey::from_slice(signing).map_err(|_| CustodianError::State)?,
            opening: OpeningKey::from_bytes(opening).map_err(|_| CustodianError::State)?,
        })
    }

    pub(crate) fn signing_scalar(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.signing.to_bytes().to_vec())
    }

    pub(crate) fn opening_scalar(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.opening.to_bytes().to_vec())
    }

    /// Public key of the signing key.
    #[must_use]
    pub fn signing_public(&self) -> Spki {
        Spki::from(&PublicKey::P384(*self.signing.verifying_key()))
    }

    /// HPKE public key, 97 octets.
    #[must_use]
    pub fn sealing_public(&self) -> Blob {
        Kem::sk_to_pk(&self.opening).to_bytes().to_vec().into()
    }

    /// Signs `body` as `signer`.
    pub(crate) fn sign<B: Body>(
        &self,
        signer: &PersonId,
        body: &B,
    ) -> Result<SignedStatement, CustodianError> {
        let octets = codec::encode(body);
        let digest = HashAlgorithm::Sha384.digest(&SignedStatement::message::<B>(&octets));
        let signature: p384::ecdsa::DerSignature =
            self.signing.sign_prehash(&digest).map_err(|_| CustodianError::Sign)?;
        Ok(SignedStatement {
            body: octets.into(),
            signer: signer.clone(),
            signature: signature.as_bytes().to_vec().into(),
        })
    }

    /// Opens what was sealed to this custodian.
    pub(crate) fn open(
        &self,
        sealed: &HpkeSealed,
        info: &[u8],
        aad: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CustodianError> {
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(sealed.encapsulated.as_slice())
            .map_err(|_| CustodianError::ShareOpen)?;
        hpke::single_shot_open::<AesGcm256, HkdfSha384, Kem>(
            &OpModeR::Base,
            &self.opening,
            &encapsulated,
            info,
            sealed.ciphertext.as_slice(),
            aad,
        )
        .map(Zeroizing::new)
        .map_err(|_| CustodianError::ShareOpen)
    }
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
