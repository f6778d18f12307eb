//! Place: SIC, SAM. The signature activation data: what the signer authorizes (design section 4), its digest, and
//! the evidence of authorization that carries it to the SAM.

use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::bytes::{Blob, Secret};
use crate::codec;
use crate::ids::{CaId, CredentialId, Digest32, InstanceId, ServiceId, UserId};
use crate::totp::TotpHash;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of [`Sad`].
pub const VERSION: u8 = 1;
/// Largest evidence of authorization in octets.
pub const MAX_EVIDENCE: usize = 128 * 1024;
/// Answers that can be guesses (PIN, one-time password) that are compared after the last one that held. From then on the
/// credential is locked (FIA_AFL.1).
pub const MAX_ATTEMPTS: u32 = 5;
/// How often a credential is unlocked in its life: so guesses stay few even where an RA unlocks at will.
pub const MAX_UNLOCKS: u32 = 10;
/// HPKE `info` of sealed evidence of authorization.
pub const SEAL_INFO: &[u8] = b"fuin/sad-seal/v1";
/// `typ` of the JWS with which a device key answers; its payload is the SAD digest, 32 octets.
pub const DEVICE_KEY_TYPE: &str = "fuin-sad+jws";
/// Longest such JWS in octets.
pub const MAX_DEVICE_KEY_JWS: usize = 1024;
/// Shortest and longest PIN in octets.
pub const PIN: core::ops::RangeInclusive<usize> = 4..=64;
/// Octets of what hides a registered PIN in [`pin_totp_digest`].
pub const BLIND: usize = 32;

/// What a SAD allows. One purpose can never serve another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Sign documents.
    Sign,
    /// Link an eID means to a key.
    Link,
    /// Sign one certification request.
    Pop,
    /// Destroy the key.
    Delete,
    /// Put a new means in the place of this one.
    Relink,
    /// Suspend the credential.
    Suspend,
    /// Use the credential again.
    Resume,
    /// Grant a mandate for seals.
    Mandate,
    /// End a mandate.
    EndMandate,
    /// Change who approves.
    Approvers,
}

/// The one kind of eID means of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeansProfile {
    /// WebAuthn passkey, user verification required.
    Passkey,
    /// Key of the signer's device, which signs in a JWS.
    DeviceKey,
    /// The signer's authentication certificate.
    X509,
    /// ID token of an OpenID provider.
    Oidc,
    /// PIN and one-time password.
    PinTotp,
}

impl MeansProfile {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Passkey, Self::DeviceKey, Self::X509, Self::Oidc, Self::PinTotp];

    /// Sole control assurance level to whose requirements a key with such a means is used.
    #[must_use]
    pub const fn scal(self) -> u8 {
        match self {
            Self::Passkey | Self::DeviceKey | Self::X509 => 2,
            // 2 where the manifest says that the provider itself shows what is authorized.
            Self::Oidc => 1,
            // Neither is made over what is authorized.
            Self::PinTotp => 1,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::DeviceKey => "device-key",
            Self::X509 => "x509",
            Self::Oidc => "oidc",
            Self::PinTotp => "pin-totp",
        }
    }

    /// Whether its answers hold personal data or secrets, so that they must come sealed to the instance.
    #[must_use]
    pub const fn must_be_sealed(self) -> bool {
        match self {
            Self::Passkey | Self::DeviceKey => false,
            Self::X509 | Self::Oidc | Self::PinTotp => true,
        }
    }
}

/// What the hashes are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HashType {
    /// The DTBS/R itself.
    Dtbs,
    /// The document; the SAM sees the bytes to be signed.
    Document,
}

/// Whom a key is being linked to; only with purpose `link`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSubject {
    /// The signer.
    pub user: UserId,
    /// CA that will certify the key.
    pub authority: CaId,
    /// Keyed digest over identity attributes, made by the RA.
    pub identity: Digest32,
}

