//! Place: SIC. Building the SAD: every field comes from the checked evidence, the SAM's challenge or the signer's wish.

use crate::error::SicError;
use crate::evidence::TrustedInstance;
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::key::PublicKey;
use fuin_shared::message::Challenge;
use fuin_shared::sad::{HashType, LinkSubject, MeansProfile, Purpose, Sad, VERSION};
use sha2::{Digest, Sha256};

/// Longest life of a SAD that this device will authorize, seconds.
const LONGEST: u64 = 3600;

/// What the signer wants to authorize.
#[derive(Debug, Clone)]
pub struct SadRequest<'a> {
    /// The credential (or key, before linkCert).
    pub credential: &'a CredentialId,
    /// DER SubjectPublicKeyInfo of its key.
    pub spki: &'a [u8],
    /// What is allowed.
    pub purpose: Purpose,
    /// What the hashes are of.
    pub hash_type: HashType,
    /// The hashes in the order shown; none for `link` and `delete`, one for `pop` and for what approvers of seals sign.
    pub hashes: &'a [Blob],
    /// Their algorithm.
    pub hash_algorithm: HashAlgorithm,
    /// The signature algorithm.
    pub signature_algorithm: SignatureAlgorithm,
    /// Current time, Unix seconds.
    pub now: u64,
    /// Unix seconds after which nothing is signed under it.
    pub expires: u64,
    /// SHA-256 of what was displayed to the signer.
    pub display: Option<Digest32>,
    /// Whom the key is linked to; with purpose `link`, and only then.
    pub link: Option<LinkSubject>,
}

impl TrustedInstance {
    /// The SAD for `request` under `challenge`, to be answered by a passkey.
    ///
    /// # Errors
    /// As [`Self::build_sad_for`].
    pub fn build_sad(&self, challenge: &Challenge, request: SadRequest<'_>) -> Result<Sad, SicError> {
        self.build_sad_for(MeansProfile::Passkey, challenge, request)
    }

    /// The SAD for `request` under `challenge`, to be answered by a means of this kind.
    ///
    /// # Errors
    /// [`SicError::ForeignChallenge`] when another instance than this gave the challenge, and one variant for every
    /// field of the request that does not fit the others.
    pub fn build_sad_for(
        &self,
        means: MeansProfile,
        challenge: &Challenge,
        request: SadRequest<'_>,
    ) -> Result<Sad, SicError> {
        if challenge.instance != *self.id() {
            return Err(SicError::ForeignChallenge { challenge: challenge.instance, evidence: *self.id() });
        }
        if !(8..=1024).contains(&challenge.nonce.0.len()) {
            return Err(SicError::Nonce);
        }
        if challenge.means.is_some_and(|linked| linked != means) {
            return Err(SicError::Means(means.as_str()));
        }
        check_hashes(&request)?;
        let key = PublicKey::from_spki(request.spki).map_err(|_| SicError::Spki)?;
        if !key.algorithm().signature_algorithms().contains(&request.signature_algorithm)
            || request.signature_algorithm.hash() != request.hash_algorithm
        {
            return Err(SicError::Algorithm);
        }
        if request.link.is_some() != (request.purpose == Purpose::Link) {
            return Err(SicError::Link);
        }
        if request.expires <= request.now || request.expires - request.now > LONGEST {
            return Err(SicError::Expires);
        }
        Ok(Sad {
            version: VERSION,
            service: *self.service(),
            instance: *self.id(),
            credential: request.credential.clone(),
            spki: Digest32(Sha256::digest(request.spki).into()),
            means,
            purpose: request.purpose,
            hash_type: request.hash_type,
            // Bounded by the evidence's size limit long before u32.
            count: u32::try_from(request.hashes.len()).unwrap_or(u32::MAX),
            hashes: request.hashes.to_vec(),
            hash_algorithm: request.hash_algorithm,
            signature_algorithm: request.signature_algorithm,
            expires: request.expires,
            nonce: challenge.nonce.clone(),
            display: request.display,
            link: request.link,
        })
    }
}

fn check_hashes(request: &SadRequest<'_>) -> Result<(), SicError> {
    let got = request.hashes.len();
    let (purpose, wanted, fits) = match request.purpose {
        Purpose::Sign => ("sign", "at least one", got >= 1),
        Purpose::Pop => ("pop", "exactly one", got == 1),
        Purpose::Link => ("link", "none", got == 0),
        Purpose::Delete => ("delete", "none", got == 0),
        Purpose::Relink => ("relink", "exactly one", got == 1),
        Purpose::Suspend => ("suspend", "none", got == 0),
        Purpose::Resume => ("resume", "none", got == 0),
        Purpose::Mandate => ("mandate", "exactly one", got == 1),
        Purpose::EndMandate => ("end-mandate", "exactly one", got == 1),
        Purpose::Approvers => ("approvers", "exactly one", got == 1),
    };
    if !fits {
        return Err(SicError::HashCount { purpose, wanted, got });
    }
    let wanted = request.hash_algorithm.octets();
    match request.hashes.iter().enumerate().find(|(_, h)| h.0.len() != wanted) {
        Some((index, hash)) => Err(SicError::HashLength { index, got: hash.0.len(), wanted }),
        None => Ok(()),
    }
}
