use proptest::prelude::*;

use super::super::forge::*;
use super::*;
use CertificateError as E;

fn key() -> Key {
    Key::p256(7)
}

fn good() -> Forge {
    Forge::end_entity("Taro", "Example CA", &key())
}

/// Reads the certificate that `change` made of a good one.
fn read(change: impl FnOnce(&mut Forge)) -> Result<Certificate, CertificateError> {
    let mut forge = good();
    change(&mut forge);
    Certificate::from_der(&forge.der(&key()))
}

#[test]
fn fields_of_a_good_certificate() {
    let mut forge = good();
    forge.subject =
        name_der(&[&[("2.5.4.6", 0x13, b"JP")], &[("2.5.4.97", 0x0c, b"X")], &[("2.5.4.3", 0x0c, b"Taro")]]);
    let der = forge.der(&key());
    let c = Certificate::from_der(&der).unwrap();
    assert_eq!(c.der(), der);
    assert_eq!(c.sha256(), <[u8; 32]>::from(Sha256::digest(&der)));
    assert_eq!(c.spki_der(), key().spki());
    assert_eq!(c.key_algorithm(), Some(KeyAlgorithm::EcdsaP256));
    assert_eq!(c.public_key_algorithm().oid.to_string(), "1.2.840.10045.2.1");
    assert_eq!(
        (c.subject().as_str(), c.issuer().as_str()),
        ("CN=Taro,2.5.4.97=#0c0158,C=JP", "CN=Example CA")
    );
    assert_eq!(c.subject_attribute("2.5.4.97").as_deref(), Some("X"));
    assert_eq!((c.subject_der(), c.issuer_der()), (&forge.subject[..], &forge.issuer[..]));
    assert_eq!(c.serial_hex(), "5AAC");
    assert_eq!((c.not_before(), c.not_after()), (1_735_689_600, 2_082_758_399));
    assert_eq!(
        (c.not_before_text().as_str(), c.not_after_text().as_str()),
        ("20250101000000Z", "20351231235959Z")
    );
    assert!(c.key_usage().is_some_and(|u| u.non_repudiation() && !u.digital_signature()));
    assert_eq!(c.extended_key_usage(), [ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36")]);
    assert_eq!(c.extensions().policies(), [ObjectIdentifier::new_unwrap("1.2.3.4")]);
    assert!(!c.is_ca() && !c.is_self_issued());
    assert_eq!(format!("{c:?}"), "Certificate(CN=Taro,2.5.4.97=#0c0158,C=JP, serial 5AAC)");
}

#[test]
fn validity_includes_both_ends() {
    let c = good().issue(&key());
    assert!(c.is_valid_at(c.not_before()) && c.is_valid_at(c.not_after()));
    assert!(!c.is_valid_at(c.not_before() - 1) && !c.is_valid_at(c.not_after() + 1));
}

#[test]
fn dates_from_2050_are_generalized() {
    let c = read(|f| f.not_after = tlv(0x18, b"99991231235959Z")).unwrap();
    assert_eq!(c.not_after_text(), "99991231235959Z");
    assert_eq!(read(|f| f.not_after = tlv(0x18, b"20351231235959Z")).unwrap_err(), E::NotExact);
    assert!(matches!(read(|f| f.not_after = tlv(0x17, b"3512312359Z")), Err(E::Malformed(_))));
    assert!(matches!(read(|f| f.not_after = tlv(0x17, b"351231235960Z")), Err(E::Malformed(_))));
}

#[test]
fn serial_numbers() {
    let hex = |content: &[u8]| read(|f| f.serial = tlv(2, content)).map(|c| c.serial_hex());
    assert_eq!(hex(&[0]).unwrap(), "00");
    assert_eq!(hex(&[0x00, 0x80]).unwrap(), "80");
    assert_eq!(hex(&[0x7f; 20]).unwrap(), "7F".repeat(20));
    assert_eq!(hex(&[0x80]), Err(E::BadSerial));
    assert_eq!(hex(&[0x7f; 21]), Err(E::BadSerial));
    assert!(hex(&[0x00, 0x7f]).is_err());
    assert!(hex(&[]).is_err());
}

#[test]
fn oversized_is_refused() {
    let long = read(|f| f.subject = cn(&"x".repeat(MAX_CERTIFICATE)));
    assert!(matches!(long, Err(E::TooLong(n)) if n > MAX_CERTIFICATE));
    assert_eq!(
        Certificate::from_der(&[0x30; MAX_CERTIFICATE + 1]).unwrap_err(),
        E::TooLong(MAX_CERTIFICATE + 1)
    );
}

#[test]
fn trailing_or_missing_octets_are_refused() {
    let der = good().der(&key());
    assert!(matches!(Certificate::from_der(&[&der[..], &[0]].concat()), Err(E::Malformed(_))));
    assert!(matches!(Certificate::from_der(&[&der[..], &der].concat()), Err(E::Malformed(_))));
    for n in 0..der.len() {
        assert!(Certificate::from_der(&der[..n]).is_err());
    }
}

#[test]
fn other_versions_are_refused() {
    assert_eq!(
        read(|f| {
            f.version = vec![];
            f.extensions.clear()
        })
        .unwrap_err(),
        E::NotVersion3
    );
    assert_eq!(read(|f| f.version = tlv(0xa0, &tlv(2, &[1]))).unwrap_err(), E::NotVersion3);
    // Version 1 written out is not DER: it is the default.
    assert!(read(|f| f.version = tlv(0xa0, &tlv(2, &[0]))).is_err());
    assert!(matches!(read(|f| f.version = tlv(0xa0, &tlv(2, &[3]))), Err(E::Malformed(_))));
}

#[test]
fn other_encodings_are_refused() {
    // critical FALSE written out.
    let extension = seq(&[&oid("2.5.29.15"), &[1, 1, 0], &tlv(4, &key_usage(0x40))]);
    let refused = read(|f| f.raw_extensions = Some(tlv(0xa3, &seq(&[&extension]))));
    assert_eq!(refused.unwrap_err(), E::NotExact);
    // A length in more octets than needed.
    let der = good().der(&key());
    let length = u16::from_be_bytes([der[2], der[3]]);
    let long = [&[0x30, 0x83, 0], &length.to_be_bytes()[..], &der[4..]].concat();
    assert!(Certificate::from_der(&long).is_err());
    // An indefinite length.
    let indefinite = [&[0x30, 0x80], &der[4..], &[0, 0]].concat();
    assert!(Certificate::from_der(&indefinite).is_err());
    // The members of a set in the wrong order.
    let unordered = name_der(&[&[("2.5.4.11", 0x0c, b"b"), ("2.5.4.3", 0x0c, b"a")]]);
    assert!(read(|f| f.subject = unordered).is_err());
}

#[test]
fn differing_algorithms_are_refused() {
    let other = seq(&[&oid("1.2.840.10045.4.3.3")]);
    assert_eq!(read(|f| f.inner_algorithm = Some(other.clone())).unwrap_err(), E::AlgorithmMismatch);
    assert_eq!(read(|f| f.outer_algorithm = Some(other)).unwrap_err(), E::AlgorithmMismatch);
}

#[test]
fn backward_validity_is_refused() {
    assert_eq!(read(|f| f.not_after = tlv(0x17, b"241231235959Z")).unwrap_err(), E::BadValidity);
}

#[test]
fn empty_issuer_is_refused() {
    assert_eq!(read(|f| f.issuer = seq(&[])).unwrap_err(), E::EmptyIssuer);
}

#[test]
fn partial_octets_in_the_signature_are_refused() {
    // Some serial number gives a signature whose last bit is 0, so that one unused bit is good DER.
    let refusals: Vec<_> = (1..20)
        .map(|n| {
            read(|f| {
                f.serial = tlv(2, &[n]);
                f.signature_unused_bits = 1;
            })
            .unwrap_err()
        })
        .collect();
    assert!(refusals.contains(&E::BadSignatureBits), "{refusals:?}");
}

#[test]
fn duplicate_extensions_are_refused() {
    let oid = ObjectIdentifier::new_unwrap("2.5.29.15");
    let twice = read(|f| f.extensions.push(("2.5.29.15", true, key_usage(0x40))));
    assert_eq!(twice.unwrap_err(), E::DuplicateExtension(oid));
    // Unknown ones too.
    let twice = read(|f| f.extensions.extend([("1.2.3", false, vec![]), ("1.2.3", false, vec![1])]));
    assert_eq!(twice.unwrap_err(), E::DuplicateExtension(ObjectIdentifier::new_unwrap("1.2.3")));
}

#[test]
fn extension_counts_are_bounded() {
    assert_eq!(read(|f| f.raw_extensions = Some(tlv(0xa3, &seq(&[])))).unwrap_err(), E::ExtensionCount(0));
    let many: Vec<Vec<u8>> = (0..65u8).map(|i| seq(&[&tlv(6, &[0x2a, i]), &tlv(4, &[])])).collect();
    let many = tlv(0xa3, &tlv(0x30, &many.concat()));
    assert_eq!(read(|f| f.raw_extensions = Some(many)).unwrap_err(), E::ExtensionCount(65));
}

#[test]
fn malformed_known_extensions_are_refused() {
    let bad = |o: &'static str, value: Vec<u8>| {
        let refused = Certificate::from_der(&good().with(o, false, value).der(&key())).unwrap_err();
        assert_eq!(refused, E::BadExtension(ObjectIdentifier::new_unwrap(o)), "{o}");
    };
    bad("2.5.29.15", vec![]);
    bad("2.5.29.15", vec![3, 1, 0]);
    bad("2.5.29.15", vec![3, 2, 0, 0x40]);
    bad("2.5.29.15", [&key_usage(0x40)[..], &[0]].concat());
    bad("2.5.29.15", vec![3, 3, 6, 0x40, 0x40]);
    bad("2.5.29.19", basic_constraints(false, Some(0)));
    bad("2.5.29.19", seq(&[&[1, 1, 0]]));
    bad("2.5.29.19", seq(&[&[1, 1, 1]]));
    bad("2.5.29.37", seq(&[]));
    bad("2.5.29.32", seq(&[]));
    bad("2.5.29.17", seq(&[]));
    bad("2.5.29.17", vec![5, 0]);
}

#[test]
fn every_key_usage_bit_is_read() {
    for bit in 0..8 {
        let c = good().with("2.5.29.15", true, key_usage(1 << bit)).issue(&key());
        assert!(c.key_usage().is_some());
    }
    let c = good().with("2.5.29.15", true, vec![3, 3, 7, 0x08, 0x80]).issue(&key());
    assert!(c.key_usage().is_some_and(|u| u.decipher_only() && u.key_agreement() && !u.crl_sign()));
}

/// Certificates of real products (openssl 3): both curves, three digests, RSA as a foreign key.
#[test]
fn openssl_certificates_are_read() {
    for (file, subject) in [
        (
            &include_bytes!("../../../../tests/vectors/pki/openssl-p384-root.der")[..],
            "CN=Vector Root,O=Fuin Test,C=JP",
        ),
        (
            &include_bytes!("../../../../tests/vectors/pki/openssl-p256-ca.der")[..],
            "CN=Vector CA,O=Fuin Test,C=JP",
        ),
        (
            &include_bytes!("../../../../tests/vectors/pki/openssl-end-entity.der")[..],
            "2.5.4.5=#130131,CN=山田 太郎\\, Ltd,O=Fuin Test,C=JP",
        ),
        (&include_bytes!("../../../../tests/vectors/pki/openssl-rsa.der")[..], "CN=RSA"),
    ] {
        let c = Certificate::from_der(file).unwrap();
        assert_eq!(c.subject(), subject);
        assert_eq!(c.key_algorithm().is_none(), subject == "CN=RSA");
    }
}

proptest! {
    #[test]
    fn parser_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Certificate::from_der(&bytes);
    }

    #[test]
    fn changed_octets_never_panic_and_stay_exact(position in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut der = good().der(&key());
        let at = position.index(der.len());
        der[at] = octet;
        if let Ok(c) = Certificate::from_der(&der) {
            prop_assert_eq!(c.x509().to_der().unwrap(), der);
            let _ = (c.subject(), c.issuer(), c.serial_hex(), c.not_after_text(), c.public_key());
        }
    }
}
