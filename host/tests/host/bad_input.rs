//! Place: SSA. Bad input that the host itself decides: the error of the table, nothing sent to the enclave, and the
//! service goes on. No enclave is connected, so a request that got through would give 503.

use crate::setup::{Setup, USER, entry};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_host::store::KeyStatus;
use fuin_shared::algorithm::KeyAlgorithm;
use serde_json::{Value, json};

fn hash() -> String {
    Base64::encode_string(&[1; 32])
}

/// A body that would reach the enclave.
fn authorize(version: &str) -> Value {
    match version {
        "v1" => json!({ "credentialID": "k256", "numSignatures": 1, "hash": [hash()], "OTP": "AAAA" }),
        _ => json!({
            "credentialID": "k256", "numSignatures": 1, "hashes": [hash()],
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1", "authData": [{ "id": "passkey", "value": "AAAA" }],
        }),
    }
}

fn sign(version: &str) -> Value {
    json!({
        "credentialID": "k256",
        "SAD": Base64UrlUnpadded::encode_string(&[5; 32]),
        (if version == "v1" { "hash" } else { "hashes" }): [hash()],
        "signAlgo": "1.2.840.10045.4.3.2",
    })
}

fn with(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn refused(setup: &Setup, path: &str, body: &Value, expected: (u16, &str, &str)) {
    let answer = setup.post(path, body).await;
    assert_eq!(answer.refusal(), expected, "{path} {body}");
}

#[tokio::test]
async fn malformed_json_and_wrong_types() {
    let setup = Setup::start().await;
    for method in [
        "auth/revoke",
        "credentials/list",
        "credentials/info",
        "credentials/getChallenge",
        "credentials/authorize",
        "signatures/signHash",
    ] {
        for body in ["{", "[]", "\"x\"", "1", "{\"a\":1}x", "{\"credentialID\":\"a\",\"credentialID\":\"b\"}"]
        {
            let answer = setup.post(&format!("/csc/v2/{method}"), body).await;
            assert_eq!((answer.status, answer.refusal().1), (400, "invalid_request"), "{method} {body}");
        }
    }
}

#[tokio::test]
async fn authorize_on_both_versions() {
    let setup = Setup::start().await;
    setup.seal().await;
    let long = vec![hash(); 4];
    for version in ["v1", "v2"] {
        let path = format!("/csc/{version}/credentials/authorize");
        assert_eq!(
            setup.post(&path, authorize(version)).await.status,
            503,
            "unchanged, it reaches the relay"
        );
        let name = if version == "v1" { "hash" } else { "hashes" };
        let no_array = format!("Missing (or invalid type) array parameter {name}");
        let not_base64 = format!("Invalid Base64 {name} string parameter");
        for (changes, text) in [
            (json!({ "credentialID": null }), "Missing (or invalid type) string parameter credentialID"),
            (json!({ "credentialID": [] }), "Missing (or invalid type) string parameter credentialID"),
            (json!({ "numSignatures": null }), "Missing (or invalid type) integer parameter numSignatures"),
            (json!({ "numSignatures": 1.5 }), "Missing (or invalid type) integer parameter numSignatures"),
            (json!({ "numSignatures": 0 }), "Invalid value for parameter numSignatures"),
            (json!({ "numSignatures": -1 }), "Invalid value for parameter numSignatures"),
            (json!({ "numSignatures": 2 }), "Invalid value for parameter numSignatures"),
            (json!({ "numSignatures": 4, name: long }), "Numbers of signatures is too high"),
            (json!({ "numSignatures": u64::MAX }), "Numbers of signatures is too high"),
            (json!({ name: null }), no_array.as_str()),
            (json!({ name: "x" }), no_array.as_str()),
            (json!({ name: [] }), "Empty hash array"),
            (json!({ name: [1] }), not_base64.as_str()),
            (json!({ name: ["!"] }), not_base64.as_str()),
            (json!({ name: [hash(), "AAA"] }), not_base64.as_str()),
            (json!({ name: ["AAAA"] }), "Invalid digest value length"),
            (json!({ "credentialID": "unknown" }), "Invalid parameter credentialID"),
            (json!({ "credentialID": "foreign" }), "Invalid parameter credentialID"),
        ] {
            refused(&setup, &path, &with(authorize(version), &changes), (400, "invalid_request", text)).await;
        }
    }
}

#[tokio::test]
async fn wrong_factors_have_their_own_codes() {
    let setup = Setup::start().await;
    setup.seal().await;
    let otp = (400, "invalid_otp", "The OTP is invalid");
    refused(
        &setup,
        "/csc/v1/credentials/authorize",
        &with(authorize("v1"), &json!({ "OTP": "not base64url!" })),
        otp,
    )
    .await;
    let data = (400, "invalid_authentication_data", "The authentication data is invalid");
    for value in
        [json!([{ "id": "passkey", "value": "+/" }]), json!([{ "id": "pin", "value": "AAAA" }]), json!([])]
    {
        refused(
            &setup,
            "/csc/v2/credentials/authorize",
            &with(authorize("v2"), &json!({ "authData": value })),
            data,
        )
        .await;
    }
    let v2 = json!({ "hashAlgorithmOID": "1.2.3" });
    refused(
        &setup,
        "/csc/v2/credentials/authorize",
        &with(authorize("v2"), &v2),
        (400, "invalid_request", "Invalid parameter hashAlgorithmOID"),
    )
    .await;
    let v1 = json!({ "OTP": null });
    refused(
        &setup,
        "/csc/v1/credentials/authorize",
        &with(authorize("v1"), &v1),
        (400, "invalid_request", "Missing (or invalid type) string parameter OTP"),
    )
    .await;
}

#[tokio::test]
async fn sign_hash_on_both_versions() {
    let setup = Setup::start().await;
    setup.seal().await;
    for version in ["v1", "v2"] {
        let path = format!("/csc/{version}/signatures/signHash");
        assert_eq!(setup.post(&path, sign(version)).await.status, 503, "unchanged, it reaches the relay");
        let name = if version == "v1" { "hash" } else { "hashes" };
        let digest = if version == "v1" { "hashAlgo" } else { "hashAlgorithmOID" };
        let bad_digest = format!("Invalid parameter {digest}");
        for (changes, text) in [
            (json!({ "credentialID": null }), "Missing (or invalid type) string parameter credentialID"),
            (json!({ "SAD": null }), "Missing (or invalid type) string parameter SAD"),
            (json!({ "SAD": 1 }), "Missing (or invalid type) string parameter SAD"),
            (json!({ "SAD": "AAAA" }), "Invalid parameter SAD"),
            (json!({ "SAD": "not a token!" }), "Invalid parameter SAD"),
            (json!({ name: null }), "Missing (or invalid type) array parameter hash"),
            (json!({ name: {} }), "Missing (or invalid type) array parameter hash"),
            (json!({ name: [] }), "Empty hash array"),
            (json!({ name: ["%%%"] }), "Invalid Base64 hash string parameter"),
            (json!({ name: ["AAAA"] }), "Invalid digest value length"),
            (json!({ name: [Base64::encode_string(&[0; 48])] }), "Invalid digest value length"),
            (json!({ "signAlgo": null }), "Missing (or invalid type) string parameter signAlgo"),
            (json!({ "signAlgo": "1.2.840.113549.1.1.11" }), "Invalid parameter signAlgo"),
            (json!({ digest: "1.3.14.3.2.26" }), bad_digest.as_str()),
            (json!({ "signAlgoParams": "AAAA" }), "Invalid parameter signAlgoParams"),
            (json!({ "clientData": 1 }), "Invalid parameter clientData"),
            (json!({ "credentialID": "unknown" }), "Invalid parameter credentialID"),
            (json!({ "credentialID": "foreign" }), "Invalid parameter credentialID"),
        ] {
            refused(&setup, &path, &with(sign(version), &changes), (400, "invalid_request", text)).await;
        }
    }
    let asynchronous = with(sign("v2"), &json!({ "operationMode": "A" }));
    refused(
        &setup,
        "/csc/v2/signatures/signHash",
        &asynchronous,
        (400, "invalid_request", "Invalid parameter operationMode"),
    )
    .await;
}

#[tokio::test]
async fn the_other_versions_names_are_taken() {
    let setup = Setup::start().await;
    setup.seal().await;
    for (path, body) in [
        ("/csc/v1/credentials/authorize", authorize("v2")),
        ("/csc/v2/credentials/authorize", authorize("v1")),
        ("/csc/v1/signatures/signHash", sign("v2")),
        ("/csc/v2/signatures/signHash", sign("v1")),
    ] {
        assert_eq!(setup.post(path, body).await.status, 503, "{path}: it reaches the relay");
    }
}

#[tokio::test]
async fn a_disabled_credential() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut disabled = entry("k256", USER, KeyAlgorithm::EcdsaP256);
    disabled.status = KeyStatus::Disabled;
    setup.host.store().put_credential(disabled).await.unwrap();
    let text = (400, "invalid_request", "The credential identified by credentialID is disabled");
    refused(&setup, "/csc/v2/credentials/authorize", &authorize("v2"), text).await;
    let challenge = json!({ "credentialID": "k256", "authObjectID": "passkey" });
    refused(&setup, "/csc/v2/credentials/getChallenge", &challenge, text).await;
}

#[tokio::test]
async fn get_challenge() {
    let setup = Setup::start().await;
    for (body, text) in [
        (json!({}), "Missing (or invalid type) string parameter credentialID"),
        (json!({ "credentialID": "k256" }), "Missing (or invalid type) string parameter authObjectID"),
        (json!({ "credentialID": "k256", "authObjectID": "pin" }), "Invalid parameter authObjectID"),
        (json!({ "credentialID": "foreign", "authObjectID": "passkey" }), "Invalid parameter credentialID"),
    ] {
        refused(&setup, "/csc/v2/credentials/getChallenge", &body, (400, "invalid_request", text)).await;
    }
}
