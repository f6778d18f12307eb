//! Place: SIC. What one approver does: checks the enclave's evidence, builds the SAD over the content that is approved,
//! has the means answer it and seals the result to the enclave.

use crate::csc::CscClient;
use crate::sign::{Credential, SignError, Word, word};
use fuin_attestation::{ScaKeyPlace, verify_sca_key};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::Digest32;
use fuin_shared::key::Spki;
use fuin_shared::manifest::Manifest;
use fuin_shared::sad::{AuthorizationEvidence, Purpose};
use fuin_shared::seal::ScaEvidence;
use fuin_sic::{Sic, SignerMeans};

/// What an approver approves.
#[derive(Debug, Clone, Copy)]
pub struct Approval<'a> {
    /// The seal credential.
    pub credential: &'a Credential,
    /// Number of the approver.
    pub approver: u32,
    /// `mandate`, `end-mandate` or `approvers`.
    pub purpose: Purpose,
    /// Hash of the content, as `fuin_shared::seal` makes it.
    pub content: &'a Blob,
    /// The signature algorithm to whose hash algorithm it belongs.
    pub algorithm: SignatureAlgorithm,
    /// SHA-256 of what was displayed.
    pub display: Option<Digest32>,
    /// Of a mandate: the SCA's key.
    pub sca: Option<ScaClaim<'a>>,
}

/// The SCA's key of a mandate, with what says where it lives.
#[derive(Debug, Clone, Copy)]
pub struct ScaClaim<'a> {
    /// The key.
    pub key: &'a Spki,
    /// What says so.
    pub evidence: Option<&'a ScaEvidence>,
}

impl ScaClaim<'_> {
    /// Where the key lives, by the manifest under which the service works; none when nothing says so and nothing has to.
    ///
    /// # Errors
    /// [`SignError::ScaKey`].
    pub fn judge(&self, manifest: &Manifest, now: u64) -> Result<Option<ScaKeyPlace>, SignError> {
        let Some(evidence) = self.evidence else {
            let required = manifest.seals.as_ref().is_some_and(|policy| policy.required);
            return if required { Err(SignError::ScaKey(None)) } else { Ok(None) };
        };
        verify_sca_key(evidence, self.key, manifest, now).map(Some).map_err(|e| SignError::ScaKey(Some(e)))
    }
}

/// Fetches the service's evidence, and tells what its manifest makes of the SCA's key: what an approver reads before
/// approving. `now` gives Unix seconds.
///
/// # Errors
/// [`SignError`].
pub async fn sca_key_place(
    client: &CscClient,
    sic: &Sic,
    credential: &Credential,
    claim: ScaClaim<'_>,
    now: impl Fn() -> u64,
) -> Result<Option<ScaKeyPlace>, SignError> {
    let mut nonce = [0u8; 32];
    getrandom::fill(&mut nonce)?;
    let bundle = client.evidence(&nonce, Some(&credential.id)).await?;
    let instance = sic.check_evidence(&bundle, &nonce, now())?;
    claim.judge(instance.evidence().manifest(), now())
}

/// Has the approver's means sign it, unless the manifest in the enclave's evidence refuses the SCA's key. `now` gives Unix
/// seconds.
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
    Ok(word(client, sic, means, Word::Approve(wanted), now).await?.evidence)
}
