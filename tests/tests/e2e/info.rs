//! Place: none. What the service says of itself and its credentials: the checks that vendors' tools make of a CSC server.

use crate::{invalid, shared};
use fuin_tests::csc::{Csc, ECDSA_SHA256, ECDSA_SHA384, Version};
use fuin_tests::signer::Signer;
use serde_json::json;

const CERTIFICATE_INFO: [&str; 5] = ["issuerDN", "serialNumber", "subjectDN", "validFrom", "validTo"];

#[tokio::test]
async fn info_needs_no_token_and_answers_get_too() {
    let csc = Csc::of(shared().facts()).with_token(None);
    for (version, specs) in [(Version::V1, "1."), (Version::V2, "2.")] {
        let posted = csc.post(&version.path("info"), &json!({})).await.ok();
        let got = csc.get(&version.path("info")).await.ok();
        assert_eq!(posted, got);
        assert!(posted["specs"].as_str().unwrap().starts_with(specs));
        for name in ["name", "logo", "region", "lang", "description"] {
            let text = posted[name].as_str().unwrap();
            assert!(!text.is_empty() && text.chars().count() <= 255, "{name}");
        }
        for method in ["auth/login", "credentials/info", "credentials/authorize", "signatures/signHash"] {
            assert!(posted["methods"].as_array().unwrap().contains(&method.into()), "{method}");
        }
    }
}

#[tokio::test]
async fn login_with_and_without_refresh_token() {
    let facts = shared().facts();
    let csc = Csc::of(facts);
    for version in Version::BOTH {
        let path = version.path("auth/login");
        let plain = csc.login(&path, &facts.user, &facts.password, &json!({})).await.ok();
        assert!(plain.get("refresh_token").is_none());
        let kept = csc.login(&path, &facts.user, &facts.password, &json!({ "rememberMe": true })).await.ok();
        let access = csc.with_token(kept["access_token"].as_str());
        let list = access.post(&version.path("credentials/list"), &json!({})).await.ok();
        assert_eq!(list["credentialIDs"].as_array().unwrap().len(), facts.credentials.len());
        let refresh = json!({ "refresh_token": kept["refresh_token"] });
        let renewed = csc.with_token(None).post(&path, &refresh).await.ok();
        assert!(renewed["access_token"].is_string());
        let revoke = json!({ "token": kept["access_token"], "token_type_hint": "access_token" });
        assert_eq!(access.post(&version.path("auth/revoke"), &revoke).await.status, 204);
        assert_eq!(access.post(&version.path("credentials/list"), &json!({})).await.status, 401);
    }
    let wrong = csc.login("/csc/v2/auth/login", &facts.user, "wrong", &json!({})).await;
    let text = "An error occurred during authentication process";
    assert_eq!(wrong.refusal(), (400, "authentication_error", text));
}

#[tokio::test]
async fn paging_reaches_everything() {
    let facts = shared().facts();
    let csc = Csc::of(facts);
    let (mut found, mut token) = (Vec::new(), json!(null));
    loop {
        let body = json!({ "maxResults": 1, "pageToken": token });
        let page = csc.post("/csc/v1/credentials/list", &body).await.ok();
        let ids = page["credentialIDs"].as_array().unwrap();
        assert!(ids.len() <= 1);
        found.extend(ids.iter().map(|id| id.as_str().unwrap().to_owned()));
        match page.get("nextPageToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    let mut known: Vec<_> = facts.credentials.iter().map(|c| c.id.clone()).collect();
    known.sort();
    found.sort();
    assert_eq!(found, known);
    let answer = csc.post("/csc/v1/credentials/list", &json!({ "pageToken": "!" })).await;
    assert_eq!(answer.refusal(), invalid("Invalid parameter pageToken"));
    let answer = csc.post("/csc/v1/credentials/list", &json!({ "userID": "x" })).await;
    assert_eq!(answer.refusal(), invalid("userID parameter MUST be null"));
}

#[tokio::test]
async fn credentials_info_shows_what_is_asked_for() {
    let facts = shared().facts();
    let csc = Csc::of(facts);
    for (curve, algorithm, bits, oid) in
        [("P-256", ECDSA_SHA256, 256, "1.2.840.10045.3.1.7"), ("P-384", ECDSA_SHA384, 384, "1.3.132.0.34")]
    {
        let id = &facts.credential(curve).id;
        for version in Version::BOTH {
            let ask = async |more: serde_json::Value| {
                let mut body = json!({ "credentialID": id });
                body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                csc.post(&version.path("credentials/info"), &body).await.ok()
            };
            let usual = ask(json!({})).await;
            assert_eq!(usual["cert"]["certificates"].as_array().unwrap().len(), 1);
            for name in CERTIFICATE_INFO {
                assert!(usual["cert"].get(name).is_none(), "{name}");
            }
            assert!(usual.get("PIN").is_none() && usual.get("OTP").is_none());
            assert_eq!((&usual["key"]["status"], &usual["key"]["len"]), (&json!("enabled"), &json!(bits)));
            assert_eq!(usual["key"]["curve"], oid);
            assert!(usual["key"]["algo"].as_array().unwrap().contains(&algorithm.into()));
            assert_eq!(usual["SCAL"], "2");
            assert!(usual["multisign"].as_u64().unwrap() >= 1);

            let none = ask(json!({ "certificates": "none" })).await;
            assert!(none["cert"].is_object() && none["cert"].get("certificates").is_none());
            let chain = ask(json!({ "certificates": "chain", "certInfo": true })).await;
            assert!(chain["cert"]["certificates"].as_array().unwrap().len() > 1);
            for name in CERTIFICATE_INFO {
                assert!(!chain["cert"][name].as_str().unwrap().is_empty(), "{name}");
            }
            let shown = ask(json!({ "authInfo": true })).await;
            match version {
                Version::V1 => {
                    assert_eq!(shown["authMode"], "explicit");
                    assert_eq!(
                        (&shown["PIN"]["presence"], &shown["OTP"]["presence"]),
                        (&json!("false"), &json!("true"))
                    );
                }
                Version::V2 => assert_eq!(shown["auth"]["mode"], "explicit"),
            }
        }
    }
}

#[tokio::test]
async fn two_and_three_hashes_give_two_and_three_signatures() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    for count in [2, 3] {
        for version in Version::BOTH {
            let hashes: Vec<_> = (0..count).map(|_| signer.hash()).collect();
            let sad = signer.sad(&hashes).await;
            assert_eq!(signer.sign(version, &sad, &hashes).await.len(), count);
        }
    }
}
