//! Place: SAM, none. A detail as the host keeps it, and what it is bound to.
//!
//! ```text
//! content key: 32 random octets, wrapped with HPKE to each auditor of the manifest; new at each boot, with each manifest
//!              and after many details
//! detail key:  HKDF-SHA384(content key, info = KEY_INFO || number), used once
//! ciphertext:  AES-256-GCM(detail key, nonce = 0, associated data = detail_aad, Detail in CBOR)
//! ```

use crate::bytes::Blob;
use crate::codec;
use crate::ids::{Digest32, LedgerId, PersonId};
use crate::log::event::Event;
use crate::statement::HpkeSealed;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Largest sealed detail in octets: two digests for each hash that one call may have, and a key for each auditor.
pub const MAX_SEALED: usize = 384 * 1024;
/// HPKE `info` of a wrapped content key.
pub const KEY_INFO: &[u8] = b"fuin/audit-content-key/v1";

/// A content key wrapped to one auditor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrappedKey {
    /// Whose.
    pub auditor: PersonId,
    /// [`key_hash`] of the auditor's sealing key.
    pub key: Digest32,
    /// The content key, under [`key_aad`].
    pub sealed: HpkeSealed,
}

/// A sealed detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedDetail {
    /// [`super::VERSION`].
    pub version: u8,
    /// Index of the event whose detail carries the content key: this one or an earlier one.
    pub keys_at: u64,
    /// The content key, wrapped to each auditor; in that detail alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<WrappedKey>,
    /// Which detail under this content key. No number comes twice.
    pub number: u64,
    /// The detail.
    pub ciphertext: Blob,
}

/// What the event has of a sealed detail.
#[must_use]
pub fn detail_hash(sealed: &[u8]) -> Digest32 {
    Digest32(Sha256::digest(sealed).into())
}

/// What names an auditor's sealing key.
#[must_use]
pub fn key_hash(sealing: &[u8]) -> Digest32 {
    Digest32(
        Sha256::new().chain_update(b"fuin/audit-sealing-key/v1\0").chain_update(sealing).finalize().into(),
    )
}

/// The event that a detail is bound to: all of it but the hash of that detail.
#[must_use]
pub fn event_digest(event: &Event) -> Digest32 {
    let bare = Event { version: event.version, time: event.time, body: event.body.clone(), detail: None };
    let hash = Sha256::new().chain_update(b"fuin/audited-event/v1\0").chain_update(codec::encode(&bare));
    Digest32(hash.finalize().into())
}

/// Associated data of a wrapped content key. The ledger is named by its random identifier, which no epoch changes.
#[must_use]
pub fn key_aad(ledger: &LedgerId, keys_at: u64, auditor: &PersonId) -> Vec<u8> {
    codec::encode(&("fuin/audit-content-key/v1", ledger, keys_at, auditor))
}

/// Associated data of a detail: which ledger, which place in it, which event, and under which content key.
#[must_use]
pub fn detail_aad(ledger: &LedgerId, index: u64, event: &Digest32, sealed: &SealedDetail) -> Vec<u8> {
    codec::encode(&("fuin/audit-detail/v1", ledger, index, event, sealed.keys_at, sealed.number))
}

/// HKDF `info` of the key of detail `number`.
#[must_use]
pub fn key_info(number: u64) -> Vec<u8> {
    codec::encode(&("fuin/audit-detail-key/v1", number))
}
