//! Place: SAM. Device keys: a key of the signer's device signs the SAD digest in a compact JWS (RFC 7515).
//!
//! The form is narrow: `alg` ES256 or ES384 as the key's curve has it, `typ` [`DEVICE_KEY_TYPE`], `kid` the key's
//! fingerprint, no other member; the payload is the digest itself, 32 octets. So a JWS that the key made for anything
//! else is no answer, and an answer serves no other purpose. How the device guards the key is not seen from here.

use crate::sam::jose::CompactJws;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::key::Spki;
use fuin_shared::sad::{Assertion, DEVICE_KEY_TYPE, MAX_DEVICE_KEY_JWS, device_key_fingerprint};
use serde::{Deserialize, Serialize};

/// A linked device key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceKey {
    /// P-256 or P-384.
    pub public_key: Spki,
}

impl DeviceKey {
    /// Its name.
    #[must_use]
    pub fn fingerprint(&self) -> Digest32 {
        device_key_fingerprint(self.public_key.0.as_slice())
    }
}

/// Checks that a new device key answers the SAD digest `challenge`.
///
/// # Errors
/// As [`verify`]; [`Fault::AssertionMalformed`] also for a key that is on neither curve.
pub fn register(assertion: &Assertion, challenge: &Digest32) -> Result<DeviceKey, Fault> {
    let Assertion::DeviceKeyRegistration { public_key, jws } = assertion else {
        return Err(Fault::AssertionMalformed);
    };
    let key = DeviceKey { public_key: Spki(public_key.clone()) };
    check(&key, jws, challenge)?;
    Ok(key)
}

/// Checks an answer to the SAD digest `challenge`.
///
/// # Errors
/// [`Fault::AssertionMalformed`] for the form, another `typ`, another algorithm than ES256 and ES384;
/// [`Fault::AssertionCredential`] when `kid` is another key; [`Fault::AssertionSignature`], also for an algorithm that
/// does not fit the key; [`Fault::AssertionChallenge`].
pub fn verify(key: &DeviceKey, assertion: &Assertion, challenge: &Digest32) -> Result<(), Fault> {
    let Assertion::DeviceKey { jws } = assertion else {
        return Err(Fault::AssertionMalformed);
    };
    check(key, jws, challenge)
}

fn check(key: &DeviceKey, jws: &str, challenge: &Digest32) -> Result<(), Fault> {
    if jws.len() > MAX_DEVICE_KEY_JWS {
        return Err(Fault::AssertionMalformed);
    }
    let jws = CompactJws::parse(jws).map_err(|_| Fault::AssertionMalformed)?;
    if jws.typ() != Some(DEVICE_KEY_TYPE) {
        return Err(Fault::AssertionMalformed);
    }
    if jws.kid() != hex::encode(key.fingerprint()) {
        return Err(Fault::AssertionCredential);
    }
    let public = key.public_key.key().map_err(|_| Fault::AssertionMalformed)?;
    let payload = jws.verify(&public).map_err(|_| Fault::AssertionSignature)?;
    if payload == challenge.as_ref() { Ok(()) } else { Err(Fault::AssertionChallenge) }
}

#[cfg(test)]
mod tests;
