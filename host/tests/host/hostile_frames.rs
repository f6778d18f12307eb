//! Place: SSA. Octets that no enclave of ours sends: the connection is closed, and the service goes on.

use crate::peer::{FromEnclave, Peer, instance};
use crate::setup::Setup;
use fuin_shared::fault::Fault;
use fuin_shared::frame::{self, MAX_FRAME, VERSION};
use fuin_shared::message::{Hello, StoreRequest};
use fuin_shared::stream::WINDOW;

fn hello() -> FromEnclave {
    FromEnclave::Hello(Hello { version: VERSION, instance: instance(1) })
}

async fn serves(setup: &Setup) {
    let mut peer = Peer::hello(&setup.socket(), 1).await;
    assert!(peer.ask(0, StoreRequest::Head).await.is_ok());
}

/// What is sent after a hello.
fn after_hello() -> Vec<(&'static str, Vec<u8>)> {
    let encoded = |f: &FromEnclave| frame::encode(f).unwrap();
    let mut not_canonical = encoded(&FromEnclave::Credit { id: 1, octets: 1 });
    not_canonical.push(0);
    not_canonical[3] += 1;
    vec![
        ("zero length", vec![0; 4]),
        ("length over the limit", (MAX_FRAME as u32 + 1).to_be_bytes().to_vec()),
        ("not CBOR", [&8u32.to_be_bytes()[..], &[0xff; 8]].concat()),
        ("octets after the frame's CBOR", not_canonical),
        ("second hello", encoded(&hello())),
        ("answer to nothing", encoded(&FromEnclave::Reply { id: 7, result: Err(Fault::Busy) })),
        ("piece of no stream", encoded(&FromEnclave::Chunk { id: 0, data: vec![1].into(), last: true })),
        (
            "host's command sent back",
            frame::encode(&crate::peer::FromHost::Request {
                id: 0,
                deadline_ms: 1,
                body: fuin_shared::message::Command::Status,
            })
            .unwrap(),
        ),
    ]
}

#[tokio::test]
async fn each_breach_after_the_hello_ends_the_connection() {
    let setup = Setup::start().await;
    for (what, octets) in after_hello() {
        let mut peer = Peer::hello(&setup.socket(), 1).await;
        assert!(peer.ask(0, StoreRequest::Head).await.is_ok());
        peer.send_octets(&octets).await;
        assert!(peer.is_closed().await, "{what}");
        serves(&setup).await;
    }
}

#[tokio::test]
async fn each_breach_instead_of_a_hello_ends_the_connection() {
    let setup = Setup::start().await;
    let other_version = FromEnclave::Hello(Hello { version: VERSION + 1, instance: instance(1) });
    let request = FromEnclave::Request { id: 0, deadline_ms: 1, body: StoreRequest::Head };
    for octets in [
        frame::encode(&other_version).unwrap(),
        frame::encode(&request).unwrap(),
        vec![0; 4],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    ] {
        let mut peer = Peer::dial(&setup.socket()).await;
        peer.send_octets(&octets).await;
        assert!(peer.is_closed().await);
        assert_eq!(*setup.host.relay().instance().borrow(), None);
    }
    serves(&setup).await;
}

#[tokio::test]
async fn a_frame_that_never_ends_is_given_up() {
    let setup = Setup::start_with(|c| c.limits.frame_ms = 50).await;
    let whole =
        frame::encode(&FromEnclave::Request { id: 0, deadline_ms: 1, body: StoreRequest::Head }).unwrap();
    // No hello at all, half a hello, half a later frame.
    let mut silent = Peer::dial(&setup.socket()).await;
    assert!(silent.is_closed().await);
    let mut half = Peer::dial(&setup.socket()).await;
    half.send_octets(&frame::encode(&hello()).unwrap()[..10]).await;
    assert!(half.is_closed().await);
    let mut later = Peer::hello(&setup.socket(), 1).await;
    later.send_octets(&whole[..whole.len() - 1]).await;
    assert!(later.is_closed().await);
    serves(&setup).await;
}

#[tokio::test]
async fn an_id_in_use_and_credit_over_a_window_end_the_connection() {
    let setup = Setup::start().await;
    // A stream that waits for credit keeps its id in use.
    crate::stream::fill(&setup, 20).await;
    for breach in [
        FromEnclave::Request { id: 5, deadline_ms: 1, body: StoreRequest::Head },
        FromEnclave::Credit { id: 5, octets: WINDOW + 1 },
    ] {
        let mut peer = Peer::hello(&setup.socket(), 1).await;
        assert!(peer.ask(5, StoreRequest::ReadLedger { first: 0 }).await.is_ok());
        let mut received = 0;
        while received < WINDOW as usize {
            let Some(crate::peer::FromHost::Chunk { data, .. }) = peer.next().await else {
                panic!("no piece")
            };
            received += data.0.len();
        }
        peer.send(&breach).await;
        assert!(peer.is_closed().await, "{breach:?}");
    }
    serves(&setup).await;
}

#[tokio::test]
async fn connections_over_the_limit_are_closed() {
    let setup = Setup::start_with(|c| c.limits.enclave_connections = 1).await;
    let mut first = setup.peer(1).await;
    let mut second = Peer::dial(&setup.socket()).await;
    assert!(second.is_closed().await);
    assert!(first.ask(0, StoreRequest::Head).await.is_ok());
}

mod random {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn octets_never_stop_the_service(octets in proptest::collection::vec(any::<u8>(), 1..400), greeted in any::<bool>()) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let setup = Setup::start_with(|c| c.limits.frame_ms = 20).await;
                let mut peer = if greeted { Peer::hello(&setup.socket(), 1).await } else { Peer::dial(&setup.socket()).await };
                peer.send_octets(&octets).await;
                serves(&setup).await;
            });
        }
    }
}
