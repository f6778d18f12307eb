//! Place: SSA. Snapshots: made from the entries when the enclave says in the ledger what they add up to, and given to a boot that asks.

use crate::peer::{FromEnclave, FromHost, Peer};
use crate::setup::Setup;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, LedgerId, ManifestHash, RootCommitment, ServiceId, StatementId, Subject};
use fuin_shared::log::event::{CredentialMark, Event, EventBody, RecordMark, VERSION};
use fuin_shared::log::snapshot::{Reading, Snapshot, Summing};
use fuin_shared::log::tree::leaf_hash;
use fuin_shared::message::{Commit, StoreAnswer, StoreRequest};
use fuin_shared::stream::Receiver;
use std::time::Duration;

fn entry(body: EventBody) -> Vec<u8> {
    codec::encode(&Event { version: VERSION, time: 1, body, detail: None })
}

fn genesis() -> EventBody {
    EventBody::Genesis {
        service: ServiceId([1; 32]),
        manifest: ManifestHash([2; 32]),
        ledger: LedgerId([3; 16]),
        shard: 0,
        epoch: 0,
        commitment: RootCommitment([4; 32]),
        approvals: Vec::new(),
    }
}

fn made(number: u32) -> EventBody {
    let (mut name, mut statement) = ([7; 32], [0; 16]);
    name[..4].copy_from_slice(&number.to_be_bytes());
    statement[..4].copy_from_slice(&number.to_be_bytes());
    EventBody::KeyGenerated {
        credential: CredentialMark { subject: Subject(name), sequence: 0 },
        signer: Subject([9; 32]),
        record: RecordMark { version: 1, hash: Digest32([8; 32]) },
        attests: Digest32(name),
        statement: StatementId(statement),
    }
}

/// Adds entries to the host's ledger.
async fn add(setup: &Setup, entries: &mut Vec<Vec<u8>>, new: Vec<Vec<u8>>) {
    for piece in new.chunks(1000) {
        let first = entries.len() as u64;
        let checkpoint = format!("checkpoint {first}");
        entries.extend_from_slice(piece);
        let piece = piece.iter().cloned().map(Blob).collect();
        let commit = Commit { first, entries: piece, checkpoint, records: Vec::new() };
        setup.host.store().commit(commit).await.unwrap();
    }
}

/// What the enclave says next of these entries.
fn summed(entries: &[Vec<u8>]) -> EventBody {
    let mut summing = Summing::default();
    entries.iter().for_each(|entry| summing.push(entry).unwrap());
    EventBody::Snapshot { size: summing.size(), state: summing.digest() }
}

/// Waits until the host has made the snapshot of this size.
async fn kept(setup: &Setup, size: usize) {
    while setup.host.store().snapshot().await.unwrap().is_none_or(|kept| kept.size != size as u64) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn read(peer: &mut Peer, id: u64, marks: Vec<u64>) -> Snapshot {
    assert_eq!(peer.ask(id, StoreRequest::ReadSnapshot { marks }).await, Ok(StoreAnswer::Stream));
    let (mut receiver, mut reading) = (Receiver::default(), Reading::default());
    while !receiver.ended() {
        let Some(FromHost::Chunk { id: of, data, last }) = peer.next().await else { panic!("no piece") };
        assert_eq!(of, id);
        let grant = receiver.accept(&data, last).unwrap();
        reading.push(&data.0).unwrap();
        if let Some(octets) = grant {
            peer.send(&FromEnclave::Credit { id, octets }).await;
        }
    }
    reading.finish().unwrap()
}

#[tokio::test]
async fn the_host_makes_what_the_enclave_says() {
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let none = StoreRequest::ReadSnapshot { marks: Vec::new() };
    assert_eq!(peer.ask(1, none).await, Err(Fault::NoSnapshot));
    let mut entries = Vec::new();
    let many = (0..3000).map(made).map(entry);
    add(&setup, &mut entries, [entry(genesis())].into_iter().chain(many).collect()).await;
    let first = entries.len();
    let said = entry(summed(&entries));
    add(&setup, &mut entries, vec![said]).await;
    kept(&setup, first).await;
    // More than a window of a stream.
    let snapshot = read(&mut peer, 2, vec![5, 3001, 9000]).await;
    assert_eq!((snapshot.frontier.size(), snapshot.state.credentials_of(&Subject([9; 32]))), (3001, 3000));
    let root = |size: usize| {
        let leaves: Vec<_> = entries[..size].iter().map(|entry| leaf_hash(entry)).collect();
        fuin_shared::log::tree::root_of(&leaves)
    };
    assert!(snapshot.grew_from(0, 5, &root(5)) && snapshot.grew_from(1, 3001, &root(3001)));
    assert!(!snapshot.grew_from(2, 9000, &root(5)), "of what is not there nothing grew");
    assert!(!snapshot.grew_from(0, 5, &root(6)) && !snapshot.grew_from(3, 5, &root(5)));

    // The next one goes on from there, and takes its place.
    add(&setup, &mut entries, vec![entry(made(5000))]).await;
    let second = entries.len();
    let said = entry(summed(&entries));
    add(&setup, &mut entries, vec![said]).await;
    kept(&setup, second).await;
    let snapshot = read(&mut peer, 3, Vec::new()).await;
    assert_eq!(snapshot.frontier.size(), second as u64);
    assert_eq!(setup.host.store().snapshot_wanted().await.unwrap(), None);
}

#[tokio::test]
async fn what_does_not_add_up_is_not_kept() {
    let setup = Setup::start().await;
    let mut entries = Vec::new();
    let false_one = EventBody::Snapshot { size: 2, state: Digest32([1; 32]) };
    add(&setup, &mut entries, vec![entry(genesis()), entry(made(1)), entry(false_one)]).await;
    // Asked for, looked at, and left.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(setup.host.store().snapshot().await.unwrap(), None);
    assert_eq!(setup.host.store().snapshot_wanted().await.unwrap(), Some(2));
}

#[tokio::test]
async fn more_earlier_heads_than_are_allowed_are_refused() {
    let setup = Setup::start().await;
    let mut entries = vec![entry(genesis())];
    let said = entry(summed(&entries));
    let all = vec![entries.remove(0), said];
    add(&setup, &mut entries, all).await;
    kept(&setup, 1).await;
    let mut peer = setup.peer(1).await;
    let marks = vec![1; fuin_shared::log::snapshot::MAX_MARKS + 1];
    assert_eq!(peer.ask(1, StoreRequest::ReadSnapshot { marks }).await, Err(Fault::TooLarge));
    let marks = vec![1; fuin_shared::log::snapshot::MAX_MARKS];
    read(&mut peer, 2, marks).await;
}
