//! A proof maker of a few lines, so that each refusal can be tried alone.

use super::*;
use fuin_shared::statement::ManageAction;
use p256::ecdsa::signature::Signer;
use proptest::prelude::*;

fn p256() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn p256_public() -> PublicKey {
    PublicKey::P256(*p256().verifying_key())
}

fn p384() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap()
}

fn signed_part(header: &str, payload: &[u8]) -> String {
    format!(
        "{}.{}",
        Base64UrlUnpadded::encode_string(header.as_bytes()),
        Base64UrlUnpadded::encode_string(payload)
    )
}

fn with_p256(header: &str, payload: &[u8]) -> String {
    let signed = signed_part(header, payload);
    let signature: p256::ecdsa::Signature = p256().sign(signed.as_bytes());
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature.to_bytes()))
}

fn with_p384(header: &str, payload: &[u8]) -> String {
    let signed = signed_part(header, payload);
    let signature: p384::ecdsa::Signature = p384().sign(signed.as_bytes());
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature.to_bytes()))
}

const HEADER: &str = r#"{"alg":"ES256","kid":"ra-1"}"#;

fn refused(text: &str) {
    assert!(matches!(CompactJws::parse(text), Err(Fault::InvalidProof)), "{text}");
}

#[test]
fn es256_and_es384_give_their_payload() {
    let text = with_p256(r#"{"alg":"ES256","typ":"JOSE","kid":"ra-1"}"#, b"hello");
    let jws = CompactJws::parse(&text).unwrap();
    assert_eq!(jws.kid(), "ra-1");
    assert_eq!(jws.verify(&p256_public()), Ok(&b"hello"[..]));

    let text = with_p384(r#"{"alg":"ES384","kid":"ra-2"}"#, b"hello");
    let jws = CompactJws::parse(&text).unwrap();
    assert_eq!(jws.verify(&PublicKey::P384(*p384().verifying_key())), Ok(&b"hello"[..]));
}

/// RFC 7515 appendix A.3: its signature is right, but it names no key.
#[test]
fn the_example_of_rfc_7515_without_kid_is_refused() {
    refused(
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
}

#[test]
fn wrong_number_of_parts_is_refused() {
    let text = with_p256(HEADER, b"x");
    refused("");
    refused(".");
    refused("..");
    refused(text.rsplit_once('.').unwrap().0);
    refused(&format!("{text}.AAAA"));
    refused(&format!("{text}."));
}

#[test]
fn padding_other_alphabet_and_loose_bits_are_refused() {
    let text = with_p256(HEADER, b"x");
    refused(&format!("{text}="));
    refused(&format!("{text}\n"));
    refused(&text.replace('.', "+."));
    // "eA" is "x"; "eB" has bits set that decode to nothing.
    assert!(text.contains(".eA."));
    refused(&text.replace(".eA.", ".eB."));
}

#[test]
fn a_longer_text_than_the_cap_is_refused() {
    refused(&with_p256(HEADER, &vec![b'x'; MAX_JWS]));
}

#[test]
fn a_longer_header_or_signature_than_its_cap_is_refused() {
    refused(&with_p256(&format!("{HEADER}{}", " ".repeat(1024)), b"x"));
    refused(&format!("{}.{}", signed_part(HEADER, b"x"), Base64UrlUnpadded::encode_string(&[1; 97])));
}

#[test]
fn foreign_header_members_are_refused() {
    for member in [
        r#""crit":["exp"]"#,
        r#""jwk":{"kty":"EC"}"#,
        r#""x5u":"https://example.com""#,
        r#""b64":false"#,
        r#""jku":"https://example.com""#,
        r#""x5c":[]"#,
    ] {
        refused(&with_p256(&format!(r#"{{"alg":"ES256","kid":"ra-1",{member}}}"#), b"x"));
    }
}

#[test]
fn duplicate_header_members_are_refused() {
    refused(&with_p256(r#"{"alg":"ES256","alg":"ES256","kid":"ra-1"}"#, b"x"));
    refused(&with_p256(r#"{"alg":"ES256","kid":"ra-1","kid":"ra-2"}"#, b"x"));
}

#[test]
fn missing_empty_and_long_header_members_are_refused() {
    refused(&with_p256(r#"{"alg":"ES256"}"#, b"x"));
    refused(&with_p256(r#"{"kid":"ra-1"}"#, b"x"));
    refused(&with_p256(r#"{"alg":"ES256","kid":""}"#, b"x"));
    refused(&with_p256(&format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "a".repeat(65)), b"x"));
    refused(&with_p256(&format!(r#"{{"alg":"ES256","kid":"a","typ":"{}"}}"#, "a".repeat(65)), b"x"));
    refused(&with_p256(r#"["ES256","ra-1",null]"#, b"x"));
    refused(&with_p256(&format!("{HEADER}{HEADER}"), b"x"));
}

#[test]
fn other_algorithms_are_refused() {
    for alg in ["none", "HS256", "RS256", "ES512", "es256", "EdDSA", ""] {
        refused(&with_p256(&format!(r#"{{"alg":"{alg}","kid":"ra-1"}}"#), b"x"));
    }
}

#[test]
fn an_algorithm_that_does_not_fit_the_key_is_refused() {
    let text = with_p256(r#"{"alg":"ES384","kid":"ra-1"}"#, b"x");
    let jws = CompactJws::parse(&text).unwrap();
    assert_eq!(jws.verify(&p256_public()), Err(Fault::InvalidProof));
    let text = with_p384(HEADER, b"x");
    let jws = CompactJws::parse(&text).unwrap();
    assert_eq!(jws.verify(&PublicKey::P384(*p384().verifying_key())), Err(Fault::InvalidProof));
}

#[test]
fn another_key_and_a_signature_in_der_are_refused() {
    let other = p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap();
    let text = with_p256(HEADER, b"x");
    let jws = CompactJws::parse(&text).unwrap();
    assert_eq!(jws.verify(&PublicKey::P256(*other.verifying_key())), Err(Fault::InvalidProof));

    let signed = signed_part(HEADER, b"x");
    let signature: p256::ecdsa::Signature = p256().sign(signed.as_bytes());
    let der = Base64UrlUnpadded::encode_string(signature.to_der().as_bytes());
    let jws = CompactJws::parse(&format!("{signed}.{der}")).unwrap();
    assert_eq!(jws.verify(&p256_public()), Err(Fault::InvalidProof));
}

#[test]
fn a_changed_header_or_payload_does_not_verify() {
    let text = with_p256(HEADER, b"pay 1");
    let signature = text.rsplit_once('.').unwrap().1;
    for signed in [
        signed_part(HEADER, b"pay 9"),
        signed_part(r#"{"alg":"ES256","kid":"ra-2"}"#, b"pay 1"),
        signed_part(r#"{"alg":"ES256", "kid":"ra-1"}"#, b"pay 1"),
    ] {
        let jws = CompactJws::parse(&format!("{signed}.{signature}")).unwrap();
        assert_eq!(jws.verify(&p256_public()), Err(Fault::InvalidProof));
    }
}

fn statement(key: &str, action: &str) -> String {
    format!(
        r#"{{"service":"{}","ledger":"fuin/x",{key}"action":{action},"statement":"{}","notAfter":99}}"#,
        "01".repeat(32),
        "02".repeat(16)
    )
}

const KEY: &str = r#""keyID":"k-1","version":3,"#;
const GENERATE: &str = r#"{"generateKey":{"userID":"u-1","caID":"ca-1","keyAlgorithm":"ecdsa-p256","multisign":5,"subject":"CN=Taro"}}"#;

#[test]
fn the_five_actions_are_read() {
    let digest = "03".repeat(32);
    let read = |text: String| manage_statement(text.as_bytes()).unwrap();
    let made = read(statement("", GENERATE));
    assert!(matches!(made.action, ManageAction::GenerateKey { multisign: 5, .. }));
    assert_eq!(made.not_after, 99);
    let link = format!(
        r#"{{"linkEid":{{"means":"passkey","identity":"{digest}","relyingParty":"ra.example","registration":"{digest}"}}}}"#
    );
    assert!(matches!(read(statement(KEY, &link)).action, ManageAction::LinkEid { .. }));
    let pop = r#"{"authorizePop":{"requestInfo":null,"signatureAlgorithm":"ecdsa-sha256"}}"#;
    assert!(matches!(
        read(statement(KEY, pop)).action,
        ManageAction::AuthorizePop { request_info: None, .. }
    ));
    let cert = r#"{"linkCert":{"certificates":["MAA"]}}"#;
    assert!(matches!(read(statement(KEY, cert)).action, ManageAction::LinkCert { .. }));
    let deleted = read(statement(KEY, r#"{"deleteKey":{}}"#));
    assert_eq!(deleted.action, ManageAction::DeleteKey {});
    assert_eq!(deleted.key.unwrap().as_str(), "k-1");
    // What the type writes is what is read.
    let made = read(statement("", GENERATE));
    assert_eq!(manage_statement(&serde_json::to_vec(&made).unwrap()), Ok(made));
}

#[test]
fn a_statement_with_foreign_duplicate_or_missing_members_is_refused() {
    let refused = |text: &str| {
        assert_eq!(manage_statement(text.as_bytes()), Err(Fault::InvalidProof), "{text}");
    };
    let good = statement(KEY, r#"{"deleteKey":{}}"#);
    assert!(manage_statement(good.as_bytes()).is_ok());
    refused(&good.replace(r#""ledger""#, r#""extra":1,"ledger""#));
    refused(&good.replace(r#""ledger""#, r#""ledger":"a","ledger""#));
    refused(&good.replace(r#""ledger":"fuin/x","#, ""));
    refused(&good.replace(r#"{"deleteKey":{}}"#, r#"{"deleteKey":{"force":true}}"#));
    refused(&good.replace(r#"{"deleteKey":{}}"#, r#"{"deleteKey":{},"deleteKey":{}}"#));
    refused(&good.replace(r#"{"deleteKey":{}}"#, r#"{"destroyAll":{}}"#));
    refused(&good.replace("0101", "01"));
    refused(&good.replace(r#""k-1""#, r#""k/1""#));
    refused(&good.replace("99", "-99"));
    refused(&good.replace("99", "99.0"));
    refused(&format!("{good} x"));
    refused(&statement("", &GENERATE.replace(r#""subject""#, r#""admin":true,"subject""#)));
    refused(&statement("", &GENERATE.replace(r#""multisign":5"#, r#""multisign":5,"multisign":6"#)));
    refused(&statement("", &GENERATE.replace("ecdsa-p256", "rsa")));
}

#[test]
fn a_statement_with_a_key_where_none_belongs_or_none_where_one_belongs_is_refused() {
    for text in [
        statement(KEY, GENERATE),
        statement("", r#"{"deleteKey":{}}"#),
        statement(r#""keyID":"k-1","#, r#"{"deleteKey":{}}"#),
        statement(r#""version":3,"#, GENERATE),
    ] {
        assert_eq!(manage_statement(text.as_bytes()), Err(Fault::InvalidProof), "{text}");
    }
}

#[test]
fn a_statement_out_of_its_bounds_is_refused() {
    let many = format!(r#"{{"linkCert":{{"certificates":[{}"MAA"]}}}}"#, r#""MAA","#.repeat(10));
    for text in [
        statement(KEY, &many),
        statement(KEY, r#"{"linkCert":{"certificates":[]}}"#),
        statement("", &GENERATE.replace("CN=Taro", &format!("CN={}", "a".repeat(1025)))),
        statement("", &GENERATE.replace("CN=Taro", "")),
        statement("", &GENERATE.replace("CN=Taro", "Taro")),
        statement("", GENERATE).replace("fuin/x", ""),
        statement("", GENERATE).replace("fuin/x", &"a".repeat(301)),
        "[".repeat(60_000),
    ] {
        assert_eq!(manage_statement(text.as_bytes()), Err(Fault::InvalidProof));
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = CompactJws::parse(&text);
        let _ = manage_statement(text.as_bytes());
    }

    #[test]
    fn no_header_panics(header in "[{}\":,a-z0-9\\[\\]]{0,80}", payload in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = CompactJws::parse(&with_p256(&header, &payload));
    }

    #[test]
    fn one_changed_octet_never_verifies(at in any::<proptest::sample::Index>(), with in any::<u8>()) {
        let good = with_p256(HEADER, b"some payload");
        let mut octets = good.clone().into_bytes();
        let at = at.index(octets.len());
        octets[at] = with;
        if let Ok(text) = String::from_utf8(octets)
            && text != good
            && let Ok(jws) = CompactJws::parse(&text)
        {
            prop_assert!(jws.verify(&p256_public()).is_err());
        }
    }
}
