//! Place: none. Steps of a key statement, by name.

use super::*;
use crate::anchor::DevelopmentAnchor;
use crate::appraise::References;
use crate::bundle::Expectations;
use crate::kit::bundle::{LEDGER_NAME, OFFICER};
use crate::kit::key::{SPKI, StatedKey, destroyed, linked};
use crate::kit::{Doc, NOW};
use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use ciborium::Value;
use fuin_shared::ids::ServiceId;
use fuin_shared::manifest::{ReleaseMode, manifest_hash};
use fuin_shared::phase::Phase;
use proptest::prelude::*;

const NONCE: &[u8] = b"the caller's nonce";

fn verify_octets(octets: &[u8], nonce: Nonce<'_>) -> Result<VerifiedKey, Refusal> {
    let anchors = Anchors::development(DevelopmentAnchor::from_der(&Doc::new().root()).unwrap());
    verify_key(octets, &anchors, At::Unix(NOW), Profile::AwsText, nonce, Window::default())
}

fn verified(key: &StatedKey) -> VerifiedKey {
    verify_octets(&key.octets(), Nonce::Expected(NONCE)).unwrap()
}

fn step_of(parts: &KeyAttestation) -> u8 {
    let result = verify_octets(&codec::encode(parts), Nonce::Expected(NONCE));
    result.expect_err("must be refused").step().number()
}

fn step(key: &StatedKey) -> u8 {
    step_of(&key.parts())
}

fn expectations(service: ServiceId) -> Expectations {
    let mut references = References::none();
    for index in 0..3 {
        references.expect(index, &[index + 1; 48]).unwrap();
    }
    Expectations {
        minimum_release: Some(ReleaseMode::Durable),
        allow_development: true,
        ..Expectations::of_service(service, references)
    }
}

#[test]
fn everything_is_checked() {
    let key = StatedKey::new();
    let verified = verified(&key);
    assert_eq!((verified.statement(), verified.digest()), (&key.key, key.key.digest()));
    assert_eq!(verified.ledger().unwrap().index(), 3);
    let appraisal = verified.appraise(&expectations(key.key.service), Some(&SPKI)).unwrap();
    let steps: Vec<u8> = appraisal.checked().iter().map(|check| check.step.number()).collect();
    assert_eq!(
        steps,
        [23, 25, 26, 27, 20, 18, 19, 21, 22, 22, 22, 28, 29, 29, 30, 32, 34, 34, 35, 36, 37, 38]
    );
    let omitted: Vec<&str> = appraisal.not_checked().iter().map(|omission| omission.what.as_str()).collect();
    assert_eq!(
        omitted,
        ["revocation of the platform's certificates", "later events of the key", "witnesses"]
    );
}

#[test]
fn what_is_left_out_is_listed() {
    let key = StatedKey::new();
    let mut parts = key.parts();
    parts.ledger = None;
    let verified = verify_octets(&codec::encode(&parts), Nonce::NotIssued).unwrap();
    let appraisal = verified.appraise(&expectations(key.key.service), None).unwrap();
    let omitted: Vec<&str> = appraisal.not_checked().iter().map(|omission| omission.what.as_str()).collect();
    for what in ["nonce", "the ledger", "which key"] {
        assert!(omitted.contains(&what), "{what} in {omitted:?}");
    }
}

/// A document that binds a key statement is no evidence of a service, and the reverse.
#[test]
fn a_key_statement_is_no_evidence_and_evidence_is_no_key_statement() {
    let key = StatedKey::new();
    assert_eq!(verify_octets(&key.service.octets(), Nonce::NotIssued).unwrap_err().step().number(), 33);
    let mut parts = key.parts();
    parts.document = key.service.document().octets().into();
    assert_eq!(step_of(&parts), 23);
    let bundle = key.service.parts_around(&key.document());
    let anchors = Anchors::development(DevelopmentAnchor::from_der(&Doc::new().root()).unwrap());
    let octets = codec::encode(&bundle);
    let result = crate::verify_bundle(
        &octets,
        &anchors,
        At::Unix(NOW),
        Profile::AwsText,
        Nonce::NotIssued,
        Window::default(),
    );
    assert_eq!(result.unwrap_err().step().number(), 23);
}

