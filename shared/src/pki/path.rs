//! Place: none. RFC 5280 section 6 over a supplied, ordered chain.
//!
//! The chain begins with the end entity; each certificate is followed by its issuer's; the last one is an anchor or issued by
//! an anchor. Nothing is searched for or fetched. Anchors are certificates and keep their own limits (validity, path length).
//!
//! Policies are not processed: the initial policy set is any-policy, and whatever could narrow it, policyConstraints,
//! policyMappings or inhibitAnyPolicy, is refused, as is every name constraint. Revocation is the caller's next step.

use const_oid::ObjectIdentifier;
use thiserror::Error;

use super::certificate::Certificate;
use super::extension::{
    BASIC_CONSTRAINTS, INHIBIT_ANY_POLICY, KNOWN, NAME_CONSTRAINTS, POLICY_CONSTRAINTS, POLICY_MAPPINGS,
};
use super::signature::{self, SignatureError};

/// Most certificates in a chain.
pub const MAX_CHAIN: usize = 10;

/// Which certificate a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Position in the chain; 0 is the end entity.
    Chain(usize),
    /// Position among the anchors.
    Anchor(usize),
}

impl core::fmt::Display for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Chain(position) => write!(f, "certificate {position} of the chain"),
            Self::Anchor(position) => write!(f, "trust anchor {position}"),
        }
    }
}

/// Why a chain was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PathError {
    /// No certificate.
    #[error("the chain is empty")]
    Empty,
    /// More than [`MAX_CHAIN`] certificates.
    #[error("the chain has {0} certificates, more than {MAX_CHAIN}")]
    TooLong(usize),
    /// The same certificate twice.
    #[error("certificate {0} of the chain occurs twice")]
    Repeated(usize),
    /// The end entity is itself an anchor.
    #[error("the end entity's certificate is a trust anchor")]
    EndEntityIsAnchor,
    /// The end entity's issuer and subject are the same.
    #[error("the end entity's certificate is self-issued")]
    EndEntitySelfIssued,
    /// Certificates follow after an anchor.
    #[error("certificates follow after the trust anchor at position {0}: end the chain there")]
    AfterAnchor(usize),
    /// A self-signed certificate that is not an anchor.
    #[error("certificate {0} of the chain is self-signed and not a trust anchor")]
    UntrustedSelfSigned(usize),
    /// The issuer's name is not the next certificate's subject.
    #[error("certificate {0} of the chain is not issued by the one after it")]
    NameChaining(usize),
    /// The last certificate's issuer is not among the anchors.
    #[error("no trust anchor bears the name of the last certificate's issuer")]
    NoAnchor,
    /// The signature does not verify under the issuer's key.
    #[error("certificate {0} of the chain: its issuer's signature does not verify")]
    BadSignature(usize),
    /// The signature is of an unsupported algorithm.
    #[error("certificate {0} of the chain is not signed with ecdsa-with-SHA256, -SHA384 or -SHA512")]
    UnsupportedAlgorithm(usize),
    /// The issuer's key is of an unsupported algorithm.
    #[error("{0}: its key is neither P-256 nor P-384")]
    UnsupportedKey(Place),
    /// Not valid yet at the time given.
    #[error("{0} is not valid yet")]
    NotYetValid(Place),
    /// Not valid any more at the time given.
    #[error("{0} has expired")]
    Expired(Place),
    /// An issuer without basicConstraints, or with cA false.
    #[error("{0} issues certificates but is not a CA's")]
    NotCa(Place),
    /// An issuer whose basicConstraints is not critical.
    #[error("{0}: basicConstraints is not critical")]
    BasicConstraintsNotCritical(Place),
    /// An issuer without keyUsage, or without keyCertSign in it.
    #[error("{0} issues certificates but its keyUsage lacks keyCertSign")]
    NoKeyCertSign(Place),
    /// More CA certificates below an issuer than it allows.
    #[error("{0}: more CA certificates follow below it than its pathLenConstraint allows")]
    PathLength(Place),
    /// Name constraints, critical or not.
    #[error("{0} has name constraints, which are not processed")]
    NameConstraints(Place),
    /// policyConstraints, inhibitAnyPolicy or critical policyMappings.
    #[error("{0} constrains policies ({1}), which is not processed")]
    PolicyConstraints(Place, ObjectIdentifier),
    /// A critical extension that is not processed.
    #[error("{0} has the critical extension {1}, which is not processed")]
    UnknownCritical(Place, ObjectIdentifier),
}

/// What a valid chain leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValidPath {
    /// Position of the anchor among those given.
    pub anchor: usize,
    /// Whether the chain's last certificate is that anchor.
    pub anchor_in_chain: bool,
}

