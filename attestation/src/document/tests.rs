//! Place: none. Steps 1 to 9 by name: what must pass, and what each of them refuses.

use super::{Document, MAX_DOCUMENT, Profile};
use crate::kit::{Doc, encode, envelope, pcrs};
use ciborium::Value;
use proptest::prelude::*;

const PROTECTED: &[u8] = &[0xa1, 0x01, 0x38, 0x22];
const SIGNATURE: &[u8] = &[1; 96];

fn step(octets: &[u8]) -> u8 {
    let refusal = Document::parse(octets, Profile::AwsText).expect_err("must be refused");
    refusal.step().number()
}

/// Parsing looks at no signature, so a payload needs none.
fn payload(octets: &[u8]) -> Vec<u8> {
    envelope(&[0x84], PROTECTED, &[0xa0], octets, SIGNATURE)
}

fn fields(doc: &Doc) -> Vec<u8> {
    payload(&doc.payload())
}

fn bytes(length: usize) -> Value {
    Value::Bytes(vec![7; length])
}

/// The payload with its outer map made indefinite.
fn indefinite(payload: &[u8]) -> Vec<u8> {
    [&[0xbf], &payload[1..], &[0xff]].concat()
}

#[test]
fn fields_are_read_as_sent() {
    let octets = Doc::new().octets();
    let document = Document::parse(&octets, Profile::AwsText).unwrap();
    assert_eq!(document.module_id, "i-0abc-enc01");
    assert_eq!(document.timestamp, crate::kit::NOW * 1000);
    assert_eq!(document.cabundle().len(), 4);
    assert_eq!(document.pcrs.get(1), Some(&[2; 48]));
    assert_eq!((document.pcrs.get(5), document.pcrs.get(200)), (None, None));
    assert_eq!(document.pcrs.iter().count(), 5);
    assert_eq!(document.nonce, Some(&b"the caller's nonce"[..]));
    assert_eq!((document.user_data, document.public_key), (None, None));
}

#[test]
fn step_1_length() {
    assert_eq!(step(&[]), 1);
    assert_eq!(step(&vec![0x84; MAX_DOCUMENT + 1]), 1);
    assert_ne!(step(&vec![0x84; MAX_DOCUMENT]), 1);
}

#[test]
fn step_2_envelope() {
    let good = Doc::new().octets();
    assert!(Document::parse(&[&[0xd2], &good[..]].concat(), Profile::AwsText).is_ok(), "tag 18");
    for (what, octets) in [
        ("tag twice", [&[0xd2, 0xd2], &good[..]].concat()),
        ("tag 17", [&[0xd1], &good[..]].concat()),
        ("tag 18 in two octets", [&[0xd8, 18], &good[..]].concat()),
        ("trailing octet", [&good[..], &[0]].concat()),
        ("indefinite array", [&[0x9f], &good[1..], &[0xff]].concat()),
        ("three elements", envelope(&[0x83], PROTECTED, &[0xa0], &[], &[])),
        ("five elements", [&[0x85], &good[1..], &[0]].concat()),
        ("array head in two octets", [&[0x98, 4], &good[1..]].concat()),
        ("truncated", good[..good.len() - 1].to_vec()),
        ("unprotected not a map", envelope(&[0x84], PROTECTED, &[0x80], &[0xa0], SIGNATURE)),
        ("unprotected indefinite", envelope(&[0x84], PROTECTED, &[0xbf, 0xff], &[0xa0], SIGNATURE)),
        ("protected as map", [&[0x84][..], PROTECTED, &[0xa0, 0x41, 0xa0, 0x40]].concat()),
        ("a map", vec![0xa0]),
        ("a number", vec![0x00]),
    ] {
        assert_eq!(step(&octets), 2, "{what}");
    }
}

#[test]
fn step_2_names_text_encodings() {
    let hint = |text: &[u8]| Document::parse(text, Profile::AwsText).unwrap_err().detail().to_owned();
    assert!(hint(b"hEShATgioFkRYb9pbW9kdWxlX2lk\nhEShATgioFk").contains("base64 -d"));
    assert!(hint(b"8444a1013822a0591161bf696d6f64756c655f6964").contains("xxd -r -p"));
    assert!(hint(b"{\"document\": \"x\"}, and more").contains("JSON"));
}

