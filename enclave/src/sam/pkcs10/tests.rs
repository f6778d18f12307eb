//! Requests read, built, and read by openssl.

use super::*;
use der::asn1::SetOfVec;
use p256::ecdsa::signature::Signer;
use proptest::prelude::*;
use std::process::Command;
use x509_cert::ext::Extension;

const SUBJECT: &str = "CN=Taro Yamada,O=株式会社 封印,C=JP";

fn p256_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn p384_key() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap()
}

fn spki() -> Vec<u8> {
    PublicKey::P256(*p256_key().verifying_key()).to_spki()
}

fn info() -> Vec<u8> {
    build(&spki(), SUBJECT).unwrap()
}

fn refused(der: &[u8]) {
    assert_eq!(RequestInfo::parse(der), Err(Fault::RequestInfoMalformed));
}

fn attribute(oid: ObjectIdentifier, values: Vec<Any>) -> Attribute {
    Attribute { oid, values: SetOfVec::try_from(values).unwrap() }
}

fn password(length: usize) -> Any {
    Any::new(Tag::Utf8String, "a".repeat(length).into_bytes()).unwrap()
}

fn extension_request(extensions: &[ObjectIdentifier]) -> Any {
    let extension = |oid: &ObjectIdentifier| Extension {
        extn_id: *oid,
        critical: true,
        extn_value: der::asn1::OctetString::new(&b"\x03\x02\x06\xc0"[..]).unwrap(),
    };
    Any::encode_from(&extensions.iter().map(extension).collect::<Vec<_>>()).unwrap()
}

fn key_usage() -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap("2.5.29.15")
}

fn with_attributes(attributes: Vec<Attribute>) -> Vec<u8> {
    let mut made = CertReqInfo::from_der(&info()).unwrap();
    made.attributes = SetOfVec::try_from(attributes).unwrap();
    made.to_der().unwrap()
}

#[test]
fn what_is_built_is_read_with_its_key_and_subject() {
    let read = RequestInfo::parse(&info()).unwrap();
    assert_eq!(read.spki(), spki());
    assert_eq!(read.subject_rfc4514(), SUBJECT);
    assert!(read.has_subject(SUBJECT));
    assert!(read.has_subject("cn=Taro Yamada,o=株式会社 封印,c=JP"));
    assert!(!read.has_subject("CN=Taro Yamada,O=株式会社 封印"));
    assert!(!read.has_subject("not a name"));
    assert_eq!(x509_cert::name::Name::from_der(read.subject_der()).unwrap(), read.info.subject);
}

