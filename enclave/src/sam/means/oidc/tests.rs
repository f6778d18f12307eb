use super::forge::*;
use super::*;
use base64ct::{Base64UrlUnpadded, Encoding};
use ecdsa::signature::Signer;
use proptest::prelude::*;
use serde_json::{Value, json};

const CHALLENGED: u64 = 1_767_225_600;
const NOW: u64 = CHALLENGED + 30;
const CHALLENGE: Digest32 = Digest32([5; 32]);
const SALT: &[u8] = &[9; 32];

fn provider() -> IdentityProvider {
    entry("idp", "ra")
}

fn grounds(provider: &IdentityProvider) -> Grounds<'_> {
    Grounds { provider, salt: SALT, challenged: CHALLENGED, now: NOW }
}

fn judged(token: &str) -> Result<Oidc, Fault> {
    register(token, grounds(&provider()), &CHALLENGE)
}

fn good() -> Value {
    claims(&CHALLENGE, NOW - 10)
}

/// A good token with one member replaced, or removed by null.
fn with(member: &str, value: Value) -> Result<Oidc, Fault> {
    let mut claims = good();
    let object = claims.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(member);
    } else {
        object.insert(member.to_owned(), value);
    }
    judged(&token(&claims))
}

/// A token over this payload, whatever it is.
fn payload(text: &str) -> Result<Oidc, Fault> {
    judged(&signed(HEADER, text, 111))
}

#[test]
fn an_account_is_linked_and_answers() {
    let linked = judged(&token(&good())).unwrap();
    assert_eq!((linked.provider.as_str(), linked.shows_transaction), ("idp", false));
    let next = Digest32([6; 32]);
    let answer = token(&claims(&next, NOW));
    assert_eq!(verify(&linked, &answer, grounds(&provider()), &next), Ok(()));
}

