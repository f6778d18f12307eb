//! Place: SIC. What one approver does: checks the enclave's evidence, builds the SAD over the content that is approved,
//! has the means answer it and seals the result to the enclave.

use crate::csc::CscClient;
use crate::sign::{Credential, SignError};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::Digest32;
use fuin_shared::sad::{AuthorizationEvidence, HashType, Purpose, sad_digest};
use fuin_sic::{SadRequest, Sic, SignerMeans};
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// Seconds by which a SAD ends before the longest life that the manifest allows, so that two clocks may differ.
const SKEW: u64 = 10;

/// What an approver approves.
#[derive(Debug, Clone, Copy)]
pub struct Approval<'a> {
    /// The seal credential.
    pub credential: &'a Credential,
    /// Number of the approver.
    pub approver: u32,
    /// `mandate` or `end-mandate`.
    pub purpose: Purpose,
    /// Hash of the content, as `fuin_shared::seal` makes it.
    pub content: &'a Blob,
    /// The signature algorithm to whose hash algorithm it belongs.
    pub algorithm: SignatureAlgorithm,
    /// SHA-256 of what was displayed.
    pub display: Option<Digest32>,
}

/// Has the approver's means sign it. `now` gives Unix seconds.
///
/// # Errors
/// [`SignError`]. Nothing was approved then.
pub async fn approve<M: SignerMeans>(
    client: &CscClient,
    sic: &Sic,
    means: &mut M,
    wanted: Approval<'_>,
    now: impl Fn() -> u64,
) -> Result<AuthorizationEvidence, SignError> {
    let credential = wanted.credential;
    let mut nonce = [0u8; 32];
    getrandom::fill(&mut nonce)?;
    let bundle = client.evidence(&nonce, Some(&credential.id)).await?;
    let instance = sic.check_evidence(&bundle, &nonce, now())?;
    let purpose = match wanted.purpose {
        Purpose::EndMandate => "end-mandate",
        _ => "mandate",
    };
    let challenge = client.approver_challenge(&credential.id, wanted.approver, purpose).await?;
    let profile = challenge.means.ok_or_else(|| SignError::Credential {
        credential: credential.id.to_string(),
        reason: "the approver has no eID means",
    })?;
    let longest = u64::from(instance.evidence().manifest().limits.activation_seconds);
    let made = now();
    let sad = instance.build_sad_for(
        profile,
        &challenge,
        SadRequest {
            credential: &credential.id,
            spki: &credential.spki,
            purpose: wanted.purpose,
            hash_type: HashType::Dtbs,
            hashes: std::slice::from_ref(wanted.content),
            hash_algorithm: wanted.algorithm.hash(),
            signature_algorithm: wanted.algorithm,
            now: made,
            expires: made + longest.saturating_sub(SKEW).max(1),
            display: wanted.display,
            link: None,
        },
    )?;
    let assertion = means
        .answer(profile, &challenge, &sad_digest(&sad.to_bytes()))
        .map_err(|e| SignError::Means(e.to_string()))?;
    Ok(instance.seal(&sad, assertion, &mut UnwrapErr(SysRng))?)
}
