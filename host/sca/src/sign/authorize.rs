//! Place: SIC. From hashes to evidence of authorization.

use super::{Credential, SignError};
use crate::csc::{CscClient, evidence_text};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::Digest32;
use fuin_shared::sad::{AuthorizationEvidence, HashType, Purpose, sad_digest};
use fuin_sic::{SadRequest, Sic, SignerMeans, TrustedInstance};
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// Seconds by which a SAD ends before the longest life that the manifest allows, so that two clocks may differ.
const SKEW: u64 = 10;

/// What is to be authorized.
#[derive(Debug, Clone, Copy)]
pub struct ToAuthorize<'a> {
    /// With which credential.
    pub credential: &'a Credential,
    /// What the hashes are of.
    pub hash_type: HashType,
    /// DTBS/Rs, or digests of documents, in the order shown.
    pub hashes: &'a [Blob],
    /// Signature algorithm, which fixes the hash algorithm.
    pub algorithm: SignatureAlgorithm,
    /// SHA-256 of what was displayed.
    pub display: Option<Digest32>,
}

/// The signer's authorization, sealed to the enclave.
#[derive(Debug)]
pub struct Authorization {
    /// For `authData`.
    pub evidence: AuthorizationEvidence,
    /// The instance that can open it, with all that was verified of it.
    pub instance: TrustedInstance,
    /// Unix seconds until which it can be used.
    pub expires: u64,
    /// Digest of the SAD that was authorized.
    pub digest: Digest32,
}

impl Authorization {
    /// The text that CSC carries: an `authData` value, or `OTP` in v1.
    #[must_use]
    pub fn text(&self) -> String {
        evidence_text(&self.evidence)
    }
}

/// Fetches and checks evidence with a fresh nonce, gets a challenge, builds the SAD for exactly these hashes, has the
/// means answer it and seals the result. `now` gives Unix seconds.
///
/// # Errors
/// [`SignError`]. Nothing was authorized then.
pub async fn authorize<M: SignerMeans>(
    client: &CscClient,
    sic: &Sic,
    means: &mut M,
    wanted: ToAuthorize<'_>,
    now: impl Fn() -> u64,
) -> Result<Authorization, SignError> {
    let credential = wanted.credential;
    let mut nonce = [0u8; 32];
    getrandom::fill(&mut nonce)?;
    let bundle = client.evidence(&nonce, Some(&credential.id)).await?;
    let instance = sic.check_evidence(&bundle, &nonce, now())?;

    let challenge = client.challenge(&credential.id, &credential.auth_object).await?;
    let profile = challenge.means.ok_or_else(|| SignError::Credential {
        credential: credential.id.to_string(),
        reason: "no eID means is linked to it",
    })?;
    let longest = u64::from(instance.evidence().manifest().limits.activation_seconds);
    let made = now();
    let expires = made + longest.saturating_sub(SKEW).max(1);
    let sad = instance.build_sad_for(
        profile,
        &challenge,
        SadRequest {
            credential: &credential.id,
            spki: &credential.spki,
            purpose: Purpose::Sign,
            hash_type: wanted.hash_type,
            hashes: wanted.hashes,
            hash_algorithm: wanted.algorithm.hash(),
            signature_algorithm: wanted.algorithm,
            now: made,
            expires,
            display: wanted.display,
            link: None,
        },
    )?;
    let digest = sad_digest(&sad.to_bytes());
    let assertion = means
        .answer(profile, &challenge, &digest)
        .map_err(|e| SignError::Means(e.to_string()))?;
    let evidence = instance.seal(&sad, assertion, &mut UnwrapErr(SysRng))?;
    Ok(Authorization { evidence, instance, expires, digest })
}
