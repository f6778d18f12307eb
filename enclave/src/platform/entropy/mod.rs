//! Place: none. Entropy: octets of the security module mixed with those of the kernel seed a deterministic generator.
//!
//! Neither source is trusted alone; each passes health tests at the start and with every seed; when one is stuck
//! nothing is generated any more ([`Fault::Entropy`]).
//!
//! | part | what it does |
//! |---|---|
//! | [`source`] | the two sources of octets |
//! | [`health`] | repetition count, adaptive proportion, repeated seeds |
//! | [`drbg`] | HMAC_DRBG with SHA-384 |

pub mod drbg;
mod health;
pub mod source;

pub use drbg::Drbg;
pub use source::{Kernel, Module, Source};

use crate::platform::entropy::drbg::SEED;
use crate::platform::entropy::health::Health;
use fuin_shared::fault::Fault;
use hkdf::Hkdf;
use sha2::Sha384;
use zeroize::Zeroizing;

/// Octets that each source gives for one seed: far more than the 384 bits that the generator can use.
const DRAW: usize = 256;
/// Draws of each source that the start-up test looks at: 1024 octets.
const START_UP_DRAWS: usize = 4;
const DOMAIN: &[u8] = b"fuin/entropy/v1";

/// Seed for [`Drbg`].
pub struct Seed(Zeroizing<[u8; SEED]>);

/// Reads, tests and mixes sources.
pub struct Gatherer {
    sources: Vec<(Box<dyn Source>, Health)>,
}

impl Gatherer {
    /// Takes the sources and tests each of them; what is read for that is thrown away.
    ///
    /// # Errors
    /// [`Fault::Entropy`] when a source fails its test or there are fewer than two; the fault of a source that
    /// does not answer.
    pub fn start(sources: Vec<Box<dyn Source>>) -> Result<Self, Fault> {
        if sources.len() < 2 {
            return Err(Fault::Entropy);
        }
        let mut gatherer =
            Self { sources: sources.into_iter().map(|source| (source, Health::default())).collect() };
        for _ in 0..START_UP_DRAWS {
            gatherer.draw()?;
        }
        Ok(gatherer)
    }

    /// A new seed: HKDF-SHA384 over fresh octets of every source.
    ///
    /// # Errors
    /// [`Fault::Entropy`], for good, when a health test fails; another fault when a source does not answer now.
    pub fn gather(&mut self) -> Result<Seed, Fault> {
        let material = self.draw()?;
        let mut seed = Zeroizing::new([0; SEED]);
        Hkdf::<Sha384>::new(Some(DOMAIN), &material)
            .expand(b"seed", seed.as_mut_slice())
            .map_err(|_| Fault::Internal)?;
        Ok(Seed(seed))
    }

    fn draw(&mut self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let mut draws: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::with_capacity(self.sources.len() * DRAW));
        for (source, health) in &mut self.sources {
            let mut octets = Zeroizing::new([0; DRAW]);
            source.fill(octets.as_mut_slice())?;
            health.check(octets.as_slice())?;
            // Two sources that say the same are one.
            if draws.chunks(DRAW).any(|other| other == octets.as_slice()) {
                return Err(Fault::Entropy);
            }
            draws.extend_from_slice(octets.as_slice());
        }
        Ok(draws)
    }
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests;
