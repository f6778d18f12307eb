//! Place: none. HPKE (RFC 9180, base mode) from an ECDH that was done elsewhere: DHKEM(P-384, HKDF-SHA384), HKDF-SHA384,
//! AES-256-GCM, the first and only message. The library takes no such ECDH; a test holds this against its sealing.

use crate::error::CustodianError;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha384;
use zeroize::{Zeroize, Zeroizing};

/// `"KEM" || kem_id`.
const KEM_SUITE: &[u8] = b"KEM\x00\x11";
/// `"HPKE" || kem_id || kdf_id || aead_id`.
const SUITE: &[u8] = b"HPKE\x00\x11\x00\x02\x00\x02";
const VERSION: &[u8] = b"HPKE-v1";
const BASE_MODE: u8 = 0;
/// Octets of a digest, and of every secret but the key.
const HASH: usize = 48;
const KEY: usize = 32;
const NONCE: usize = 12;

/// What was sealed, and for what.
pub(crate) struct Sealed<'a> {
    /// The sender's point, 97 octets.
    pub(crate) encapsulated: &'a [u8],
    /// The recipient's point, 97 octets.
    pub(crate) recipient: &'a [u8],
    pub(crate) info: &'a [u8],
    pub(crate) aad: &'a [u8],
    pub(crate) ciphertext: &'a [u8],
}

/// Opens it with what the sender's point and the recipient's key agree on.
pub(crate) fn open(agreed: &[u8; HASH], sealed: &Sealed<'_>) -> Result<Zeroizing<Vec<u8>>, CustodianError> {
    let context = [sealed.encapsulated, sealed.recipient].concat();
    let extracted = extract(&[], KEM_SUITE, b"eae_prk", agreed);
    let shared: Zeroizing<[u8; HASH]> = expand(&extracted, KEM_SUITE, b"shared_secret", &context)?;

    let psk_id = extract(&[], SUITE, b"psk_id_hash", b"");
    let info = extract(&[], SUITE, b"info_hash", sealed.info);
    let context = [&[BASE_MODE], psk_id.as_slice(), info.as_slice()].concat();
    let secret = extract(shared.as_ref(), SUITE, b"secret", b"");
    let key: Zeroizing<[u8; KEY]> = expand(&secret, SUITE, b"key", &context)?;
    let nonce: Zeroizing<[u8; NONCE]> = expand(&secret, SUITE, b"base_nonce", &context)?;

    let cipher = Aes256Gcm::new_from_slice(key.as_ref()).map_err(|_| CustodianError::ShareOpen)?;
    let message = Payload { msg: sealed.ciphertext, aad: sealed.aad };
    let opened = cipher.decrypt(&(*nonce).into(), message);
    opened.map(Zeroizing::new).map_err(|_| CustodianError::ShareOpen)
}

/// `LabeledExtract`.
fn extract(salt: &[u8], suite: &[u8], label: &[u8], material: &[u8]) -> Zeroizing<[u8; HASH]> {
    let labeled = Zeroizing::new([VERSION, suite, label, material].concat());
    let (mut extracted, _) = Hkdf::<Sha384>::extract(Some(salt), &labeled);
    let mut out = Zeroizing::new([0; HASH]);
    out.copy_from_slice(&extracted);
    extracted.as_mut_slice().zeroize();
    out
}

/// `LabeledExpand`.
fn expand<const N: usize>(
    secret: &[u8; HASH],
    suite: &[u8],
    label: &[u8],
    info: &[u8],
) -> Result<Zeroizing<[u8; N]>, CustodianError> {
    let length = u16::try_from(N).map_err(|_| CustodianError::ShareOpen)?.to_be_bytes();
    let kdf = Hkdf::<Sha384>::from_prk(secret).map_err(|_| CustodianError::ShareOpen)?;
    let mut out = Zeroizing::new([0; N]);
    let labeled = [&length[..], VERSION, suite, label, info];
    kdf.expand_multi_info(&labeled, out.as_mut()).map_err(|_| CustodianError::ShareOpen)?;
    Ok(out)
}
