//! Place: none. What an activation token allows: exactly its hashes, each once, with its credential, in its time.

use crate::{invalid, shared};
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::receipt::SignerReceipt;
use fuin_tests::csc::Version;
use fuin_tests::signer::{LIFE, Signer, now, random};

const FOREIGN_HASH: (u16, &str, &str) = invalid("Hash is not authorized by the SAD");
const FOREIGN_SAD: (u16, &str, &str) = invalid("Invalid parameter SAD");
const SIGN: &str = "signatures/signHash";

async fn refused(
    signer: &Signer,
    version: Version,
    sad: &str,
    hashes: &[Vec<u8>],
    expected: (u16, &str, &str),
) {
    let request = signer.sign_request(version, sad, hashes);
    let answer = signer.csc.post(&version.path(SIGN), &request).await;
    assert_eq!(answer.refusal(), expected, "{version:?}");
    assert!(answer.body.get("signatures").is_none());
}

#[tokio::test]
async fn replayed_token_is_refused() {
    for curve in ["P-256", "P-384"] {
        let mut signer = Signer::new(shared().facts(), curve).await;
        for version in Version::BOTH {
            let hashes = [signer.hash()];
            let sad = signer.sad(&hashes).await;
            signer.sign(version, &sad, &hashes).await;
            for again in Version::BOTH {
                refused(&signer, again, &sad, &hashes, FOREIGN_SAD).await;
            }
        }
        signer.works().await;
    }
}

#[tokio::test]
async fn replayed_consent_is_refused() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    let hashes = [signer.hash()];
    let consent = signer.consent(&hashes, now() + LIFE).await.unwrap();
    let request = signer.authorize_request(Version::V2, &hashes, &consent);
    let sad = signer.csc.post("/csc/v2/credentials/authorize", &request).await.ok()["SAD"].clone();
    let again = signer.csc.post("/csc/v2/credentials/authorize", &request).await;
    let wrong = (400, "invalid_authentication_data", "The authentication data is invalid");
    assert_eq!(again.refusal(), wrong);
    let request = signer.authorize_request(Version::V1, &hashes, &consent);
    let again = signer.csc.post("/csc/v1/credentials/authorize", &request).await;
    assert_eq!(again.refusal(), (400, "invalid_otp", "The OTP is invalid"));
    signer.sign(Version::V2, sad.as_str().unwrap(), &hashes).await;
}

#[tokio::test]
async fn altered_hash_is_refused_and_costs_nothing() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    let hashes = [signer.hash()];
    let sad = signer.sad(&hashes).await;
    for bit in [0, 7, 128, 255] {
        let mut altered = hashes.clone();
        altered[0][bit / 8] ^= 1 << (bit % 8);
        for version in Version::BOTH {
            refused(&signer, version, &sad, &altered, FOREIGN_HASH).await;
        }
    }
    signer.sign(Version::V1, &sad, &hashes).await;
}

#[tokio::test]
async fn extra_hash_is_refused_with_all_of_the_call() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    let hashes = [signer.hash(), signer.hash()];
    let sad = signer.sad(&hashes).await;
    let foreign = signer.hash();
    let [a, b] = hashes.clone();
    for wrong in [
        vec![a.clone(), b.clone(), foreign.clone()],
        vec![foreign, a.clone()],
        // One permission for each occurrence.
        vec![a.clone(), a.clone()],
        vec![a.clone(), b.clone(), a],
    ] {
        refused(&signer, Version::V2, &sad, &wrong, FOREIGN_HASH).await;
    }
    signer.sign(Version::V2, &sad, &hashes).await;
    refused(&signer, Version::V2, &sad, &[b], FOREIGN_SAD).await;
}

#[tokio::test]
async fn order_and_number_of_calls_are_free() {
    let mut signer = Signer::new(shared().facts(), "P-384").await;
    let hashes: Vec<_> = (0..3).map(|_| signer.hash()).collect();
    let sad = signer.sad(&hashes).await;
    let swapped: Vec<_> = hashes.iter().rev().cloned().collect();
    signer.sign(Version::V2, &sad, &swapped).await;

    let sad = signer.sad(&hashes).await;
    signer.sign(Version::V1, &sad, &hashes[2..]).await;
    refused(&signer, Version::V1, &sad, &hashes[2..], FOREIGN_HASH).await;
    signer.sign(Version::V2, &sad, &hashes[..2]).await;
    refused(&signer, Version::V2, &sad, &hashes[..1], FOREIGN_SAD).await;

    // The same hash twice is two permissions.
    let twice = vec![hashes[0].clone(), hashes[0].clone()];
    let sad = signer.sad(&twice).await;
    let signatures = signer.sign(Version::V2, &sad, &twice).await;
    assert_eq!(signatures.len(), 2);
}