#[test]
fn step_3_protected_header() {
    for (what, protected) in [
        ("empty", &[][..]),
        ("empty map", &[0xa0]),
        ("ES256", &[0xa1, 0x01, 0x26]),
        ("alg as text", b"\xa1\x01\x65ES384"),
        ("alg positive 34", &[0xa1, 0x01, 0x18, 34]),
        ("another label", &[0xa1, 0x04, 0x38, 0x22]),
        ("two entries", &[0xa2, 0x01, 0x38, 0x22, 0x04, 0x40]),
        ("alg twice", &[0xa2, 0x01, 0x38, 0x22, 0x01, 0x38, 0x22]),
        ("trailing octet", &[0xa1, 0x01, 0x38, 0x22, 0x00]),
        ("long head", &[0xa1, 0x18, 0x01, 0x38, 0x22]),
        ("indefinite", &[0xbf, 0x01, 0x38, 0x22, 0xff]),
        ("an array", &[0x82, 0x01, 0x38, 0x22]),
    ] {
        assert_eq!(step(&envelope(&[0x84], protected, &[0xa0], &[0xa0], SIGNATURE)), 3, "{what}");
    }
}

#[test]
fn step_4_unprotected_header() {
    assert_eq!(step(&envelope(&[0x84], PROTECTED, &[0xa1, 0x04, 0x40], &[0xa0], SIGNATURE)), 4);
}

#[test]
fn step_5_sizes() {
    assert_eq!(step(&envelope(&[0x84], PROTECTED, &[0xa0], &[], SIGNATURE)), 5);
    assert_eq!(step(&envelope(&[0x84], PROTECTED, &[0xa0], &vec![0; 16_385], SIGNATURE)), 5);
    assert_eq!(step(&envelope(&[0x84], PROTECTED, &[0xa0], &vec![0; 16_384], SIGNATURE)), 6);
    for length in [0, 64, 95, 97] {
        assert_eq!(step(&envelope(&[0x84], PROTECTED, &[0xa0], &[0xa0], &vec![1; length])), 5, "{length}");
    }
}

#[test]
fn step_6_payload_encoding() {
    let good = Doc::new().payload();
    assert!(Document::parse(&payload(&indefinite(&good)), Profile::AwsText).is_ok(), "indefinite map");
    let tagged = Value::Tag(24, Box::new("SHA384".into()));
    for (what, octets) in [
        ("trailing octet", [&good[..], &[0]].concat()),
        ("an array", vec![0x80]),
        ("no break", [&[0xbf], &good[1..]].concat()),
        ("too many entries claimed", [&[0xaa], &good[1..]].concat()),
        ("tag around the map", [&[0xc1], &good[..]].concat()),
        ("tag on a field", Doc::new().with("digest", tagged).payload()),
        ("float", Doc::new().with("timestamp", Value::Float(1.5)).payload()),
        ("name with long head", [&[0xa9, 0x78, 9], &good[2..]].concat()),
        ("chunked name", [&[0xa9, 0x7f, 0x69], &good[2..11], &[0xff], &good[11..]].concat()),
        ("name not UTF-8", [&[0xa9, 0x69, 0xff], &good[3..]].concat()),
    ] {
        assert_eq!(step(&payload(&octets)), 6, "{what}");
    }
}

#[test]
fn step_7_keys() {
    assert_eq!(step(&fields(&Doc::new().with("extra", 1.into()))), 7);
    assert_eq!(step(&fields(&Doc::new().with("MODULE_ID", "x".into()))), 7);
    let tpm = Document::parse(
        &fields(&Doc::new().without("pcrs").with("nitrotpm_pcrs", pcrs(&[(0, 1)]))),
        Profile::AwsText,
    )
    .unwrap_err();
    assert_eq!(tpm.step().number(), 7);
    assert!(tpm.detail().contains("NitroTPM"));
    let mut twice = Doc::new();
    twice.fields.push(("nonce".into(), Value::Null));
    assert_eq!(step(&fields(&twice)), 7, "null does not hide the second");
    let mut number = Doc::new();
    number.fields.push((1.into(), Value::Null));
    assert_eq!(step(&fields(&number)), 7);
}

#[test]
fn step_8_mandatory_fields() {
    for name in ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"] {
        assert_eq!(step(&fields(&Doc::new().without(name))), 8, "{name} absent");
        assert_eq!(step(&fields(&Doc::new().with(name, Value::Null))), 8, "{name} null");
    }
    for name in ["public_key", "user_data", "nonce"] {
        assert!(
            Document::parse(&fields(&Doc::new().without(name)), Profile::AwsText).is_ok(),
            "{name} absent"
        );
        assert!(
            Document::parse(&fields(&Doc::new().with(name, Value::Null)), Profile::AwsText).is_ok(),
            "{name} null"
        );
    }
}

