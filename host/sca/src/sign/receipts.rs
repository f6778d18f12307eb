//! Place: SIC. Receipts of one signature: that its authorization and its making are in the ledger that the evidence names.

use super::{Authorization, SignError};
use fuin_attestation::VerifiedEvidence;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::Digest32;
use fuin_shared::log::cosignature::CosignedCheckpoint;
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::receipt::SignerReceipt;
use fuin_shared::manifest::ReleaseMode;
use fuin_shared::sad::HashType;

/// Verified receipts, as texts to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipts {
    /// That the authorization was accepted.
    pub authorization: String,
    /// That the signature was made.
    pub signature: String,
}

/// What was authorized.
pub(super) struct Authorized<'a> {
    pub(super) hash_type: HashType,
    /// DTBS/Rs, or digests of documents.
    pub(super) hashes: &'a [Blob],
    /// With which certificate, DER.
    pub(super) certificate: &'a [u8],
}

/// Events of a credential are numbered: who keeps both receipts of each signature finds events that they did not cause.
const AUTHORIZATION: &str = "authorization";
const SIGNATURE: &str = "signature";

impl Receipts {
    /// Verifies both.
    pub(super) fn check(
        authorization: &Authorization,
        wanted: Authorized<'_>,
        authorized: Option<String>,
        signed: Option<String>,
    ) -> Result<Self, SignError> {
        let evidence = authorization.instance.evidence();
        let authorized = verified(AUTHORIZATION, authorized, evidence, |receipt| {
            receipt.authorizes(Digest32::as_ref(&authorization.digest))
        })?;
        let hashes: Vec<&[u8]> = wanted.hashes.iter().map(Blob::as_slice).collect();
        let signed = verified(SIGNATURE, signed, evidence, |receipt| match wanted.hash_type {
            HashType::Dtbs => receipt.signs(&hashes, Some(wanted.certificate)),
            HashType::Document => receipt.signs_documents(&hashes, Some(wanted.certificate)),
        })?;
        Ok(Self { authorization: authorized, signature: signed })
    }
}

fn verified(
    event: &'static str,
    given: Option<String>,
    evidence: &VerifiedEvidence,
    fits: impl FnOnce(&SignerReceipt) -> bool,
) -> Result<String, SignError> {
    let wrong = |reason: String| SignError::Receipt { event, reason };
    let text = given.ok_or_else(|| wrong("the service gave none".into()))?;
    let receipt = SignerReceipt::parse(&text).map_err(|e| wrong(e.to_string()))?;
    let ledger = evidence.ledger().ok_or_else(|| wrong("the evidence names no ledger".into()))?;
    let key = VerifierKey::parse(&ledger.vkey).map_err(|e| wrong(e.to_string()))?;
    receipt.verify(&key).map_err(|e| wrong(e.to_string()))?;
    let manifest = evidence.manifest();
    if let (ReleaseMode::Cosigned, Some(policy)) = (manifest.release, &manifest.witnesses) {
        let set = policy.check().map_err(|e| wrong(e.to_string()))?;
        let cosigned = CosignedCheckpoint::open(&receipt.proof().checkpoint, &key, set.keys());
        let cosigned = cosigned.map_err(|e| wrong(e.to_string()))?;
        if !set.quorum(cosigned.cosignatures()) {
            return Err(wrong("its checkpoint lacks the witnesses' quorum".into()));
        }
    }
    if !fits(&receipt) {
        return Err(wrong("it is of something else".into()));
    }
    Ok(text)
}
