//! Place: SAM. Nonces for SADs. Stateless: random, expiry and a MAC under an instance secret; only spent ones are kept,
//! until they expire (design section 4).

use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::CredentialId;
use fuin_shared::sad::Purpose;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use std::collections::{BTreeSet, HashSet};
use zeroize::Zeroizing;

const RANDOM: usize = 16;
const TIME: usize = 8;
const MAC: usize = 32;
/// Most spent nonces that are kept; each took a valid assertion, or a refused one.
const MAX_SPENT: usize = 200_000;

/// Makes and takes nonces.
pub struct Challenges {
    secret: Zeroizing<[u8; 32]>,
    spent: HashSet<[u8; RANDOM]>,
    expiry: BTreeSet<(u64, [u8; RANDOM])>,
    /// Spent by the attempt that is being carried out, for which it holds once more.
    admitted: Option<[u8; RANDOM]>,
}

/// A nonce that holds and is not spent yet, or is spent by the very attempt that is being carried out.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    random: [u8; RANDOM],
    /// When it was issued, Unix seconds.
    pub issued: u64,
    expires: u64,
    paid: bool,
}

impl Fresh {
    /// Whether it was spent already, for the attempt that is being carried out.
    #[must_use]
    pub const fn is_paid(&self) -> bool {
        self.paid
    }
}

impl Challenges {
    /// With a new secret.
    pub fn new(rng: &mut dyn CryptoRng) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *secret);
        Self { secret, spent: HashSet::new(), expiry: BTreeSet::new(), admitted: None }
    }

    /// A nonce for a SAD of this credential and purpose, good from `issued` until `expires` (Unix seconds).
    pub fn issue(
        &self,
        credential: &CredentialId,
        purpose: Purpose,
        issued: u64,
        expires: u64,
        rng: &mut dyn CryptoRng,
    ) -> Blob {
        let mut random = [0; RANDOM];
        rng.fill_bytes(&mut random);
        let mac = self.mac(&random, issued, expires, credential, purpose).finalize().into_bytes();
        let mut nonce = Vec::with_capacity(RANDOM + 2 * TIME + MAC);
        nonce.extend_from_slice(&random);
        nonce.extend_from_slice(&issued.to_be_bytes());
        nonce.extend_from_slice(&expires.to_be_bytes());
        nonce.extend_from_slice(&mac);
        nonce.into()
    }

    /// Checks a nonce; it is spent by [`Challenges::spend`].
    ///
    /// # Errors
    /// [`Fault::SadNonce`], [`Fault::SadExpired`], [`Fault::SadReplayed`].
    pub fn check(
        &self,
        nonce: &[u8],
        credential: &CredentialId,
        purpose: Purpose,
        now_seconds: u64,
    ) -> Result<Fresh, Fault> {
        let (random, rest) = nonce.split_first_chunk::<RANDOM>().ok_or(Fault::SadNonce)?;
        let (issued, rest) = rest.split_first_chunk::<TIME>().ok_or(Fault::SadNonce)?;
        let (expires, mac) = rest.split_first_chunk::<TIME>().ok_or(Fault::SadNonce)?;
        let (issued, expires) = (u64::from_be_bytes(*issued), u64::from_be_bytes(*expires));
        self.mac(random, issued, expires, credential, purpose)
            .verify_slice(mac)
            .map_err(|_| Fault::SadNonce)?;
        if now_seconds >= expires {
            return Err(Fault::SadExpired);
        }
        let paid = self.admitted.as_ref() == Some(random);
        if self.spent.contains(random) && !paid {
            return Err(Fault::SadReplayed);
        }
        Ok(Fresh { random: *random, issued, expires, paid })
    }

    /// From now on the nonce of this attempt holds although it is spent; none ends that.
    pub fn admit(&mut self, paid: Option<&Fresh>) {
        self.admitted = paid.map(|fresh| fresh.random);
    }

    /// Spends a nonce that is not paid for yet; spent ones that have expired are forgotten.
    ///
    /// # Errors
    /// [`Fault::ActivationsFull`] when no more can be remembered; then nothing was spent.
    pub fn spend(&mut self, fresh: &Fresh, now_seconds: u64) -> Result<(), Fault> {
        if fresh.paid {
            return Ok(());
        }
        while let Some(oldest) = self.expiry.first().copied()
            && oldest.0 <= now_seconds
        {
            self.expiry.remove(&oldest);
            self.spent.remove(&oldest.1);
        }
        if self.spent.len() >= MAX_SPENT {
            return Err(Fault::ActivationsFull);
        }
        self.spent.insert(fresh.random);
        self.expiry.insert((fresh.expires, fresh.random));
        Ok(())
    }

    fn mac(
        &self,
        random: &[u8],
        issued: u64,
        expires: u64,
        credential: &CredentialId,
        purpose: Purpose,
    ) -> Hmac<Sha256> {
        // Invariant: HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.secret).expect("any key length");
        mac.update(b"fuin/nonce/v1\0");
        mac.update(random);
        mac.update(&codec::encode(&(issued, expires, credential, purpose)));
        mac
    }
}
