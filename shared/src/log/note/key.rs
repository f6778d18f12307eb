//! Place: none. Names, IDs and verifier keys (vkeys) of signed notes.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Signature type: Ed25519 over the text.
pub(super) const ED25519: u8 = 0x01;

/// Most octets in a key name.
const MAX_NAME: usize = 256;
/// Most octets in a vkey as text.
const MAX_VKEY: usize = 512;

/// Why a key name or vkey was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The name is empty, too long, or holds a space, `+` or a control character.
    #[error("a key name must be 1 to 256 octets without spaces, `+` and control characters")]
    BadName,
    /// Not `<name>+<8 hex digits>+<base64>`.
    #[error("a verifier key must be <name>+<8 lower-case hex digits>+<base64>")]
    BadFormat,
    /// A signature type other than Ed25519 (0x01).
    #[error("signature type {0:#04x} is not supported: give an Ed25519 key (0x01)")]
    UnsupportedType(u8),
    /// A signature type other than that of a cosigner (0x04).
    #[error(
        "signature type {0:#04x} is not that of a cosigner: give the vkey that the witness prints (0x04)"
    )]
    NotACosigner(u8),
    /// The public key is not a point on the curve.
    #[error("the public key is not an Ed25519 key")]
    BadKey,
    /// The key ID written does not belong to name and key.
    #[error("the key ID is not that of this name and public key")]
    WrongId,
}

/// First four octets of SHA-256(name || 0x0A || type || public key). Not a commitment to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    pub(in crate::log) fn of(name: &str, kind: u8, public_key: &[u8]) -> Self {
        let digest =
            Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(public_key).finalize();
        let [a, b, c, d, ..] = <[u8; 32]>::from(digest);
        Self([a, b, c, d])
    }
}

/// Eight lower-case hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Checks a key name.
///
/// # Errors
/// [`KeyError::BadName`].
pub fn check_key_name(name: &str) -> Result<(), KeyError> {
    let bad = |c: char| c.is_whitespace() || c == '+' || c < ' ';
    if name.is_empty() || name.len() > MAX_NAME || name.contains(bad) {
        return Err(KeyError::BadName);
    }
    Ok(())
}

/// The Ed25519 key of these octets, under an allowed name. Points of small order are refused.
pub(in crate::log) fn check_key(name: &str, public_key: &[u8; 32]) -> Result<VerifyingKey, KeyError> {
    check_key_name(name)?;
    let key = VerifyingKey::from_bytes(public_key).map_err(|_| KeyError::BadKey)?;
    if key.is_weak() { Err(KeyError::BadKey) } else { Ok(key) }
}

/// A vkey taken apart; the key itself is not looked at yet.
pub(in crate::log) struct VkeyParts<'a> {
    pub name: &'a str,
    id: &'a str,
    pub kind: u8,
    public_key: Vec<u8>,
}

impl<'a> VkeyParts<'a> {
    /// Splits `<name>+<8 hex digits>+<base64(type || public key)>`.
    pub fn split(vkey: &'a str) -> Result<Self, KeyError> {
        if vkey.len() > MAX_VKEY {
            return Err(KeyError::BadFormat);
        }
        // Base64 may hold a plus sign itself, so only the first two separate.
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(blob)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::BadFormat);
        };
        let blob = Base64::decode_vec(blob).map_err(|_| KeyError::BadFormat)?;
        let (kind, public_key) = blob.split_first().ok_or(KeyError::BadFormat)?;
        Ok(Self { name, id, kind: *kind, public_key: public_key.to_vec() })
    }

    /// The 32 octets of an Ed25519 key.
    pub fn public_key(&self) -> Result<[u8; 32], KeyError> {
        self.public_key.as_slice().try_into().map_err(|_| KeyError::BadKey)
    }

    /// Checks the written key ID against the true one.
    pub fn check_id(&self, id: KeyId) -> Result<(), KeyError> {
        let hex_form = self.id.len() == 8 && self.id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !hex_form {
            return Err(KeyError::BadFormat);
        }
        if id.to_string() == self.id { Ok(()) } else { Err(KeyError::WrongId) }
    }
}

/// Writes a vkey as text.
pub(in crate::log) fn write_vkey(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    id: KeyId,
    kind: u8,
    public_key: &[u8; 32],
) -> fmt::Result {
    let blob = [&[kind], &public_key[..]].concat();
    write!(f, "{name}+{id}+{}", Base64::encode_string(&blob))
}

/// Name and Ed25519 public key of somebody who signs notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    key: VerifyingKey,
}

impl VerifierKey {
    /// The key with this name and these 32 octets.
    ///
    /// # Errors
    /// [`KeyError::BadName`], [`KeyError::BadKey`].
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, KeyError> {
        let key = check_key(name, public_key)?;
        Ok(Self { name: name.to_owned(), id: KeyId::of(name, ED25519, public_key), key })
    }

    /// Reads a vkey, `<name>+<8 hex digits>+<base64(0x01 || public key)>`.
    ///
    /// # Errors
    /// [`KeyError`], one variant for each rule.
    pub fn parse(vkey: &str) -> Result<Self, KeyError> {
        let parts = VkeyParts::split(vkey)?;
        if parts.kind != ED25519 {
            return Err(KeyError::UnsupportedType(parts.kind));
        }
        let key = Self::new(parts.name, &parts.public_key()?)?;
        parts.check_id(key.id)?;
        Ok(key)
    }

    /// Name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Key ID.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 octets of the public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Whether `signature` (64 octets) is this key's over `text`. Small-order points are refused (RFC 8032, strict).
    pub(super) fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|s| self.key.verify_strict(text, &s).is_ok())
    }
}

/// The vkey as text.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_vkey(f, &self.name, self.id, ED25519, self.key.as_bytes())
    }
}
