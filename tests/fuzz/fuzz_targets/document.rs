#![no_main]
//! Place: none. Attestation documents: parsing in both profiles, then the whole way under the root that the document itself names, so that chain and
//! signature are reached.

use fuin_attestation::document::Document;
use fuin_attestation::{Anchors, At, DevelopmentAnchor, Profile, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let strict = Document::parse(octets, Profile::AwsText);
    let Ok(document) = Document::parse(octets, Profile::Observed) else {
        assert!(strict.is_err(), "the narrower profile took what the wider one refuses");
        return;
    };
    assert!(!document.module_id.is_empty() && document.timestamp > 0);
    let root = document.cabundle().first().copied().unwrap_or_default();
    let Ok(anchor) = DevelopmentAnchor::from_der(root) else { return };
    let anchors = Anchors::development(anchor);
    if let Ok(claims) = verify(octets, &anchors, At::Archive, Profile::Observed) {
        assert_eq!(claims.root_der(), root);
        assert_eq!(claims.timestamp(), document.timestamp);
    }
});
