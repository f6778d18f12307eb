//! Place: SIC, SAM. Time-based one-time passwords (RFC 6238): HMAC-SHA-1 or HMAC-SHA-256, steps of 30 seconds.

use crate::bytes::Secret;
use alloc::format;
use core::ops::RangeInclusive;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Length of a step, seconds.
pub const STEP: u64 = 30;
/// How many steps the signer's clock may be off, each way (RFC 6238 section 5.2).
pub const DRIFT: u32 = 1;
/// Shortest and longest secret in octets; RFC 4226 R6 demands 128 bits.
pub const SECRET: RangeInclusive<usize> = 16..=64;
/// Fewest and most digits.
pub const DIGITS: RangeInclusive<u8> = 6..=8;

/// Hash under the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TotpHash {
    /// SHA-1, what most generators do.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl TotpHash {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

/// The step in which `now` (Unix seconds) lies; none after the year 6053.
#[must_use]
pub fn step(now: u64) -> Option<u32> {
    u32::try_from(now / STEP).ok()
}

/// The password of a step: HOTP value (RFC 4226 section 5.3), as so many decimal digits. None for digits outside
/// [`DIGITS`].
#[must_use]
pub fn password(secret: &[u8], hash: TotpHash, digits: u8, step: u32) -> Option<Secret> {
    if !DIGITS.contains(&digits) {
        return None;
    }
    let counter = u64::from(step).to_be_bytes();
    let number = match hash {
        TotpHash::Sha1 => truncated::<Hmac<Sha1>>(secret, &counter)?,
        TotpHash::Sha256 => truncated::<Hmac<Sha256>>(secret, &counter)?,
    };
    let number = number % 10u32.checked_pow(digits.into())?;
    Some(format!("{number:0width$}", width = usize::from(digits)).into_bytes().into())
}

/// 31 bits of the MAC, from where its last four bits say.
fn truncated<M: Mac + KeyInit>(secret: &[u8], counter: &[u8]) -> Option<u32> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).ok()?;
    mac.update(counter);
    let tag = Zeroizing::new(mac.finalize().into_bytes().to_vec());
    let offset = usize::from(tag.last()? & 0x0f);
    let part: [u8; 4] = tag.get(offset..offset + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(part) & 0x7fff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1_SECRET: &[u8] = b"12345678901234567890";
    const SHA256_SECRET: &[u8] = b"12345678901234567890123456789012";

    /// RFC 6238 appendix B.
    const VECTORS: [(u64, &str, &str); 6] = [
        (59, "94287082", "46119246"),
        (1_111_111_109, "07081804", "68084774"),
        (1_111_111_111, "14050471", "67062674"),
        (1_234_567_890, "89005924", "91819424"),
        (2_000_000_000, "69279037", "90698825"),
        (20_000_000_000, "65353130", "77737706"),
    ];

    #[test]
    fn vectors_of_rfc_6238() {
        for (time, sha1, sha256) in VECTORS {
            let at = step(time).unwrap();
            let made = |secret, hash| password(secret, hash, 8, at).unwrap();
            assert_eq!(made(SHA1_SECRET, TotpHash::Sha1).as_slice(), sha1.as_bytes(), "{time}");
            assert_eq!(made(SHA256_SECRET, TotpHash::Sha256).as_slice(), sha256.as_bytes(), "{time}");
        }
    }

    #[test]
    fn digits_outside_the_bounds_give_no_password() {
        let at = step(59).unwrap();
        assert_eq!(password(SHA1_SECRET, TotpHash::Sha1, 6, at).unwrap().as_slice(), b"287082");
        for digits in [0, 5, 9, u8::MAX] {
            assert!(password(SHA1_SECRET, TotpHash::Sha1, digits, at).is_none());
        }
        assert_eq!(step(u64::MAX), None);
    }
}
