//! Place: none. Evidence of where the key of an SCA lives (SEAL-06), judged by a service's manifest: by the SAM before a mandate
//! is granted, and by each approver before that.
//!
//! Hardware: the key's certificate leads to an anchor of the manifest by RFC 5280's rules. Its issuer says by it that the key
//! cannot leave; no revocation is looked at. ECDSA alone. Programs: the attestation document of an enclave names the key
//! and is young, and the manifest lists the image.

use crate::anchor::Anchors;
use crate::appraise::{Nonce, Policy, References, appraise};
use crate::document::Profile;
use crate::error::{Refusal, Step};
use crate::time::{At, Window};
use crate::verify::verify;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use fuin_shared::bytes::Blob;
use fuin_shared::evidence::Pcr;
use fuin_shared::key::Spki;
use fuin_shared::manifest::Manifest;
use fuin_shared::manifest::seals::{AttestedPrograms, SealPolicy};
use fuin_shared::pki::path::MAX_CHAIN;
use fuin_shared::pki::{Certificate, PathError, validate};
use fuin_shared::seal::{MAX_SCA_EVIDENCE, ScaEvidence};

/// By how much a document may lie in the future, seconds.
const SKEW: u64 = 60;

/// Where a key lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScaKeyPlace {
    /// In hardware, by the word of this anchor of the manifest.
    Hardware {
        /// Its subject.
        anchor: String,
        /// SHA-256 of its certificate.
        fingerprint: [u8; 32],
    },
    /// In an enclave of an image that the manifest lists.
    Program {
        /// The image.
        pcr0: Pcr,
        /// Whether its platform is one for development.
        development: bool,
    },
}

/// Why evidence does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScaRefusal {
    /// The manifest names nobody who could give such evidence.
    #[error("the manifest takes no such evidence")]
    NotTaken,
    /// Too long, or certificates that are none.
    #[error("it is malformed")]
    Form,
    /// It is of another key.
    #[error("it is of another key")]
    OtherKey,
    /// No path.
    #[error("certificates: {0}")]
    Path(#[from] PathError),
    /// The key's certificate is not for signing, or not under a policy of the manifest.
    #[error("the key's certificate has the wrong usage or policy")]
    Usage,
    /// The document.
    #[error("document: {0}")]
    Document(#[from] Refusal),
    /// The document ends in a root that the manifest does not name.
    #[error("the document is not under an evidence anchor of the manifest")]
    Anchor,
    /// The document shows another image.
    #[error("the document's image is not one of the manifest's for sealing programs")]
    Image,
}

/// Judges evidence of this key by the manifest at `now` (Unix seconds).
///
/// # Errors
/// [`ScaRefusal`]: the first thing that is wrong.
pub fn verify_sca_key(
    evidence: &ScaEvidence,
    key: &Spki,
    manifest: &Manifest,
    now: u64,
) -> Result<ScaKeyPlace, ScaRefusal> {
    let policy = manifest.seals.as_ref().ok_or(ScaRefusal::NotTaken)?;
    if evidence.to_bytes().len() > MAX_SCA_EVIDENCE {
        return Err(ScaRefusal::Form);
    }
    match evidence {
        ScaEvidence::Certificates(chain) => in_hardware(chain, key, policy, now),
        ScaEvidence::Document(document) => {
            let programs = policy.attested.as_ref().ok_or(ScaRefusal::NotTaken)?;
            in_a_program(document, key, programs, manifest, now)
        }
    }
}

fn in_hardware(chain: &[Blob], key: &Spki, policy: &SealPolicy, now: u64) -> Result<ScaKeyPlace, ScaRefusal> {
    if policy.anchors.is_empty() {
        return Err(ScaRefusal::NotTaken);
    }
    if chain.len() > MAX_CHAIN {
        return Err(ScaRefusal::Form);
    }
    let chain = parse(chain).ok_or(ScaRefusal::Form)?;
    // Anchors come from the manifest, whose check reads them.
    let anchors = parse(&policy.anchors).ok_or(ScaRefusal::NotTaken)?;
    let leaf = chain.first().ok_or(ScaRefusal::Form)?;
    if leaf.spki_der() != key.0.as_slice() {
        return Err(ScaRefusal::OtherKey);
    }
    let path = validate(&chain, &anchors, now)?;
    // Makers leave keyUsage out of attestations; where it stands it must allow signatures.
    let signs = leaf.key_usage().is_none_or(|usage| usage.digital_signature() && !usage.key_cert_sign());
    if leaf.is_ca() || !signs || !under_policy(leaf, policy) {
        return Err(ScaRefusal::Usage);
    }
    let anchor = anchors.get(path.anchor).ok_or(ScaRefusal::NotTaken)?;
    Ok(ScaKeyPlace::Hardware { anchor: anchor.subject(), fingerprint: anchor.sha256() })
}

fn in_a_program(
    document: &Blob,
    key: &Spki,
    programs: &AttestedPrograms,
    manifest: &Manifest,
    now: u64,
) -> Result<ScaKeyPlace, ScaRefusal> {
    let claims = verify(document.as_slice(), &Anchors::of(manifest), At::Unix(now), Profile::AwsText)?;
    if !manifest.evidence_anchors.iter().any(|der| der.as_slice() == claims.root_der()) {
        return Err(ScaRefusal::Anchor);
    }
    if claims.public_key() != Some(key.0.as_slice()) {
        return Err(ScaRefusal::OtherKey);
    }
    let max_age = u64::from(programs.document_seconds);
    let mut refused = ScaRefusal::Image;
    for image in &programs.images {
        let Some(references) = References::of(image) else { continue };
        let policy = Policy {
            // It stands for the key, not for a moment: age bounds it.
            nonce: Nonce::NotIssued,
            freshness: Some(Window { max_age, skew: SKEW }),
            references,
            allow_debug: false,
            user_data: None,
            public_key: Some(key.0.as_slice()),
        };
        match appraise(&claims, &policy) {
            Ok(_) => {
                let development = claims.anchor() == crate::anchor::AnchorKind::Development;
                return Ok(ScaKeyPlace::Program { pcr0: image.pcr0, development });
            }
            Err(refusal) if refusal.step() == Step::Measurement => {}
            Err(refusal) => refused = refusal.into(),
        }
    }
    Err(refused)
}

fn parse(list: &[Blob]) -> Option<Vec<Certificate>> {
    list.iter().map(|der| Certificate::from_der(der.as_slice()).ok()).collect()
}

fn under_policy(leaf: &Certificate, policy: &SealPolicy) -> bool {
    let found = leaf.extensions().policies();
    policy.policies.is_empty()
        || policy.policies.iter().any(|wanted| found.iter().any(|oid| oid.to_string() == *wanted))
}
