//! Place: SAM. Sealed records: root -> HKDF -> a fresh key for each blob (random salt) -> AES-256-GCM, with record
//! type, id, version and shard as associated data (design section 5).
//!
//! A blob is `salt[32] || ciphertext || tag[16]`. Its key is used once, so the GCM nonce is zero.

use super::keys::LedgerKeys;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::log::event::RecordMark;
use fuin_shared::message::SealedRecord;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Largest sealed record in octets.
pub const MAX_RECORD: usize = 192 * 1024;
const SALT: usize = 32;

/// What a record is of: one kind never opens as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A credential.
    Credential,
    /// A mandate for seals.
    Mandate,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Mandate => "mandate",
        }
    }
}

fn associated(kind: Kind, keys: &LedgerKeys, id: &CredentialId, version: u64) -> Vec<u8> {
    codec::encode(&(kind.name(), id, version, keys.shard))
}

/// Seals the plaintext of a credential's record.
///
/// # Errors
/// [`Fault::TooLarge`].
pub fn seal(
    keys: &LedgerKeys,
    id: &CredentialId,
    version: u64,
    plaintext: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<SealedRecord, Fault> {
    seal_as(Kind::Credential, keys, id, version, plaintext, rng)
}

/// Seals a record's plaintext.
///
/// # Errors
/// [`Fault::TooLarge`].
pub fn seal_as(
    kind: Kind,
    keys: &LedgerKeys,
    id: &CredentialId,
    version: u64,
    plaintext: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<SealedRecord, Fault> {
    if plaintext.len() > MAX_RECORD - SALT - 16 {
        return Err(Fault::TooLarge);
    }
    let mut body = vec![0; SALT];
    rng.fill_bytes(&mut body);
    let cipher = cipher(&keys.record_key(&body))?;
    let aad = associated(kind, keys, id, version);
    let sealed = cipher
        .encrypt(&Default::default(), Payload { msg: plaintext, aad: &aad })
        .map_err(|_| Fault::Internal)?;
    body.extend_from_slice(&sealed);
    Ok(SealedRecord { id: id.clone(), version, body: body.into() })
}

/// Opens a credential's record.
///
/// # Errors
/// [`Fault::RecordForeign`] when it was not sealed by this service under this id and version.
pub fn open(keys: &LedgerKeys, record: &SealedRecord) -> Result<Zeroizing<Vec<u8>>, Fault> {
    open_as(Kind::Credential, keys, record)
}

/// Opens a record of this kind, under the root key that there is or the former one.
///
/// # Errors
/// [`Fault::RecordForeign`] when it was not sealed by this service as this kind, under this id and version.
pub fn open_as(kind: Kind, keys: &LedgerKeys, record: &SealedRecord) -> Result<Zeroizing<Vec<u8>>, Fault> {
    match open_under(kind, keys, record, |salt| Some(keys.record_key(salt))) {
        Err(Fault::RecordForeign) => open_former(kind, keys, record),
        opened => opened,
    }
}

/// Opens a record of this kind that is sealed under the former root key.
///
/// # Errors
/// As [`open_as`].
pub fn open_former(
    kind: Kind,
    keys: &LedgerKeys,
    record: &SealedRecord,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    open_under(kind, keys, record, |salt| keys.former_record_key(salt))
}

fn open_under(
    kind: Kind,
    keys: &LedgerKeys,
    record: &SealedRecord,
    key: impl Fn(&[u8]) -> Option<Zeroizing<[u8; 32]>>,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    if record.body.0.len() > MAX_RECORD {
        return Err(Fault::RecordForeign);
    }
    let (salt, sealed) = record.body.0.split_at_checked(SALT).ok_or(Fault::RecordForeign)?;
    let key = key(salt).ok_or(Fault::RecordForeign)?;
    let aad = associated(kind, keys, &record.id, record.version);
    cipher(&key)?
        .decrypt(&Default::default(), Payload { msg: sealed, aad: &aad })
        .map(Zeroizing::new)
        .map_err(|_| Fault::RecordForeign)
}

/// What the ledger keeps of a record.
#[must_use]
pub fn mark(record: &SealedRecord) -> RecordMark {
    RecordMark { version: record.version, hash: Digest32(Sha256::digest(record.body.as_slice()).into()) }
}

fn cipher(key: &[u8; 32]) -> Result<Aes256Gcm, Fault> {
    Aes256Gcm::new_from_slice(key).map_err(|_| Fault::Internal)
}
