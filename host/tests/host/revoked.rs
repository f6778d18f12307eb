//! Place: SSA. `POST /revocation`: the list reaches the enclave as it is, from whoever brings it.

use crate::authorize::receipt;
use crate::setup::{Setup, credential};
use fuin_host::store::KeyStatus;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command};
use serde_json::{Value, json};

const PATH: &str = "/revocation";

fn body() -> Value {
    json!({ "credentialID": "k256", "list": "YWJj" })
}

async fn status(setup: &Setup) -> KeyStatus {
    setup.host.store().credential(&credential("k256")).await.unwrap().unwrap().status
}

#[tokio::test]
async fn a_list_travels_unchanged_and_its_credential_is_disabled() {
    let setup = Setup::start().await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    for result in [Err(Fault::NotRevoked), Ok(Answer::Deleted(receipt()))] {
        assert_eq!(status(&setup).await, KeyStatus::Enabled);
        // No token is asked for.
        let (answer, command) = tokio::join!(setup.post_with(PATH, None, body()), async {
            let (id, command) = peer.command().await;
            peer.reply(id, result.clone()).await;
            command
        });
        let Command::ReportRevocation(asked) = command else { panic!("{command:?}") };
        assert_eq!((asked.credential.as_str(), asked.list.as_slice()), ("k256", &b"abc"[..]));
        match result {
            Ok(_) => assert_eq!(answer.body, json!({ "destroyed": true, "event": 1 })),
            Err(_) => assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter list")),
        }
    }
    assert_eq!(status(&setup).await, KeyStatus::Disabled);
}

#[tokio::test]
async fn mistakes_in_a_report_are_refused_before_the_enclave() {
    let setup = Setup::start().await;
    setup.seal().await;
    for (name, value, text) in [
        ("credentialID", json!(null), "Missing (or invalid type) string parameter credentialID"),
        ("credentialID", json!("unknown"), "Invalid parameter credentialID"),
        ("list", json!(7), "Missing (or invalid type) string parameter list"),
        ("list", json!("*"), "Invalid parameter list"),
    ] {
        let mut wrong = body();
        wrong[name] = value;
        let answer = setup.post_with(PATH, None, wrong).await;
        assert_eq!(answer.refusal(), (400, "invalid_request", text));
    }
    let got = setup.client.get(setup.url(PATH)).send().await.unwrap();
    assert_eq!(got.status().as_u16(), 405);
}
