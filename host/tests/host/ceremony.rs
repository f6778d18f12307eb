//! Place: SSA. The listener for ceremonies: apart from the public one, and only a carrier.

use crate::peer::{Peer, instance};
use crate::setup::{Answered, Setup, answered};
use fuin_host::config::CeremonyConfig;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
use fuin_shared::message::{
    Answer, CeremonyStatus, Command, GetEvidence, HandOver, HandedOver, ProvideShare, Status, TakeOver,
};
use fuin_shared::phase::Phase;
use std::net::Ipv4Addr;

async fn start() -> Setup {
    Setup::start_with(|config| {
        config.ceremony = Some(CeremonyConfig { listen: (Ipv4Addr::LOCALHOST, 0).into() });
    })
    .await
}

fn url(setup: &Setup, path: &str) -> String {
    format!("http://{}{path}", setup.host.ceremony_addr().unwrap())
}

async fn post(setup: &Setup, path: &str, body: Vec<u8>) -> Answered {
    answered(setup.client.post(url(setup, path)).body(body)).await
}

/// Answers the next command, which must be this one.
async fn expect(peer: &mut Peer, wanted: Command, answer: Result<Answer, Fault>) {
    let (id, command) = peer.command().await;
    assert_eq!(command, wanted);
    peer.reply(id, answer).await;
}

fn share() -> ProvideShare {
    ProvideShare { statement: Blob(vec![1]), sealed: Blob(vec![2]) }
}

#[tokio::test]
async fn the_public_listener_does_not_lead_to_ceremonies() {
    let setup = start().await;
    for path in ["status", "manifest", "shares", "approval", "receipt", "share"] {
        let path = format!("/ceremony/{path}");
        assert_eq!(answered(setup.client.get(setup.url(&path))).await.status, 404);
        assert_eq!(answered(setup.client.post(setup.url(&path))).await.status, 404);
        // Nor the other way.
        let here = answered(setup.client.delete(url(&setup, &path))).await;
        assert_eq!(here.status, 405, "{path}");
    }
    for path in ["/csc/v2/info", "/readyz", "/ceremony", "/ceremony/", "/"] {
        assert_eq!(answered(setup.client.get(url(&setup, path))).await.status, 404, "{path}");
    }
    assert_eq!(Setup::start().await.host.ceremony_addr(), None);
}

#[tokio::test]
async fn what_is_not_a_message_of_a_ceremony_is_refused_before_the_enclave() {
    let setup = start().await;
    let _peer = setup.peer(1).await;
    for octets in [Vec::new(), b"{}".to_vec(), vec![0xff; 1000]] {
        for path in ["/ceremony/manifest", "/ceremony/share"] {
            assert_eq!(post(&setup, path, octets.clone()).await.status, 400, "{path}");
        }
        // There is no manifest to read it by.
        assert_eq!(post(&setup, "/ceremony/approval", octets).await.status, 409);
    }
    let large = vec![0; 300 * 1024];
    assert_eq!(post(&setup, "/ceremony/receipt", large).await.status, 413);
    assert_eq!(answered(setup.client.get(url(&setup, "/ceremony/share"))).await.status, 405);
    assert_eq!(answered(setup.client.post(url(&setup, "/ceremony/status"))).await.status, 405);
    assert_eq!(answered(setup.client.get(url(&setup, "/ceremony/manifest"))).await.status, 404);
}

#[tokio::test]
async fn messages_and_refusals_of_the_enclave_are_carried() {
    let setup = start().await;
    assert_eq!(post(&setup, "/ceremony/share", codec::encode(&share())).await.status, 503);
    let mut peer = setup.peer(1).await;
    let wanted = Command::ProvideShare(share());
    for (answer, status, told) in [
        (Ok(Answer::ShareAccepted { missing: 1 }), 200, "\"missing\":1"),
        (Err(Fault::RootMismatch), 409, "(357)"),
        (Err(Fault::Busy), 429, "in flight"),
        (Ok(Answer::Deleted(crate::authorize::receipt())), 500, "server_error"),
    ] {
        let body = codec::encode(&share());
        let (answered, ()) =
            tokio::join!(post(&setup, "/ceremony/share", body), expect(&mut peer, wanted.clone(), answer));
        assert_eq!(answered.status, status);
        assert!(answered.body.to_string().contains(told), "{}", answered.body);
    }
}

