//! Place: SSA. `POST /attestation` carries evidence as it is.

use crate::peer::instance;
use crate::setup::Setup;
use base64ct::{Base64, Encoding};
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command};
use serde_json::json;

#[tokio::test]
async fn evidence_comes_as_json_or_as_it_is() {
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    for accept in [None, Some("application/cbor"), Some("text/html, application/octet-stream;q=0.5")] {
        let body = json!({ "nonce": "AAECAwQFBgc", "credentialID": "k256" }).to_string();
        let mut request = setup.client.post(setup.url("/attestation")).body(body);
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let (response, ()) = tokio::join!(request.send(), async {
            let (id, command) = peer.command().await;
            let Command::GetEvidence(asked) = command else { panic!("{command:?}") };
            assert_eq!(asked.nonce.unwrap().as_slice(), [0, 1, 2, 3, 4, 5, 6, 7]);
            peer.reply(id, Ok(Answer::Evidence(b"bundle".to_vec().into()))).await;
        });
        let response = response.unwrap();
        match accept {
            None => {
                let body: serde_json::Value = response.json().await.unwrap();
                assert_eq!(
                    body,
                    json!({ "bundle": Base64::encode_string(b"bundle"), "instance": instance(1).to_string() })
                );
            }
            Some(_) => {
                assert_eq!(response.headers()["x-fuin-instance"].to_str().unwrap(), instance(1).to_string());
                assert_eq!(response.bytes().await.unwrap().as_ref(), b"bundle");
            }
        }
    }
}

#[tokio::test]
async fn nonces_that_cannot_be_are_refused() {
    let setup = Setup::start().await;
    let long = "A".repeat(100);
    for nonce in [json!("AAAA"), json!("!!!!!!!!!!!!"), json!(1), json!(long)] {
        let answer = setup.post_with("/attestation", None, json!({ "nonce": nonce })).await;
        assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter nonce"));
    }
    let answer = setup.post_with("/attestation", None, json!({ "credentialID": "a/b" })).await;
    assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter credentialID"));
    assert_eq!(setup.post_with("/attestation", None, "{}").await.status, 503, "no enclave");
}

#[tokio::test]
async fn an_enclave_without_evidence_is_a_503() {
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let (answer, ()) = tokio::join!(setup.post_with("/attestation", None, "{}"), async {
        let (id, _) = peer.command().await;
        peer.reply(id, Err(Fault::WrongPhase)).await;
    });
    assert_eq!(answer.status, 503);
    assert!(answer.headers.contains_key("retry-after"));
}