#[tokio::test]
async fn token_of_another_credential_is_refused() {
    let facts = shared().facts();
    let mut signer = Signer::new(facts, "P-256").await;
    let hashes = [signer.hash()];
    let sad = signer.sad(&hashes).await;
    let mut other = Signer::new(facts, "P-384").await;
    refused(&other, Version::V2, &sad, &[other.hash()], FOREIGN_SAD).await;
    signer.sign(Version::V2, &sad, &hashes).await;
    other.works().await;
}

#[tokio::test]
async fn consent_of_another_credential_is_refused() {
    let facts = shared().facts();
    let mut signer = Signer::new(facts, "P-256").await;
    let other = Signer::new(facts, "P-384").await;
    let hashes = [signer.hash()];
    let consent = signer.consent(&hashes, now() + LIFE).await.unwrap();
    let request = other.authorize_request(Version::V2, &[other.hash()], &consent);
    let answer = other.csc.post("/csc/v2/credentials/authorize", &request).await;
    assert_eq!(answer.refusal(), (400, "invalid_authentication_data", "The authentication data is invalid"));
}

#[tokio::test]
async fn consent_to_other_hashes_than_the_request_names_is_refused() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    let hashes = [signer.hash()];
    let consent = signer.consent(&hashes, now() + LIFE).await.unwrap();
    for version in Version::BOTH {
        let request = signer.authorize_request(version, &[signer.hash()], &consent);
        let answer = signer.csc.post(&version.path("credentials/authorize"), &request).await;
        let (status, error, _) = answer.refusal();
        let code = if version == Version::V1 { "invalid_otp" } else { "invalid_authentication_data" };
        assert_eq!((status, error), (400, code));
    }
    signer.works().await;
}

#[tokio::test]
async fn altered_consent_is_refused() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    let hashes = [signer.hash()];
    let consent = signer.consent(&hashes, now() + LIFE).await.unwrap();
    let octets = Base64UrlUnpadded::decode_vec(&consent).unwrap();
    for at in [0, octets.len() / 3, octets.len() / 2, octets.len() - 1] {
        let mut altered = octets.clone();
        altered[at] ^= 0x10;
        let text = Base64UrlUnpadded::encode_string(&altered);
        let request = signer.authorize_request(Version::V2, &hashes, &text);
        let answer = signer.csc.post("/csc/v2/credentials/authorize", &request).await;
        let wrong = (400, "invalid_authentication_data", "The authentication data is invalid");
        assert_eq!(answer.refusal(), wrong, "octet {at}");
    }
    signer.works().await;
}

#[tokio::test]
async fn expired_token_is_refused() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    let (hashes, expires) = ([signer.hash()], now() + 4);
    let mut tokens = Vec::new();
    for version in Version::BOTH {
        let consent = signer.consent(&hashes, expires).await.unwrap();
        let request = signer.authorize_request(version, &hashes, &consent);
        let answer = signer.csc.post(&version.path("credentials/authorize"), &request).await.ok();
        tokens.push((version, answer["SAD"].as_str().unwrap().to_owned()));
    }
    while now() <= expires {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for (version, sad) in tokens {
        refused(&signer, version, &sad, &hashes, invalid("SAD expired")).await;
    }
    signer.works().await;
}

#[tokio::test]
async fn expired_consent_is_refused() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    let hashes = [signer.hash()];
    let expires = now() + 3;
    let consent = signer.consent(&hashes, expires).await.unwrap();
    while now() <= expires {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let request = signer.authorize_request(Version::V2, &hashes, &consent);
    let answer = signer.csc.post("/csc/v2/credentials/authorize", &request).await;
    assert_eq!(answer.refusal(), (400, "invalid_authentication_data", "The authentication data is invalid"));
}

#[tokio::test]
async fn invented_token_is_refused() {
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    for sad in [
        Base64UrlUnpadded::encode_string(&random::<32>()),
        "AAAA".into(),
        "no token!".into(),
        "\u{1f58a}".into(),
    ] {
        for version in Version::BOTH {
            refused(&signer, version, &sad, &[signer.hash()], FOREIGN_SAD).await;
        }
    }
    signer.works().await;
}

