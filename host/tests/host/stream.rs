//! Place: SSA. The ledger as a stream: complete, in order, and never more than there is credit for.

use crate::peer::{FromEnclave, FromHost, Peer};
use crate::setup::Setup;
use fuin_shared::log::bundle::append_entry;
use fuin_shared::message::{Commit, StoreAnswer, StoreRequest};
use fuin_shared::stream::{Receiver, WINDOW};

/// An entry of nearly the largest size; each differs.
pub fn entry(n: u64) -> Vec<u8> {
    let mut entry = vec![n as u8; 60_000];
    entry[..8].copy_from_slice(&n.to_be_bytes());
    entry
}

/// Commits this many entries.
pub async fn fill(setup: &Setup, count: u64) {
    for first in 0..count {
        let commit = Commit {
            first,
            entries: vec![entry(first).into()],
            checkpoint: format!("checkpoint {}", first + 1),
            records: Vec::new(),
        };
        setup.host.store().commit(commit).await.unwrap();
    }
}

async fn read(peer: &mut Peer, id: u64, first: u64) -> Vec<u8> {
    assert_eq!(peer.ask(id, StoreRequest::ReadLedger { first }).await, Ok(StoreAnswer::Stream));
    let (mut receiver, mut octets) = (Receiver::default(), Vec::new());
    while !receiver.ended() {
        let Some(FromHost::Chunk { id: of, data, last }) = peer.next().await else { panic!("no piece") };
        assert_eq!(of, id);
        let grant = receiver.accept(&data, last).unwrap();
        octets.extend_from_slice(&data.0);
        if let Some(octets) = grant {
            peer.send(&FromEnclave::Credit { id, octets }).await;
        }
    }
    octets
}

#[tokio::test]
async fn the_whole_ledger_arrives_whatever_its_size() {
    let setup = Setup::start().await;
    fill(&setup, 70).await;
    let mut peer = setup.peer(1).await;
    for (id, first) in [(1, 0), (2, 69), (3, 70), (4, u64::MAX)] {
        let mut expected = Vec::new();
        for n in first..70 {
            append_entry(&mut expected, &entry(n)).unwrap();
        }
        assert!(read(&mut peer, id, first).await == expected, "from {first}");
    }
}

#[tokio::test]
async fn without_credit_nothing_more_comes_and_control_passes() {
    let setup = Setup::start().await;
    fill(&setup, 20).await;
    let mut peer = setup.peer(1).await;
    assert_eq!(peer.ask(1, StoreRequest::ReadLedger { first: 0 }).await, Ok(StoreAnswer::Stream));
    let mut received = 0;
    while received < WINDOW as usize {
        let Some(FromHost::Chunk { data, last, .. }) = peer.next().await else { panic!("no piece") };
        assert!(!last);
        received += data.0.len();
    }
    assert_eq!(received, WINDOW as usize);
    // The next frame is the answer to another request, not a piece.
    assert!(matches!(peer.ask(2, StoreRequest::Head).await, Ok(StoreAnswer::Head(head)) if head.size == 20));
    peer.send(&FromEnclave::Credit { id: 1, octets: 10 }).await;
    assert!(
        matches!(peer.next().await, Some(FromHost::Chunk { id: 1, data, last: false }) if data.0.len() == 10)
    );
}
