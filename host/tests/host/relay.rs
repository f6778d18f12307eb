//! Place: SSA. Requests over connections: answers find their callers, and every caller gets one.

use crate::peer::{FromHost, instance};
use crate::setup::Setup;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command, Status};
use fuin_shared::phase::Phase;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

fn status(ledger_size: u64) -> Answer {
    Answer::Status(Status {
        phase: Phase::Operational,
        instance: instance(1),
        service: None,
        ledger_size: Some(ledger_size),
    })
}

#[tokio::test]
async fn answers_in_another_order_find_their_callers() {
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let relay = setup.host.relay().clone();
            tokio::spawn(async move { relay.call(Command::Status, LONG).await })
        })
        .collect();
    let mut ids = Vec::new();
    for _ in 0..8 {
        let (id, command) = peer.command().await;
        assert_eq!(command, Command::Status);
        ids.push(id);
    }
    for id in ids.iter().rev() {
        peer.reply(*id, Ok(status(*id))).await;
    }
    let mut sizes = Vec::new();
    for call in calls {
        let Answer::Status(status) = call.await.unwrap().unwrap() else { panic!("another answer") };
        sizes.push(status.ledger_size.unwrap());
    }
    sizes.sort_unstable();
    ids.sort_unstable();
    assert_eq!(sizes, ids);
}

#[tokio::test]
async fn a_refusal_comes_back_as_its_number() {
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let (answer, ()) = tokio::join!(setup.host.relay().call(Command::Status, LONG), async {
        let (id, _) = peer.command().await;
        peer.reply(id, Err(Fault::WrongPhase)).await;
    });
    assert_eq!(answer, Err(Fault::WrongPhase));
}

#[tokio::test]
async fn without_an_enclave_a_call_fails_at_once() {
    let setup = Setup::start().await;
    assert_eq!(setup.host.relay().call(Command::Status, LONG).await, Err(Fault::Disconnected));
}

#[tokio::test]
async fn a_late_answer_harms_nobody() {
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let none = setup.host.relay().call(Command::Status, Duration::from_millis(1)).await;
    assert_eq!(none, Err(Fault::Deadline));
    let (late, _) = peer.command().await;
    peer.reply(late, Ok(status(1))).await;
    let (answer, ()) = tokio::join!(setup.host.relay().call(Command::Status, LONG), async {
        let (id, _) = peer.command().await;
        assert_ne!(id, late);
        peer.reply(id, Ok(status(2))).await;
    });
    assert_eq!(answer, Ok(status(2)));
}

