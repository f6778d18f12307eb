//! Place: SAM. PIN and one-time password (RFC 6238): SCAL 1. Both can be guessed, so that whoever uses this debits and
//! commits the attempt before [`verify`] is called, and both travel in sealed evidence alone.
//!
//! The PIN is kept as Argon2id, the secret of the one-time passwords as it is: it must be known to compute them. Neither is
//! told apart from the other in a refusal. The step of the last password that was taken is the counter of the means: none
//! of the same or an earlier step is taken again.

mod totp;

use argon2::{Algorithm, Argon2, Params, Version};
use fuin_shared::fault::Fault;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use totp::TotpHash;

/// Shortest and longest PIN in octets.
const PIN: std::ops::RangeInclusive<usize> = 4..=64;
/// Argon2id: memory in KiB, passes, lanes (OWASP's first choice).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
const VERIFIER: usize = 32;

/// A linked PIN with its one-time passwords. Holds a secret: no `Debug`, no copy.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinTotp {
    #[serde(with = "serde_bytes")]
    salt: [u8; 16],
    #[serde(with = "serde_bytes")]
    verifier: [u8; VERIFIER],
    secret: Secret,
    hash: TotpHash,
    digits: u8,
}

/// Secret octets, erased when dropped.
#[derive(PartialEq, Eq)]
struct Secret(Zeroizing<Vec<u8>>);

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_bytes::ByteBuf::deserialize(deserializer).map(|octets| Self(Zeroizing::new(octets.into_vec())))
    }
}

/// What the signer's device made for the link.
#[derive(Clone, Copy)]
pub struct Registration<'a> {
    /// The PIN that the signer chose.
    pub pin: &'a [u8],
    /// Secret of the one-time passwords.
    pub secret: &'a [u8],
    /// Their hash.
    pub hash: TotpHash,
    /// Their length.
    pub digits: u8,
    /// One of them: shows that the signer's generator works.
    pub code: &'a [u8],
}

/// Links a PIN and a generator; gives the step that the first password spent.
///
/// # Errors
/// [`Fault::AssertionMalformed`] for lengths outside the bounds; [`Fault::AssertionSignature`] for a wrong password.
pub fn register(
    registration: Registration<'_>,
    now: u64,
    rng: &mut dyn CryptoRng,
) -> Result<(PinTotp, u32), Fault> {
    let Registration { pin, secret, hash, digits, code } = registration;
    if !PIN.contains(&pin.len()) || !totp::SECRET.contains(&secret.len()) || !totp::DIGITS.contains(&digits) {
        return Err(Fault::AssertionMalformed);
    }
    let step = totp::accept(secret, hash, digits, code, now, 0).ok_or(Fault::AssertionSignature)?;
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let verifier = *stretched(pin, &salt)?;
    let secret = Secret(Zeroizing::new(secret.to_vec()));
    Ok((PinTotp { salt, verifier, secret, hash, digits }, step))
}

/// Checks a PIN and a password; gives the step of the password, which is the new counter.
///
/// # Errors
/// [`Fault::AssertionSignature`] whichever of them is wrong.
pub fn verify(linked: &PinTotp, pin: &[u8], code: &[u8], now: u64, last: u32) -> Result<u32, Fault> {
    // Both are computed, whatever the first comes to.
    let right = PIN.contains(&pin.len()) & bool::from(stretched(pin, &linked.salt)?.ct_eq(&linked.verifier));
    let step = totp::accept(&linked.secret.0, linked.hash, linked.digits, code, now, last);
    step.filter(|_| right).ok_or(Fault::AssertionSignature)
}

fn stretched(pin: &[u8], salt: &[u8]) -> Result<Zeroizing<[u8; VERIFIER]>, Fault> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(VERIFIER)).map_err(|_| Fault::Internal)?;
    let mut out = Zeroizing::new([0; VERIFIER]);
    // A PIN beyond the bound costs no more than one at it.
    let pin = pin.get(..*PIN.end()).unwrap_or(pin);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(pin, salt, &mut *out)
        .map_err(|_| Fault::Internal)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    const SECRET: &[u8] = b"12345678901234567890";
    /// Time and code of RFC 6238 appendix B, SHA-1, and those of another step.
    const FIRST: (u64, &[u8]) = (1_111_111_109, b"07081804");
    const SECOND: (u64, &[u8]) = (1_234_567_890, b"89005924");

    fn registration() -> Registration<'static> {
        Registration { pin: b"2580", secret: SECRET, hash: TotpHash::Sha1, digits: 8, code: FIRST.1 }
    }

    fn linked() -> (PinTotp, u32) {
        register(registration(), FIRST.0, &mut UnwrapErr(SysRng)).unwrap()
    }

    fn refused(change: impl Fn(&mut Registration<'static>)) -> Option<Fault> {
        let mut changed = registration();
        change(&mut changed);
        register(changed, FIRST.0, &mut UnwrapErr(SysRng)).err()
    }

    #[test]
    fn pin_and_password_together_are_taken_once() {
        let (linked, first) = linked();
        let second = verify(&linked, b"2580", SECOND.1, SECOND.0, first).unwrap();
        assert!(second > first);
        assert_eq!(verify(&linked, b"2580", SECOND.1, SECOND.0, second), Err(Fault::AssertionSignature));
        // The password that came with the registration is spent too.
        assert_eq!(verify(&linked, b"2580", FIRST.1, FIRST.0, first), Err(Fault::AssertionSignature));
    }

    #[test]
    fn a_wrong_pin_or_a_wrong_password_is_refused_alike() {
        let (linked, last) = linked();
        let long = [b'2'; 65];
        for (pin, code) in [
            (&b"2581"[..], SECOND.1),
            (b"", SECOND.1),
            (&long, SECOND.1),
            (b"2580", &b"89005925"[..]),
            (b"2580", b""),
        ] {
            assert_eq!(verify(&linked, pin, code, SECOND.0, last), Err(Fault::AssertionSignature));
        }
    }

    #[test]
    fn a_longer_pin_with_the_same_beginning_is_refused() {
        let pin = [b'2'; 64];
        let (linked, last) =
            register(Registration { pin: &pin, ..registration() }, FIRST.0, &mut UnwrapErr(SysRng)).unwrap();
        let longer = [b'2'; 65];
        assert_eq!(verify(&linked, &longer, SECOND.1, SECOND.0, last), Err(Fault::AssertionSignature));
        assert!(verify(&linked, &pin, SECOND.1, SECOND.0, last).is_ok());
    }

    #[test]
    fn registrations_outside_the_bounds_are_refused() {
        let malformed = Some(Fault::AssertionMalformed);
        assert_eq!(refused(|r| r.pin = b"258"), malformed);
        assert_eq!(refused(|r| r.pin = &[b'2'; 65]), malformed);
        assert_eq!(refused(|r| r.secret = &SECRET[..15]), malformed);
        assert_eq!(refused(|r| r.secret = &[1; 65]), malformed);
        assert_eq!(refused(|r| r.digits = 5), malformed);
        assert_eq!(refused(|r| r.digits = 9), malformed);
        assert_eq!(refused(|r| r.code = b"07081805"), Some(Fault::AssertionSignature));
    }

    #[test]
    fn the_pin_is_not_kept() {
        let (linked, _) = linked();
        let kept = fuin_shared::codec::encode(&linked);
        assert!(!kept.windows(4).any(|window| window == b"2580"));
        let again: PinTotp = fuin_shared::codec::decode(&kept).unwrap();
        assert!(again == linked);
        assert!(linked.verifier != self::linked().0.verifier, "salts differ");
    }
}
