//! Place: SSA. Bounds: what is over them is refused at once, with the time to come back.

use crate::peer::instance;
use crate::setup::{Setup, USER};
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command, Genesis, GetEvidence, Status};
use fuin_shared::phase::Phase;
use serde_json::json;
use std::time::Duration;

fn status() -> Answer {
    Answer::Status(Status {
        phase: Phase::Operational,
        instance: instance(1),
        service: None,
        ledger_size: None,
    })
}

/// Any command that is no question.
const fn work() -> Command {
    Command::Genesis(Genesis { approvals: Vec::new() })
}

#[tokio::test]
async fn over_the_places_in_flight_a_call_is_busy_and_http_says_429() {
    let setup = Setup::start_with(|c| c.limits.in_flight_per_connection = 1).await;
    setup.seal().await;
    let mut peer = setup.peer(1).await;
    let relay = setup.host.relay().clone();
    let call = tokio::spawn(async move { relay.call(work(), Duration::from_secs(60)).await });
    let (id, _) = peer.command().await;
    assert_eq!(setup.host.relay().call(work(), Duration::from_secs(60)).await, Err(Fault::Busy));
    let answer = setup
        .post(
            "/csc/v2/credentials/getChallenge",
            json!({ "credentialID": "k256", "authObjectID": "passkey" }),
        )
        .await;
    assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (429, "1"));
    peer.reply(id, Ok(status())).await;
    assert!(call.await.unwrap().is_ok());
}

/// Commands may wait for the witnesses for long: whoever asks how things are hears it.
#[tokio::test]
async fn questions_are_answered_while_commands_wait() {
    let setup = Setup::start_with(|c| c.limits.in_flight_per_connection = 1).await;
    let mut peer = setup.peer(1).await;
    let relay = setup.host.relay().clone();
    let waiting = tokio::spawn(async move { relay.call(work(), Duration::from_secs(60)).await });
    let (work, _) = peer.command().await;
    // They are bounded too.
    let evidence = || Command::GetEvidence(GetEvidence { nonce: None });
    let mut questions = Vec::new();
    for _ in 0..8 {
        let relay = setup.host.relay().clone();
        questions.push(tokio::spawn(async move { relay.call(evidence(), Duration::from_secs(60)).await }));
        peer.command().await;
    }
    assert_eq!(setup.host.relay().call(evidence(), Duration::from_secs(60)).await, Err(Fault::Busy));
    // Whoever looks whether the service is there hears it, however many ask for evidence.
    let ready = tokio::spawn(setup.client.get(setup.url("/readyz")).send());
    let (id, asked) = peer.command().await;
    assert_eq!(asked, Command::Status);
    peer.reply(id, Ok(status())).await;
    assert_eq!(ready.await.unwrap().unwrap().status(), 200);
    peer.reply(work, Err(Fault::Internal)).await;
    assert_eq!(waiting.await.unwrap(), Err(Fault::Internal));
}

#[tokio::test]
async fn over_the_requests_at_once_http_says_503() {
    let setup = Setup::start_with(|c| c.limits.requests = 1).await;
    let mut peer = setup.peer(1).await;
    let waiting = tokio::spawn(setup.client.get(setup.url("/readyz")).send());
    let (id, _) = peer.command().await;
    let answer = setup.post("/csc/v2/info", "").await;
    assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (503, "1"));
    peer.reply(id, Ok(status())).await;
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn too_many_requests_of_the_enclave_are_busy() {
    use crate::peer::{FromEnclave, FromHost};
    use fuin_shared::message::StoreRequest;
    let setup = Setup::start_with(|c| c.limits.enclave_requests_per_connection = 1).await;
    crate::stream::fill(&setup, 20).await;
    let mut peer = setup.peer(1).await;
    assert!(peer.ask(1, StoreRequest::ReadLedger { first: 0 }).await.is_ok());
    peer.send(&FromEnclave::Request { id: 2, deadline_ms: 1, body: StoreRequest::Head }).await;
    loop {
        match peer.next().await {
            Some(FromHost::Chunk { .. }) => {}
            Some(FromHost::Reply { id: 2, result }) => {
                assert_eq!(result, Err(Fault::Busy));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down() {
    let setup = Setup::start_with(|c| c.limits.login_failures = 2).await;
    let login = |password: &str| {
        use base64ct::Encoding;
        let basic =
            format!("Basic {}", base64ct::Base64::encode_string(format!("{USER}:{password}").as_bytes()));
        let setup = &setup;
        async move { setup.post_with("/csc/v2/auth/login", Some(&basic), "").await.status }
    };
    assert_eq!(login("wrong").await, 400);
    assert_eq!(login("wrong").await, 400);
    assert_eq!(login(crate::setup::PASSWORD).await, 429);
    setup.clock.0.fetch_add(300, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(login(crate::setup::PASSWORD).await, 200);
}
