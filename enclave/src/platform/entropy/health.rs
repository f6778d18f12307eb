//! Place: none. Health tests after SP 800-90B section 4.4, for sources that claim 8 bits per octet, with a chance of
//! a false alarm of 2^-60 per octet: an alarm stops the enclave.

use fuin_shared::fault::Fault;
use sha2::{Digest, Sha256};

/// This many equal octets in a row are an alarm: `1 + 60 / 8`, rounded up.
const REPETITIONS: u32 = 9;
/// Octets of a window of the adaptive proportion test.
const WINDOW: u32 = 512;
/// This many octets of a window equal to its first are an alarm: the binomial tail of (512, 1/256) at 2^-60.
const PROPORTION: u32 = 26;

/// State of the tests of one source. It keeps one octet of each kind and a digest, no secret.
#[derive(Default)]
pub(super) struct Health {
    last: Option<u8>,
    repeated: u32,
    first: u8,
    seen: u32,
    equal: u32,
    former: Option<[u8; 32]>,
}

impl Health {
    /// Tests the next octets of the source.
    pub(super) fn check(&mut self, octets: &[u8]) -> Result<(), Fault> {
        for octet in octets {
            self.repetition_count(*octet)?;
            self.adaptive_proportion(*octet)?;
        }
        let digest = Sha256::digest(octets).into();
        if self.former.replace(digest) == Some(digest) {
            return Err(Fault::Entropy);
        }
        Ok(())
    }

    fn repetition_count(&mut self, octet: u8) -> Result<(), Fault> {
        self.repeated = if self.last == Some(octet) { self.repeated + 1 } else { 1 };
        self.last = Some(octet);
        if self.repeated >= REPETITIONS { Err(Fault::Entropy) } else { Ok(()) }
    }

    fn adaptive_proportion(&mut self, octet: u8) -> Result<(), Fault> {
        if self.seen == 0 {
            (self.first, self.equal) = (octet, 0);
        }
        self.equal += u32::from(octet == self.first);
        self.seen = (self.seen + 1) % WINDOW;
        if self.equal >= PROPORTION { Err(Fault::Entropy) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::entropy::testing::rng;
    use rand_core::Rng;

    #[test]
    fn good_octets_pass_for_long() {
        let (mut health, mut rng) = (Health::default(), rng(31));
        for _ in 0..2_000 {
            let mut octets = [0; 256];
            rng.fill_bytes(&mut octets);
            assert_eq!(health.check(&octets), Ok(()));
        }
    }

    #[test]
    fn a_stuck_octet_is_an_alarm() {
        assert_eq!(Health::default().check(&[0x5a; 8]), Ok(()));
        assert_eq!(Health::default().check(&[0x5a; 9]), Err(Fault::Entropy));
    }

    #[test]
    fn a_run_across_two_reads_is_an_alarm() {
        let mut health = Health::default();
        assert_eq!(health.check(&[1, 7, 7, 7, 7, 7]), Ok(()));
        assert_eq!(health.check(&[7, 7, 7, 7, 1]), Err(Fault::Entropy));
    }

    #[test]
    fn an_octet_that_comes_too_often_is_an_alarm() {
        let octets: Vec<u8> = (0..=255u8).flat_map(|n| [0, n | 1]).collect();
        assert_eq!(Health::default().check(&octets), Err(Fault::Entropy));
    }

    #[test]
    fn the_same_octets_twice_are_an_alarm() {
        let octets: Vec<u8> = (0..=255).collect();
        let mut health = Health::default();
        assert_eq!(health.check(&octets), Ok(()));
        assert_eq!(health.check(&octets), Err(Fault::Entropy));
    }
}
