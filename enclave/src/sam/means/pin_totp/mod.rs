//! Place: SAM. PIN and one-time password (RFC 6238): SCAL 1. Both can be guessed, so that the attempt is debited and committed
//! before [`verify`] is called; neither is made over the SAD, so that sealed evidence alone binds them to it.
//!
//! The PIN is kept as Argon2id, the secret of the one-time passwords as it is: it must be known to compute them. Which of the
//! two was wrong is not told. The step of the last password that was taken is the counter of the means: none of the same or
//! an earlier step is taken again, that of the registration included.

mod totp;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use fuin_shared::bytes::Secret;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::sad::{Assertion, BLIND, PIN};
use fuin_shared::totp::{DIGITS, SECRET, TotpHash};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Argon2id: memory in KiB, passes, lanes (OWASP's first choice).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
const VERIFIER: usize = 32;

/// A linked PIN with its one-time passwords.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinTotp {
    /// Names it; says nothing of what is below.
    pub registration: Digest32,
    #[serde(with = "serde_bytes")]
    salt: [u8; 16],
    /// PINs can be tried against it: as secret as they are.
    verifier: Secret,
    secret: Secret,
    hash: TotpHash,
    digits: u8,
    /// Step of the password that came with the registration.
    step: u32,
}

/// Shows its name alone.
impl std::fmt::Debug for PinTotp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PinTotp").field("registration", &self.registration).finish_non_exhaustive()
    }
}

/// Links a PIN and a generator that shows with one password that it works; that password is spent.
///
/// # Errors
/// [`Fault::AssertionMalformed`] for another kind of means and for lengths outside the bounds;
/// [`Fault::AssertionSignature`] for a wrong password.
pub fn register(assertion: &Assertion, now: u64, rng: &mut dyn CryptoRng) -> Result<PinTotp, Fault> {
    let Assertion::PinTotpRegistration { blind, pin, secret, hash, digits, code } = assertion else {
        return Err(Fault::AssertionMalformed);
    };
    let (hash, digits) = (*hash, *digits);
    let bounded = blind.as_slice().len() == BLIND
        && PIN.contains(&pin.as_slice().len())
        && SECRET.contains(&secret.as_slice().len())
        && DIGITS.contains(&digits);
    let registration = assertion.registration().filter(|_| bounded).ok_or(Fault::AssertionMalformed)?;
    let step = totp::accept(secret.as_slice(), hash, digits, code.as_slice(), now, 0)
        .ok_or(Fault::AssertionSignature)?;
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let verifier = stretched(pin.as_slice(), &salt)?;
    Ok(PinTotp { registration, salt, verifier, secret: secret.clone(), hash, digits, step })
}

/// Checks PIN and password; gives the step of the password, which is the new counter. `last` is the ledger's.
///
/// # Errors
/// [`Fault::AssertionMalformed`] for another kind of means; [`Fault::AssertionSignature`] whichever of the two is wrong.
pub fn verify(linked: &PinTotp, last: u32, assertion: &Assertion, now: u64) -> Result<u32, Fault> {
    let Assertion::PinTotp { pin, code } = assertion else {
        return Err(Fault::AssertionMalformed);
    };
    // Both are computed, whatever the first comes to.
    let stretched = stretched(pin.as_slice(), &linked.salt)?;
    let right = PIN.contains(&pin.as_slice().len())
        & bool::from(stretched.as_slice().ct_eq(linked.verifier.as_slice()));
    let (secret, last) = (linked.secret.as_slice(), last.max(linked.step));
    let step = totp::accept(secret, linked.hash, linked.digits, code.as_slice(), now, last);
    step.filter(|_| right).ok_or(Fault::AssertionSignature)
}

/// Takes the place of another PIN. With the same generator it must show a later password than the one, of step `last`, that
/// authorized this: none serves twice, whatever PIN is beside it.
///
/// # Errors
/// [`Fault::AssertionSignature`].
pub fn follows(new: &PinTotp, former: &PinTotp, last: u32) -> Result<(), Fault> {
    if new.secret != former.secret || new.step > last { Ok(()) } else { Err(Fault::AssertionSignature) }
}

fn stretched(pin: &[u8], salt: &[u8]) -> Result<Secret, Fault> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(VERIFIER)).map_err(|_| Fault::Internal)?;
    // Memory of our own: the library would leave its own as it is.
    let mut blocks = Zeroizing::new(vec![Block::new(); params.block_count()]);
    let mut out = vec![0; VERIFIER];
    // A PIN beyond the bound costs no more than one at it.
    let pin = pin.get(..*PIN.end()).unwrap_or(pin);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(pin, salt, &mut out, blocks.as_mut_slice())
        .map_err(|_| Fault::Internal)?;
    Ok(out.into())
}

#[cfg(test)]
mod tests;
