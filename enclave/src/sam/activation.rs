//! Place: SAM. Live activations: what a verified SAD still permits, one permission for each occurrence of a hash, under
//! a random token that only the SAM can make. Bounded, never evicted, dead with the instance (design section 4).

use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Subject;
use fuin_shared::manifest::Limits;
use fuin_shared::sad::HashType;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Length of an activation token.
pub const TOKEN: usize = 32;

type TokenDigest = [u8; 32];

/// What a SAD permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// The credential.
    pub credential: Subject,
    /// What the hashes are of.
    pub hash_type: HashType,
    /// Hashes with the number of permissions left for each.
    hashes: BTreeMap<Vec<u8>, u32>,
    /// Digest algorithm.
    pub hash_algorithm: HashAlgorithm,
    /// Signature algorithm.
    pub signature_algorithm: SignatureAlgorithm,
    /// Unix seconds.
    pub expires: u64,
}

impl Activation {
    /// One permission for each occurrence of a hash.
    #[must_use]
    pub fn new(
        credential: Subject,
        hash_type: HashType,
        hashes: &[Blob],
        hash_algorithm: HashAlgorithm,
        signature_algorithm: SignatureAlgorithm,
        expires: u64,
    ) -> Self {
        let hashes = multiset(hashes);
        Self { credential, hash_type, hashes, hash_algorithm, signature_algorithm, expires }
    }

    /// Whether a permission is left for each occurrence of a hash.
    fn covers(&self, wanted: &BTreeMap<Vec<u8>, u32>) -> bool {
        wanted.iter().all(|(hash, count)| self.hashes.get(hash).is_some_and(|left| left >= count))
    }
}

/// Hashes as a multiset of octets: order does not bind.
#[must_use]
pub fn multiset(hashes: &[Blob]) -> BTreeMap<Vec<u8>, u32> {
    let mut set = BTreeMap::new();
    for hash in hashes {
        *set.entry(hash.0.clone()).or_default() += 1;
    }
    set
}

/// What a signing call asks for.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// The credential.
    pub credential: Subject,
    /// What the hashes are of.
    pub hash_type: HashType,
    /// Hashes, in the order wanted.
    pub hashes: &'a [Blob],
    /// Digest named, if any.
    pub hash_algorithm: Option<HashAlgorithm>,
    /// Signature algorithm named.
    pub signature_algorithm: SignatureAlgorithm,
}

/// A token in the place of another.
pub struct Reissued {
    /// The new token.
    pub token: Blob,
    /// Unix seconds, as before.
    pub expires: u64,
    /// Permissions left.
    pub left: u32,
}

/// The live activations, by the digest of their token.
#[derive(Default)]
pub struct Activations {
    live: HashMap<TokenDigest, Activation>,
    per_credential: HashMap<Subject, u32>,
    expiry: BTreeSet<(u64, TokenDigest)>,
}

fn digest(token: &[u8]) -> TokenDigest {
    Sha256::new().chain_update(b"fuin/activation-token/v1\0").chain_update(token).finalize().into()
}

impl Activations {
    /// Refuses when no further activation may live.
    ///
    /// # Errors
    /// [`Fault::ActivationsFull`].
    pub fn check_room(
        &mut self,
        credential: &Subject,
        limits: &Limits,
        now_seconds: u64,
    ) -> Result<(), Fault> {
        self.expire(now_seconds);
        let of_credential = self.per_credential.get(credential).copied().unwrap_or(0);
        let full = self.live.len() >= limits.activations as usize
            || of_credential >= limits.activations_per_credential;
        if full { Err(Fault::ActivationsFull) } else { Ok(()) }
    }

    /// Makes a token. Call [`Activations::check_room`] first.
    pub fn insert(&mut self, activation: Activation, rng: &mut dyn CryptoRng) -> Blob {
        let mut token = vec![0; TOKEN];
        rng.fill_bytes(&mut token);
        let key = digest(&token);
        self.expiry.insert((activation.expires, key));
        *self.per_credential.entry(activation.credential).or_default() += 1;
        self.live.insert(key, activation);
        token.into()
    }

