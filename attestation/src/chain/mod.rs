//! Place: none. The exact chain of a document (steps 10 to 16): leaf, then the bundle backwards to a pinned root.
//!
//! No path is searched for: each certificate has one place. Revocation is not looked up here.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
pub(crate) mod certificate;
mod extensions;
mod roles;

use crate::anchor::{AnchorKind, Anchors};
use crate::document::Document;
use crate::error::{Refusal, Step};
use certificate::Certificate;
use p384::ecdsa::VerifyingKey;

/// A chain that passed every step at one time.
pub(crate) struct Chain {
    pub(crate) anchor: AnchorKind,
    pub(crate) leaf_key: VerifyingKey,
    pub(crate) leaf_common_name: Option<String>,
    /// First and last second of the leaf.
    pub(crate) leaf_period: (u64, u64),
}

/// Checks the chain of `document` at `time` (Unix seconds).
pub(crate) fn check(document: &Document<'_>, anchors: &Anchors, time: u64) -> Result<Chain, Refusal> {
    let root = document.cabundle().first().copied().unwrap_or_default();
    let anchor =
        anchors.find(root).ok_or_else(|| Refusal::new(Step::Anchor, "cabundle[0] is no trusted root"))?;

    // Authorities root first, then the leaf.
    let mut authorities = Vec::with_capacity(document.cabundle().len());
    for (index, der) in document.cabundle().iter().enumerate() {
        authorities.push(Certificate::parse(der, &format!("cabundle[{index}]"))?);
    }
    let leaf = Certificate::parse(document.certificate, "certificate")?;

    let path = || authorities.iter().chain([&leaf]);
    for (issuer, subject) in path().zip(path().skip(1)) {
        names(issuer, subject)?;
    }
    for (issuer, subject) in path().zip(path().skip(1)) {
        subject.signed_by(issuer)?;
    }
    for certificate in path() {
        certificate.valid_at(time)?;
    }
    for (index, authority) in authorities.iter().enumerate() {
        roles::authority(authority, authorities.len() - 1 - index)?;
    }
    roles::leaf(&leaf)?;
    for certificate in path() {
        certificate.extensions().no_unknown_critical(certificate.place())?;
    }
    Ok(Chain { anchor, leaf_common_name: leaf.common_name(), leaf_period: leaf.period(), leaf_key: leaf.key })
}

fn names(issuer: &Certificate, subject: &Certificate) -> Result<(), Refusal> {
    let place = subject.place();
    if subject.issuer != issuer.subject {
        let detail = format!("{place}: its issuer is not the subject of {}", issuer.place());
        return Err(Refusal::new(Step::Chain, detail));
    }
    if subject.issuer == subject.subject {
        return Err(Refusal::new(Step::Chain, format!("{place}: self-issued below the root")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
