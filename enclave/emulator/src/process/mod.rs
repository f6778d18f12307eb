//! Place: none.
//!
//! An enclave that runs as an ordinary process, for fast tests and benchmarks: its measurement, and its way to the
//! parent. The enclave program itself contains nothing of this.
//!
//! There is no image; the registers follow the rule for images with the program's file as the only part:
//! PCR0 = PCR1 = PCR2 = SHA-384(48 zero octets || SHA-384(file)).

mod unix;

pub use unix::{InvalidUnixEndpoint, UnixEndpoint};

use fuin_attestation::eif::{Measurements, measure_parts};

/// The registers of a process whose executable file has these octets.
#[must_use]
pub fn measure_program(file: &[u8]) -> Measurements {
    let pcr0 = measure_parts(file, b"", &[]).pcr0;
    Measurements { pcr0, pcr1: pcr0, pcr2: pcr0, pcr8: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha384};

    #[test]
    fn the_three_registers_are_the_programs() {
        let measured = measure_program(b"program");
        let expected: [u8; 48] =
            Sha384::digest([&[0; 48][..], &Sha384::digest(b"program")[..]].concat()).into();
        assert_eq!([measured.pcr0, measured.pcr1, measured.pcr2], [expected; 3]);
        assert_eq!(measured.pcr8, None);
    }
}
