//! Place: none. The caller's nonce in a bundle (step 20): in the document, or in the instance key's word over it.

use crate::appraise::nonce::same;
use crate::appraise::{Appraisal, Nonce};
use crate::error::{Refusal, Step};
use crate::time::{At, Window, utc};
use crate::verify::Claims;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::evidence::{EvidenceStatement, Freshness};

/// A freshness part is verified whenever there is one, also when the caller sent no nonce.
pub(super) fn check(
    claims: &Claims,
    statement: &EvidenceStatement,
    freshness: Option<&Freshness>,
    nonce: Nonce<'_>,
    window: Window,
    appraisal: &mut Appraisal,
) -> Result<(), Refusal> {
    if let Some(freshness) = freshness {
        signed(statement, freshness)?;
        in_time(claims, freshness, window)?;
    }
    let Some(expected) = nonce.expected(appraisal)? else {
        return Ok(());
    };
    if claims.nonce().is_some_and(|found| same(expected, found)) {
        appraisal.check(Step::Nonce, "the document carries the caller's nonce");
        return Ok(());
    }
    match freshness {
        Some(freshness) if same(expected, freshness.nonce.as_slice()) => {
            appraisal.check(Step::Nonce, "the instance key signed the caller's nonce");
            Ok(())
        }
        Some(_) => Err(Refusal::new(Step::Nonce, "the instance key signed another nonce")),
        None if claims.nonce().is_some() => Err(Refusal::new(Step::Nonce, "the document has another nonce")),
        None => Err(Refusal::new(Step::Nonce, "neither document nor instance key answers a nonce")),
    }
}

fn signed(statement: &EvidenceStatement, freshness: &Freshness) -> Result<(), Refusal> {
    let message = Freshness::message(
        freshness.nonce.as_slice(),
        freshness.time,
        &statement.manifest,
        &statement.user_data(),
    );
    statement
        .instance
        .signing
        .key()
        .and_then(|key| key.verify(HashAlgorithm::Sha384, &message, freshness.signature.as_slice()))
        .map_err(|_| Refusal::new(Step::Nonce, "the instance key did not sign this freshness"))
}

/// The word is younger than the document, and not of another hour than the caller's.
fn in_time(claims: &Claims, freshness: &Freshness, window: Window) -> Result<(), Refusal> {
    let refuse = |what: String| Err(Refusal::new(Step::Freshness, what));
    let made = claims.timestamp() / 1000;
    if freshness.time.saturating_add(window.skew) < made {
        return refuse("the instance key's word is older than the document".to_owned());
    }
    match claims.at() {
        At::Unix(now) if !window.holds(freshness.time, now) => {
            refuse(format!("the instance key signed at {}, judged at {}", utc(freshness.time), utc(now)))
        }
        _ => Ok(()),
    }
}
