//! Place: SAM. OpenID Connect: an ID token by a provider whose keys the manifest pins. Its `nonce` is the SAD digest, so that
//! a token authorizes one SAD; its authentication is younger than the challenge. As long as the provider does not itself
//! show the signer what is authorized, the level is SCAL 1.
//!
//! What is stricter than OpenID Connect Core 1.0 section 3.1.3.7: ES256 and ES384 alone (tokens under RS256, the default of
//! many providers, are refused), keys from the manifest and never from the network, `kid` demanded, no header member beside
//! `alg`, `kid` and `typ`, one audience, `acr` and `amr` by list, whole seconds, no JSON member twice at any depth.
//!
//! The token holds personal data, so that it comes sealed to the instance; kept is a keyed digest of `iss` and `sub`.

mod claims;

use crate::sam::jose::CompactJws;
use claims::Claims;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, MeansId};
use fuin_shared::manifest::means::IdentityProvider;
use fuin_shared::sad::Assertion;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Longest token in octets.
pub const MAX_TOKEN: usize = 16 * 1024;
/// How far the provider's clock may be ahead, seconds.
const AHEAD: u64 = 60;

/// A linked account at a provider. Nothing of it is personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Entry of the manifest under which it was linked.
    pub provider: MeansId,
    /// Keyed digest of `iss` and `sub`; the key is the credential's own salt.
    pub subject: Digest32,
    /// Whether the provider showed the transaction when it was linked: SCAL 2, else SCAL 1.
    pub shows_transaction: bool,
}

/// Against what a token is judged.
#[derive(Clone, Copy)]
pub struct Grounds<'a> {
    /// Entry of the manifest.
    pub provider: &'a IdentityProvider,
    /// The credential's salt: key of subject digests.
    pub salt: &'a [u8],
    /// When the challenge was issued, Unix seconds.
    pub challenged: u64,
    /// SAM time, Unix seconds.
    pub now: u64,
}

/// The token in an assertion.
///
/// # Errors
/// [`Fault::AssertionMalformed`] for another kind of means.
pub fn token_of(assertion: &Assertion) -> Result<&str, Fault> {
    match assertion {
        Assertion::IdToken { token } => Ok(token),
        _ => Err(Fault::AssertionMalformed),
    }
}

/// Checks a token over the SAD digest `challenge`, by an account that is to be linked.
///
/// # Errors
/// [`Fault::AssertionMalformed`] for the form and algorithms; [`Fault::AssertionSignature`], also for an unknown `kid`;
/// [`Fault::AssertionChallenge`] for another nonce; [`Fault::TokenClaims`]; [`Fault::TokenTime`].
pub fn register(token: &str, grounds: Grounds<'_>, challenge: &Digest32) -> Result<Oidc, Fault> {
    let claims = check(token, grounds, challenge)?;
    Ok(Oidc {
        provider: grounds.provider.id.clone(),
        subject: Digest32(subject(&claims, grounds.salt).finalize().into_bytes().into()),
        shows_transaction: grounds.provider.shows_transaction,
    })
}

/// Checks a token over the SAD digest `challenge`, by the linked account.
///
/// # Errors
/// As [`register`]; [`Fault::AssertionCredential`] for another account; [`Fault::TokenClaims`] also when the account was
/// linked while the provider showed transactions and it does so no more.
pub fn verify(linked: &Oidc, token: &str, grounds: Grounds<'_>, challenge: &Digest32) -> Result<(), Fault> {
    if linked.shows_transaction && !grounds.provider.shows_transaction {
        return Err(Fault::TokenClaims);
    }
    let claims = check(token, grounds, challenge)?;
    let found = subject(&claims, grounds.salt);
    found.verify_slice(linked.subject.as_ref()).map_err(|_| Fault::AssertionCredential)
}

fn check(token: &str, grounds: Grounds<'_>, challenge: &Digest32) -> Result<Claims, Fault> {
    let Grounds { provider, challenged, now, .. } = grounds;
    if token.len() > MAX_TOKEN {
        return Err(Fault::AssertionMalformed);
    }
    let jws = CompactJws::parse(token).map_err(|_| Fault::AssertionMalformed)?;
    // An access token or a logout token of the same provider is none.
    if jws.typ().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(Fault::AssertionMalformed);
    }
    let pinned = provider.keys.iter().find(|key| key.id == jws.kid()).ok_or(Fault::AssertionSignature)?;
    // The manifest's check reads every key.
    let key = pinned.key.key().map_err(|_| Fault::AssertionSignature)?;
    let payload = jws.verify(&key).map_err(|_| Fault::AssertionSignature)?;
    let claims = Claims::parse(payload)?;
    claims.check_nonce(challenge)?;
    claims.check_provider(provider)?;
    claims.check_times(u64::from(provider.token_seconds), challenged, now)?;
    Ok(claims)
}

fn subject(claims: &Claims, salt: &[u8]) -> Hmac<Sha256> {
    // Invariant: HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(salt).expect("any key length");
    mac.update(b"fuin/oidc-subject/v1\0");
    mac.update(&(claims.iss.len() as u64).to_be_bytes());
    mac.update(claims.iss.as_bytes());
    mac.update(claims.sub.as_bytes());
    mac
}

#[cfg(test)]
mod forge;
#[cfg(test)]
mod tests;
