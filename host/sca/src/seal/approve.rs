//! Place: SIC. What one approver does: checks the enclave's evidence, builds the SAD over the content that is approved,
//! has the means answer it and seals the result to the enclave.

use crate::csc::CscClient;
use crate::sign::{Credential, SignError, Word, word};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::Digest32;
use fuin_shared::sad::{AuthorizationEvidence, Purpose};
use fuin_sic::{Sic, SignerMeans};

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
    Ok(word(client, sic, means, Word::Approve(wanted), now).await?.evidence)
}
