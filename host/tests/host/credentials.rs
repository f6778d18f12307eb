//! Place: SSA. credentials/list and credentials/info.

use crate::certificate;
use crate::setup::{Setup, USER, entry};
use base64ct::{Base64, Encoding};
use fuin_host::store::{CatalogueEntry, KeyStatus, Scal};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::sad::MeansProfile;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

async fn info(setup: &Setup, version: &str, more: Value) -> Value {
    let mut body = json!({ "credentialID": "k256" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let answer = setup.post(&format!("/csc/{version}/credentials/info"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn the_key_is_described_as_clients_need_it() {
    let setup = Setup::start().await;
    for version in ["v1", "v2"] {
        let body = info(&setup, version, json!({})).await;
        assert_eq!(
            body["key"],
            json!({
                "status": "enabled",
                "algo": ["1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4"],
                "len": 256,
                "curve": "1.2.840.10045.3.1.7",
            })
        );
        assert_eq!((&body["SCAL"], &body["multisign"]), (&json!("2"), &json!(3)));
        assert_eq!(body["cert"], json!({ "certificates": [Base64::encode_string(certificate::der())] }));
    }
}

#[tokio::test]
async fn a_pin_is_shown_as_scal_1() {
    let setup = Setup::start().await;
    let means = MeansProfile::PinTotp;
    let entry = CatalogueEntry { scal: Scal::One, means, ..entry("k256", USER, KeyAlgorithm::EcdsaP256) };
    setup.host.store().put_credential(entry).await.unwrap();
    for version in ["v1", "v2"] {
        let body = info(&setup, version, json!({ "authInfo": true })).await;
        assert_eq!((&body["SCAL"], &body["fuin"]["means"]), (&json!("1"), &json!("pin-totp")));
        // The host is never to be told the PIN: what it takes is evidence.
        assert_ne!(body["PIN"]["presence"], json!("true"));
    }
}

#[tokio::test]
async fn certificates_are_shown_as_asked() {
    let setup = Setup::start().await;
    let chain = info(&setup, "v1", json!({ "certificates": "chain" })).await;
    assert_eq!(chain["cert"]["certificates"].as_array().unwrap().len(), 2);
    let none = info(&setup, "v1", json!({ "certificates": "none", "certInfo": true })).await;
    assert_eq!(
        none["cert"],
        json!({
            "issuerDN": certificate::SUBJECT,
            "subjectDN": certificate::SUBJECT,
            "serialNumber": "12345678",
            "validFrom": "20250615080000Z",
            "validTo": "20270615080000Z",
        })
    );
    setup.clock.0.store(certificate::NOT_AFTER + 1, Ordering::SeqCst);
    let token = setup.host.accounts().issue_service_token(USER, 1000).await.unwrap();
    let authorization = format!("Bearer {}", token.text());
    let late = setup
        .post_with("/csc/v2/credentials/info", Some(&authorization), json!({ "credentialID": "k256" }))
        .await;
    assert_eq!(late.body["cert"]["status"], "expired");
}

#[tokio::test]
async fn authorization_is_described_in_each_versions_words() {
    let setup = Setup::start().await;
    let plain = info(&setup, "v1", json!({})).await;
    assert_eq!(
        (&plain["authMode"], &plain["PIN"], &plain["OTP"]),
        (&json!("explicit"), &json!(null), &json!(null))
    );
    let v1 = info(&setup, "v1", json!({ "authInfo": true })).await;
    assert_eq!(v1["PIN"], json!({ "presence": "false" }));
    assert_eq!(
        (&v1["OTP"]["presence"], &v1["OTP"]["type"], &v1["OTP"]["format"]),
        (&json!("true"), &json!("offline"), &json!("A"))
    );
    let v2 = info(&setup, "v2", json!({ "authInfo": true })).await;
    assert_eq!((&v2["auth"]["mode"], &v2["auth"]["expression"]), (&json!("explicit"), &json!("passkey")));
    assert_eq!(
        (&v2["auth"]["objects"][0]["type"], &v2["auth"]["objects"][0]["id"]),
        (&json!("ChallengeResponse"), &json!("passkey"))
    );
    assert_eq!(v2["authMode"], json!(null));
}

#[tokio::test]
async fn info_refusals_are_those_of_the_table() {
    let setup = Setup::start().await;
    for (body, text) in [
        (json!({}), "Missing (or invalid type) string parameter credentialID"),
        (json!({ "credentialID": 1 }), "Missing (or invalid type) string parameter credentialID"),
        (json!({ "credentialID": "k256", "certificates": "all" }), "Invalid parameter certificates"),
        (json!({ "credentialID": "k256", "certificates": 1 }), "Invalid parameter certificates"),
        (json!({ "credentialID": "unknown" }), "Invalid parameter credentialID"),
        (json!({ "credentialID": "foreign" }), "Invalid parameter credentialID"),
        (json!({ "credentialID": "no/such" }), "Invalid parameter credentialID"),
        (json!({ "credentialID": "" }), "Invalid parameter credentialID"),
    ] {
        for version in ["v1", "v2"] {
            let answer = setup.post(&format!("/csc/{version}/credentials/info"), &body).await;
            assert_eq!(answer.refusal(), (400, "invalid_request", text), "{body}");
        }
    }
}

#[tokio::test]
async fn v1_lists_in_pages_that_reach_everything() {
    let setup = Setup::start().await;
    for n in 0..5 {
        setup
            .host
            .store()
            .put_credential(entry(&format!("p{n}"), USER, KeyAlgorithm::EcdsaP256))
            .await
            .unwrap();
    }
    let (mut all, mut page) = (Vec::new(), Value::Null);
    loop {
        let answer =
            setup.post("/csc/v1/credentials/list", json!({ "maxResults": 3, "pageToken": page })).await.body;
        let ids = answer["credentialIDs"].as_array().unwrap().clone();
        assert!(ids.len() <= 3);
        all.extend(ids);
        page = answer["nextPageToken"].clone();
        if page.is_null() {
            break;
        }
    }
    assert_eq!(all, ["k256", "k384", "p0", "p1", "p2", "p3", "p4"]);
    for most in [json!(100.0), json!("100"), json!(u64::MAX), json!(1e300)] {
        let answer = setup.post("/csc/v1/credentials/list", json!({ "maxResults": most })).await.body;
        assert_eq!(answer["credentialIDs"].as_array().map(Vec::len), Some(7), "{most}");
    }
    for (body, text) in [
        (json!({ "pageToken": "!" }), "Invalid parameter pageToken"),
        (json!({ "pageToken": 1 }), "Invalid parameter pageToken"),
        (json!({ "maxResults": 0 }), "Invalid parameter maxResults"),
        (json!({ "maxResults": 1.5 }), "Invalid parameter maxResults"),
        (json!({ "maxResults": "NaN" }), "Invalid parameter maxResults"),
        (json!({ "userID": "taro" }), "userID parameter MUST be null"),
    ] {
        assert_eq!(
            setup.post("/csc/v1/credentials/list", &body).await.refusal(),
            (400, "invalid_request", text)
        );
    }
}

#[tokio::test]
async fn v2_lists_with_descriptions_and_only_what_can_sign() {
    let setup = Setup::start().await;
    let mut disabled = entry("disabled", USER, KeyAlgorithm::EcdsaP256);
    disabled.status = KeyStatus::Disabled;
    setup.host.store().put_credential(disabled).await.unwrap();
    let mut pending = entry("pending", USER, KeyAlgorithm::EcdsaP256);
    pending.certificates.clear();
    setup.host.store().put_credential(pending).await.unwrap();
    let all = setup.post("/csc/v2/credentials/list", json!({})).await.body;
    assert_eq!(all, json!({ "credentialIDs": ["disabled", "k256", "k384", "pending"] }));
    let valid = setup
        .post(
            "/csc/v2/credentials/list",
            json!({ "onlyValid": true, "credentialInfo": true, "certInfo": true }),
        )
        .await
        .body;
    assert_eq!((&valid["credentialIDs"], &valid["onlyValid"]), (&json!(["k256", "k384"]), &json!(true)));
    assert_eq!(valid["credentialInfos"][1]["credentialID"], "k384");
    assert_eq!(valid["credentialInfos"][1]["key"]["algo"][0], "1.2.840.10045.4.3.3");
    assert_eq!(valid["credentialInfos"][1]["cert"]["subjectDN"], certificate::SUBJECT);
}