/// The SAD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sad {
    /// [`VERSION`].
    pub version: u8,
    /// The service.
    pub service: ServiceId,
    /// The boot that gave the nonce.
    pub instance: InstanceId,
    /// The credential (or key, before linkCert).
    pub credential: CredentialId,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub spki: Digest32,
    /// The means that authorizes.
    pub means: MeansProfile,
    /// What is allowed.
    pub purpose: Purpose,
    /// What the hashes are of.
    pub hash_type: HashType,
    /// The hashes, in the order shown. For `pop` the certification request information's, for
    /// `relink` that of the new registration's digest; for `link`, `delete`, `suspend` and `resume` none.
    pub hashes: Vec<Blob>,
    /// Their algorithm.
    pub hash_algorithm: HashAlgorithm,
    /// The signature algorithm.
    pub signature_algorithm: SignatureAlgorithm,
    /// Number of signatures: the number of hashes.
    pub count: u32,
    /// Unix seconds after which nothing is signed under it.
    pub expires: u64,
    /// From the SAM's challenge.
    pub nonce: Blob,
    /// SHA-256 of what was displayed to the signer.
    pub display: Option<Digest32>,
    /// With purpose `link` only.
    pub link: Option<LinkSubject>,
}

impl Sad {
    /// The one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// Digest of a SAD's octets: what the eID means answers.
#[must_use]
pub fn sad_digest(sad: &[u8]) -> Digest32 {
    Digest32(Sha256::new().chain_update(b"fuin/sad/v1\0").chain_update(sad).finalize().into())
}

/// What the means made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Assertion {
    /// WebAuthn assertion; its challenge is the SAD digest.
    Passkey {
        /// Raw credential id.
        credential_id: Blob,
        /// `clientDataJSON`.
        client_data: Blob,
        /// `authenticatorData`.
        authenticator_data: Blob,
        /// ECDSA P-256 in DER over `authenticatorData || SHA-256(clientDataJSON)`.
        signature: Blob,
    },
    /// WebAuthn registration, for purpose `link`; its challenge is the SAD digest.
    PasskeyRegistration {
        /// `clientDataJSON`.
        client_data: Blob,
        /// `attestationObject`.
        attestation_object: Blob,
    },
    /// Answer of a device key.
    DeviceKey {
        /// Compact JWS over the SAD digest: `alg` ES256 or ES384, `typ` [`DEVICE_KEY_TYPE`], `kid` the key's
        /// [`device_key_fingerprint`] in hex.
        jws: String,
    },
    /// A device key that shows itself, for purpose `link`.
    DeviceKeyRegistration {
        /// Its DER SubjectPublicKeyInfo, P-256 or P-384.
        public_key: Blob,
        /// As in an answer.
        jws: String,
    },
    /// Answer of an authentication certificate, also for purpose `link`. Holds personal data: only in sealed evidence.
    X509 {
        /// DER certificates, the signer's first, each followed by its issuer's, the anchor given or left out.
        certificates: Vec<Blob>,
        /// ECDSA in DER over [`x509_message`], with the digest that fits the curve.
        signature: Blob,
    },
    /// ID token, also for purpose `link`. Holds personal data: only in sealed evidence.
    IdToken {
        /// Compact JWS; its claim `nonce` is the SAD digest in base64url without padding.
        token: String,
    },
    /// PIN and one-time password. Secret: only in sealed evidence, whose associated data alone bind them to the SAD.
    PinTotp {
        /// The PIN, [`PIN`] octets.
        pin: Secret,
        /// The password, decimal digits.
        code: Secret,
    },
    /// A PIN and a generator of one-time passwords that show themselves, for purpose `link`. Secret as an answer is.
    PinTotpRegistration {
        /// [`BLIND`] random octets.
        blind: Secret,
        /// The PIN that the signer chose.
        pin: Secret,
        /// Secret of the generator.
        secret: Secret,
        /// Its hash.
        hash: TotpHash,
        /// How many digits its passwords have.
        digits: u8,
        /// One of them.
        code: Secret,
    },
}

/// Names a registration: SHA-256 of its `attestationObject` under its own domain.
#[must_use]
pub fn registration_digest(attestation_object: &[u8]) -> Digest32 {
    Digest32(
        Sha256::new()
            .chain_update(b"fuin/passkey-registration/v1\0")
            .chain_update(attestation_object)
            .finalize()
            .into(),
    )
}

/// Names a device key: SHA-256 of its DER SubjectPublicKeyInfo.
#[must_use]
pub fn device_key_fingerprint(spki: &[u8]) -> Digest32 {
    Digest32(Sha256::digest(spki).into())
}

