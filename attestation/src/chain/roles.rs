//! Place: none. What a certificate may be used for at its place: authority (step 14) or leaf (step 15).

use super::certificate::Certificate;
use crate::error::{Refusal, Step};
use alloc::format;

/// Step 14: an authority with `below` authorities between it and the leaf.
pub(super) fn authority(certificate: &Certificate, below: usize) -> Result<(), Refusal> {
    let refuse = |what: &str| Err(Refusal::new(Step::Authority, format!("{}: {what}", certificate.place())));
    let Some((constraints, critical)) = &certificate.extensions().basic_constraints else {
        return refuse("no basicConstraints");
    };
    if !critical {
        return refuse("basicConstraints are not critical");
    }
    if !constraints.ca {
        return refuse("not a CA certificate");
    }
    if constraints.path_len_constraint.is_some_and(|most| usize::from(most) < below) {
        return refuse("more authorities below it than its path length allows");
    }
    match &certificate.extensions().key_usage {
        None => refuse("no keyUsage"),
        Some(usage) if !usage.key_cert_sign() => refuse("keyUsage without keyCertSign"),
        Some(_) => Ok(()),
    }
}

/// Step 15.
pub(super) fn leaf(certificate: &Certificate) -> Result<(), Refusal> {
    let refuse = |what: &str| Err(Refusal::new(Step::Leaf, format!("{}: {what}", certificate.place())));
    let Some(usage) = &certificate.extensions().key_usage else {
        return refuse("no keyUsage");
    };
    if !usage.digital_signature() {
        return refuse("keyUsage without digitalSignature");
    }
    if usage.key_cert_sign() {
        return refuse("keyUsage with keyCertSign");
    }
    match &certificate.extensions().basic_constraints {
        Some((constraints, _)) if constraints.ca => refuse("a CA certificate"),
        Some((constraints, _)) if constraints.path_len_constraint.is_some() => refuse("a path length"),
        _ => Ok(()),
    }
}