#[test]
fn step_23_another_key_statement() {
    let key = StatedKey::new();
    let mut parts = key.parts();
    parts.key = codec::encode(&key.clone().key(|k| k.spki = Digest32([1; 32])).key).into();
    assert_eq!(step_of(&parts), 23);
    let mut parts = key.parts();
    parts.statement =
        codec::encode(&key.service.clone().statement(|s| s.phase = Phase::Halted).statement).into();
    assert_eq!(step_of(&parts), 23);
}

#[test]
fn steps_of_the_evidence_count() {
    let key = StatedKey::new();
    let other_nonce = verify_octets(&key.octets(), Nonce::Expected(b"another"));
    assert_eq!(other_nonce.unwrap_err().step(), Step::Nonce);
    assert_eq!(step(&key.clone().service(|s| s.statement(|s| s.version = 2))), 25);
    let mut parts = key.parts();
    parts.manifest = key.clone().service(|s| s.manifest(|m| m.not_after += 1)).parts().manifest;
    assert_eq!(step_of(&parts), 26);
    let mut unsigned = key.clone();
    unsigned.service.officer = OFFICER + 1;
    assert_eq!(step(&unsigned), 26);
    let without = key.document().with("pcrs", crate::kit::pcrs(&[(0, 1), (1, 2), (2, 3), (16, 9)]));
    let mut parts = key.parts();
    parts.document = without.octets().into();
    assert_eq!(step_of(&parts), 27);
    let mut broken = key.parts();
    broken.document.0[60] ^= 1;
    assert!(step_of(&broken) <= 17);
    let service = ServiceId([1; 32]);
    assert_eq!(verified(&key).appraise(&expectations(service), None).unwrap_err().step(), Step::Service);
}

#[test]
fn step_33_attestation() {
    let good = StatedKey::new().octets();
    let refused = |octets: &[u8]| verify_octets(octets, Nonce::NotIssued).unwrap_err().step().number();
    assert_eq!(refused(&[]), 33);
    assert_eq!(refused(&[&good[..], &[0]].concat()), 33, "trailing octet");
    assert_eq!(refused(&good[..good.len() - 1]), 33, "truncated");
    for (length, too_long) in
        [(MAX_ATTESTATION, false), (MAX_ATTESTATION + 1, true), (2 * MAX_ATTESTATION, true)]
    {
        let refusal = verify_octets(&vec![0xa0; length], Nonce::NotIssued).unwrap_err();
        assert_eq!(
            (refusal.step().number(), refusal.detail().contains("at most")),
            (33, too_long),
            "{length}"
        );
    }
    let text = verify_octets(&b"pWNrZXlZASCp".repeat(4), Nonce::NotIssued).unwrap_err();
    assert!(text.detail().contains("base64 -d"), "{text}");
}

#[test]
fn step_34_statement_by_itself() {
    for (what, key) in [
        ("version", StatedKey::new().key(|k| k.version = 2)),
        ("scal 0", StatedKey::new().key(|k| k.scal = 0)),
        ("scal 3", StatedKey::new().key(|k| k.scal = 3)),
        ("means without reference", StatedKey::new().key(|k| k.eid_ref = None)),
        ("reference without means", StatedKey::new().key(|k| k.means = None)),
    ] {
        assert_eq!(step(&key), 34, "{what}");
    }
    for scal in [1, 2] {
        assert_eq!(verified(&StatedKey::new().key(|k| k.scal = scal)).statement().scal, scal);
    }
    // What is no statement at all, bound by document and event like a good one.
    let key = StatedKey::new();
    let digest = key_digest(b"no statement");
    let bound = key_user_data(&codec::encode(&key.service.statement), &digest);
    let mut parts = key.parts();
    parts.key = b"no statement".to_vec().into();
    parts.document = key.document().with("user_data", Value::Bytes(bound.0.to_vec())).octets().into();
    assert_eq!(step_of(&parts), 34);
}

