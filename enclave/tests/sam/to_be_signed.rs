//! Place: SAM. Bytes to be signed with one thing wrong.

use super::attributes::*;
use super::people::Authority;
use super::world::{START, SUBJECT, hash};
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_enclave::sam::to_be_signed::{Read, Signer, read};
use fuin_shared::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::key::PublicKey;
use fuin_shared::message::{MAX_SIGNED_ATTRIBUTES, MAX_SIGNING_INPUT, ToBeSigned};
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Chain of a signer's certificate, and another certificate for the same key.
static CHAIN: LazyLock<(Vec<Blob>, Vec<u8>)> = LazyLock::new(|| {
    let ca = Authority::new(15);
    let key = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
    let spki = PublicKey::P256(*key.verifying_key()).to_spki();
    let certificate = ca.certify(&spki, SUBJECT, 500);
    (vec![certificate.into(), ca.root.clone().into()], ca.certify(&spki, SUBJECT, 501))
});

fn certificate() -> &'static [u8] {
    CHAIN.0[0].as_slice()
}

fn document() -> Vec<u8> {
    hash(1).0
}

fn read_as(
    to_be_signed: &ToBeSigned,
    key: KeyAlgorithm,
    algorithm: SignatureAlgorithm,
) -> Result<Read, Fault> {
    read(to_be_signed, &Signer { chain: &CHAIN.0, key, algorithm, now: START, window: 300 })
}

fn read_p256(to_be_signed: &ToBeSigned) -> Result<Read, Fault> {
    read_as(to_be_signed, KeyAlgorithm::EcdsaP256, SignatureAlgorithm::EcdsaSha256)
}

fn cms(der: Vec<u8>) -> Result<Read, Fault> {
    read_p256(&ToBeSigned::Cms(der.into()))
}

fn jws(header: &serde_json::Value, payload: &[u8]) -> Result<Read, Fault> {
    read_p256(&ToBeSigned::Jws(signing_input(header, payload)))
}

/// The baseline attributes with this one in the place of the one at `place`.
fn replaced(place: usize, by: Vec<u8>) -> Result<Read, Fault> {
    let mut list = baseline(&document(), certificate());
    list[place] = by;
    cms(set_of(&list))
}

/// The baseline attributes and this one.
fn added(attribute: Vec<u8>) -> Result<Read, Fault> {
    let mut list = baseline(&document(), certificate());
    list.push(attribute);
    cms(set_of(&list))
}

fn utc_time(text: &str) -> Vec<u8> {
    attribute(SIGNING_TIME, tlv(0x17, text.as_bytes()))
}

#[test]
fn baseline_attributes_are_read() {
    let der = signed_attributes(&document(), certificate());
    let expected = Read { document: document().into(), hash: Sha256::digest(&der).to_vec().into() };
    assert_eq!(cms(der), Ok(expected));
    // Without issuer and serial number; with the time of now; with the algorithms of the call.
    let id = sequence(&[octet_string(&Sha256::digest(certificate()))]);
    assert!(replaced(2, signing_certificate(&[id])).is_ok());
    assert!(added(utc_time("270115080000Z")).is_ok());
    let signature = tlv(0xa1, &oid(ECDSA_SHA256));
    let protection = sequence(&[sequence(&[oid(SHA256)]), signature]);
    assert!(added(attribute(ALGORITHM_PROTECTION, protection)).is_ok());
    // The certificate under another digest than SHA-256.
    let by_sha384 = sha2::Sha384::digest(certificate());
    let id = sequence(&[sequence(&[oid(SHA384)]), octet_string(&by_sha384)]);
    assert!(replaced(2, signing_certificate(&[id])).is_ok());
}

#[test]
fn another_certificate_is_refused() {
    let other = CHAIN.1.as_slice();
    assert_eq!(
        cms(signed_attributes(&document(), other)),
        Err(Fault::ToBeSignedCertificate),
        "another one for the same key"
    );
    let issuer = CHAIN.0[1].as_slice();
    assert_eq!(cms(signed_attributes(&document(), issuer)), Err(Fault::ToBeSignedCertificate));
    let by = |hash: &[u8], name: Vec<u8>| signing_certificate(&[sequence(&[octet_string(hash), name])]);
    let own = Sha256::digest(certificate());
    assert_eq!(replaced(2, by(&own, issuer_serial(other))), Err(Fault::ToBeSignedCertificate), "its number");
    let own_and_other = [certificate_id(certificate()), certificate_id(other)];
    assert_eq!(replaced(2, signing_certificate(&own_and_other)), Err(Fault::ToBeSignedCertificate));
    assert_eq!(replaced(2, signing_certificate(&[])), Err(Fault::ToBeSignedCertificate));
    // Under a digest that nobody should use.
    let sha1 = [0x2b, 0x0e, 0x03, 0x02, 0x1a];
    let id = sequence(&[sequence(&[oid(&sha1)]), octet_string(&[1; 20])]);
    assert_eq!(replaced(2, signing_certificate(&[id])), Err(Fault::ToBeSignedCertificate));
}

