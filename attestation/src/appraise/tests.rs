//! Place: none. Steps 18 to 23 by name.

use super::{DebugMode, Nonce, ONE_RAMDISK_PCR2, Policy, References, appraise};
use crate::anchor::{Anchors, DevelopmentAnchor};
use crate::document::Profile;
use crate::error::Step;
use crate::kit::{Doc, NOW, pcrs};
use crate::time::{At, Window};
use crate::verify::{Claims, verify};
use ciborium::Value;

const NONCE: &[u8] = b"the caller's nonce";

fn claims_at(doc: &Doc, at: At) -> Claims {
    let anchors = Anchors::development(DevelopmentAnchor::from_der(&doc.root()).unwrap());
    verify(&doc.octets(), &anchors, at, Profile::AwsText).unwrap()
}

fn claims(doc: &Doc) -> Claims {
    claims_at(doc, At::Unix(NOW))
}

fn references(values: &[(u8, u8)]) -> References {
    let mut references = References::none();
    for (index, fill) in values {
        references.expect(*index, &[*fill; 48]).unwrap();
    }
    references
}

fn policy() -> Policy<'static> {
    Policy {
        nonce: Nonce::Expected(NONCE),
        freshness: Some(Window { max_age: 100, skew: 10 }),
        references: references(&[(0, 1), (1, 2), (2, 3)]),
        allow_debug: false,
        user_data: None,
        public_key: None,
    }
}

fn step(claims: &Claims, policy: &Policy<'_>) -> u8 {
    appraise(claims, policy).expect_err("must be refused").step().number()
}

#[test]
fn everything_asked_for_is_listed_as_checked() {
    let appraisal = appraise(&claims(&Doc::new()), &policy()).unwrap();
    let checked: Vec<u8> = appraisal.checked().iter().map(|check| check.step.number()).collect();
    assert_eq!(checked, [18, 19, 20, 21, 22, 22, 22]);
    assert_eq!(appraisal.not_checked().len(), 1, "{:?}", appraisal.not_checked());
    // The kit's root is a development root, which is never silent.
    assert_eq!(appraisal.warnings().len(), 1);
}

#[test]
fn everything_left_out_is_listed_as_not_checked() {
    let policy =
        Policy { nonce: Nonce::NotIssued, freshness: None, references: References::none(), ..policy() };
    let doc = Doc::new().with("user_data", Value::Bytes(vec![1])).with("public_key", Value::Bytes(vec![1]));
    let appraisal = appraise(&claims(&doc), &policy).unwrap();
    let omitted: Vec<&str> = appraisal.not_checked().iter().map(|omission| omission.what.as_str()).collect();
    assert_eq!(
        omitted,
        [
            "age of the document",
            "nonce",
            "which code runs",
            "meaning of user_data",
            "meaning of public_key",
            "revocation of the platform's certificates"
        ]
    );
}

#[test]
fn step_18_only_warns() {
    let appraisal = appraise(&claims(&Doc::new().with("module_id", "i-other".into())), &policy()).unwrap();
    assert_eq!(appraisal.warnings().len(), 2);
    assert!(!appraisal.checked().iter().any(|check| check.step == Step::LeafName));
}

#[test]
fn step_19_age() {
    let made = |seconds: u64| Doc::new().with("timestamp", (seconds * 1000).into());
    for (seconds, accepted) in [(NOW - 100, true), (NOW - 101, false), (NOW + 10, true), (NOW + 11, false)] {
        let result = appraise(&claims(&made(seconds)), &policy());
        assert_eq!(result.is_ok(), accepted, "{seconds}");
        if let Err(refusal) = result {
            assert_eq!(refusal.step(), Step::Freshness);
        }
    }
}

#[test]
fn step_19_made_within_the_certificates_life() {
    let loose = Policy { freshness: None, ..policy() };
    let made = |seconds: u64| Doc::new().with("timestamp", (seconds * 1000).into());
    let (from, to) = (NOW - 3600, NOW + 7200);
    assert_eq!(step(&claims(&made(from - 301)), &loose), 19);
    assert_eq!(step(&claims(&made(to + 1)), &loose), 19);
    assert!(appraise(&claims(&made(from - 300)), &loose).is_ok());
    assert!(appraise(&claims(&made(to)), &loose).is_ok());
    // The largest timestamp overflows nothing.
    assert_eq!(step(&claims(&Doc::new().with("timestamp", u64::MAX.into())), &loose), 19);
}

