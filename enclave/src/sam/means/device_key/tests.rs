use super::*;
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::key::PublicKey;
use p256::ecdsa::signature::Signer;

const CHALLENGE: Digest32 = Digest32([9; 32]);

fn p256() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[5; 32]).unwrap()
}

fn linked() -> DeviceKey {
    DeviceKey { public_key: Spki::from(&PublicKey::P256(*p256().verifying_key())) }
}

fn kid() -> String {
    hex::encode(linked().fingerprint())
}

fn header() -> String {
    format!(r#"{{"alg":"ES256","typ":"fuin-sad+jws","kid":"{}"}}"#, kid())
}

fn signed_part(header: &str, payload: &[u8]) -> String {
    let encode = Base64UrlUnpadded::encode_string;
    format!("{}.{}", encode(header.as_bytes()), encode(payload))
}

fn jws(key: &p256::ecdsa::SigningKey, header: &str, payload: &[u8]) -> Assertion {
    let signed = signed_part(header, payload);
    let signature: p256::ecdsa::Signature = key.sign(signed.as_bytes());
    Assertion::DeviceKey {
        jws: format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature.to_bytes())),
    }
}

/// The right answer but for its header.
fn headed(header: &str) -> Result<(), Fault> {
    verify(&linked(), &jws(&p256(), header, CHALLENGE.as_ref()), &CHALLENGE)
}

#[test]
fn a_device_key_registers_and_answers_on_both_curves() {
    assert_eq!(headed(&header()), Ok(()));
    let key = p384::ecdsa::SigningKey::from_slice(&[5; 48]).unwrap();
    let public_key = Spki::from(&PublicKey::P384(*key.verifying_key()));
    let kid = hex::encode(device_key_fingerprint(public_key.0.as_slice()));
    let signed =
        signed_part(&format!(r#"{{"kid":"{kid}","alg":"ES384","typ":"fuin-sad+jws"}}"#), CHALLENGE.as_ref());
    let signature: p384::ecdsa::Signature = key.sign(signed.as_bytes());
    let jws = format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature.to_bytes()));
    let registration =
        Assertion::DeviceKeyRegistration { public_key: public_key.0.clone(), jws: jws.clone() };
    let linked = register(&registration, &CHALLENGE).unwrap();
    assert_eq!(linked.public_key, public_key);
    assert_eq!(verify(&linked, &Assertion::DeviceKey { jws }, &CHALLENGE), Ok(()));
    // Neither is the other.
    assert_eq!(verify(&linked, &registration, &CHALLENGE), Err(Fault::AssertionMalformed));
}

#[test]
fn an_answer_by_another_key_is_refused() {
    let other = p256::ecdsa::SigningKey::from_slice(&[6; 32]).unwrap();
    let under_its_name = jws(&other, &header(), CHALLENGE.as_ref());
    assert_eq!(verify(&linked(), &under_its_name, &CHALLENGE), Err(Fault::AssertionSignature));
    let own = device_key_fingerprint(&PublicKey::P256(*other.verifying_key()).to_spki());
    let under_its_own = jws(&other, &header().replace(&kid(), &hex::encode(own)), CHALLENGE.as_ref());
    assert_eq!(verify(&linked(), &under_its_own, &CHALLENGE), Err(Fault::AssertionCredential));
}

#[test]
fn an_answer_to_another_sad_is_refused() {
    for payload in [&[8; 32][..], &[9; 31], &[9; 33], b""] {
        let answer = jws(&p256(), &header(), payload);
        assert_eq!(verify(&linked(), &answer, &CHALLENGE), Err(Fault::AssertionChallenge));
    }
    // As text instead of octets.
    let text = jws(&p256(), &header(), hex::encode(CHALLENGE).as_bytes());
    assert_eq!(verify(&linked(), &text, &CHALLENGE), Err(Fault::AssertionChallenge));
}

