//! Place: none. The registers an image gives: SHA-384 over 48 zero octets and the digest of the parts.

use sha2::{Digest, Sha384};

/// Octets of a register.
pub const PCR_LENGTH: usize = 48;

/// The registers of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurements {
    /// Kernel, command line and all ramdisks.
    pub pcr0: [u8; PCR_LENGTH],
    /// Kernel, command line and the first ramdisk.
    pub pcr1: [u8; PCR_LENGTH],
    /// The ramdisks after the first; a constant when there is only one.
    pub pcr2: [u8; PCR_LENGTH],
    /// The signing certificate; `None` when the image is unsigned, where the device shows zeros.
    pub pcr8: Option<[u8; PCR_LENGTH]>,
}

/// Measures parts before they are an image; `pcr8` stays `None`.
///
/// The parts are concatenated without lengths: only the concatenation is bound, not where one part ends.
#[must_use]
pub fn measure_parts(kernel: &[u8], cmdline: &[u8], ramdisks: &[&[u8]]) -> Measurements {
    let mut measuring = Measuring::default();
    measuring.boot(kernel);
    measuring.boot(cmdline);
    for (index, ramdisk) in ramdisks.iter().enumerate() {
        if index == 0 { measuring.boot(ramdisk) } else { measuring.application(ramdisk) }
    }
    measuring.finish()
}

/// The digests under way.
#[derive(Clone, Default)]
pub(super) struct Measuring {
    whole: Sha384,
    boot: Sha384,
    application: Sha384,
}

impl Measuring {
    /// Octets of kernel, command line or first ramdisk.
    pub(super) fn boot(&mut self, octets: &[u8]) {
        self.whole.update(octets);
        self.boot.update(octets);
    }

    /// Octets of a later ramdisk.
    pub(super) fn application(&mut self, octets: &[u8]) {
        self.whole.update(octets);
        self.application.update(octets);
    }

    pub(super) fn finish(self) -> Measurements {
        Measurements {
            pcr0: extend_zero(&self.whole.finalize()),
            pcr1: extend_zero(&self.boot.finalize()),
            pcr2: extend_zero(&self.application.finalize()),
            pcr8: None,
        }
    }
}

/// `E(H(data))`, as PCR8 is made from the signing certificate.
pub(super) fn register(data: &[u8]) -> [u8; PCR_LENGTH] {
    extend_zero(&Sha384::digest(data))
}

/// A register that started at zero after one extension: `SHA384(0^48 || data)`.
fn extend_zero(data: &[u8]) -> [u8; PCR_LENGTH] {
    Sha384::new_with_prefix([0_u8; PCR_LENGTH]).chain_update(data).finalize().into()
}
