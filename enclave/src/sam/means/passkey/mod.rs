//! Place: SAM. Passkeys: WebAuthn Level 2, ES256, user verification always required.
//!
//! What is stricter than sections 7.1 and 7.2 of the standard:
//!
//! * The challenge is the SAD digest, so that an answer authorizes one SAD and nothing else.
//! * `crossOrigin` must be absent or false and `topOrigin` (Level 3) absent: nobody signs inside a foreign frame.
//! * Attestation is `none`, or `packed` self-attestation, which is verified. Any other statement is refused rather than
//!   kept unverified: clients that are asked for attestation conveyance `none` send one of the two.
//! * Backup eligibility is fixed at registration and may not change (Level 3, section 7.2).

mod attestation;
mod authenticator_data;
mod client_data;
mod cose;

use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::key::Spki;
use fuin_shared::sad::Assertion;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use attestation::AttestationFormat;
use attestation::AttestationObject;
use authenticator_data::AuthenticatorData;
use client_data::{Ceremony, ClientData};

/// A registered passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    /// Raw credential id, 16 to 1023 octets.
    pub credential_id: Blob,
    /// Its public key, P-256.
    pub public_key: Spki,
    /// The rpId it belongs to.
    pub relying_party: String,
    /// Origins from which it may answer, compared as text.
    pub origins: Vec<String>,
    /// Signature counter at registration; zero if the authenticator has none.
    pub counter: u32,
    /// Whether it may be backed up (BE), a property for life.
    pub backup_eligible: bool,
    /// Model of the authenticator, as it says.
    #[serde(with = "serde_bytes")]
    pub aaguid: [u8; 16],
    /// What the registration carried.
    pub attestation_format: AttestationFormat,
}

/// Checks a registration (WebAuthn section 7.1) over the SAD digest `challenge`, with user verification.
///
/// `relying_party` and `origins` come from the client's entry in the manifest; they are kept in the passkey.
///
/// # Errors
/// [`Fault::AssertionMalformed`] for the form, another ceremony, a key that is not ES256 on P-256, and any attestation
/// but `none` and `packed` self-attestation; [`Fault::AssertionChallenge`]; [`Fault::AssertionOrigin`];
/// [`Fault::AssertionRelyingParty`]; [`Fault::AssertionFlags`]; [`Fault::AssertionSignature`] for self-attestation.
pub fn register(
    assertion: &Assertion,
    relying_party: &str,
    origins: &[String],
    challenge: &Digest32,
) -> Result<Passkey, Fault> {
    let Assertion::PasskeyRegistration { client_data, attestation_object } = assertion else {
        return Err(Fault::AssertionMalformed);
    };
    ClientData::parse(client_data.as_slice())?.check(Ceremony::Create, challenge, origins)?;
    let object = AttestationObject::parse(attestation_object.as_slice())?;
    let data = AuthenticatorData::parse(&object.authenticator_data)?;
    check_common(&data, relying_party)?;
    let attested = data.attested.as_ref().ok_or(Fault::AssertionFlags)?;
    let key = attested.key();
    object.verify(key, &signed_octets(&object.authenticator_data, client_data.as_slice()))?;
    Ok(Passkey {
        credential_id: attested.credential_id.into(),
        public_key: Spki::from(key),
        relying_party: relying_party.to_owned(),
        origins: origins.to_vec(),
        counter: data.counter,
        backup_eligible: data.flags.backup_eligible(),
        aaguid: attested.aaguid,
        attestation_format: object.format(),
    })
}

/// Checks an assertion (WebAuthn section 7.2) over the SAD digest `challenge`, with user verification, and gives the
/// new counter. `last_counter` is that of the last assertion taken, or of the registration.
///
/// # Errors
/// [`Fault::AssertionMalformed`] for the form or another ceremony; [`Fault::AssertionCredential`];
/// [`Fault::AssertionChallenge`]; [`Fault::AssertionOrigin`]; [`Fault::AssertionRelyingParty`];
/// [`Fault::AssertionFlags`]; [`Fault::AssertionSignature`]; [`Fault::AssertionCounter`].
pub fn verify(
    passkey: &Passkey,
    last_counter: u32,
    assertion: &Assertion,
    challenge: &Digest32,
) -> Result<u32, Fault> {
    let Assertion::Passkey { credential_id, client_data, authenticator_data, signature } = assertion else {
        return Err(Fault::AssertionMalformed);
    };
    if *credential_id != passkey.credential_id {
        return Err(Fault::AssertionCredential);
    }
    ClientData::parse(client_data.as_slice())?.check(Ceremony::Get, challenge, &passkey.origins)?;
    let data = AuthenticatorData::parse(authenticator_data.as_slice())?;
    check_common(&data, &passkey.relying_party)?;
    if data.attested.is_some() {
        return Err(Fault::AssertionMalformed);
    }
    if data.flags.backup_eligible() != passkey.backup_eligible {
        return Err(Fault::AssertionFlags);
    }
    // Invariant: registration only stores a key that parses.
    let key = passkey.public_key.key().map_err(|_| Fault::Internal)?;
    let message = signed_octets(authenticator_data.as_slice(), client_data.as_slice());
    key.verify(HashAlgorithm::Sha256, &message, signature.as_slice())
        .map_err(|_| Fault::AssertionSignature)?;
    // Zero both times: the authenticator keeps no counter (section 6.1.1).
    if (data.counter, last_counter) == (0, 0) || data.counter > last_counter {
        Ok(data.counter)
    } else {
        Err(Fault::AssertionCounter)
    }
}

/// What registration and assertion have in common: the relying party, and that the user was there and verified.
fn check_common(data: &AuthenticatorData<'_>, relying_party: &str) -> Result<(), Fault> {
    if data.relying_party_hash != Sha256::digest(relying_party.as_bytes()).as_slice() {
        return Err(Fault::AssertionRelyingParty);
    }
    if data.flags.user_present() && data.flags.user_verified() && data.flags.backup_consistent() {
        Ok(())
    } else {
        Err(Fault::AssertionFlags)
    }
}

/// `authenticatorData || SHA-256(clientDataJSON)`: what the authenticator signs.
fn signed_octets(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    let mut out = authenticator_data.to_vec();
    out.extend_from_slice(&Sha256::digest(client_data));
    out
}

#[cfg(test)]
mod maker;
#[cfg(test)]
mod software_authenticator;
#[cfg(test)]
mod tests;
