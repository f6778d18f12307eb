//! Place: none. The verifier of the project on the module's documents, judged a second after they were made.

use super::documents::document;
use super::*;
use fuin_attestation::{
    Anchors, At, DevelopmentAnchor, Nonce, Platform, Policy, Profile, References, Window, appraise, verify,
};

fn anchors() -> Anchors {
    Anchors::development(DevelopmentAnchor::from_der(ROOT.certificate_der()).unwrap())
}

#[test]
fn the_verifier_accepts_a_document_under_the_development_root() {
    let nsm = nsm();
    nsm.process(Request::ExtendPCR { index: 16, data: vec![5; 32] });
    nsm.process(Request::LockPCR { index: 16 });
    let octets = document(attest(&nsm, Some(vec![4; 48]), Some(vec![7; 20]), Some(vec![3; 97])));
    let claims = verify(&octets, &anchors(), At::Unix(NOW_MS / 1000 + 1), Profile::AwsText).unwrap();
    assert_eq!(claims.platform(), Platform::Emulation);
    assert_eq!(claims.module_id(), nsm.module_id());
    assert_eq!(claims.pcrs().map(|(index, _)| index).collect::<Vec<_>>(), (0..17).collect::<Vec<_>>());
    let mut references = References::none();
    for (index, value) in [(0, [10; 48]), (1, [11; 48]), (2, [12; 48])] {
        references.expect(index, &value).unwrap();
    }
    let policy = Policy {
        nonce: Nonce::Expected(&[7; 20]),
        freshness: Some(Window::default()),
        references,
        allow_debug: false,
        user_data: Some(&[4; 48]),
        public_key: Some(&[3; 97]),
    };
    let appraisal = appraise(&claims, &policy).unwrap();
    // Nothing is wrong with it but whose root it is.
    let warnings = appraisal.warnings();
    assert!(matches!(warnings, [only] if only.starts_with("DEVELOPMENT: ")), "{warnings:?}");
}

#[test]
fn the_verifier_refuses_it_under_the_real_root_and_under_another_development_root() {
    let octets = document(attest(&nsm(), None, None, None));
    let at = At::Unix(NOW_MS / 1000);
    assert!(verify(&octets, &Anchors::production(), at, Profile::AwsText).is_err());
    let other = DevelopmentRoot::generate(NOW_MS / 1000).unwrap();
    let other = Anchors::development(DevelopmentAnchor::from_der(other.certificate_der()).unwrap());
    assert!(verify(&octets, &other, at, Profile::AwsText).is_err());
}

#[test]
fn the_verifier_refuses_it_when_the_leaf_has_ended() {
    let octets = document(attest(&nsm(), None, None, None));
    let hours = |hours: u64| At::Unix(NOW_MS / 1000 + hours * 3600);
    assert!(verify(&octets, &anchors(), hours(2), Profile::AwsText).is_ok());
    assert!(verify(&octets, &anchors(), hours(3), Profile::AwsText).is_err());
}