#[test]
fn missing_attribute_is_refused() {
    for place in 0..3 {
        let mut list = baseline(&document(), certificate());
        list.remove(place);
        assert_eq!(cms(set_of(&list)), Err(Fault::ToBeSignedContent), "{place}");
    }
    assert_eq!(cms(set(&[])), Err(Fault::ToBeSignedContent));
}

#[test]
fn doubled_attribute_is_refused() {
    assert_eq!(added(message_digest(hash(2).as_slice())), Err(Fault::ToBeSignedContent));
    let id = sequence(&[octet_string(&Sha256::digest(certificate()))]);
    assert_eq!(added(signing_certificate(&[id])), Err(Fault::ToBeSignedContent));
    // Once more the same.
    assert_eq!(added(message_digest(&document())), Err(Fault::ToBeSignedContent));
    // Two values of one attribute, or none.
    let mut values = [octet_string(&document()), octet_string(hash(2).as_slice())];
    values.sort();
    let two = sequence(&[oid(MESSAGE_DIGEST), set(&values)]);
    assert_eq!(replaced(1, two), Err(Fault::ToBeSignedContent));
    assert_eq!(replaced(1, sequence(&[oid(MESSAGE_DIGEST), set(&[])])), Err(Fault::ToBeSignedContent));
}

#[test]
fn attribute_that_the_signer_did_not_see_is_refused() {
    // Proof of approval, a policy, anything.
    let approval = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x06, 0x05];
    assert_eq!(added(attribute(COMMITMENT, sequence(&[oid(&approval)]))), Err(Fault::ToBeSignedContent));
    assert_eq!(added(attribute(&[0x2a, 0x03], octet_string(b"x"))), Err(Fault::ToBeSignedContent));
}

#[test]
fn another_content_type_is_refused() {
    // A time-stamp token's content.
    let token = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
    assert_eq!(replaced(0, attribute(CONTENT_TYPE, oid(&token))), Err(Fault::ToBeSignedContent));
    assert_eq!(replaced(0, attribute(CONTENT_TYPE, octet_string(ID_DATA))), Err(Fault::ToBeSignedMalformed));
}

#[test]
fn digest_of_another_length_is_refused() {
    assert_eq!(replaced(1, message_digest(&[1; 31])), Err(Fault::HashLength));
    assert_eq!(replaced(1, message_digest(&[])), Err(Fault::HashLength));
    assert_eq!(replaced(1, attribute(MESSAGE_DIGEST, oid(&document()))), Err(Fault::ToBeSignedMalformed));
    // SHA-384's digest for a SHA-256 signature, and the other way round.
    let long = ToBeSigned::Cms(signed_attributes(&[1; 48], certificate()).into());
    assert_eq!(read_p256(&long), Err(Fault::HashLength));
    assert!(read_as(&long, KeyAlgorithm::EcdsaP384, SignatureAlgorithm::EcdsaSha384).is_ok());
}

#[test]
fn trailing_octets_are_refused() {
    let mut der = signed_attributes(&document(), certificate());
    der.push(0);
    assert_eq!(cms(der), Err(Fault::ToBeSignedMalformed));
    let digest = [octet_string(&document()), vec![5, 0]].concat();
    assert_eq!(replaced(1, sequence(&[oid(MESSAGE_DIGEST), set(&[digest])])), Err(Fault::ToBeSignedContent));
    let ids = sequence(&[certificate_id(certificate())]);
    let longer = attribute(SIGNING_CERTIFICATE, sequence(&[ids, sequence(&[])]));
    assert_eq!(replaced(2, longer), Err(Fault::ToBeSignedMalformed), "policies");
    assert_eq!(cms(Vec::new()), Err(Fault::ToBeSignedMalformed));
}