#[tokio::test]
async fn the_deadline_travels_with_the_request() {
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let relay = setup.host.relay().clone();
    let call = tokio::spawn(async move { relay.call(Command::Status, Duration::from_millis(54_321)).await });
    let Some(FromHost::Request { id, deadline_ms, .. }) = peer.next().await else { panic!("no request") };
    assert_eq!(deadline_ms, 54_321);
    peer.reply(id, Ok(status(0))).await;
    assert!(call.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_dead_connection_fails_its_calls_and_a_new_instance_takes_over() {
    let setup = Setup::start().await;
    let mut old = setup.peer(1).await;
    let relay = setup.host.relay().clone();
    let call = tokio::spawn(async move { relay.call(Command::Status, LONG).await });
    old.command().await;
    drop(old);
    assert_eq!(call.await.unwrap(), Err(Fault::Disconnected));
    setup.host.relay().instance().wait_for(Option::is_none).await.unwrap();

    let mut new = setup.peer(2).await;
    let (answer, ()) = tokio::join!(setup.host.relay().call_instance(Command::Status, LONG), async {
        let (id, _) = new.command().await;
        new.reply(id, Ok(status(0))).await;
    });
    assert_eq!(answer, Ok((instance(2), status(0))));
}

#[tokio::test]
async fn the_newest_instance_is_asked_and_a_superseded_one_that_dials_again_is_not() {
    let setup = Setup::start().await;
    let _old = setup.peer(1).await;
    let mut new = setup.peer(2).await;
    // It is known when it has an answer to something of its own.
    let mut again = crate::peer::Peer::hello(&setup.socket(), 1).await;
    again.ask(0, fuin_shared::message::StoreRequest::Head).await.unwrap();
    assert_eq!(*setup.host.relay().instance().borrow(), Some(instance(2)));
    let (answer, ()) = tokio::join!(setup.host.relay().call_instance(Command::Status, LONG), async {
        let (id, _) = new.command().await;
        new.reply(id, Ok(status(0))).await;
    });
    assert_eq!(answer, Ok((instance(2), status(0))));
    drop(new);
    setup.host.relay().instance().wait_for(|id| *id == Some(instance(1))).await.unwrap();
}

#[tokio::test]
async fn several_connections_of_an_instance_share_the_work() {
    let setup = Setup::start_with(|c| c.limits.in_flight_per_connection = 1).await;
    let mut first = setup.peer(1).await;
    let mut second = setup.peer(1).await;
    second.ask(0, fuin_shared::message::StoreRequest::Head).await.unwrap();
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let relay = setup.host.relay().clone();
            tokio::spawn(async move { relay.call(Command::Status, LONG).await })
        })
        .collect();
    for peer in [&mut first, &mut second] {
        let (id, _) = peer.command().await;
        peer.reply(id, Ok(status(0))).await;
    }
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_command_over_the_frame_limit_is_refused_and_the_connection_lives() {
    use fuin_shared::message::InstallManifest;
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let large = vec![0; fuin_shared::frame::MAX_FRAME];
    let command =
        Command::InstallManifest(InstallManifest { first: large.into(), current: Vec::new().into() });
    assert_eq!(setup.host.relay().call(command, LONG).await, Err(Fault::TooLarge));
    let (answer, ()) = tokio::join!(setup.host.relay().call(Command::Status, LONG), async {
        let (id, _) = peer.command().await;
        peer.reply(id, Ok(status(0))).await;
    });
    assert!(answer.is_ok());
}

#[tokio::test]
async fn a_stop_ends_calls_in_flight_and_removes_the_socket() {
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let relay = setup.host.relay().clone();
    let call = tokio::spawn(async move { relay.call(Command::Status, LONG).await });
    peer.command().await;
    let socket = setup.socket();
    setup.host.shutdown().await;
    assert_eq!(call.await.unwrap(), Err(Fault::Disconnected));
    assert!(peer.is_closed().await);
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_commit_is_durable_when_it_is_answered_and_a_second_one_for_its_place_is_refused() {
    use fuin_host::store::Store;
    use fuin_host::store::sqlite::SqliteStore;
    use fuin_shared::message::{Commit, RecordChange, SealedRecord, StoreAnswer, StoreRequest};
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let record = |version| {
        let id = crate::setup::credential("k256");
        RecordChange::Put(SealedRecord { id, version, body: vec![1].into() })
    };
    let commit = |first, version| {
        StoreRequest::Commit(Commit {
            first,
            entries: vec![vec![7].into()],
            checkpoint: format!("checkpoint {}", first + 1),
            records: vec![record(version)],
        })
    };
    assert_eq!(peer.ask(0, commit(0, 1)).await, Ok(StoreAnswer::Committed));
    // Seen from another opening of the file, before anything is closed.
    let other = SqliteStore::open(&setup.home.path().join("data")).await.unwrap();
    assert_eq!(other.head().await.unwrap().size, 1);
    for first in [0, 2] {
        assert_eq!(peer.ask(10 + first, commit(first, 2)).await, Err(Fault::SinkRefused));
    }
    let kept = other.record(&crate::setup::credential("k256")).await.unwrap().unwrap();
    assert_eq!(kept.version, 1);
    assert_eq!(peer.ask(20, commit(1, 2)).await, Ok(StoreAnswer::Committed));
    let StoreAnswer::Head(head) = peer.ask(21, StoreRequest::Head).await.unwrap() else { panic!("no head") };
    assert_eq!((head.size, head.checkpoint.as_deref()), (2, Some("checkpoint 2")));
}
