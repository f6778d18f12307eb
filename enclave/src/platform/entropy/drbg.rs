//! Place: none. HMAC_DRBG with SHA-384 (SP 800-90A section 10.1.2), without prediction resistance. After each
//! request the state is changed, so that a later look at it does not tell earlier octets.

use crate::platform::entropy::Seed;
use fuin_shared::fault::Fault;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::{Infallible, TryCryptoRng, TryRng};
use sha2::Sha384;
use zeroize::{Zeroize, Zeroizing};

/// Octets of a seed: entropy and nonce.
pub(super) const SEED: usize = 96;
const BLOCK: usize = 48;
/// Most octets of one request (2^19 bits).
const MAX_REQUEST: usize = 1 << 16;
/// Requests after which a new seed is wanted.
const SOFT_LIMIT: u64 = 1 << 14;
/// Requests after which the generator must not be used without a new seed.
const HARD_LIMIT: u64 = 1 << 20;

/// The generator. Zeroized on drop.
pub struct Drbg {
    key: [u8; BLOCK],
    value: [u8; BLOCK],
    requests: u64,
}

impl Drbg {
    /// A generator with this seed.
    #[must_use]
    pub fn new(seed: &Seed) -> Self {
        Self::instantiate(seed.0.as_slice())
    }

    /// Mixes a new seed in.
    pub fn reseed(&mut self, seed: &Seed) {
        self.update(seed.0.as_slice());
        self.requests = 0;
    }

    /// Whether it is time for [`Drbg::reseed`].
    #[must_use]
    pub const fn wants_seed(&self) -> bool {
        self.requests >= SOFT_LIMIT
    }

    /// Whether it may still be used.
    ///
    /// # Errors
    /// [`Fault::Entropy`] when too much was generated under one seed.
    pub const fn usable(&self) -> Result<(), Fault> {
        if self.requests >= HARD_LIMIT { Err(Fault::Entropy) } else { Ok(()) }
    }

    /// Known answer: RFC 6979 derives its nonces with this generator, seeded with the private key and the digest
    /// (appendix A.2.6, P-384, SHA-384, message "sample").
    ///
    /// # Errors
    /// [`Fault::SelfTest`].
    pub fn self_test() -> Result<(), Fault> {
        const KEY: &str = "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5";
        const DIGEST: &str = "9a9083505bc92276aec4be312696ef7bf3bf603f4bbd381196a029f340585312313bca4a9b5b890efee42c77b1ee25fe";
        const NONCE: &str = "94ed910d1a099dad3254e9242ae85abde4ba15168eaf0ca87a555fd56d10fbca2907e3e83ba95368623b8c4686915cf9";
        let octets = |text| hex::decode(text).map_err(|_| Fault::SelfTest);
        let mut generator = Self::instantiate(&[octets(KEY)?, octets(DIGEST)?].concat());
        let mut out = [0; BLOCK];
        generator.generate(&mut out);
        if out.as_slice() == octets(NONCE)?.as_slice() { Ok(()) } else { Err(Fault::SelfTest) }
    }

    pub(super) fn instantiate(seed: &[u8]) -> Self {
        let mut generator = Self { key: [0; BLOCK], value: [1; BLOCK], requests: 0 };
        generator.update(seed);
        generator
    }

    /// HMAC_DRBG_Update.
    fn update(&mut self, data: &[u8]) {
        for round in [0u8, 1] {
            self.key = mac(&self.key, &[&self.value, &[round], data]);
            self.value = mac(&self.key, &[&self.value]);
            if data.is_empty() {
                break;
            }
        }
    }

    /// HMAC_DRBG_Generate without additional input.
    fn generate(&mut self, out: &mut [u8]) {
        for piece in out.chunks_mut(BLOCK) {
            self.value = mac(&self.key, &[&self.value]);
            for (to, from) in piece.iter_mut().zip(self.value) {
                *to = from;
            }
        }
        self.update(&[]);
        self.requests = self.requests.saturating_add(1);
    }
}

fn mac(key: &[u8; BLOCK], parts: &[&[u8]]) -> [u8; BLOCK] {
    // Invariant: HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha384>::new_from_slice(key) else { unreachable!("HMAC takes any key") };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl Drop for Drbg {
    fn drop(&mut self) {
        self.key.zeroize();
        self.value.zeroize();
    }
}

impl TryRng for Drbg {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut octets = [0; 4];
        self.generate(&mut octets);
        Ok(u32::from_le_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut octets = Zeroizing::new([0; 8]);
        self.generate(octets.as_mut_slice());
        Ok(u64::from_le_bytes(*octets))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for piece in out.chunks_mut(MAX_REQUEST) {
            self.generate(piece);
        }
        Ok(())
    }
}

impl TryCryptoRng for Drbg {}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::Rng;

    #[test]
    fn known_answer_holds() {
        assert_eq!(Drbg::self_test(), Ok(()));
    }

    #[test]
    fn output_depends_on_seed_and_reseed_and_never_repeats() {
        let seed = |n: u8| Seed(Zeroizing::new([n; SEED]));
        let (mut one, mut same, mut other) = (Drbg::new(&seed(1)), Drbg::new(&seed(1)), Drbg::new(&seed(2)));
        let first = one.next_u64();
        assert_eq!(first, same.next_u64());
        assert_ne!(first, other.next_u64());
        same.reseed(&seed(3));
        assert_ne!(one.next_u64(), same.next_u64());
        let mut blocks = [0; 480];
        one.fill_bytes(&mut blocks);
        let mut seen: Vec<_> = blocks.chunks(BLOCK).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn limits_ask_for_a_seed_and_then_insist() {
        let mut generator = Drbg::instantiate(b"limits");
        assert!(!generator.wants_seed());
        generator.requests = SOFT_LIMIT - 1;
        generator.next_u32();
        assert!(generator.wants_seed());
        assert_eq!(generator.usable(), Ok(()));
        generator.requests = HARD_LIMIT;
        assert_eq!(generator.usable(), Err(Fault::Entropy));
        generator.reseed(&Seed(Zeroizing::new([1; SEED])));
        assert_eq!(generator.usable(), Ok(()));
        assert!(!generator.wants_seed());
    }
}