#[test]
fn ber_is_refused() {
    let attributes = baseline(&document(), certificate());
    let body = {
        let mut sorted = attributes.clone();
        sorted.sort();
        sorted.concat()
    };
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    // Indefinite length; a length in more octets than needed; the tag of the other encoding in the CMS.
    let indefinite = [&[0x31, 0x80][..], &body, &[0, 0]].concat();
    let long = [&[0x31, 0x83, 0][..], &length, &body].concat();
    let implicit = [&[0xa0, 0x82][..], &length, &body].concat();
    for der in [indefinite, long, implicit] {
        assert_eq!(cms(der), Err(Fault::ToBeSignedMalformed));
    }
    // Inside: an OCTET STRING in pieces, one with a long length, and a DEFAULT that is written out.
    let pieces = tlv(0x24, &[octet_string(&document()[..16]), octet_string(&document()[16..])].concat());
    assert_eq!(replaced(1, attribute(MESSAGE_DIGEST, pieces)), Err(Fault::ToBeSignedMalformed));
    let long = [&[0x04, 0x81, 32][..], &document()].concat();
    assert_eq!(replaced(1, attribute(MESSAGE_DIGEST, long)), Err(Fault::ToBeSignedMalformed));
    let id = sequence(&[sequence(&[oid(SHA256)]), octet_string(&Sha256::digest(certificate()))]);
    assert_eq!(replaced(2, signing_certificate(&[id])), Err(Fault::ToBeSignedMalformed));
}

#[test]
fn parameters_of_a_digest_algorithm_are_refused_as_nobody_reads_them() {
    let hash384 = sha2::Sha384::digest(certificate());
    let id = |algorithm: Vec<u8>| signing_certificate(&[sequence(&[algorithm, octet_string(&hash384)])]);
    for (parameters, taken) in [(vec![], true), (vec![5, 0], true), (octet_string(b"anything"), false)] {
        let algorithm = sequence(&[oid(SHA384), parameters.clone()]);
        let read = replaced(2, id(algorithm));
        assert_eq!(read.err(), if taken { None } else { Some(Fault::ToBeSignedMalformed) });
        let named = sequence(&[oid(SHA256), parameters]);
        let protection = sequence(&[named, tlv(0xa1, &oid(ECDSA_SHA256))]);
        let read = added(attribute(ALGORITHM_PROTECTION, protection));
        assert_eq!(read.err(), if taken { None } else { Some(Fault::AlgorithmNotAllowed) });
    }
}

#[test]
fn wrong_order_of_a_set_is_refused() {
    let mut list = baseline(&document(), certificate());
    list.sort();
    for (a, b) in [(0, 1), (1, 2), (0, 2)] {
        let mut swapped = list.clone();
        swapped.swap(a, b);
        assert_eq!(cms(set(&swapped)), Err(Fault::ToBeSignedMalformed));
    }
    assert!(cms(set(&list)).is_ok());
}

#[test]
fn too_large_attributes_are_refused() {
    let filler = |length: usize| added(attribute(&[0x2a, 0x03], octet_string(&vec![0; length])));
    assert_eq!(filler(MAX_SIGNED_ATTRIBUTES), Err(Fault::TooLarge));
    assert_eq!(filler(MAX_SIGNED_ATTRIBUTES - 1000), Err(Fault::ToBeSignedContent));
    let input = vec![b'A'; MAX_SIGNING_INPUT + 1];
    assert_eq!(read_p256(&ToBeSigned::Jws(input.into())), Err(Fault::TooLarge));
}

#[test]
fn time_of_signing_far_from_now_is_refused() {
    // START is 2027-01-15T08:00:00Z.
    for near in ["270115075300Z", "270115080200Z"] {
        assert!(added(utc_time(near)).is_ok(), "{near}");
    }
    for far in ["270115075259Z", "270115080201Z", "200115080000Z", "490115080000Z"] {
        assert_eq!(added(utc_time(far)), Err(Fault::ToBeSignedContent), "{far}");
    }
    for malformed in ["2701150800Z", "270115080000+0900", "x"] {
        assert_eq!(added(utc_time(malformed)), Err(Fault::ToBeSignedMalformed), "{malformed}");
    }
}

#[test]
fn other_algorithms_beside_the_signature_are_refused() {
    for (digest, signature) in [(SHA384, ECDSA_SHA256), (SHA256, ECDSA_SHA384)] {
        let protection = sequence(&[sequence(&[oid(digest)]), tlv(0xa1, &oid(signature))]);
        let refused = added(attribute(ALGORITHM_PROTECTION, protection));
        assert_eq!(refused, Err(Fault::AlgorithmNotAllowed));
    }
    let mac = sequence(&[sequence(&[oid(SHA256)]), tlv(0xa2, &oid(ECDSA_SHA256))]);
    assert_eq!(added(attribute(ALGORITHM_PROTECTION, mac)), Err(Fault::ToBeSignedMalformed));
}

