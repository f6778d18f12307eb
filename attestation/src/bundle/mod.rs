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
use fuin_shared::evidence::{EvidenceBundle, Freshness, MAX_BUNDLE, UserData, user_data_of};

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
    let asked = Asked { anchors, at, profile, nonce, window };
    if octets.len() > MAX_BUNDLE {
        let detail = format!("{} octets, at most {MAX_BUNDLE} are read", octets.len());
        return Err(Refusal::new(Step::Bundle, detail));
    }
    let bundle: EvidenceBundle = codec::decode(octets).map_err(|_| {
        Refusal::new(Step::Bundle, "not the exact CBOR of {document, statement, manifest, freshness}")
    })?;
    let bound = user_data_of(bundle.statement.as_slice());
    let parts = Parts {
        document: bundle.document.as_slice(),
        statement: bundle.statement.as_slice(),
        manifest: bundle.manifest.as_slice(),
        freshness: bundle.freshness.as_ref(),
    };
    parts.verify(&bound, "user_data is the digest of the statement", &asked)
}

/// How to judge the document of a bundle or of a key attestation.
pub(crate) struct Asked<'a> {
    pub(crate) anchors: &'a Anchors,
    pub(crate) at: At,
    pub(crate) profile: Profile,
    pub(crate) nonce: Nonce<'a>,
    pub(crate) window: Window,
}

/// What travels with a document.
pub(crate) struct Parts<'a> {
    pub(crate) document: &'a [u8],
    pub(crate) statement: &'a [u8],
    pub(crate) manifest: &'a [u8],
    pub(crate) freshness: Option<&'a Freshness>,
}

impl Parts<'_> {
    /// Verifies parts whose document must have `bound` in its `user_data`; `binds` says what that means.
    pub(crate) fn verify(
        &self,
        bound: &UserData,
        binds: &'static str,
        asked: &Asked<'_>,
    ) -> Result<VerifiedEvidence, Refusal> {
        let claims = verify(self.document, asked.anchors, asked.at, asked.profile)?;
        let mut appraisal = Appraisal::default();
        statement::binding(&claims, bound, binds, &mut appraisal)?;
        let statement = statement::read(self.statement, &mut appraisal)?;
        let (manifest, manifest_hash) =
            statement::manifest(&claims, &statement, self.manifest, &mut appraisal)?;
        statement::service_register(&claims, &statement, &mut appraisal)?;
        freshness::check(&claims, &statement, self.freshness, asked.nonce, asked.window, &mut appraisal)?;
        if claims.anchor() == AnchorKind::Development && !manifest.development {
            return Err(Refusal::new(
                Step::Development,
                "the manifest promises a production service, the evidence ends in a development anchor",
            ));
        }
        Ok(VerifiedEvidence::new(claims, statement, manifest, manifest_hash, appraisal))
    }
}

#[cfg(test)]
mod tests;