#[test]
fn step_34_statement_against_the_evidence() {
    let key = StatedKey::new();
    assert_eq!(step(&key.clone().key(|k| k.service = ServiceId([1; 32]))), 34, "another service");
    assert_eq!(step(&key.clone().key(|k| k.manifest = manifest_hash(b"another"))), 34, "another manifest");
    assert_eq!(step(&key.clone().key(|k| k.time = NOW + CLOCK_SKEW + 1)), 34, "later than the document");
    assert_eq!(verified(&key.key(|k| k.time = NOW + CLOCK_SKEW)).statement().time, NOW + CLOCK_SKEW);
}

/// A key made under an earlier manifest is stated as it was then.
#[test]
fn an_earlier_manifest_is_said_to_be_unchecked() {
    let key = StatedKey::new().service(|s| {
        let service = s.statement.service;
        s.manifest(|m| m.version = 2).statement(|s| s.service = service)
    });
    let key = key.key(|k| k.manifest = manifest_hash(b"the first"));
    let appraisal = verified(&key).appraise(&expectations(key.key.service), None).unwrap();
    assert!(appraisal.not_checked().iter().any(|omission| omission.what.contains("was stated")));
}

#[test]
fn step_35_event_of_something_else() {
    let key = StatedKey::new();
    assert_eq!(step(&StatedKey { event: Some(destroyed()), ..key.clone() }), 35, "no attesting event");
    let other = linked(Digest32([1; 32]));
    assert_eq!(step(&StatedKey { event: Some(other), ..key }), 35, "another statement");
}

#[test]
fn step_36_another_ledger() {
    let key = StatedKey::new();
    assert_eq!(step(&StatedKey { signer: (LEDGER_NAME.to_owned(), 1), ..key.clone() }), 36);
    let nameless = key.clone().service(|s| s.statement(|s| s.ledger.as_mut().unwrap().origin.push('x')));
    assert_eq!(step(&nameless), 36, "key and origin of different ledgers");
    let young = key.service(|s| {
        s.statement(|s| {
            s.phase = Phase::Uninitialized;
            (s.ledger, s.root_commitment, s.root_provider, s.release) = (None, None, None, None);
        })
    });
    assert_eq!(step(&young), 36, "no ledger");
}

#[test]
fn step_37_inclusion() {
    let mut parts = StatedKey::new().parts();
    parts.ledger.as_mut().unwrap().index += 1;
    assert_eq!(step_of(&parts), 37);
}

#[test]
fn step_38_key() {
    let key = StatedKey::new();
    let appraised = |spki| verified(&key).appraise(&expectations(key.key.service), Some(&spki));
    assert!(appraised(SPKI).is_ok());
    assert_eq!(appraised(Digest32([0; 32])).unwrap_err().step(), Step::Key);
}

#[test]
fn what_a_ca_should_know_is_said() {
    let unlinked = StatedKey::new().key(|k| (k.means, k.eid_ref, k.scal) = (None, None, 1));
    let appraisal = verified(&unlinked).appraise(&expectations(unlinked.key.service), None).unwrap();
    for word in ["no eID means", "SCAL1"] {
        assert!(appraisal.warnings().iter().any(|warning| warning.contains(word)), "{word}");
    }
    let linked = StatedKey::new();
    let appraisal = verified(&linked).appraise(&expectations(linked.key.service), None).unwrap();
    for word in ["no eID means", "SCAL1"] {
        assert!(!appraisal.warnings().iter().any(|warning| warning.contains(word)), "{word}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn one_changed_octet_is_always_refused(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut octets = StatedKey::new().octets();
        let at = at.index(octets.len());
        octets[at] ^= 1 << bit;
        prop_assert!(verify_octets(&octets, Nonce::Expected(NONCE)).is_err());
    }
}