#[test]
fn signing_inputs_are_read() {
    let contract = b"a contract.";
    let digest = Sha256::digest(contract).to_vec();
    let header = header(certificate());
    let encoded = base64url(contract);
    let attached = jws(&header, encoded.as_bytes()).unwrap();
    assert_eq!(attached.document.0, digest);
    let input = signing_input(&header, encoded.as_bytes());
    assert_eq!(attached.hash.0, Sha256::digest(&input.0).to_vec());
    let mut plain = header.clone();
    plain["b64"] = json!(false);
    plain["crit"] = json!(["b64"]);
    assert_eq!(jws(&plain, contract).unwrap().document.0, digest);
    assert_eq!(jws(&detached(&digest, certificate()), b"").unwrap().document.0, digest);
    // By the certificates themselves, with the times of now.
    let chain: Vec<_> = CHAIN.0.iter().map(|certificate| base64(certificate.as_slice())).collect();
    for chain in [&chain[..1], &chain] {
        let named = json!({ "alg": "ES256", "typ": "JOSE", "x5c": chain, "iat": START, "sigT": "2027-01-15T08:00:00Z" });
        assert_eq!(jws(&named, encoded.as_bytes()).unwrap().document.0, digest);
    }
}

#[test]
fn signing_input_for_another_certificate_is_refused() {
    let payload = base64url(b"a contract");
    let wrong = |change: serde_json::Value, fault| {
        let mut header = header(certificate());
        for (name, value) in change.as_object().unwrap() {
            header[name] = value.clone();
        }
        assert_eq!(jws(&header, payload.as_bytes()), Err(fault), "{change}");
    };
    let other = base64(&CHAIN.1);
    let (own, root) = (base64(certificate()), base64(CHAIN.0[1].as_slice()));
    wrong(json!({ "x5t#S256": base64url(&Sha256::digest(&CHAIN.1)) }), Fault::ToBeSignedCertificate);
    wrong(json!({ "x5t#S256": base64(&Sha256::digest(certificate())) }), Fault::ToBeSignedMalformed);
    wrong(json!({ "x5c": [other] }), Fault::ToBeSignedCertificate);
    wrong(json!({ "x5c": [] }), Fault::ToBeSignedCertificate);
    wrong(json!({ "x5c": [own, other] }), Fault::ToBeSignedCertificate);
    wrong(json!({ "x5c": [own, root, root] }), Fault::ToBeSignedCertificate);
    wrong(json!({ "x5c": ["*"] }), Fault::ToBeSignedMalformed);
    let unnamed = json!({ "alg": "ES256" });
    assert_eq!(jws(&unnamed, payload.as_bytes()), Err(Fault::ToBeSignedContent));
}

#[test]
fn signing_input_with_a_member_that_is_not_taken_is_refused() {
    let payload = base64url(b"a contract");
    for (name, value, fault) in [
        ("alg", json!("ES384"), Fault::AlgorithmNotAllowed),
        ("alg", json!("none"), Fault::AlgorithmNotAllowed),
        ("alg", json!(null), Fault::ToBeSignedContent),
        ("typ", json!("JWT"), Fault::ToBeSignedContent),
        ("jwk", json!({}), Fault::ToBeSignedContent),
        ("srCms", json!([]), Fault::ToBeSignedContent),
        ("kid", json!("k"), Fault::ToBeSignedContent),
        ("x5c", json!(null), Fault::ToBeSignedContent),
        ("sigD", json!(null), Fault::ToBeSignedContent),
        ("crit", json!([]), Fault::ToBeSignedContent),
        ("crit", json!(["exp"]), Fault::ToBeSignedContent),
        ("crit", json!(["b64"]), Fault::ToBeSignedContent),
        ("b64", json!(true), Fault::ToBeSignedContent),
        ("b64", json!(false), Fault::ToBeSignedContent),
        ("iat", json!(START - 421), Fault::ToBeSignedContent),
        ("iat", json!(START + 121), Fault::ToBeSignedContent),
        ("iat", json!(-1), Fault::ToBeSignedContent),
        ("sigT", json!("2020-01-15T08:00:00Z"), Fault::ToBeSignedContent),
        ("sigT", json!("15 January"), Fault::ToBeSignedMalformed),
    ] {
        let mut header = header(certificate());
        header[name] = value.clone();
        assert_eq!(jws(&header, payload.as_bytes()), Err(fault), "{name}: {value}");
    }
    // P-384 has its one name.
    let p384 = ToBeSigned::Jws(signing_input(&header(certificate()), payload.as_bytes()));
    let refused = read_as(&p384, KeyAlgorithm::EcdsaP384, SignatureAlgorithm::EcdsaSha256);
    assert_eq!(refused, Err(Fault::AlgorithmNotAllowed));
}

