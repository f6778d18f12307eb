//! Place: SIC. A PIN with a generator of one-time passwords, both in software.
//!
//! It asks nobody: whoever can read its file is the user, which makes one factor of two. It is for development and for tests;
//! a signer types the PIN and reads the password from a generator that lies elsewhere.

mod directory;
mod file;

pub use directory::PinTotpDirectory;

use fuin_shared::bytes::Secret;
use fuin_shared::ids::Digest32;
use fuin_shared::sad::{Assertion, BLIND};
use fuin_shared::totp::{DRIFT, STEP, TotpHash, password, step};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Octets of a new generator's secret (RFC 4226 R6 recommends 160 bits).
const SECRET: usize = 20;
const DIGITS: u8 = 6;
/// Seconds for which a password must still be good when it is given.
const UNDER_WAY: u64 = 10;
/// Digits of a new PIN.
const PIN: usize = 8;

/// Why PIN and password did not answer.
#[derive(Debug, thiserror::Error)]
pub enum PinTotpError {
    /// There is no such PIN here.
    #[error("PIN: none of registration {registration} in {directory}")]
    Unknown {
        /// Asked for.
        registration: Digest32,
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// The service asks for no PIN.
    #[error("PIN: the service asks for another means")]
    NotAsked,
    /// A password serves once, and the next one is not good yet.
    #[error("PIN: the next one-time password is good in {0} s; try again then")]
    Wait(u64),
    /// Its file could not be read or written.
    #[error("PIN file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// Its file holds something else.
    #[error("PIN file {0}: not a PIN with a generator; make a new one by linking again")]
    Malformed(PathBuf),
    /// The clock shows a time of which there are no passwords.
    #[error("PIN: the clock is not usable")]
    Clock,
}

/// One PIN with its generator. Secret: never shown, erased when dropped.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SoftwarePinTotp {
    version: u8,
    pin: Secret,
    secret: Secret,
    hash: TotpHash,
    digits: u8,
    /// Step of the newest password that was given.
    last_step: u32,
}

impl SoftwarePinTotp {
    /// A new PIN and a new generator.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut secret = vec![0; SECRET];
        rng.fill_bytes(&mut secret);
        let mut pin = Vec::with_capacity(PIN);
        while pin.len() < PIN {
            let mut octet = Zeroizing::new([0u8; 1]);
            rng.fill_bytes(octet.as_mut());
            // 250 of the 256 values, so that each digit is as likely as any other.
            if octet[0] < 250 {
                pin.push(b'0' + octet[0] % 10);
            }
        }
        Self {
            version: 1,
            pin: pin.into(),
            secret: secret.into(),
            hash: TotpHash::Sha1,
            digits: DIGITS,
            last_step: 0,
        }
    }

    /// Both show themselves, with a password for `now` (Unix seconds); only for sealing.
    ///
    /// # Errors
    /// As [`Self::assertion`].
    pub fn registration(&mut self, now: u64, rng: &mut impl CryptoRng) -> Result<Assertion, PinTotpError> {
        let code = self.code(now)?;
        let mut blind = vec![0; BLIND];
        rng.fill_bytes(&mut blind);
        Ok(Assertion::PinTotpRegistration {
            blind: blind.into(),
            pin: self.pin.clone(),
            secret: self.secret.clone(),
            hash: self.hash,
            digits: self.digits,
            code,
        })
    }

    /// The answer at `now` (Unix seconds); only for sealing.
    ///
    /// # Errors
    /// [`PinTotpError::Wait`], [`PinTotpError::Clock`].
    pub fn assertion(&mut self, now: u64) -> Result<Assertion, PinTotpError> {
        let code = self.code(now)?;
        Ok(Assertion::PinTotp { pin: self.pin.clone(), code })
    }

    /// A password that was not given before, the oldest that the SAM still takes; so that a few are there at any time.
    fn code(&mut self, now: u64) -> Result<Secret, PinTotpError> {
        let current = step(now).ok_or(PinTotpError::Clock)?;
        let oldest = if now % STEP + UNDER_WAY <= STEP { current.saturating_sub(DRIFT) } else { current };
        let next = self.last_step.saturating_add(1).max(oldest);
        let early = next.saturating_sub(DRIFT);
        if early > current {
            return Err(PinTotpError::Wait((u64::from(early) * STEP).saturating_sub(now)));
        }
        let code = password(self.secret.as_slice(), self.hash, self.digits, next);
        self.last_step = next;
        code.ok_or(PinTotpError::Clock)
    }
}

#[cfg(test)]
mod tests;