#[test]
fn es384_is_taken_under_its_own_key() {
    let encode = |octets: &[u8]| Base64UrlUnpadded::encode_string(octets);
    let made = |header: &str| {
        let text = format!("{}.{}", encode(header.as_bytes()), encode(good().to_string().as_bytes()));
        let signature: p384::ecdsa::Signature = p384().sign(text.as_bytes());
        format!("{text}.{}", encode(&signature.to_bytes()))
    };
    assert!(judged(&made(r#"{"alg":"ES384","kid":"idp-2"}"#)).is_ok());
    assert_eq!(judged(&made(r#"{"alg":"ES384","kid":"idp-1"}"#)), Err(Fault::AssertionSignature));
}

#[test]
fn what_is_kept_shows_no_personal_data() {
    let linked = judged(&token(&good())).unwrap();
    let debug = format!("{linked:?}");
    assert!(!debug.contains(SUBJECT) && !debug.contains("Hanako"));
    // Another credential of the same signer has another digest.
    let provider = provider();
    let other = Grounds { salt: &[8; 32], ..grounds(&provider) };
    assert_ne!(register(&token(&good()), other, &CHALLENGE).unwrap().subject, linked.subject);
}

#[test]
fn another_account_of_the_provider_is_refused() {
    let linked = judged(&token(&good())).unwrap();
    let mut other = good();
    other["sub"] = json!("taro-0002");
    let refused = verify(&linked, &token(&other), grounds(&provider()), &CHALLENGE);
    assert_eq!(refused, Err(Fault::AssertionCredential));
}

#[test]
fn a_token_for_another_challenge_is_refused() {
    let other = Base64UrlUnpadded::encode_string(&[6; 32]);
    assert_eq!(with("nonce", json!(other)), Err(Fault::AssertionChallenge));
    assert_eq!(with("nonce", json!("")), Err(Fault::AssertionChallenge));
    assert_eq!(with("nonce", Value::Null), Err(Fault::TokenClaims));
}

#[test]
fn another_key_of_the_same_provider_is_refused() {
    // By its signature, and by its name.
    assert_eq!(judged(&signed(HEADER, &good().to_string(), 112)), Err(Fault::AssertionSignature));
    let unknown = r#"{"alg":"ES256","kid":"idp-9"}"#;
    assert_eq!(judged(&signed(unknown, &good().to_string(), 111)), Err(Fault::AssertionSignature));
}

#[test]
fn rs256_none_and_hmac_are_refused() {
    for alg in ["RS256", "PS256", "none", "HS256", "EdDSA"] {
        let header = format!(r#"{{"alg":"{alg}","kid":"idp-1"}}"#);
        assert_eq!(
            judged(&signed(&header, &good().to_string(), 111)),
            Err(Fault::AssertionMalformed),
            "{alg}"
        );
    }
}

#[test]
fn other_tokens_of_the_provider_are_refused() {
    let of = |typ: &str| {
        let header = format!(r#"{{"alg":"ES256","kid":"idp-1","typ":"{typ}"}}"#);
        judged(&signed(&header, &good().to_string(), 111)).err()
    };
    assert_eq!(of("JWT"), None);
    for typ in ["at+jwt", "logout+jwt", "secevent+jwt", ""] {
        assert_eq!(of(typ), Some(Fault::AssertionMalformed), "{typ}");
    }
}

#[test]
fn keys_in_the_header_are_refused() {
    for member in [r#""jwk":{}"#, r#""jku":"https://x""#, r#""x5c":[]"#, r#""crit":["b64"]"#] {
        let header = format!(r#"{{"alg":"ES256","kid":"idp-1",{member}}}"#);
        assert_eq!(judged(&signed(&header, &good().to_string(), 111)), Err(Fault::AssertionMalformed));
    }
}

#[test]
fn another_issuer_is_refused() {
    assert_eq!(with("iss", json!("https://idp.example/")), Err(Fault::TokenClaims));
    assert_eq!(with("iss", Value::Null), Err(Fault::TokenClaims));
}

#[test]
fn another_audience_is_refused() {
    assert!(with("aud", json!([AUDIENCE])).is_ok());
    for aud in [json!("other"), json!([]), json!([AUDIENCE, "other"]), json!(["other"]), json!(1)] {
        assert_eq!(with("aud", aud), Err(Fault::TokenClaims));
    }
    assert_eq!(with("aud", Value::Null), Err(Fault::TokenClaims));
}

#[test]
fn another_authorized_party_is_refused() {
    assert!(with("azp", json!(AUDIENCE)).is_ok());
    assert_eq!(with("azp", json!("other")), Err(Fault::TokenClaims));
}

#[test]
fn a_weaker_authentication_is_refused() {
    assert!(with("acr", json!("substantial")).is_ok());
    assert_eq!(with("acr", json!("low")), Err(Fault::TokenClaims));
    assert_eq!(with("acr", Value::Null), Err(Fault::TokenClaims));
    assert_eq!(with("amr", json!(["pwd"])), Err(Fault::TokenClaims));
    assert_eq!(with("amr", json!("hwk")), Err(Fault::TokenClaims));
    assert_eq!(with("amr", Value::Null), Err(Fault::TokenClaims));
}

#[test]
fn an_authentication_before_the_challenge_is_refused() {
    assert!(with("auth_time", json!(CHALLENGED)).is_ok());
    assert_eq!(with("auth_time", json!(CHALLENGED - 1)), Err(Fault::TokenTime));
    assert_eq!(with("auth_time", json!(NOW + AHEAD + 1)), Err(Fault::TokenTime));
    assert_eq!(with("auth_time", Value::Null), Err(Fault::TokenClaims));
    assert_eq!(with("auth_time", json!(1.5)), Err(Fault::TokenClaims));
}

#[test]
fn a_token_outside_its_time_is_refused() {
    assert_eq!(with("exp", json!(NOW)), Err(Fault::TokenTime));
    assert!(with("exp", json!(NOW + 1)).is_ok());
    assert_eq!(with("exp", json!(NOW - 10 + 601)), Err(Fault::TokenTime), "longer than token_seconds");
    assert_eq!(with("iat", json!(CHALLENGED - 1)), Err(Fault::TokenTime));
    assert_eq!(with("iat", json!(NOW + AHEAD + 1)), Err(Fault::TokenTime));
    assert_eq!(with("nbf", json!(NOW + AHEAD + 1)), Err(Fault::TokenTime));
    assert!(with("nbf", json!(NOW)).is_ok());
    for member in ["exp", "iat"] {
        assert_eq!(with(member, Value::Null), Err(Fault::TokenClaims));
        assert_eq!(with(member, json!(-1)), Err(Fault::TokenClaims));
        assert_eq!(with(member, json!("1767225600")), Err(Fault::TokenClaims));
    }
}

#[test]
fn duplicate_members_are_refused_at_any_depth() {
    let text = good().to_string();
    let twice = format!(r#"{{"nonce":"x",{}"#, &text[1..]);
    assert_eq!(payload(&twice), Err(Fault::AssertionMalformed));
    let unknown = format!(r#"{{"x":1,"x":2,{}"#, &text[1..]);
    assert_eq!(payload(&unknown), Err(Fault::AssertionMalformed));
    let deep = format!(r#"{{"x":[{{"y":{{"z":1,"z":1}}}}],{}"#, &text[1..]);
    assert_eq!(payload(&deep), Err(Fault::AssertionMalformed));
    // The same name written in two ways.
    let escaped = format!(r#"{{"s\u0075b":"x",{}"#, &text[1..]);
    assert_eq!(payload(&escaped), Err(Fault::AssertionMalformed));
    let other = format!(r#"{{"x":[{{"y":{{"z":1}}}},{{"y":null}}],{}"#, &text[1..]);
    assert!(payload(&other).is_ok());
}

#[test]
fn what_is_no_object_is_refused() {
    for text in ["", "[]", "null", "\"x\"", " {}", "{}{}", "{", "\u{feff}{}"] {
        assert_eq!(payload(text), Err(Fault::AssertionMalformed), "{text}");
    }
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(2000), "]".repeat(2000));
    assert_eq!(payload(&deep), Err(Fault::AssertionMalformed));
    assert_eq!(payload("{}"), Err(Fault::TokenClaims));
}

#[test]
fn an_empty_or_long_subject_is_refused() {
    assert_eq!(with("sub", json!("")), Err(Fault::TokenClaims));
    assert_eq!(with("sub", json!("a".repeat(256))), Err(Fault::TokenClaims));
    assert!(with("sub", json!("a".repeat(255))).is_ok());
}

#[test]
fn a_token_over_the_limit_is_refused() {
    assert_eq!(with("x", json!("a".repeat(MAX_TOKEN))), Err(Fault::AssertionMalformed));
}

#[test]
fn a_provider_that_no_longer_shows_the_transaction_is_refused() {
    let shows = IdentityProvider { shows_transaction: true, ..provider() };
    let linked = register(&token(&good()), grounds(&shows), &CHALLENGE).unwrap();
    assert!(linked.shows_transaction);
    assert_eq!(verify(&linked, &token(&good()), grounds(&shows), &CHALLENGE), Ok(()));
    let refused = verify(&linked, &token(&good()), grounds(&provider()), &CHALLENGE);
    assert_eq!(refused, Err(Fault::TokenClaims));
}

proptest! {
    #[test]
    fn arbitrary_tokens_never_panic(text in ".{0,300}") {
        prop_assert!(judged(&text).is_err());
    }

    #[test]
    fn arbitrary_claims_never_panic(text in r#"[{}\[\]":,a-z0-9\\ ]{0,200}"#) {
        prop_assert!(payload(&text).is_err());
    }

    #[test]
    fn changed_tokens_never_pass(at in 0usize..2000, octet in any::<u8>()) {
        let mut octets = token(&good()).into_bytes();
        let at = at % octets.len();
        prop_assume!(octets[at] != octet);
        octets[at] = octet;
        if let Ok(text) = String::from_utf8(octets) {
            prop_assert!(judged(&text).is_err());
        }
    }
}