    /// Spends one permission for each hash of the demand: all, or none and a fault. A spent one is never given back.
    ///
    /// # Errors
    /// [`Fault::TokenUnknown`], [`Fault::TokenExpired`], [`Fault::HashType`], [`Fault::NoHashes`],
    /// [`Fault::AlgorithmNotAllowed`], [`Fault::HashLength`], [`Fault::HashNotAuthorized`].
    pub fn spend(&mut self, token: &[u8], demand: Demand<'_>, now_seconds: u64) -> Result<(), Fault> {
        let key = digest(token);
        let activation = self.live(&key, &demand.credential, now_seconds)?;
        if demand.hash_type != activation.hash_type {
            return Err(Fault::HashType);
        }
        if demand.hashes.is_empty() {
            return Err(Fault::NoHashes);
        }
        if demand.signature_algorithm != activation.signature_algorithm
            || demand.hash_algorithm.is_some_and(|named| named != activation.hash_algorithm)
        {
            return Err(Fault::AlgorithmNotAllowed);
        }
        if demand.hashes.iter().any(|hash| hash.0.len() != activation.hash_algorithm.octets()) {
            return Err(Fault::HashLength);
        }
        let wanted = multiset(demand.hashes);
        if !activation.covers(&wanted) {
            return Err(Fault::HashNotAuthorized);
        }
        for (hash, count) in &wanted {
            if let Some(left) = activation.hashes.get_mut(hash) {
                *left -= count;
            }
        }
        activation.hashes.retain(|_, left| *left > 0);
        if activation.hashes.is_empty() {
            self.remove(&key);
        }
        Ok(())
    }

    /// Replaces a token by another with the same permissions and the same end. The former one is dead.
    ///
    /// # Errors
    /// [`Fault::TokenUnknown`], [`Fault::TokenExpired`], [`Fault::NoHashes`], [`Fault::AlgorithmNotAllowed`],
    /// [`Fault::HashNotAuthorized`]: a hash that is named is not left. Nothing changed then.
    pub fn reissue(
        &mut self,
        token: &[u8],
        credential: &Subject,
        hashes: Option<&[Blob]>,
        hash_algorithm: Option<HashAlgorithm>,
        now_seconds: u64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Reissued, Fault> {
        let key = digest(token);
        let activation = self.live(&key, credential, now_seconds)?;
        if hashes.is_some_and(<[Blob]>::is_empty) {
            return Err(Fault::NoHashes);
        }
        if hash_algorithm.is_some_and(|named| named != activation.hash_algorithm) {
            return Err(Fault::AlgorithmNotAllowed);
        }
        if !hashes.is_none_or(|named| activation.covers(&multiset(named))) {
            return Err(Fault::HashNotAuthorized);
        }
        let activation = activation.clone();
        let left = activation.hashes.values().fold(0u32, |sum, left| sum.saturating_add(*left));
        let expires = activation.expires;
        self.remove(&key);
        Ok(Reissued { token: self.insert(activation, rng), expires, left })
    }

    /// The activation of a token, for its own credential and in time.
    fn live(
        &mut self,
        key: &TokenDigest,
        credential: &Subject,
        now_seconds: u64,
    ) -> Result<&mut Activation, Fault> {
        let found = self.live.get(key).filter(|activation| &activation.credential == credential);
        let expires = found.ok_or(Fault::TokenUnknown)?.expires;
        if now_seconds >= expires {
            self.remove(key);
            return Err(Fault::TokenExpired);
        }
        self.live.get_mut(key).ok_or(Fault::TokenUnknown)
    }

    /// Ends all activations of a credential.
    pub fn revoke(&mut self, credential: &Subject) {
        let keys: Vec<_> =
            self.live.iter().filter(|(_, a)| &a.credential == credential).map(|(key, _)| *key).collect();
        for key in keys {
            self.remove(&key);
        }
    }

    fn expire(&mut self, now_seconds: u64) {
        // An expired token is kept a while, so that its holder hears "expired" rather than "unknown".
        const GRACE: u64 = 60;
        while let Some((expires, key)) = self.expiry.first().copied()
            && expires + GRACE <= now_seconds
        {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &TokenDigest) {
        let Some(activation) = self.live.remove(key) else { return };
        self.expiry.remove(&(activation.expires, *key));
        if let Some(count) = self.per_credential.get_mut(&activation.credential) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.per_credential.remove(&activation.credential);
            }
        }
    }
}
