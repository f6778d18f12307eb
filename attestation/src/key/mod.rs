//! Place: none. Key statements: what the SAM says of a signer's key, verified for the CA that certifies it, an evaluator,
//! the signer (steps 33 to 38 besides those of a service's evidence).
//!
//! One document binds the statement's digest together with what the instance says of itself. The same digest stands in a
//! ledger event; its proof makes the statement checkable after the instance is gone.

mod verified;

pub use verified::VerifiedKey;

use crate::anchor::Anchors;
use crate::appraise::Nonce;
use crate::bundle::{Asked, Parts, VerifiedEvidence};
use crate::document::{Profile, text_hint};
use crate::error::{Refusal, Step};
use crate::ledger::{ProvenEvent, verify_receipt};
use crate::time::{At, Window, utc};
use alloc::format;
use fuin_shared::codec;
use fuin_shared::ids::Digest32;
use fuin_shared::key_statement::{
    KeyAttestation, KeyStatement, LedgerProof, MAX_ATTESTATION, VERSION, key_digest, key_user_data,
};

/// Seconds by which the SAM's clock may be ahead of the document's.
const CLOCK_SKEW: u64 = 300;

/// Verifies a key attestation: its document (steps 1 to 17), what that binds (20, 23, 25 to 27, 31), the key statement (33,
/// 34), and the ledger's proof where there is one (35 to 37). Which service, code and key is for
/// [`VerifiedKey::appraise`].
///
/// # Errors
/// The [`Refusal`] of the first step that fails.
pub fn verify_key(
    octets: &[u8],
    anchors: &Anchors,
    at: At,
    profile: Profile,
    nonce: Nonce<'_>,
    window: Window,
) -> Result<VerifiedKey, Refusal> {
    if octets.len() > MAX_ATTESTATION {
        let detail = format!("{} octets, at most {MAX_ATTESTATION} are read", octets.len());
        return Err(Refusal::new(Step::KeyAttestation, detail));
    }
    let attestation: KeyAttestation = codec::decode(octets).map_err(|_| {
        let exact = "not the exact CBOR of {key, document, statement, manifest, ledger}";
        Refusal::new(Step::KeyAttestation, text_hint(octets).unwrap_or(exact))
    })?;
    let digest = key_digest(attestation.key.as_slice());
    let parts = Parts {
        document: attestation.document.as_slice(),
        statement: attestation.statement.as_slice(),
        manifest: attestation.manifest.as_slice(),
        freshness: None,
    };
    let bound = key_user_data(parts.statement, &digest);
    let binds = "user_data is the digest of the enclave's statement and of the key statement";
    let evidence = parts.verify(&bound, binds, &Asked { anchors, at, profile, nonce, window })?;
    let statement = read(attestation.key.as_slice())?;
    agrees(&statement, &evidence)?;
    let ledger = attestation.ledger.as_ref();
    let ledger = ledger.map(|proof| attested(proof, &digest, &evidence)).transpose()?;
    Ok(VerifiedKey::new(evidence, statement, digest, ledger))
}

/// Step 34, the statement by itself.
fn read(octets: &[u8]) -> Result<KeyStatement, Refusal> {
    let refuse = |what: &'static str| Refusal::new(Step::KeyStatement, what);
    let statement: KeyStatement =
        codec::decode(octets).map_err(|_| refuse("not the exact CBOR of a key statement"))?;
    if statement.version != VERSION {
        return Err(refuse("unknown version"));
    }
    if !(1..=2).contains(&statement.scal) {
        return Err(refuse("scal is neither 1 nor 2"));
    }
    if statement.means.is_some() != statement.eid_ref.is_some() {
        return Err(refuse("means and eid_ref must stand together"));
    }
    Ok(statement)
}

/// Step 34, the statement against the evidence that carries it.
fn agrees(statement: &KeyStatement, evidence: &VerifiedEvidence) -> Result<(), Refusal> {
    let refuse = |what| Err(Refusal::new(Step::KeyStatement, what));
    if statement.service != evidence.service() {
        return refuse(format!("it names service {}, the enclave is of another", statement.service));
    }
    // A key may have been stated under an earlier manifest; before the first one there was none.
    if statement.manifest != evidence.manifest_hash() && evidence.manifest().version == 1 {
        return refuse("it names another manifest, and the service has had only one".into());
    }
    let made = evidence.claims().timestamp() / 1000;
    if statement.time > made.saturating_add(CLOCK_SKEW) {
        return refuse(format!(
            "stated at {}, after the document was made ({})",
            utc(statement.time),
            utc(made)
        ));
    }
    Ok(())
}

/// Steps 35 to 37, with the ledger that the enclave names.
fn attested(
    proof: &LedgerProof,
    digest: &Digest32,
    evidence: &VerifiedEvidence,
) -> Result<ProvenEvent, Refusal> {
    let Some(ledger) = evidence.ledger() else {
        return Err(Refusal::new(Step::LedgerCheckpoint, "the enclave names no ledger"));
    };
    let proven = verify_receipt(proof, &ledger.vkey)?;
    if proven.origin() != ledger.origin {
        return Err(Refusal::new(Step::LedgerCheckpoint, "its origin is not the ledger's"));
    }
    if proven.attests() != Some(*digest) {
        return Err(Refusal::new(Step::LedgerEvent, "it does not carry the digest of this key statement"));
    }
    Ok(proven)
}

#[cfg(test)]
mod tests;
