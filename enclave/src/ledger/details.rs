//! Place: SAM. Details for auditors: sealed with the event that they are of, in the same commit (design section 5).
//!
//! One HPKE encapsulation for each auditor at each boot and manifest, and after many details; AES-GCM alone for each event.
//! The detail of the first event under a content key carries that key. What earlier auditors can open ends with the manifest
//! that named them.

use crate::channel;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{LedgerId, PersonId};
use fuin_shared::log::detail::{
    Detail, KEY_INFO, MAX_SEALED, SealedDetail, VERSION, WrappedKey, detail_aad, event_digest, key_aad,
    key_hash, key_info,
};
use fuin_shared::log::event::Event;
use fuin_shared::manifest::Manifest;
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha384;
use zeroize::Zeroizing;

/// Details after which a content key is due to be renewed, which happens with the next input: whoever destroys the detail that
/// carries the key takes about so many along.
const MOST: u64 = 1024;

/// Seals details to the auditors of one manifest.
pub struct Details {
    auditors: Vec<(PersonId, Blob)>,
    key: Zeroizing<[u8; 32]>,
    keys_at: u64,
    keys: Vec<WrappedKey>,
    /// Of the next detail. It grows with each attempt, also with one that comes to nothing.
    number: u64,
}

impl Details {
    /// For the auditors of this manifest, from the event of index `next` on; none if nobody could open them.
    ///
    /// # Errors
    /// [`Fault::Malformed`] for a key that the manifest's check excludes.
    pub fn to_auditors(
        manifest: &Manifest,
        ledger: &LedgerId,
        next: u64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Self>, Fault> {
        let auditors: Vec<_> = manifest.detail_readers().map(|(id, key)| (id.clone(), key.clone())).collect();
        if auditors.is_empty() {
            return Ok(None);
        }
        Self::under_new_key(auditors, ledger, next, rng).map(Some)
    }

    fn under_new_key(
        auditors: Vec<(PersonId, Blob)>,
        ledger: &LedgerId,
        next: u64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Fault> {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *key);
        let mut keys = Vec::with_capacity(auditors.len());
        for (auditor, sealing) in &auditors {
            let aad = key_aad(ledger, next, auditor);
            let sealed = channel::seal_to(sealing.as_slice(), KEY_INFO, &aad, &*key, rng)?;
            keys.push(WrappedKey { auditor: auditor.clone(), key: key_hash(sealing.as_slice()), sealed });
        }
        Ok(Self { auditors, key, keys_at: next, keys, number: 0 })
    }

    /// Another content key for the same auditors, from the event of index `next` on, if this one has served enough.
    ///
    /// # Errors
    /// As [`Details::to_auditors`].
    pub fn renew_if_due(
        &mut self,
        ledger: &LedgerId,
        next: u64,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        if self.number >= MOST {
            *self = Self::under_new_key(std::mem::take(&mut self.auditors), ledger, next, rng)?;
        }
        Ok(())
    }

    /// Seals the detail of the event of index `index`.
    ///
    /// # Errors
    /// [`Fault::TooLarge`]; [`Fault::Internal`], which no input can cause.
    pub fn seal(
        &mut self,
        ledger: &LedgerId,
        index: u64,
        event: &Event,
        detail: &Detail,
    ) -> Result<Blob, Fault> {
        let number = self.number;
        self.number = number.checked_add(1).ok_or(Fault::Internal)?;
        // Whatever event comes to have this index: one that came to nothing has taken no place.
        let keys = if index == self.keys_at { self.keys.clone() } else { Vec::new() };
        let mut sealed = SealedDetail {
            version: VERSION,
            keys_at: self.keys_at,
            keys,
            number,
            ciphertext: Blob::default(),
        };
        let aad = detail_aad(ledger, index, &event_digest(event), &sealed);
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha384>::new(None, &*self.key)
            .expand(&key_info(number), &mut *key)
            .map_err(|_| Fault::Internal)?;
        let cipher = Aes256Gcm::new_from_slice(&*key).map_err(|_| Fault::Internal)?;
        // Personal data is no secret of the enclave's, but it leaves sealed only.
        let plaintext = Zeroizing::new(codec::encode(detail));
        let payload = Payload { msg: &plaintext, aad: &aad };
        // The key serves once, so the nonce is zero.
        sealed.ciphertext = cipher.encrypt(&Default::default(), payload).map_err(|_| Fault::Internal)?.into();
        let octets = codec::encode(&sealed);
        if octets.len() > MAX_SEALED { Err(Fault::TooLarge) } else { Ok(octets.into()) }
    }
}

#[cfg(test)]
mod tests;