#[test]
fn step_9_values() {
    let repeated = Value::Map(vec![(0.into(), bytes(48)), (0.into(), bytes(48))]);
    for (name, value) in [
        ("module_id", "".into()),
        ("module_id", bytes(4)),
        ("digest", "SHA512".into()),
        ("digest", "sha384".into()),
        ("timestamp", 0.into()),
        ("timestamp", (-1).into()),
        ("timestamp", "now".into()),
        ("pcrs", Value::Map(Vec::new())),
        ("pcrs", Value::Array(vec![bytes(48)])),
        ("pcrs", pcrs(&[(32, 1)])),
        ("pcrs", pcrs(&[(u64::MAX, 1)])),
        ("pcrs", repeated),
        ("pcrs", Value::Map(vec![(0.into(), bytes(47))])),
        ("pcrs", Value::Map(vec![(0.into(), bytes(32))])),
        ("pcrs", Value::Map(vec![("0".into(), bytes(48))])),
        ("pcrs", Value::Map(vec![(0.into(), Value::Null)])),
        ("certificate", bytes(0)),
        ("certificate", bytes(1025)),
        ("certificate", "text".into()),
        ("cabundle", Value::Array(Vec::new())),
        ("cabundle", Value::Array(vec![bytes(0)])),
        ("cabundle", Value::Array(vec![bytes(1025)])),
        ("cabundle", Value::Array(vec![Value::Null])),
        ("cabundle", bytes(10)),
        ("public_key", bytes(0)),
        ("public_key", bytes(1025)),
        ("user_data", bytes(513)),
        ("nonce", bytes(513)),
        ("nonce", "text".into()),
    ] {
        assert_eq!(step(&fields(&Doc::new().with(name, value.clone()))), 9, "{name} {value:?}");
    }
    for (name, length) in [("user_data", 0), ("user_data", 512), ("nonce", 512), ("public_key", 1024)] {
        let octets = fields(&Doc::new().with(name, bytes(length)));
        assert!(Document::parse(&octets, Profile::AwsText).is_ok(), "{name} {length}");
    }
    for (name, value) in [("certificate", bytes(1024)), ("cabundle", Value::Array(vec![bytes(1024)]))] {
        assert!(
            Document::parse(&fields(&Doc::new().with(name, value)), Profile::AwsText).is_ok(),
            "{name} of 1024 octets"
        );
    }
    let all = (0..32).map(|index| (index, 1)).collect::<Vec<_>>();
    assert!(Document::parse(&fields(&Doc::new().with("pcrs", pcrs(&all))), Profile::AwsText).is_ok());
}

#[test]
fn step_9_observed_profile_lifts_the_upper_sizes_only() {
    for (name, length, accepted) in [
        ("user_data", 4050, true),
        ("nonce", 1024, true),
        ("public_key", 1025, true),
        ("public_key", 0, false),
    ] {
        let octets = fields(&Doc::new().with(name, bytes(length)));
        assert_eq!(Document::parse(&octets, Profile::Observed).is_ok(), accepted, "{name} {length}");
    }
}

#[test]
fn step_10_bundle_of_eleven() {
    let entries = |count| Value::Array(vec![bytes(10); count]);
    assert!(Document::parse(&fields(&Doc::new().with("cabundle", entries(10))), Profile::AwsText).is_ok());
    assert_eq!(step(&fields(&Doc::new().with("cabundle", entries(11)))), 10);
}

#[test]
fn order_of_fields_does_not_matter() {
    let mut doc = Doc::new();
    doc.fields.reverse();
    assert!(Document::parse(&fields(&doc), Profile::AwsText).is_ok());
}

/// Nesting that would exhaust a recursive reader costs nothing here.
#[test]
fn deep_nesting_is_refused() {
    assert_eq!(step(&vec![0x81; 20_000]), 2);
    let nested = [encode(&"cabundle".into()), vec![0x81; 10_000]].concat();
    assert_eq!(step(&payload(&[&[0xa1], &nested[..]].concat())), 9);
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Document::parse(&octets, Profile::AwsText);
        let _ = Document::parse(&payload(&octets), Profile::Observed);
    }

    #[test]
    fn changed_payloads_never_panic(at in any::<prop::sample::Index>(), value: u8, cut in any::<prop::sample::Index>()) {
        let mut octets = Doc::new().payload();
        let place = at.index(octets.len());
        octets[place] = value;
        octets.truncate(cut.index(octets.len() + 1).max(place));
        let _ = Document::parse(&payload(&octets), Profile::AwsText);
    }
}
