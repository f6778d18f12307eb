//! Place: SAM. Time-based one-time passwords (RFC 6238) with HMAC-SHA-1 or HMAC-SHA-256, steps of 30 seconds.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::Sha256;
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// Length of a step, seconds.
const STEP: u64 = 30;
/// How many steps the signer's clock may be off, each way (RFC 6238 section 5.2).
const DRIFT: u32 = 1;
/// Shortest and longest secret in octets; RFC 4226 R6 demands 128 bits.
pub const SECRET: std::ops::RangeInclusive<usize> = 16..=64;
/// Fewest and most digits.
pub const DIGITS: std::ops::RangeInclusive<u8> = 6..=8;

/// Hash under the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TotpHash {
    /// SHA-1, what most apps do.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// The step in which `now` (Unix seconds) lies; none after the year 6053.
#[must_use]
pub fn step(now: u64) -> Option<u32> {
    u32::try_from(now / STEP).ok()
}

/// Which step this code is for: one near `now` that is later than `last`, so that no code serves twice.
///
/// Every candidate is compared, each in constant time.
#[must_use]
pub fn accept(secret: &[u8], hash: TotpHash, digits: u8, code: &[u8], now: u64, last: u32) -> Option<u32> {
    let middle = step(now)?;
    let mut found = 0u32;
    for candidate in middle.saturating_sub(DRIFT)..=middle.saturating_add(DRIFT) {
        let expected = password(secret, hash, digits, candidate.into())?;
        let same = expected.as_slice().ct_eq(code);
        found.conditional_assign(&candidate, same);
    }
    (found > last).then_some(found)
}

/// HOTP value (RFC 4226 section 5.3) of a counter, as so many decimal digits.
fn password(secret: &[u8], hash: TotpHash, digits: u8, counter: u64) -> Option<Vec<u8>> {
    let counter = counter.to_be_bytes();
    let mac = match hash {
        TotpHash::Sha1 => tag::<Hmac<Sha1>>(secret, &counter)?,
        TotpHash::Sha256 => tag::<Hmac<Sha256>>(secret, &counter)?,
    };
    let offset = usize::from(mac.last()? & 0x0f);
    let part: [u8; 4] = mac.get(offset..offset + 4)?.try_into().ok()?;
    let number = u32::from_be_bytes(part) & 0x7fff_ffff;
    let modulus = 10u32.checked_pow(digits.into())?;
    Some(format!("{:0width$}", number % modulus, width = usize::from(digits)).into_bytes())
}

fn tag<M: Mac + KeyInit>(secret: &[u8], counter: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).ok()?;
    mac.update(counter);
    Some(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            let now = step(time);
            assert_eq!(accept(SHA1_SECRET, TotpHash::Sha1, 8, sha1.as_bytes(), time, 0), now, "{time}");
            assert_eq!(accept(SHA256_SECRET, TotpHash::Sha256, 8, sha256.as_bytes(), time, 0), now, "{time}");
            assert_eq!(accept(SHA1_SECRET, TotpHash::Sha1, 8, sha256.as_bytes(), time, 0), None);
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_and_late_and_no_further() {
        let (time, code) = (1_111_111_109, b"07081804");
        let taken = |now| accept(SHA1_SECRET, TotpHash::Sha1, 8, code, now, 0);
        let at = step(time);
        assert_eq!((taken(time - 30), taken(time + 30)), (at, at));
        assert_eq!((taken(time - 60), taken(time + 60)), (None, None));
    }

    #[test]
    fn a_used_step_and_an_earlier_one_are_refused() {
        let (time, code) = (1_111_111_109, b"07081804");
        let used = accept(SHA1_SECRET, TotpHash::Sha1, 8, code, time, 0).unwrap();
        assert_eq!(accept(SHA1_SECRET, TotpHash::Sha1, 8, code, time, used), None);
        assert_eq!(accept(SHA1_SECRET, TotpHash::Sha1, 8, code, time + 30, used + 1), None);
        assert_eq!(accept(SHA1_SECRET, TotpHash::Sha1, 8, code, time, used - 1), Some(used));
    }

    #[test]
    fn codes_of_another_length_are_refused() {
        for code in [&b""[..], b"7081804", b"081804", b"007081804"] {
            assert_eq!(accept(SHA1_SECRET, TotpHash::Sha1, 8, code, 1_111_111_109, 0), None);
        }
        assert!(accept(SHA1_SECRET, TotpHash::Sha1, 6, b"081804", 1_111_111_109, 0).is_some());
    }

    proptest! {
        #[test]
        fn arbitrary_codes_never_panic(code in proptest::collection::vec(any::<u8>(), 0..12), now in any::<u64>()) {
            let _ = accept(SHA1_SECRET, TotpHash::Sha256, 6, &code, now, 0);
        }
    }
}
