//! Place: SSA. `POST /signatures/document`: what reaches the enclave, and what is refused before it.

use crate::authorize::receipt;
use crate::setup::Setup;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command, Commit, MAX_SIGNED_ATTRIBUTES, Receipt, ToBeSigned};
use serde_json::{Value, json};

const PATH: &str = "/signatures/document";

fn body() -> Value {
    json!({
        "credentialID": "k256",
        "SAD": Base64UrlUnpadded::encode_string(&[5; 32]),
        "toBeSigned": [{ "cms": "MQA=" }, { "jws": "ZTMw" }],
        "signAlgo": "1.2.840.10045.4.3.2",
    })
}

#[tokio::test]
async fn bytes_to_be_signed_travel_unchanged() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    let made = Answer::Signatures { signatures: vec![vec![1].into(), vec![2].into()], receipt: receipt() };
    let (answer, command) = tokio::join!(setup.post(PATH, body()), async {
        let (id, command) = peer.command().await;
        peer.reply(id, Ok(made)).await;
        command
    });
    assert_eq!(answer.body, json!({ "signatures": ["AQ==", "Ag=="] }));
    let Command::SignDocument(asked) = command else { panic!("{command:?}") };
    let expected = [ToBeSigned::Cms(vec![0x31, 0].into()), ToBeSigned::Jws(b"e30".to_vec().into())];
    assert_eq!(asked.to_be_signed, expected);
    assert_eq!((asked.token.as_slice(), asked.record.version), (&[5; 32][..], 1));
    assert_eq!(asked.signature_algorithm, SignatureAlgorithm::EcdsaSha256);
    assert_eq!(asked.hash_algorithm, Some(HashAlgorithm::Sha256));
}

#[tokio::test]
async fn refusals_of_the_sam_name_the_member() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    for (fault, text) in [
        (Fault::HashType, "The SAD is for hashes of the other type"),
        (Fault::ToBeSignedMalformed, "Invalid parameter toBeSigned"),
        (
            Fault::ToBeSignedContent,
            "toBeSigned lacks a part, or holds one that is doubled, wrong or not taken",
        ),
        (Fault::ToBeSignedCertificate, "toBeSigned names another certificate than the credential's"),
        (Fault::HashNotAuthorized, "Hash is not authorized by the SAD"),
    ] {
        let (answer, ()) = tokio::join!(setup.post(PATH, body()), async {
            let (id, _) = peer.command().await;
            peer.reply(id, Err(fault)).await;
        });
        assert_eq!(answer.refusal(), (400, "invalid_request", text));
    }
}

#[tokio::test]
async fn mistakes_are_refused_by_name_before_the_enclave() {
    let setup = Setup::start().await;
    setup.seal().await;
    let large = Base64::encode_string(&vec![0x31; MAX_SIGNED_ATTRIBUTES + 1]);
    for (name, value, text) in [
        ("credentialID", json!(null), "Missing (or invalid type) string parameter credentialID"),
        ("credentialID", json!("foreign"), "Invalid parameter credentialID"),
        ("SAD", json!(1), "Missing (or invalid type) string parameter SAD"),
        ("SAD", json!("*"), "Invalid parameter SAD"),
        ("signAlgo", json!(null), "Missing (or invalid type) string parameter signAlgo"),
        ("signAlgo", json!("1.2.3"), "Invalid parameter signAlgo"),
        ("toBeSigned", json!(null), "Missing (or invalid type) array parameter toBeSigned"),
        ("toBeSigned", json!({}), "Missing (or invalid type) array parameter toBeSigned"),
        ("toBeSigned", json!([]), "Empty toBeSigned array"),
        ("toBeSigned", json!(["MQA="]), "Invalid parameter toBeSigned"),
        ("toBeSigned", json!([{}]), "Invalid parameter toBeSigned"),
        ("toBeSigned", json!([{ "cms": "MQA=", "jws": "ZTMw" }]), "Invalid parameter toBeSigned"),
        ("toBeSigned", json!([{ "pdf": "MQA=" }]), "Invalid parameter toBeSigned"),
        ("toBeSigned", json!([{ "cms": "*" }]), "Invalid parameter toBeSigned"),
        ("toBeSigned", json!([{ "cms": null }]), "Invalid parameter toBeSigned"),
        ("toBeSigned", json!([{ "cms": large }]), "Invalid parameter toBeSigned"),
    ] {
        let mut wrong = body();
        wrong[name] = value.clone();
        let answer = setup.post(PATH, wrong).await;
        assert_eq!(answer.refusal(), (400, "invalid_request", text), "{name}");
    }
    let stranger = setup.post_with(PATH, None, body()).await;
    assert_eq!(stranger.refusal(), (400, "invalid_request", "Malformed authorization header"));
    let stranger = setup.post_with(PATH, Some("Bearer x"), body()).await;
    assert_eq!(stranger.status, 401);
    let got = setup.client.get(setup.url(PATH)).send().await.unwrap();
    assert_eq!(got.status().as_u16(), 405);
}

/// Whoever asked for the signature checks the quorum; outsiders are shown the event when it is cosigned.
#[tokio::test]
async fn a_receipt_does_not_wait_until_its_event_is_published() {
    let setup = Setup::start().await;
    setup.seal().await;
    let store = setup.host.store();
    store.put_cosigned(1, "checkpoint 1 cosigned".into()).await.unwrap();
    let event = Blob(b"signed".to_vec());
    let commit = Commit {
        first: 1,
        entries: vec![event.clone()],
        checkpoint: "checkpoint 2\n".into(),
        records: vec![],
    };
    store.commit(commit).await.unwrap();
    let mut peer = setup.peer(1).await;
    let receipt = Receipt { index: 1, event, ..receipt() };
    let made = Answer::Signatures { signatures: vec![vec![1].into(), vec![2].into()], receipt };
    let mut wanted = body();
    wanted["withReceipt"] = json!(true);
    let (answer, ()) = tokio::join!(setup.post(PATH, wanted), async {
        let (id, _) = peer.command().await;
        peer.reply(id, Ok(made)).await;
    });
    let receipt = answer.body["receipt"].as_str().expect("a receipt");
    assert!(receipt.contains("index 1\n") && receipt.ends_with("\n\ncheckpoint 2\n"), "{receipt}");
    let shown = setup.client.get(setup.url("/ledger/proof/1")).send().await.unwrap();
    assert_eq!(shown.status().as_u16(), 404);
}