#[tokio::test]
async fn the_status_is_what_enclave_and_store_say() {
    let setup = start().await;
    let mut peer = setup.peer(1).await;
    let (answered, ()) = tokio::join!(answered(setup.client.get(url(&setup, "/ceremony/status"))), async {
        let status =
            Status { phase: Phase::Uninitialized, instance: instance(1), service: None, ledger_size: None };
        expect(&mut peer, Command::Status, Ok(Answer::Status(status))).await;
        let status = CeremonyStatus {
            genesis: None,
            receipts_missing: Vec::new(),
            shares: vec!["kei".parse().unwrap()],
            shares_missing: 1,
        };
        expect(&mut peer, Command::CeremonyStatus, Ok(Answer::CeremonyStatus(status))).await;
    });
    assert_eq!(answered.status, 200);
    assert_eq!(answered.body["phase"], "uninitialized");
    assert_eq!(answered.body["shares"], serde_json::json!({ "from": ["kei"], "missing": 1 }));
    assert_eq!(answered.body["ledger"]["size"], 0);
}

#[tokio::test]
async fn web_pages_are_refused() {
    let setup = start().await;
    let _peer = setup.peer(1).await;
    for path in ["/ceremony/status", "/ceremony/manifest", "/ceremony/share", "/attestation"] {
        let request = setup.client.post(url(&setup, path)).header("origin", "https://page.example");
        assert_eq!(answered(request).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn a_hand_over_goes_between_the_newest_enclave_and_an_operational_one() {
    let setup = start().await;
    let path = "/ceremony/hand-over";
    assert_eq!(post(&setup, path, Vec::new()).await.status, 503);
    let mut old = setup.peer(1).await;
    let status = |n, phase| {
        Ok(Answer::Status(Status { phase, instance: instance(n), service: None, ledger_size: None }))
    };
    let (answered, ()) = tokio::join!(
        post(&setup, path, Vec::new()),
        expect(&mut old, Command::Status, status(1, Phase::Operational))
    );
    assert_eq!(answered.status, 409);

    let mut new = setup.peer(2).await;
    let asked = |reader: u8| {
        let nonce = Some(Blob::from(instance(reader).as_ref()));
        Command::GetEvidence(GetEvidence { nonce })
    };
    let evidence = |octet: u8| Blob(vec![octet; 9]);
    let handed = HandedOver {
        statement: evidence(3),
        signature: evidence(4),
        sealed: evidence(5),
    };
    let ledger = LedgerIdentity { origin: "ledger.example/x".into(), vkey: "vkey".into() };
    let (answered, ()) = tokio::join!(post(&setup, path, Vec::new()), async {
        expect(&mut new, Command::Status, status(2, Phase::Uninitialized)).await;
        expect(&mut old, Command::Status, status(1, Phase::Operational)).await;
        expect(&mut new, asked(1), Ok(Answer::Evidence(evidence(1)))).await;
        let given = Answer::HandedOver { handed: handed.clone(), receipt: crate::authorize::receipt() };
        expect(&mut old, Command::HandOver(HandOver { evidence: evidence(1) }), Ok(given)).await;
        expect(&mut old, asked(2), Ok(Answer::Evidence(evidence(2)))).await;
        let take = TakeOver { evidence: evidence(2), handed: handed.clone() };
        let taken = Answer::Operational { ledger: ledger.clone(), checkpoint: "note".into() };
        expect(&mut new, Command::TakeOver(take), Ok(taken)).await;
    });
    assert_eq!(answered.status, 200, "{}", answered.body);
    assert_eq!(answered.body["giver"], serde_json::json!(instance(1)));
    assert_eq!(answered.body["taker"], serde_json::json!(instance(2)));

    // What an enclave refuses ends it.
    let (answered, ()) = tokio::join!(post(&setup, path, Vec::new()), async {
        expect(&mut new, Command::Status, status(2, Phase::Uninitialized)).await;
        expect(&mut old, Command::Status, status(1, Phase::Operational)).await;
        expect(&mut new, asked(1), Ok(Answer::Evidence(evidence(1)))).await;
        let refused = Err(Fault::PeerRefused);
        expect(&mut old, Command::HandOver(HandOver { evidence: evidence(1) }), refused).await;
    });
    assert_eq!(answered.status, 409);
    assert!(answered.body.to_string().contains("(359)"), "{}", answered.body);
}
