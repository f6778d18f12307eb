//! Place: none. Evidence of a service: {document, statement, manifest, freshness}, verified as one.
//!
//! The document's `user_data` binds the statement, the statement names the manifest by its hash, and register 16 holds
//! the service id. The caller's nonce stands in the document, or the instance key signs it over a cached document.

use alloc::format;
mod evidence;
mod expectations;
mod freshness;
mod statement;

pub use evidence::VerifiedEvidence;
pub use expectations::Expectations;

use crate::anchor::{AnchorKind, Anchors};
use crate::appraise::{Appraisal, Nonce};
use crate::document::Profile;
use crate::error::{Refusal, Step};
use crate::time::{At, Window};
use crate::verify::verify;
use fuin_shared::codec;
use fuin_shared::evidence::{EvidenceBundle, MAX_BUNDLE};

/// Verifies a bundle: the document (steps 1 to 17), what it binds (20, 23 to 27), and that an emulation does not
/// pass for a production service (31). Which service, code, phase and release mode is for
/// [`VerifiedEvidence::appraise`].
///
/// `window` bounds the time in the instance key's word on a nonce; it is only looked at for [`At::Unix`].
///
/// # Errors
/// The [`Refusal`] of the first step that fails.
pub fn verify_bundle(
    octets: &[u8],
    anchors: &Anchors,
    at: At,
    profile: Profile,
    nonce: Nonce<'_>,
    window: Window,
) -> Result<VerifiedEvidence, Refusal> {
    if octets.len() > MAX_BUNDLE {
        let detail = format!("{} octets, at most {MAX_BUNDLE} are read", octets.len());
        return Err(Refusal::new(Step::Bundle, detail));
    }
    let bundle: EvidenceBundle = codec::decode(octets).map_err(|_| {
        Refusal::new(Step::Bundle, "not the exact CBOR of {document, statement, manifest, freshness}")
    })?;
    let claims = verify(bundle.document.as_slice(), anchors, at, profile)?;
    let mut appraisal = Appraisal::default();

    let statement = statement::bound(&claims, bundle.statement.as_slice(), &mut appraisal)?;
    let (manifest, manifest_hash) =
        statement::manifest(&claims, &statement, bundle.manifest.as_slice(), &mut appraisal)?;
    statement::service_register(&claims, &statement, &mut appraisal)?;
    freshness::check(&claims, &statement, bundle.freshness.as_ref(), nonce, window, &mut appraisal)?;
    if claims.anchor() == AnchorKind::Development && !manifest.development {
        return Err(Refusal::new(
            Step::Development,
            "the manifest promises a production service, the evidence ends in a development anchor",
        ));
    }
    Ok(VerifiedEvidence::new(claims, statement, manifest, manifest_hash, appraisal))
}

#[cfg(test)]
mod tests;
