//! Place: none. Randomness for tests: the real generator under a seed that the test names.

use super::Drbg;

/// A generator that always gives the same octets for the same `seed`.
pub(crate) fn rng(seed: u64) -> Drbg {
    Drbg::instantiate(&seed.to_be_bytes())
}