#[test]
fn another_or_no_type_is_refused() {
    for header in [
        header().replace(r#""typ":"fuin-sad+jws","#, ""),
        header().replace("fuin-sad+jws", "JWT"),
        header().replace("fuin-sad+jws", "FUIN-SAD+JWS"),
        header().replace("fuin-sad+jws", "application/fuin-sad+jws"),
        header().replace(r#""fuin-sad+jws""#, "null"),
    ] {
        assert_eq!(headed(&header), Err(Fault::AssertionMalformed), "{header}");
    }
}

#[test]
fn other_algorithms_are_refused() {
    for alg in ["none", "HS256", "RS256", "PS256", "ES512", "ES256K", "EdDSA", "es256", ""] {
        assert_eq!(headed(&header().replace("ES256", alg)), Err(Fault::AssertionMalformed), "{alg}");
    }
    // The other curve's.
    assert_eq!(headed(&header().replace("ES256", "ES384")), Err(Fault::AssertionSignature));
}

#[test]
fn foreign_and_duplicate_header_members_are_refused() {
    for member in [
        r#""crit":["b64"]"#,
        r#""b64":false"#,
        r#""jwk":{"kty":"EC"}"#,
        r#""jku":"https://a""#,
        r#""x5c":[]"#,
        r#""cty":"x""#,
        r#""alg":"ES256""#,
        r#""typ":"fuin-sad+jws""#,
        r#""kid":"x""#,
    ] {
        let header = header().replacen('{', &format!("{{{member},"), 1);
        assert_eq!(headed(&header), Err(Fault::AssertionMalformed), "{member}");
    }
    assert_eq!(headed(&format!("[{}]", header())), Err(Fault::AssertionMalformed));
    assert_eq!(headed(&format!("{}{}", header(), header())), Err(Fault::AssertionMalformed));
}

#[test]
fn padding_detached_payload_der_and_long_texts_are_refused() {
    let Assertion::DeviceKey { jws: good } = jws(&p256(), &header(), CHALLENGE.as_ref()) else { panic!() };
    let refused = |jws: String| verify(&linked(), &Assertion::DeviceKey { jws }, &CHALLENGE).unwrap_err();
    assert_eq!(refused(format!("{good}=")), Fault::AssertionMalformed);
    assert_eq!(refused(format!("{good}\n")), Fault::AssertionMalformed);
    assert_eq!(refused(format!("{good}.AAAA")), Fault::AssertionMalformed);
    assert_eq!(refused(String::new()), Fault::AssertionMalformed);
    assert_eq!(refused("A".repeat(MAX_DEVICE_KEY_JWS + 1)), Fault::AssertionMalformed);
    let parts: Vec<&str> = good.split('.').collect();
    assert_eq!(refused(format!("{}..{}", parts[0], parts[2])), Fault::AssertionSignature);
    let signature: p256::ecdsa::Signature =
        p256().sign(signed_part(&header(), CHALLENGE.as_ref()).as_bytes());
    let der = Base64UrlUnpadded::encode_string(signature.to_der().as_bytes());
    assert_eq!(refused(format!("{}.{}.{der}", parts[0], parts[1])), Fault::AssertionSignature);
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let Assertion::DeviceKey { jws: good } = jws(&p256(), &header(), CHALLENGE.as_ref()) else { panic!() };
    for position in 0..good.len() {
        let mut octets = good.clone().into_bytes();
        octets[position] = if octets[position] == b'A' { b'B' } else { b'A' };
        if octets == good.as_bytes() {
            continue;
        }
        let jws = String::from_utf8(octets).unwrap();
        assert!(verify(&linked(), &Assertion::DeviceKey { jws }, &CHALLENGE).is_err(), "{position}");
    }
}

#[test]
fn a_passkeys_answer_and_a_key_on_no_curve_are_refused() {
    let octets = fuin_shared::bytes::Blob(vec![1; 16]);
    let passkey = Assertion::Passkey {
        credential_id: octets.clone(),
        client_data: octets.clone(),
        authenticator_data: octets.clone(),
        signature: octets.clone(),
    };
    assert_eq!(verify(&linked(), &passkey, &CHALLENGE), Err(Fault::AssertionMalformed));
    assert_eq!(register(&passkey, &CHALLENGE), Err(Fault::AssertionMalformed));
    let kid = hex::encode(device_key_fingerprint(octets.as_slice()));
    let header = header().replace(&super::tests::kid(), &kid);
    let Assertion::DeviceKey { jws } = jws(&p256(), &header, CHALLENGE.as_ref()) else { panic!() };
    let registration = Assertion::DeviceKeyRegistration { public_key: octets, jws };
    assert_eq!(register(&registration, &CHALLENGE), Err(Fault::AssertionMalformed));
}
