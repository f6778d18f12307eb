//! Place: SAM. Which one-time password is taken: one near the time that is, of a step that was not used.

use fuin_shared::totp::{DRIFT, TotpHash, password, step};
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// Which step this code is for: one near `now` that is later than `last`, so that no code serves twice.
///
/// Every candidate is compared, each in constant time.
#[must_use]
pub fn accept(secret: &[u8], hash: TotpHash, digits: u8, code: &[u8], now: u64, last: u32) -> Option<u32> {
    let middle = step(now)?;
    let mut found = 0u32;
    for candidate in middle.saturating_sub(DRIFT)..=middle.saturating_add(DRIFT) {
        let expected = password(secret, hash, digits, candidate)?;
        let same = expected.as_slice().ct_eq(code);
        found.conditional_assign(&candidate, same);
    }
    (found > last).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn a_code_is_taken_one_step_early_and_late_and_no_further() {
        let (time, code) = (1_111_111_109, b"07081804");
        let taken = |now| accept(SECRET, TotpHash::Sha1, 8, code, now, 0);
        let at = step(time);
        assert_eq!((taken(time - 30), taken(time), taken(time + 30)), (at, at, at));
        assert_eq!((taken(time - 60), taken(time + 60)), (None, None));
    }

    #[test]
    fn a_used_step_and_an_earlier_one_are_refused() {
        let (time, code) = (1_111_111_109, b"07081804");
        let used = accept(SECRET, TotpHash::Sha1, 8, code, time, 0).unwrap();
        assert_eq!(accept(SECRET, TotpHash::Sha1, 8, code, time, used), None);
        assert_eq!(accept(SECRET, TotpHash::Sha1, 8, code, time + 30, used + 1), None);
        assert_eq!(accept(SECRET, TotpHash::Sha1, 8, code, time, used - 1), Some(used));
    }

    #[test]
    fn codes_of_another_length_or_hash_are_refused() {
        for code in [&b""[..], b"7081804", b"081804", b"007081804"] {
            assert_eq!(accept(SECRET, TotpHash::Sha1, 8, code, 1_111_111_109, 0), None);
        }
        assert!(accept(SECRET, TotpHash::Sha1, 6, b"081804", 1_111_111_109, 0).is_some());
        assert_eq!(accept(SECRET, TotpHash::Sha256, 8, b"07081804", 1_111_111_109, 0), None);
    }

    proptest! {
        #[test]
        fn arbitrary_codes_never_panic(code in proptest::collection::vec(any::<u8>(), 0..12), now in any::<u64>()) {
            let _ = accept(SECRET, TotpHash::Sha256, 6, &code, now, 0);
        }
    }
}
