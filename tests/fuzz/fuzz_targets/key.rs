#![no_main]
//! Place: none. Key attestations under the root that their document names; key statements and ledger proofs, each by itself.

use fuin_attestation::document::Document;
use fuin_attestation::{Anchors, At, DevelopmentAnchor, Nonce, Profile, Window, verify_key, verify_receipt};
use fuin_shared::codec;
use fuin_shared::evidence::EvidenceStatement;
use fuin_shared::key_statement::{KeyAttestation, KeyStatement, LedgerProof};
use fuin_shared::log::note::VerifierKey;
use libfuzzer_sys::fuzz_target;

/// The key of the proofs in the corpus, so that the way beyond the signature is reached.
const VKEY: &str = include_str!("../corpus/key.vkey");

fuzz_target!(|octets: &[u8]| {
    if let Ok(statement) = codec::decode::<KeyStatement>(octets) {
        let _ = statement.digest();
    }
    if let Ok(proof) = codec::decode::<LedgerProof>(octets) {
        receipt(&proof, VKEY.trim_end());
    }
    let attestation: Option<KeyAttestation> = codec::decode(octets).ok();
    if let Some(attestation) = &attestation {
        if let Some(proof) = &attestation.ledger {
            receipt(proof, VKEY.trim_end());
            if let Ok(statement) = codec::decode::<EvidenceStatement>(attestation.statement.as_slice()) {
                receipt(proof, &statement.ledger.map(|ledger| ledger.vkey).unwrap_or_default());
            }
        }
    }
    let document = attestation
        .as_ref()
        .and_then(|parts| Document::parse(parts.document.as_slice(), Profile::Observed).ok());
    let root = document.and_then(|document| document.cabundle().first().map(|root| root.to_vec()));
    let anchors = root
        .and_then(|root| DevelopmentAnchor::from_der(&root).ok())
        .map_or_else(Anchors::production, Anchors::development);
    let verified =
        verify_key(octets, &anchors, At::Archive, Profile::Observed, Nonce::NotIssued, Window::default());
    assert!(verified.is_err() || attestation.is_some());
});

fn receipt(proof: &LedgerProof, vkey: &str) {
    if let Ok(proven) = verify_receipt(proof, vkey) {
        assert!(proven.index() < proven.size());
        assert_eq!(
            VerifierKey::parse(vkey).map(|key| key.name().to_owned()).ok().as_deref(),
            Some(proven.origin())
        );
    }
}
