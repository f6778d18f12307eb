//! Place: none. Mistakes of clients: the exact error of the API, and afterwards the service signs.

use crate::{invalid, shared};
use base64ct::{Base64, Encoding};
use fuin_tests::csc::{Csc, ECDSA_SHA384, Version};
use fuin_tests::signer::{LIFE, Signer, now};
use serde_json::{Value, json};

const METHODS: [&str; 6] = [
    "auth/revoke",
    "credentials/list",
    "credentials/info",
    "credentials/getChallenge",
    "credentials/authorize",
    "signatures/signHash",
];

fn with(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn malformed_json() {
    let csc = Csc::of(shared().facts());
    for version in Version::BOTH {
        for method in METHODS {
            for body in [
                &b"{"[..],
                b"[]",
                b"\"x\"",
                b"{} {}",
                b"\xff\xfe",
                b"{\"credentialID\":\"a\",\"credentialID\":\"b\"}",
            ] {
                let answer = csc.post_octets(&version.path(method), body.to_vec()).await;
                let (status, error, text) = answer.refusal();
                assert_eq!((status, error), (400, "invalid_request"), "{method} {body:?}");
                assert_ne!(text, "(absent)");
            }
        }
    }
    Signer::new(shared().facts(), "P-256").await.works().await;
}

#[tokio::test]
async fn authorize() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    let hashes = [signer.hash()];
    let text = Base64::encode_string(&hashes[0]);
    for version in Version::BOTH {
        let path = version.path("credentials/authorize");
        let consent = signer.consent(&hashes, now() + LIFE).await.unwrap();
        let good = signer.authorize_request(version, &hashes, &consent);
        let name = version.hashes();
        let array = format!("Missing (or invalid type) array parameter {name}");
        let base64 = format!("Invalid Base64 {name} string parameter");
        let factor =
            if version == Version::V1 { ("OTP", "string", "OTP") } else { ("authData", "array", "authData") };
        let factor_text = format!("Missing (or invalid type) {} parameter {}", factor.1, factor.2);
        for (changes, expected) in [
            (json!({ "credentialID": null }), "Missing (or invalid type) string parameter credentialID"),
            (json!({ "credentialID": 5 }), "Missing (or invalid type) string parameter credentialID"),
            (json!({ "credentialID": "unknown" }), "Invalid parameter credentialID"),
            (json!({ "credentialID": "../etc/passwd" }), "Invalid parameter credentialID"),
            (json!({ "numSignatures": null }), "Missing (or invalid type) integer parameter numSignatures"),
            (json!({ "numSignatures": 1.5 }), "Missing (or invalid type) integer parameter numSignatures"),
            (json!({ "numSignatures": [1] }), "Missing (or invalid type) integer parameter numSignatures"),
            (json!({ "numSignatures": 0 }), "Invalid value for parameter numSignatures"),
            (json!({ "numSignatures": -3 }), "Invalid value for parameter numSignatures"),
            (json!({ "numSignatures": 2 }), "Invalid value for parameter numSignatures"),
            (json!({ "numSignatures": 1_000_000 }), "Numbers of signatures is too high"),
            (json!({ name: null }), array.as_str()),
            (json!({ name: "x" }), array.as_str()),
            (json!({ name: [] }), "Empty hash array"),
            (json!({ name: [1] }), base64.as_str()),
            (json!({ name: ["***"] }), base64.as_str()),
            (json!({ name: [&text[1..]] }), base64.as_str()),
            (json!({ name: ["AAAA"] }), "Invalid digest value length"),
            (json!({ factor.0: null }), factor_text.as_str()),
            (json!({ factor.0: 7 }), factor_text.as_str()),
        ] {
            let answer = signer.csc.post(&path, &with(good.clone(), &changes)).await;
            assert_eq!(answer.refusal(), invalid(expected), "{version:?} {changes}");
        }
        // None of it has spent the consent.
        let sad = signer.csc.post(&path, &good).await.ok()["SAD"].clone();
        signer.sign(version, sad.as_str().unwrap(), &hashes).await;
    }
}

