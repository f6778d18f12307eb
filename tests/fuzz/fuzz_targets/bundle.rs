#![no_main]
//! Place: none. Evidence bundles, under the root that their document names; and the parts that stand behind a signature, each by itself.

use fuin_attestation::document::Document;
use fuin_attestation::{Anchors, At, DevelopmentAnchor, Nonce, Profile, Window, verify_bundle};
use fuin_shared::codec;
use fuin_shared::evidence::{EvidenceBundle, EvidenceStatement};
use fuin_shared::manifest::SignedManifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = codec::decode::<EvidenceStatement>(octets);
    if let Ok(signed) = codec::decode::<SignedManifest>(octets) {
        let _ = signed.parse();
    }
    let bundle: Option<EvidenceBundle> = codec::decode(octets).ok();
    let document = bundle
        .as_ref()
        .and_then(|bundle| Document::parse(bundle.document.as_slice(), Profile::Observed).ok());
    let root = document.and_then(|document| document.cabundle().first().map(|root| root.to_vec()));
    let anchors = root
        .and_then(|root| DevelopmentAnchor::from_der(&root).ok())
        .map_or_else(Anchors::production, Anchors::development);
    let verified =
        verify_bundle(octets, &anchors, At::Archive, Profile::Observed, Nonce::NotIssued, Window::default());
    assert!(verified.is_err() || bundle.is_some());
});
