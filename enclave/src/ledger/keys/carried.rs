//! Place: SAM. What does not change with the root key, sealed under the one that takes over: the seed of the ledger's key, and the
//! pseudonym key. It lies in the event of the rotation (decision 0031).
//!
//! `salt[32] || ciphertext || tag[16]`, AES-256-GCM. The key is used once, so the nonce is zero.

use super::{LedgerKeys, RootKey};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::RootCommitment;
use fuin_shared::log::state::LedgerName;
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha384;
use zeroize::Zeroizing;

const SALT: usize = 32;

impl LedgerKeys {
    /// What goes on under `root`, whose commitment is `to`.
    ///
    /// # Errors
    /// [`Fault::Internal`], which no input can cause.
    pub fn carry(
        &self,
        root: &RootKey,
        to: &RootCommitment,
        name: LedgerName,
        rng: &mut dyn CryptoRng,
    ) -> Result<Blob, Fault> {
        let mut body = vec![0; SALT];
        rng.fill_bytes(&mut body);
        let mut plain = Zeroizing::new([0; 64]);
        let (seed, subjects) = plain.split_at_mut(32);
        seed.copy_from_slice(&*self.seed);
        subjects.copy_from_slice(&*self.subjects);
        let aad = associated(to, name);
        let sealed = cipher(root, &body)?
            .encrypt(&Default::default(), Payload { msg: &*plain, aad: &aad })
            .map_err(|_| Fault::Internal)?;
        body.extend_from_slice(&sealed);
        Ok(body.into())
    }

    /// The keys of a ledger under a root key that took over, from what was carried to it.
    ///
    /// # Errors
    /// [`Fault::LedgerBroken`]: it was carried to another root key, or of another ledger; those of [`LedgerKeys::derive`].
    pub fn of_carried(
        root: RootKey,
        to: &RootCommitment,
        carried: &Blob,
        prefix: &str,
        name: LedgerName,
    ) -> Result<Self, Fault> {
        let (salt, sealed) = carried.0.split_at_checked(SALT).ok_or(Fault::LedgerBroken)?;
        let aad = associated(to, name);
        let opened = cipher(&root, salt)?.decrypt(&Default::default(), Payload { msg: sealed, aad: &aad });
        let plain = Zeroizing::new(opened.map_err(|_| Fault::LedgerBroken)?);
        let (seed, subjects) = plain.split_at_checked(32).ok_or(Fault::LedgerBroken)?;
        Self::assemble(root, octets(seed)?, octets(subjects)?, prefix, name)
    }

    /// Whether these keep what those have: the ledger's key and the pseudonyms.
    #[must_use]
    pub fn goes_on_from(&self, before: &Self) -> bool {
        self.identity == before.identity && self.subjects == before.subjects
    }
}

fn octets(slice: &[u8]) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let mut octets = Zeroizing::new([0; 32]);
    if slice.len() != octets.len() {
        return Err(Fault::LedgerBroken);
    }
    octets.copy_from_slice(slice);
    Ok(octets)
}

fn associated(to: &RootCommitment, name: LedgerName) -> Vec<u8> {
    codec::encode(&(to, name.ledger, name.shard, name.epoch))
}

fn cipher(root: &RootKey, salt: &[u8]) -> Result<Aes256Gcm, Fault> {
    let mut key = Zeroizing::new([0; 32]);
    // Invariant: one block of output.
    Hkdf::<Sha384>::new(Some(salt), root.octets())
        .expand(b"fuin/carried-keys/v1", &mut *key)
        .expect("short output");
    Aes256Gcm::new_from_slice(&*key).map_err(|_| Fault::Internal)
}
