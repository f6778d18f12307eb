//! Place: SSA. Bounds: what is over them is refused at once, with the time to come back.

use crate::peer::instance;
use crate::setup::{Setup, USER};
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, MandateId};
use fuin_shared::message::{
    Answer, Command, EndMandate, EndedBy, Genesis, GetEvidence, Lane, SealedRecord, Status,
};
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

fn end() -> Command {
    let credential = CredentialId::new("seal").unwrap();
    let record = SealedRecord { id: credential.clone(), version: 1, body: vec![1].into() };
    let by = EndedBy::Officer(vec![1].into());
    Command::EndMandate(EndMandate { credential, mandate: MandateId([1; 16]), by, record })
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

/// The enclave takes what restricts however many of its kind wait for the witnesses; so does the host.
#[tokio::test]
async fn ends_of_mandates_that_wait_keep_no_further_one_out() {
    let setup = Setup::start_with(|c| c.limits.in_flight_per_connection = 1).await;
    let mut peer = setup.peer(1).await;
    let call = |command| {
        let relay = setup.host.relay().clone();
        tokio::spawn(async move { relay.call(command, Duration::from_secs(60)).await })
    };
    let waiting = call(work());
    let (first, _) = peer.command().await;
    let mut ends = Vec::new();
    for _ in 0..40 {
        let end = call(end());
        let (id, asked) = peer.command().await;
        assert_eq!(asked.lane(), Lane::Ending);
        ends.push((id, end));
    }
    // How the mandate stands is told meanwhile, and work has no place more than it had.
    let asked = call(Command::MandateStatus(MandateId([1; 16])));
    let (id, _) = peer.command().await;
    peer.reply(id, Err(Fault::MandateUnknown)).await;
    assert_eq!(asked.await.unwrap(), Err(Fault::MandateUnknown));
    assert_eq!(setup.host.relay().call(work(), Duration::from_secs(60)).await, Err(Fault::Busy));
    for (id, end) in ends {
        peer.reply(id, Ok(status())).await;
        assert!(end.await.unwrap().is_ok());
    }
    peer.reply(first, Ok(status())).await;
    assert!(waiting.await.unwrap().is_ok());
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
