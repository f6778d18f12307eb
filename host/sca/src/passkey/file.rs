//! Place: SIC. A passkey's file: mode 0600, replaced atomically, durable before an assertion leaves.

use super::{PasskeyError, SoftwarePasskey};
use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::SigningKey;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::{Zeroize, Zeroizing};

const LARGEST: u64 = 16 * 1024;

/// The file as JSON. Erases the key's text when dropped.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Stored {
    version: u8,
    rp_id: String,
    origin: String,
    user: String,
    credential_id: String,
    private_key: String,
    counter: Option<u32>,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.private_key.zeroize();
    }
}

impl SoftwarePasskey {
    fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let scalar = Zeroizing::new(self.key.to_bytes());
        let stored = Stored {
            version: 1,
            rp_id: self.rp_id.clone(),
            origin: self.origin.clone(),
            user: self.user.clone(),
            credential_id: Base64UrlUnpadded::encode_string(&self.credential_id),
            private_key: Base64UrlUnpadded::encode_string(scalar.as_slice()),
            counter: self.counter,
        };
        // Invariant: a structure of texts and numbers always serializes.
        Zeroizing::new(serde_json::to_vec(&stored).expect("texts and numbers"))
    }

    fn from_json(octets: &[u8]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(octets).ok()?;
        let scalar = Zeroizing::new(Base64UrlUnpadded::decode_vec(&stored.private_key).ok()?);
        let credential_id = Base64UrlUnpadded::decode_vec(&stored.credential_id).ok()?;
        if stored.version != 1 || credential_id.len() != 16 {
            return None;
        }
        Some(Self {
            rp_id: stored.rp_id.clone(),
            origin: stored.origin.clone(),
            user: stored.user.clone(),
            credential_id,
            key: SigningKey::from_slice(&scalar).ok()?,
            counter: stored.counter,
        })
    }

    /// Whether assertions change it.
    pub(super) fn counts(&self) -> bool {
        self.counter.is_some()
    }

    /// Reads the passkey in `path`.
    pub(super) fn load(path: &Path) -> Result<Self, PasskeyError> {
        let failed = |source| PasskeyError::File { path: path.to_owned(), source };
        let mut octets = Zeroizing::new(Vec::new());
        File::open(path).map_err(failed)?.take(LARGEST).read_to_end(&mut octets).map_err(failed)?;
        Self::from_json(&octets).ok_or_else(|| PasskeyError::Malformed(path.to_owned()))
    }

    /// Writes it to `path`, atomically and durably.
    pub(super) fn save(&self, path: &Path) -> Result<(), PasskeyError> {
        let failed = |source| PasskeyError::File { path: path.to_owned(), source };
        let temporary = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(failed)?;
        file.write_all(&self.to_json()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&temporary, path).map_err(failed)?;
        let parent = path.parent().unwrap_or(Path::new("."));
        File::open(parent).and_then(|d| d.sync_all()).map_err(failed)
    }
}
