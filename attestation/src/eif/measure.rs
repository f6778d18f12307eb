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
    let mut whole = Sha384::new_with_prefix(kernel);
    whole.update(cmdline);
    let mut boot = whole.clone();
    let mut application = Sha384::new();
    for (index, ramdisk) in ramdisks.iter().enumerate() {
        whole.update(ramdisk);
        if index == 0 {
            boot.update(ramdisk);
        } else {
            application.update(ramdisk);
        }
    }
    Measurements {
        pcr0: extend_zero(&whole.finalize()),
        pcr1: extend_zero(&boot.finalize()),
        pcr2: extend_zero(&application.finalize()),
        pcr8: None,
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