#[test]
fn signing_input_of_another_form_is_refused() {
    let text = header(certificate()).to_string();
    let doubled = text.replacen("{", r#"{"alg":"ES256","#, 1);
    let array = format!("[{text}]");
    let raw = |header: &str, payload: &str| {
        let input = format!("{}.{payload}", base64url(header.as_bytes()));
        read_p256(&ToBeSigned::Jws(input.into_bytes().into()))
    };
    assert!(raw(&text, "QUJD").is_ok());
    assert_eq!(raw(&doubled, "QUJD"), Err(Fault::ToBeSignedContent), "a doubled member");
    assert_eq!(raw(&array, "QUJD"), Err(Fault::ToBeSignedMalformed));
    assert_eq!(raw(&format!("{text} x"), "QUJD"), Err(Fault::ToBeSignedMalformed), "trailing octets");
    assert_eq!(raw(&text, ""), Err(Fault::ToBeSignedContent), "no document");
    for loose in ["QUJD=", "QUJE.", "QUJ", "QUJD.QUJD", "Q UJD", "QR"] {
        assert_eq!(raw(&text, loose), Err(Fault::ToBeSignedMalformed), "{loose}");
    }
    for input in ["", ".", "e30", "*.QUJD"] {
        let refused = read_p256(&ToBeSigned::Jws(input.as_bytes().to_vec().into()));
        assert_eq!(refused, Err(Fault::ToBeSignedMalformed), "{input}");
    }
}

#[test]
fn detached_document_is_named_once_and_by_its_digest() {
    let good = detached(&document(), certificate());
    assert!(jws(&good, b"").is_ok());
    assert_eq!(jws(&good, b"QUJD"), Err(Fault::ToBeSignedContent), "two documents");
    let digest = base64url(&document());
    for (name, value) in [
        ("mId", json!("http://uri.etsi.org/19182/HttpHeaders")),
        ("hashM", json!("S512")),
        ("hashV", json!([])),
        ("hashV", json!([digest, digest])),
        ("pars", json!([])),
        ("pars", json!(["a", "b"])),
        ("ctys", json!(["text"])),
    ] {
        let mut header = good.clone();
        header["sigD"][name] = value.clone();
        assert_eq!(jws(&header, b""), Err(Fault::ToBeSignedContent), "{name}: {value}");
    }
    for (name, value) in [("crit", json!(["sigD"])), ("crit", json!(["b64"])), ("b64", json!(true))] {
        let mut header = good.clone();
        header[name] = value.clone();
        assert_eq!(jws(&header, b""), Err(Fault::ToBeSignedContent), "{name}: {value}");
    }
    let mut short = good.clone();
    short["sigD"]["hashV"] = json!([base64url(&document()[..31])]);
    assert_eq!(jws(&short, b""), Err(Fault::HashLength));
}

/// The header of a signing input without payload, its document renamed as it was.
fn with_first_name(signing_input: &[u8]) -> serde_json::Value {
    let (header, payload) = std::str::from_utf8(signing_input).unwrap().split_once('.').unwrap();
    assert_eq!(payload, "");
    let octets = Base64UrlUnpadded::decode_vec(header).unwrap();
    let mut header: serde_json::Value = serde_json::from_slice(&octets).unwrap();
    header["sigD"]["pars"] = json!(["contract.pdf"]);
    header
}

#[test]
fn every_flipped_bit_is_refused_or_is_another_document() {
    let header = detached(&document(), certificate());
    let der = signed_attributes(&document(), certificate());
    let input = signing_input(&header, b"").0;
    for (octets, wrap) in [(der, ToBeSigned::Cms as fn(Blob) -> ToBeSigned), (input, ToBeSigned::Jws)] {
        let (mut renamed, mut others) = (0, 0);
        for bit in 0..octets.len() * 8 {
            let mut changed = octets.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(read) = read_p256(&wrap(changed.clone().into())) else { continue };
            assert_eq!(read.hash.as_slice(), Sha256::digest(&changed).as_slice(), "{bit}");
            if read.document.0 != document() {
                others += 1;
                continue;
            }
            // What is not the document's digest must not matter to anybody: the name of the file, that is.
            renamed += 1;
            assert_eq!(with_first_name(&changed), header, "{bit}");
        }
        assert!(others > 0, "the digest is read");
        assert_eq!(
            renamed > 0,
            matches!(wrap(octets.into()), ToBeSigned::Jws(_)),
            "only a signing input names a file"
        );
    }
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read_p256(&ToBeSigned::Cms(octets.clone().into())).is_err());
        prop_assert!(read_p256(&ToBeSigned::Jws(octets.into())).is_err());
    }
}