#[tokio::test]
async fn sign_hash() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    let hashes = [signer.hash()];
    let sad = signer.sad(&hashes).await;
    for version in Version::BOTH {
        let path = version.path("signatures/signHash");
        let good = signer.sign_request(version, &sad, &hashes);
        let name = version.hashes();
        let digest = version.hash_algorithm();
        let digest_text = format!("Invalid parameter {digest}");
        let long = Base64::encode_string(&[1; 48]);
        for (changes, expected) in [
            (json!({ "credentialID": null }), "Missing (or invalid type) string parameter credentialID"),
            (json!({ "credentialID": {} }), "Missing (or invalid type) string parameter credentialID"),
            (json!({ "credentialID": "unknown" }), "Invalid parameter credentialID"),
            (json!({ "SAD": null }), "Missing (or invalid type) string parameter SAD"),
            (json!({ "SAD": 1 }), "Missing (or invalid type) string parameter SAD"),
            (json!({ name: null }), "Missing (or invalid type) array parameter hash"),
            (json!({ name: "x" }), "Missing (or invalid type) array parameter hash"),
            (json!({ name: [] }), "Empty hash array"),
            (json!({ name: ["***"] }), "Invalid Base64 hash string parameter"),
            (json!({ name: [null] }), "Invalid Base64 hash string parameter"),
            (json!({ name: ["AAAA"] }), "Invalid digest value length"),
            (json!({ name: [long] }), "Invalid digest value length"),
            (json!({ "signAlgo": null }), "Missing (or invalid type) string parameter signAlgo"),
            (json!({ "signAlgo": 3 }), "Missing (or invalid type) string parameter signAlgo"),
            (json!({ "signAlgo": "1.2.840.113549.1.1.11" }), "Invalid parameter signAlgo"),
            (json!({ "signAlgo": ECDSA_SHA384, name: [long] }), "Invalid parameter signAlgo"),
            (json!({ digest: "1.3.14.3.2.26" }), digest_text.as_str()),
            (json!({ "clientData": 1 }), "Invalid parameter clientData"),
        ] {
            let answer = signer.csc.post(&path, &with(good.clone(), &changes)).await;
            assert_eq!(answer.refusal(), invalid(expected), "{version:?} {changes}");
        }
    }
    let asynchronous =
        with(signer.sign_request(Version::V2, &sad, &hashes), &json!({ "operationMode": "A" }));
    let answer = signer.csc.post("/csc/v2/signatures/signHash", &asynchronous).await;
    assert_eq!(answer.refusal(), invalid("Invalid parameter operationMode"));
    // None of it has spent the permission.
    signer.sign(Version::V2, &sad, &hashes).await;
}

#[tokio::test]
async fn bearer_token() {
    let facts = shared().facts();
    let csc = Csc::of(facts);
    for version in Version::BOTH {
        for method in METHODS {
            let path = version.path(method);
            for token in ["AAAA", &facts.service_token[1..], "a.b.c"] {
                let answer = csc.with_token(Some(token)).post(&path, &json!({})).await;
                assert_eq!((answer.status, answer.refusal().1), (401, "invalid_token"), "{path}");
                let challenge = answer.headers.get("www-authenticate").and_then(|v| v.to_str().ok());
                assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#));
            }
            let answer = csc.with_token(None).post(&path, &json!({})).await;
            let (status, error, text) = answer.refusal();
            assert_eq!((status, error), (400, "invalid_request"), "{path}");
            if version == Version::V2 {
                assert_eq!(text, "Malformed authorization header");
            }
        }
    }
    Signer::new(facts, "P-256").await.works().await;
}

#[tokio::test]
async fn oversized_body() {
    let csc = Csc::of(shared().facts());
    let body = |length: usize| Value::from("a".repeat(length));
    for method in ["credentials/authorize", "signatures/signHash", "info"] {
        let path = Version::V2.path(method);
        let answer = csc.post(&path, &json!({ "credentialID": body(257 * 1024) })).await;
        assert_eq!((answer.status, answer.refusal().1), (413, "invalid_request"), "{method}");
        // Before all of a much larger one is sent, the service may have answered and hung up.
        if let Ok(answer) = csc.try_post(&path, &json!({ "credentialID": body(8 << 20) })).await {
            assert_eq!((answer.status, answer.refusal().1), (413, "invalid_request"), "{method}");
        }
    }
    Signer::new(shared().facts(), "P-256").await.works().await;
}

#[tokio::test]
async fn methods_that_are_not_there() {
    let csc = Csc::of(shared().facts());
    for version in Version::BOTH {
        for method in ["signatures/signDoc", "signatures/timestamp", "oauth2/token"] {
            let answer = csc.post(&version.path(method), &json!({})).await;
            assert_eq!((answer.status, answer.refusal().1), (501, "invalid_request"), "{method}");
        }
        for method in ["signatures/", "credentials/steal", "signatures/signHash/x", ""] {
            let answer = csc.post(&version.path(method), &json!({})).await;
            assert_eq!((answer.status, answer.refusal().1), (404, "invalid_request"), "{method}");
        }
        let answer = csc.get(&version.path("signatures/signHash")).await;
        assert_eq!((answer.status, answer.headers["allow"].to_str().unwrap()), (405, "POST"));
    }
    assert_eq!(csc.post("/csc/v3/info", &json!({})).await.status, 404);
}