/// Validates `chain` to one of `anchors` at time `at` (Unix seconds).
///
/// The end entity's own purpose (not a CA, keyUsage, extKeyUsage, policies) and revocation are for the caller to check.
///
/// # Errors
/// [`PathError`], one variant for each rule.
pub fn validate(chain: &[Certificate], anchors: &[Certificate], at: u64) -> Result<ValidPath, PathError> {
    let (end_entity, last) = match chain {
        [] => return Err(PathError::Empty),
        [first, .., last] => (first, last),
        [only] => (only, only),
    };
    if chain.len() > MAX_CHAIN {
        return Err(PathError::TooLong(chain.len()));
    }
    check_order(chain, anchors, end_entity)?;

    // Positions of those who issue: inside the chain, and perhaps an anchor outside it.
    let in_chain = anchors.iter().position(|anchor| anchor == last);
    let path = match in_chain {
        Some(anchor) => ValidPath { anchor, anchor_in_chain: true },
        None => {
            let anchor = issuing_anchor(last, chain.len() - 1, anchors)?;
            ValidPath { anchor, anchor_in_chain: false }
        }
    };
    for (position, pair) in chain.windows(2).enumerate() {
        if let [subject, issuer] = pair {
            check_issued(subject, position, issuer, Place::Chain(position + 1))?;
        }
    }

    for (position, certificate) in chain.iter().enumerate() {
        let place = Place::Chain(position);
        check_common(certificate, place, at)?;
        if position > 0 {
            check_issuer(certificate, place, chain.get(1..position).unwrap_or_default())?;
        }
    }
    if let (false, Some(anchor)) = (path.anchor_in_chain, anchors.get(path.anchor)) {
        let place = Place::Anchor(path.anchor);
        check_common(anchor, place, at)?;
        check_issuer(anchor, place, chain.get(1..).unwrap_or_default())?;
    }
    Ok(path)
}

/// Rules about the chain as a whole and about self-signed certificates.
fn check_order(
    chain: &[Certificate],
    anchors: &[Certificate],
    end_entity: &Certificate,
) -> Result<(), PathError> {
    if anchors.contains(end_entity) {
        return Err(PathError::EndEntityIsAnchor);
    }
    if end_entity.is_self_issued() {
        return Err(PathError::EndEntitySelfIssued);
    }
    for (position, certificate) in chain.iter().enumerate() {
        if chain.iter().take(position).any(|earlier| earlier == certificate) {
            return Err(PathError::Repeated(position));
        }
        let is_anchor = anchors.contains(certificate);
        if is_anchor && position + 1 != chain.len() {
            return Err(PathError::AfterAnchor(position));
        }
        // A self-issued certificate that is not self-signed links an old CA key to a new one and is allowed.
        let self_signed = certificate.is_self_issued()
            && check_issued(certificate, position, certificate, Place::Chain(position)).is_ok();
        if self_signed && !is_anchor {
            return Err(PathError::UntrustedSelfSigned(position));
        }
    }
    Ok(())
}

/// The anchor that issued `last`; several anchors may bear one name.
fn issuing_anchor(last: &Certificate, position: usize, anchors: &[Certificate]) -> Result<usize, PathError> {
    let mut refusal = PathError::NoAnchor;
    for (number, anchor) in anchors.iter().enumerate() {
        if anchor.subject_der() != last.issuer_der() {
            continue;
        }
        match check_issued(last, position, anchor, Place::Anchor(number)) {
            Ok(()) => return Ok(number),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Name and signature of one step (RFC 5280 section 6.1.3 (a)(1) and (4)).
fn check_issued(
    subject: &Certificate,
    position: usize,
    issuer: &Certificate,
    place: Place,
) -> Result<(), PathError> {
    if subject.issuer_der() != issuer.subject_der() {
        return Err(PathError::NameChaining(position));
    }
    let algorithm = signature::algorithm(subject.signature_algorithm())
        .map_err(|_| PathError::UnsupportedAlgorithm(position))?;
    signature::verify(issuer.spki_der(), algorithm, subject.tbs_der(), subject.signature()).map_err(|e| {
        match e {
            SignatureError::UnsupportedAlgorithm => PathError::UnsupportedAlgorithm(position),
            SignatureError::UnsupportedKey => PathError::UnsupportedKey(place),
            SignatureError::Wrong => PathError::BadSignature(position),
        }
    })
}

/// Rules for every certificate: validity, and extensions that are not processed.
fn check_common(certificate: &Certificate, place: Place, at: u64) -> Result<(), PathError> {
    if at < certificate.not_before() {
        return Err(PathError::NotYetValid(place));
    }
    if at > certificate.not_after() {
        return Err(PathError::Expired(place));
    }
    for &(oid, critical) in certificate.extensions().all() {
        if oid == NAME_CONSTRAINTS {
            return Err(PathError::NameConstraints(place));
        }
        if oid == POLICY_CONSTRAINTS || oid == INHIBIT_ANY_POLICY || (oid == POLICY_MAPPINGS && critical) {
            return Err(PathError::PolicyConstraints(place, oid));
        }
        if critical && !KNOWN.contains(&oid) {
            return Err(PathError::UnknownCritical(place, oid));
        }
    }
    Ok(())
}

/// Rules for whoever issues (RFC 5280 section 6.1.4 (k) to (n)); `below` are the CA certificates between it and the end entity.
fn check_issuer(certificate: &Certificate, place: Place, below: &[Certificate]) -> Result<(), PathError> {
    let constraints = certificate.basic_constraints().filter(|c| c.ca).ok_or(PathError::NotCa(place))?;
    if certificate.extensions().criticality(BASIC_CONSTRAINTS) != Some(true) {
        return Err(PathError::BasicConstraintsNotCritical(place));
    }
    if !certificate.key_usage().is_some_and(|usage| usage.key_cert_sign()) {
        return Err(PathError::NoKeyCertSign(place));
    }
    // Self-issued certificates do not count (RFC 5280 section 4.2.1.9).
    let count = below.iter().filter(|ca| !ca.is_self_issued()).count();
    if constraints.path_len_constraint.is_some_and(|most| count > usize::from(most)) {
        return Err(PathError::PathLength(place));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