#[test]
fn step_19_archive_judges_no_age() {
    let appraisal = appraise(&claims_at(&Doc::new(), At::Archive), &policy()).unwrap();
    assert!(appraisal.not_checked().iter().any(|omission| omission.what == "age of the document"));
}

#[test]
fn step_20_nonce() {
    let with = |doc: &Doc, nonce| step(&claims(doc), &Policy { nonce, ..policy() });
    let doc = Doc::new();
    assert_eq!(with(&doc, Nonce::Expected(b"another nonce 1234")), 20);
    assert_eq!(with(&doc, Nonce::Expected(b"the caller's nonc")), 20, "a prefix");
    assert_eq!(with(&doc, Nonce::Expected(&[])), 20, "empty");
    assert_eq!(with(&Doc::new().without("nonce"), Nonce::Expected(NONCE)), 20, "absent");
    assert_eq!(with(&Doc::new().with("nonce", Value::Null), Nonce::Expected(NONCE)), 20, "null");
    assert_eq!(
        with(&Doc::new().with("nonce", Value::Bytes(vec![])), Nonce::Expected(&[])),
        20,
        "empty twice"
    );
}

#[test]
fn step_21_debug() {
    let doc = |values: &[(u64, u8)]| Doc::new().with("pcrs", pcrs(values));
    let none = || Policy { references: References::none(), ..policy() };
    for (values, mode) in [
        (&[(0, 0), (1, 0), (2, 0), (4, 5)][..], DebugMode::On),
        (&[(4, 5)], DebugMode::Unknown),
        (&[(0, 0), (1, 0)], DebugMode::Unknown),
    ] {
        let claims = claims(&doc(values));
        assert_eq!(DebugMode::of(&claims), mode);
        assert_eq!(step(&claims, &none()), 21, "{values:?}");
        let allowed = appraise(&claims, &Policy { allow_debug: true, ..none() }).unwrap();
        assert_eq!(allowed.warnings().len(), 2, "allowed, but said");
    }
    for values in [&[(0, 1), (1, 0), (2, 0)][..], &[(0, 0), (1, 0), (2, 1)], &[(1, 1)]] {
        assert_eq!(DebugMode::of(&claims(&doc(values))), DebugMode::Off, "{values:?}");
    }
}

#[test]
fn step_22_references() {
    let claims = claims(&Doc::new());
    let with = |values: &[(u8, u8)]| Policy { references: references(values), ..policy() };
    assert_eq!(step(&claims, &with(&[(0, 9)])), 22, "another value");
    assert_eq!(step(&claims, &with(&[(0, 1), (2, 9)])), 22, "one of two");
    assert_eq!(step(&claims, &with(&[(0, 1), (8, 1)])), 22, "absent in the document");
    assert_eq!(step(&claims, &with(&[(3, 1)])), 22, "zero in the document");
}

/// A debug enclave that the caller allows still fails every reference value.
#[test]
fn step_22_debug_fails_references() {
    let claims = claims(&Doc::new().with("pcrs", pcrs(&[(0, 0), (1, 0), (2, 0)])));
    assert_eq!(step(&claims, &Policy { allow_debug: true, ..policy() }), 22);
}

#[test]
fn step_22_says_when_a_reference_tells_nothing() {
    let registers = Value::Map(vec![
        (0.into(), Value::Bytes(vec![1; 48])),
        (2.into(), Value::Bytes(ONE_RAMDISK_PCR2.to_vec())),
    ]);
    let mut references = references(&[(0, 1)]);
    references.expect(2, &ONE_RAMDISK_PCR2).unwrap();
    let policy = Policy { references, ..policy() };
    let appraisal = appraise(&claims(&Doc::new().with("pcrs", registers)), &policy).unwrap();
    assert_eq!(appraisal.warnings().len(), 2);
}

#[test]
fn step_23_binding() {
    let doc = Doc::new().with("user_data", Value::Bytes(b"data".to_vec()));
    let claims = claims(&doc);
    assert!(appraise(&claims, &Policy { user_data: Some(b"data"), ..policy() }).is_ok());
    assert_eq!(step(&claims, &Policy { user_data: Some(b"other"), ..policy() }), 23);
    assert_eq!(step(&claims, &Policy { public_key: Some(b"key"), ..policy() }), 23, "absent");
}
