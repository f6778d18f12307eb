//! Place: SIC. From hashes to evidence of authorization.

use super::{Credential, SignError};
use crate::csc::{CscClient, Standing, evidence_text};
use crate::seal::Approval;
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
    word(client, sic, means, Word::Sign(wanted), now).await
}

/// The signer suspends a credential, which takes the means once more: checks evidence as [`authorize`] does. It binds at
/// once, even where it is still to be made lasting.
///
/// # Errors
/// [`SignError`].
pub async fn suspend<M: SignerMeans>(
    client: &CscClient,
    sic: &Sic,
    means: &mut M,
    credential: &Credential,
    now: impl Fn() -> u64,
) -> Result<Standing, SignError> {
    let given = word(client, sic, means, Word::Suspend(credential), now).await?;
    Ok(client.suspend(&credential.id, &credential.auth_object, &given.evidence).await?)
}

/// What a person says by the means.
pub(crate) enum Word<'a> {
    /// The signer authorizes signatures.
    Sign(ToAuthorize<'a>),
    /// The signer suspends.
    Suspend(&'a Credential),
    /// An approver of seals approves.
    Approve(Approval<'a>),
}

pub(crate) async fn word<M: SignerMeans>(
    client: &CscClient,
    sic: &Sic,
    means: &mut M,
    wanted: Word<'_>,
    now: impl Fn() -> u64,
) -> Result<Authorization, SignError> {
    let (Word::Sign(ToAuthorize { credential, .. })
    | Word::Suspend(credential)
    | Word::Approve(Approval { credential, .. })) = &wanted;
    let mut nonce = [0u8; 32];
    getrandom::fill(&mut nonce)?;
    let bundle = client.evidence(&nonce, Some(&credential.id)).await?;
    let instance = sic.check_evidence(&bundle, &nonce, now())?;

    if let Word::Approve(Approval { sca: Some(claim), .. }) = &wanted {
        claim.judge(instance.evidence().manifest(), now())?;
    }
    let challenge = match &wanted {
        Word::Sign(_) => client.challenge(&credential.id, &credential.auth_object).await?,
        Word::Suspend(_) => client.suspension_challenge(&credential.id, &credential.auth_object).await?,
        Word::Approve(approval) => {
            client.approver_challenge(&credential.id, approval.approver, approval.purpose).await?
        }
    };
    let wrong = |reason| SignError::Credential { credential: credential.id.to_string(), reason };
    let profile = challenge.means.ok_or_else(|| wrong("no eID means is linked to it"))?;
    let natural = credential.algorithms.first().ok_or_else(|| wrong("it offers no signature algorithm"))?;
    let (purpose, hash_type, hashes, algorithm, display) = match &wanted {
        Word::Sign(sign) => (Purpose::Sign, sign.hash_type, sign.hashes, sign.algorithm, sign.display),
        Word::Suspend(_) => (Purpose::Suspend, HashType::Dtbs, &[][..], *natural, None),
        Word::Approve(approval) => {
            let content = std::slice::from_ref(approval.content);
            (approval.purpose, HashType::Dtbs, content, approval.algorithm, approval.display)
        }
    };
    let longest = u64::from(instance.evidence().manifest().limits.activation_seconds);
    let made = now();
    let expires = made + longest.saturating_sub(SKEW).max(1);
    let sad = instance.build_sad_for(
        profile,
        &challenge,
        SadRequest {
            credential: &credential.id,
            spki: &credential.spki,
            purpose,
            hash_type,
            hashes,
            hash_algorithm: algorithm.hash(),
            signature_algorithm: algorithm,
            now: made,
            expires,
            display,
            link: None,
        },
    )?;
    let digest = sad_digest(&sad.to_bytes());
    let assertion =
        means.answer(profile, &challenge, &digest).map_err(|e| SignError::Means(e.to_string()))?;
    let evidence = instance.seal(&sad, assertion, &mut UnwrapErr(SysRng))?;
    Ok(Authorization { evidence, instance, expires, digest })
}