impl Assertion {
    /// Whether it holds personal data or secrets, so that it must come sealed to the instance.
    #[must_use]
    pub const fn must_be_sealed(&self) -> bool {
        match self {
            Self::Passkey { .. }
            | Self::PasskeyRegistration { .. }
            | Self::DeviceKey { .. }
            | Self::DeviceKeyRegistration { .. } => false,
            Self::X509 { .. }
            | Self::IdToken { .. }
            | Self::PinTotp { .. }
            | Self::PinTotpRegistration { .. } => true,
        }
    }

    /// What an RA names of a registration: [`registration_digest`], [`device_key_fingerprint`], [`x509_digest`],
    /// [`id_token_digest`] or [`pin_totp_digest`].
    #[must_use]
    pub fn registration(&self) -> Option<Digest32> {
        match self {
            Self::PasskeyRegistration { attestation_object, .. } => {
                Some(registration_digest(attestation_object.as_slice()))
            }
            Self::DeviceKeyRegistration { public_key, .. } => {
                Some(device_key_fingerprint(public_key.as_slice()))
            }
            Self::X509 { certificates, .. } => certificates.first().map(|leaf| x509_digest(leaf.as_slice())),
            Self::IdToken { token } => Some(id_token_digest(token)),
            Self::PinTotpRegistration { blind, pin, secret, hash, digits, .. } => {
                Some(pin_totp_digest(blind, pin, secret, *hash, *digits))
            }
            Self::Passkey { .. } | Self::DeviceKey { .. } | Self::PinTotp { .. } => None,
        }
    }
}

/// A SAD with the means' answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizedSad {
    /// [`Sad`] in CBOR.
    pub sad: Blob,
    /// The answer over its digest.
    pub assertion: Assertion,
}

/// Evidence of authorization: in base64url it is the CSC `authData` value, or `OTP` in v1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum AuthorizationEvidence {
    /// In the clear.
    Plain(AuthorizedSad),
    /// HPKE (DHKEM P-384, HKDF-SHA384, AES-256-GCM) to the instance, `info` [`SEAL_INFO`], associated data [`seal_aad`].
    Sealed {
        /// Which boot can open it.
        instance: InstanceId,
        /// [`sad_digest`] of the SAD inside.
        sad_digest: Digest32,
        /// Encapsulated key.
        encapsulated: Blob,
        /// [`AuthorizedSad`] in CBOR, sealed.
        ciphertext: Blob,
    },
}

/// Associated data of sealed evidence.
#[must_use]
pub fn seal_aad(instance: &InstanceId, sad_digest: &Digest32) -> Vec<u8> {
    codec::encode(&(instance, sad_digest))
}

/// What the key of an X.509 means signs for a SAD digest: a tag of its own before it, so that no signature made for a login
/// or a connection serves here.
#[must_use]
pub fn x509_message(sad_digest: &Digest32) -> Vec<u8> {
    let mut out = b"fuin/x509-means/v1\0".to_vec();
    out.extend_from_slice(sad_digest.as_ref());
    out
}

/// Names an authentication certificate without showing it: SHA-256 of its DER under its own domain.
#[must_use]
pub fn x509_digest(certificate: &[u8]) -> Digest32 {
    digest(b"fuin/x509-means-certificate/v1\0", certificate)
}

/// Names an ID token without showing it: SHA-256 of its octets under its own domain. Its signature makes it hard to guess.
#[must_use]
pub fn id_token_digest(token: &str) -> Digest32 {
    digest(b"fuin/id-token/v1\0", token.as_bytes())
}

/// Names a PIN with its generator without showing them: SHA-256 under its own domain of blind, PIN, secret, hash (its name) and
/// digits (one octet), each after its length in eight octets. Whoever does not have the blind cannot try PINs against it, not
/// even who made the generator.
#[must_use]
pub fn pin_totp_digest(
    blind: &Secret,
    pin: &Secret,
    secret: &Secret,
    hash: TotpHash,
    digits: u8,
) -> Digest32 {
    let mut all = Sha256::new().chain_update(b"fuin/pin-totp-registration/v1\0");
    for part in [blind.as_slice(), pin.as_slice(), secret.as_slice(), hash.as_str().as_bytes(), &[digits]] {
        all = all.chain_update((part.len() as u64).to_be_bytes()).chain_update(part);
    }
    Digest32(all.finalize().into())
}

fn digest(domain: &[u8], octets: &[u8]) -> Digest32 {
    Digest32(Sha256::new().chain_update(domain).chain_update(octets).finalize().into())
}