#[test]
fn a_subject_that_is_no_name_and_a_foreign_key_are_not_built() {
    assert_eq!(build(&spki(), "Taro"), Err(Fault::RequestInfoMalformed));
    assert_eq!(build(&spki(), ""), Err(Fault::RequestInfoMalformed));
    assert_eq!(build(b"", SUBJECT), Err(Fault::RequestInfoMalformed));
    // Ed25519, RFC 8410.
    let ed25519 = [&b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"[..], &[7; 32]].concat();
    assert_eq!(build(&ed25519, SUBJECT), Err(Fault::RequestInfoMalformed));
}

#[test]
fn allowed_attributes_are_read() {
    let request = attribute(EXTENSION_REQUEST, vec![extension_request(&[key_usage()])]);
    let word = attribute(CHALLENGE_PASSWORD, vec![password(255)]);
    assert!(RequestInfo::parse(&with_attributes(vec![request.clone()])).is_ok());
    assert!(RequestInfo::parse(&with_attributes(vec![word.clone()])).is_ok());
    assert!(RequestInfo::parse(&with_attributes(vec![request, word])).is_ok());
}

#[test]
fn other_attributes_are_refused() {
    // unstructuredName, contentType.
    for oid in ["1.2.840.113549.1.9.2", "1.2.840.113549.1.9.3"] {
        refused(&with_attributes(vec![attribute(ObjectIdentifier::new_unwrap(oid), vec![password(3)])]));
    }
}

#[test]
fn attributes_of_another_form_are_refused() {
    let word = |length| attribute(CHALLENGE_PASSWORD, vec![password(length)]);
    refused(&with_attributes(vec![word(0)]));
    refused(&with_attributes(vec![word(256)]));
    refused(&with_attributes(vec![word(1), word(2)]));
    refused(&with_attributes(vec![attribute(CHALLENGE_PASSWORD, vec![password(1), password(2)])]));
    refused(&with_attributes(vec![attribute(CHALLENGE_PASSWORD, Vec::new())]));
    refused(&with_attributes(vec![attribute(CHALLENGE_PASSWORD, vec![extension_request(&[key_usage()])])]));
    let request = |value| attribute(EXTENSION_REQUEST, vec![value]);
    refused(&with_attributes(vec![request(password(3))]));
    refused(&with_attributes(vec![request(extension_request(&[]))]));
    refused(&with_attributes(vec![request(extension_request(&[key_usage(), key_usage()]))]));
    // critical FALSE written out, which DER leaves away.
    let written = b"\x30\x0d\x06\x03\x55\x1d\x0f\x01\x01\x00\x04\x03\x03\x01\x00";
    refused(&with_attributes(vec![request(Any::new(Tag::Sequence, &written[..]).unwrap())]));
}

#[test]
fn another_version_is_refused() {
    let mut der = info();
    let at = der.windows(3).position(|w| w == [2, 1, 0]).unwrap();
    der[at + 2] = 1;
    refused(&der);
}

#[test]
fn octets_after_it_truncation_and_another_encoding_are_refused() {
    let good = info();
    refused(b"");
    refused(&[&good[..], &[0]].concat());
    for length in 0..good.len() {
        refused(&good[..length]);
    }
    // The length of the outer SEQUENCE with a leading zero octet.
    assert_eq!(good[1], 0x81);
    refused(&[&[0x30, 0x82, 0x00], &good[2..]].concat());
    // Without the attributes, which are not optional.
    refused(&Any::new(Tag::Sequence, &good[3..good.len() - 2]).unwrap().to_der().unwrap());
}

#[test]
fn sets_in_another_order_are_refused() {
    let word = attribute(CHALLENGE_PASSWORD, vec![password(1)]).to_der().unwrap();
    let request = attribute(EXTENSION_REQUEST, vec![extension_request(&[key_usage()])]).to_der().unwrap();
    let with = |attributes: &[&[u8]]| {
        // Without the empty [0] at the end, and with this one.
        let bare = &info()[3..info().len() - 2];
        let set =
            [&[0xa0, u8::try_from(attributes.concat().len()).unwrap()], &attributes.concat()[..]].concat();
        Any::new(Tag::Sequence, [bare, &set].concat()).unwrap().to_der().unwrap()
    };
    assert!(RequestInfo::parse(&with(&[&word, &request])).is_ok());
    refused(&with(&[&request, &word]));
}

#[test]
fn a_key_outside_the_closed_set_is_refused() {
    let mut made = CertReqInfo::from_der(&info()).unwrap();
    made.public_key.subject_public_key = BitString::from_bytes(&[4; 65]).unwrap();
    refused(&made.to_der().unwrap());
    made.public_key.algorithm = AlgorithmIdentifierOwned {
        oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"),
        parameters: Some(Any::null()),
    };
    refused(&made.to_der().unwrap());
}

#[test]
fn a_longer_information_than_the_cap_is_refused() {
    let big = Extension {
        extn_id: key_usage(),
        critical: false,
        extn_value: der::asn1::OctetString::new(vec![0; MAX_REQUEST_INFO]).unwrap(),
    };
    let value = Any::encode_from(&vec![big]).unwrap();
    refused(&with_attributes(vec![attribute(EXTENSION_REQUEST, vec![value])]));
}

fn openssl_reads(request: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("request.der");
    std::fs::write(&file, request).unwrap();
    let out = Command::new("openssl")
        .args([
            "req",
            "-verify",
            "-noout",
            "-text",
            "-inform",
            "DER",
            "-nameopt",
            "RFC2253,utf8,-esc_msb",
            "-in",
        ])
        .arg(&file)
        .output()
        .expect("openssl is installed");
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && text.contains("verify OK"), "{text}");
    text
}

#[test]
fn openssl_verifies_requests_of_both_curves() {
    let signature: p256::ecdsa::Signature = p256_key().sign(&info());
    let request = assemble(&info(), SignatureAlgorithm::EcdsaSha256, signature.to_der().as_bytes());
    let text = openssl_reads(&request);
    assert!(text.contains(SUBJECT) && text.contains("ecdsa-with-SHA256"), "{text}");

    let info = build(&PublicKey::P384(*p384_key().verifying_key()).to_spki(), "CN=Hanako").unwrap();
    let signature: p384::ecdsa::Signature = p384_key().sign(&info);
    let text =
        openssl_reads(&assemble(&info, SignatureAlgorithm::EcdsaSha384, signature.to_der().as_bytes()));
    assert!(text.contains("CN=Hanako") && text.contains("ecdsa-with-SHA384"), "{text}");
}

#[test]
fn a_request_made_by_openssl_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let out = Command::new("openssl")
        .args([
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-outform",
            "DER",
        ])
        .args([
            "-subj",
            "/C=JP/O=Example/CN=Taro",
            "-addext",
            "keyUsage=critical,nonRepudiation",
            "-utf8",
            "-keyout",
        ])
        .arg(dir.path().join("key.pem"))
        .output()
        .expect("openssl is installed");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let request = x509_cert::request::CertReq::from_der(&out.stdout).unwrap();
    let read = RequestInfo::parse(&request.info.to_der().unwrap()).unwrap();
    assert!(read.has_subject("CN=Taro,O=Example,C=JP"));
}

proptest! {
    #[test]
    fn no_octets_panic(der in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = RequestInfo::parse(&der);
    }

    #[test]
    fn what_is_read_has_one_encoding(at in any::<proptest::sample::Index>(), with in any::<u8>()) {
        let mut der = info();
        let at = at.index(der.len());
        der[at] = with;
        if let Ok(read) = RequestInfo::parse(&der) {
            prop_assert_eq!(read.info.to_der().unwrap(), der);
        }
    }
}