#[tokio::test]
async fn extended_transaction_signs_what_is_left_and_nothing_new() {
    const EXTEND: &str = "credentials/extendTransaction";
    let mut signer = Signer::new(shared().facts(), "P-256").await;
    for version in Version::BOTH {
        let hashes = [signer.hash(), signer.hash()];
        let sad = signer.sad(&hashes).await;
        signer.sign(version, &sad, &hashes[..1]).await;
        let mut request = signer.sign_request(version, &sad, &[signer.hash()]);
        let answer = signer.csc.post(&version.path(EXTEND), &request).await;
        assert_eq!(answer.refusal(), FOREIGN_HASH, "{version:?}: a new hash");
        request = signer.sign_request(version, &sad, &hashes[1..]);
        let answer = signer.csc.post(&version.path(EXTEND), &request).await.ok();
        assert!(answer["expiresIn"].as_u64().is_some_and(|seconds| (1..=LIFE).contains(&seconds)));
        let new = answer["SAD"].as_str().unwrap().to_owned();
        assert_ne!(new, sad);
        refused(&signer, version, &sad, &hashes[1..], FOREIGN_SAD).await;
        refused(&signer, version, &new, &hashes[..1], FOREIGN_HASH).await;
        signer.sign(version, &new, &hashes[1..]).await;
        request["SAD"] = new.into();
        let answer = signer.csc.post(&version.path(EXTEND), &request).await;
        assert_eq!(answer.refusal(), FOREIGN_SAD, "{version:?}: nothing is left");
    }
}

/// A receipt is given to whoever asks for it, and to nobody else: clients of the standard see no member that they do not know.
#[tokio::test]
async fn receipts_come_when_asked_for() {
    let facts = shared().facts();
    let card: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&facts.service_card).unwrap()).unwrap();
    let key = VerifierKey::parse(card["ledger"]["vkey"].as_str().unwrap()).unwrap();
    let read = |answer: &serde_json::Value| {
        let receipt = SignerReceipt::parse(answer["receipt"].as_str().expect("a receipt")).unwrap();
        receipt.verify(&key).unwrap();
        receipt
    };
    let mut signer = Signer::new(facts, "P-256").await;
    for version in Version::BOTH {
        let hashes = [signer.hash(), signer.hash(), signer.hash()];
        let consent = signer.consent(&hashes, now() + LIFE).await.unwrap();
        let mut request = signer.authorize_request(version, &hashes, &consent);
        request["withReceipt"] = true.into();
        let authorized = signer.csc.post(&version.path("credentials/authorize"), &request).await.ok();
        let first = read(&authorized);
        assert_eq!(first.event().body.kind(), "authorized");

        let sad = authorized["SAD"].as_str().unwrap();
        let mut request = signer.sign_request(version, sad, &hashes[..1]);
        for wrong in ["yes".into(), serde_json::json!(1)] {
            request["withReceipt"] = wrong;
            let answer = signer.csc.post(&version.path(SIGN), &request).await;
            assert_eq!(answer.refusal(), invalid("Invalid parameter withReceipt"), "it costs nothing");
        }
        request["withReceipt"] = true.into();
        let signed = signer.csc.post(&version.path(SIGN), &request).await.ok();
        let second = read(&signed);
        assert!(second.signs(&hashes[..1], None) && !second.signs(&hashes[1..2], None));
        let sequence = |receipt: &SignerReceipt| receipt.event().body.credential().unwrap().sequence;
        assert!(sequence(&second) > sequence(&first));

        let mut request = signer.sign_request(version, sad, &hashes[1..]);
        request["withReceipt"] = true.into();
        let extended = signer.csc.post(&version.path("credentials/extendTransaction"), &request).await.ok();
        assert_eq!(read(&extended).event().body.kind(), "transaction-extended");
        let sad = extended["SAD"].as_str().unwrap();
        for unasked in [None, Some(false)] {
            let at = if unasked.is_none() { &hashes[1..2] } else { &hashes[2..] };
            let mut request = signer.sign_request(version, sad, at);
            request["withReceipt"] = unasked.into();
            let plain = signer.csc.post(&version.path(SIGN), &request).await.ok();
            assert_eq!(plain.as_object().unwrap().keys().collect::<Vec<_>>(), ["signatures"]);
        }
    }
}
