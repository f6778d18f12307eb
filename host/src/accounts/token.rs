//! Place: SSA. Bearer tokens: 32 random octets in base64url. The store has only their SHA-256.

use crate::store::StoreError;
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::ids::Digest32;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

const OCTETS: usize = 32;

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// Nobody issued it, or it is of another kind.
    #[error("token is not valid")]
    Unknown,
    /// It expired or was revoked.
    #[error("token is expired or revoked")]
    Expired,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A token that was just made: the only time that its text exists here.
pub struct NewToken {
    text: Zeroizing<String>,
    seconds: u64,
}

impl NewToken {
    pub(super) fn random(seconds: u64) -> Option<Self> {
        let mut octets = Zeroizing::new([0u8; OCTETS]);
        getrandom::fill(octets.as_mut_slice()).ok()?;
        Some(Self { text: Zeroizing::new(Base64UrlUnpadded::encode_string(octets.as_slice())), seconds })
    }

    /// What the client gets.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How long it lives, seconds.
    #[must_use]
    pub const fn seconds(&self) -> u64 {
        self.seconds
    }

    pub(super) fn digest(&self) -> Digest32 {
        Digest32(Sha256::digest(self.text.as_bytes()).into())
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewToken(..)")
    }
}

/// What the store knows a token by; `None` for a text that no token can have.
pub(super) fn digest_of(text: &str) -> Option<Digest32> {
    let length = Base64UrlUnpadded::encoded_len(&[0; OCTETS]);
    (text.len() == length).then(|| Digest32(Sha256::digest(text.as_bytes()).into()))
}

pub(super) fn new_grant() -> Option<[u8; 16]> {
    let mut grant = [0; 16];
    getrandom::fill(&mut grant).ok()?;
    Some(grant)
}
