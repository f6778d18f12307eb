//! Place: SSA. A rotation of the root key: what is carried, and records on their way to be sealed anew.

use crate::peer::{Peer, instance};
use crate::setup::{Answered, Setup, answered, credential};
use fuin_host::config::CeremonyConfig;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{ManifestHash, RootCommitment};
use fuin_shared::log::event::{AlarmKind, Event, EventBody, VERSION};
use fuin_shared::message::{
    Answer, CeremonyStatus, Command, Commit, ConfirmGenesis, GenesisShares, RecordChange, SealedRecord,
    Status,
};
use fuin_shared::phase::Phase;
use fuin_shared::rotation::{EraseRoot, RootRotation, RotateRoot, RotationStage, RotationStatus};
use std::net::Ipv4Addr;

const FROM: RootCommitment = RootCommitment([1; 32]);
const TO: RootCommitment = RootCommitment([2; 32]);

fn entry(body: EventBody) -> Blob {
    codec::encode(&Event { version: VERSION, time: 1, body, detail: None }).into()
}

fn rotated() -> EventBody {
    let (manifest, approvals) = (ManifestHash([3; 32]), Vec::new());
    EventBody::RootRotated { from: FROM, to: TO, manifest, carried: Blob::default(), approvals }
}

fn record(id: &str, octets: usize) -> SealedRecord {
    SealedRecord { id: credential(id), version: 1, body: vec![7; octets].into() }
}

async fn commit(setup: &Setup, first: u64, body: EventBody, records: Vec<SealedRecord>) {
    let records = records.into_iter().map(RecordChange::Put).collect();
    let (entries, checkpoint) = (vec![entry(body)], format!("checkpoint {first}"));
    setup.host.store().commit(Commit { first, entries, checkpoint, records }).await.unwrap();
}

/// The records that come next.
async fn brought(peer: &mut Peer, answer: Result<Answer, Fault>) -> Vec<SealedRecord> {
    let (id, command) = peer.command().await;
    peer.reply(id, answer).await;
    match command {
        Command::Rewrap(rewrap) => rewrap.records,
        other => panic!("{other:?}"),
    }
}

fn left(left: u64) -> Result<Answer, Fault> {
    Ok(Answer::Rewrapped { records: 1, left })
}

#[tokio::test]
async fn records_come_to_the_enclave_until_none_is_under_the_former_root_key() {
    let setup = Setup::start().await;
    let mut peer = setup.peer(1).await;
    let records = vec![record("a", 200_000), record("b", 200_000), record("c", 10), record("d", 10)];
    commit(&setup, 0, rotated(), records.clone()).await;
    // Bounded in octets, and in the order of their names.
    assert_eq!(brought(&mut peer, left(3)).await, records[..1]);
    assert_eq!(brought(&mut peer, left(1)).await, records[1..]);
    // The end was reached with one left: it begins anew later. Until then, nothing.
    commit(&setup, 1, EventBody::RootUnused { commitment: FROM }, Vec::new()).await;
    assert!(!setup.host.store().rotating().await.unwrap());
}

#[tokio::test]
async fn a_record_that_does_not_open_holds_up_no_other() {
    let setup = Setup::start().await;
    let records = vec![record("a", 10), record("b", 10), record("c", 10)];
    commit(&setup, 0, rotated(), records.clone()).await;
    assert!(setup.host.store().rotating().await.unwrap());
    // There was no enclave before.
    let mut peer = setup.peer(1).await;
    assert_eq!(brought(&mut peer, Err(Fault::RecordForeign)).await, records);
    assert_eq!(brought(&mut peer, left(2)).await, records[..1]);
    assert_eq!(brought(&mut peer, Err(Fault::RecordForeign)).await, records[1..2]);
    assert_eq!(brought(&mut peer, left(1)).await, records[2..]);
}

/// Each would be an alarm.
#[tokio::test]
async fn a_record_that_was_refused_is_not_given_again_until_it_is_another() {
    let setup = Setup::start().await;
    let records = vec![record("a", 10), record("b", 10), record("c", 10)];
    commit(&setup, 0, rotated(), records.clone()).await;
    let mut peer = setup.peer(1).await;
    assert_eq!(brought(&mut peer, Err(Fault::RecordForeign)).await, records);
    assert_eq!(brought(&mut peer, Err(Fault::RecordForeign)).await, records[..1]);
    assert_eq!(brought(&mut peer, left(2)).await, records[1..2]);
    assert_eq!(brought(&mut peer, Err(Fault::LedgerBusy)).await, records[2..]);
    assert_eq!(brought(&mut peer, Err(Fault::LedgerBusy)).await, records[1..]);
    let restored = SealedRecord { version: 2, ..record("a", 10) };
    commit(&setup, 1, EventBody::Alarm { about: AlarmKind::RecordForeign, count: 1 }, vec![restored.clone()])
        .await;
    assert_eq!(brought(&mut peer, left(0)).await, [restored, records[1].clone(), records[2].clone()]);
}

#[tokio::test]
async fn a_round_that_the_enclave_breaks_off_begins_anew() {
    let setup = Setup::start().await;
    commit(&setup, 0, rotated(), vec![record("a", 10)]).await;
    let mut peer = setup.peer(1).await;
    for answer in [Err(Fault::WrongPhase), Err(Fault::LedgerBusy), left(0)] {
        assert_eq!(brought(&mut peer, answer).await, [record("a", 10)]);
    }
}

async fn start() -> Setup {
    Setup::start_with(|config| {
        config.ceremony = Some(CeremonyConfig { listen: (Ipv4Addr::LOCALHOST, 0).into() });
    })
    .await
}

async fn post(setup: &Setup, path: &str, body: Vec<u8>) -> Answered {
    let url = format!("http://{}/ceremony/{path}", setup.host.ceremony_addr().unwrap());
    answered(setup.client.post(url).body(body)).await
}

async fn expect(peer: &mut Peer, wanted: Command, answer: Result<Answer, Fault>) {
    let (id, command) = peer.command().await;
    assert_eq!(command, wanted);
    peer.reply(id, answer).await;
}

fn operational() -> Result<Answer, Fault> {
    let (phase, instance) = (Phase::Operational, instance(1));
    Ok(Answer::Status(Status { phase, instance, service: None, ledger_size: None }))
}

fn status(stage: RotationStage, shares: Option<GenesisShares>) -> Result<Answer, Fault> {
    let rotation = RotationStatus {
        rotation: RootRotation { from: FROM, to: TO, stage },
        shares,
        receipts_missing: vec!["kei".parse().unwrap()],
        records_left: 5,
        deletions: vec!["lea".parse().unwrap()],
        deletions_missing: 1,
    };
    Ok(Answer::CeremonyStatus(CeremonyStatus {
        genesis: None,
        receipts_missing: Vec::new(),
        shares: Vec::new(),
        shares_missing: 0,
        epoch: None,
        roots: Vec::new(),
        rotation: Some(Box::new(rotation)),
    }))
}

fn shares() -> GenesisShares {
    GenesisShares { commitment: TO, shares: Vec::new() }
}

#[tokio::test]
async fn order_receipts_and_deletions_are_carried() {
    let setup = start().await;
    let mut peer = setup.peer(1).await;
    for path in ["rotation", "deletion"] {
        let url = format!("http://{}/ceremony/{path}", setup.host.ceremony_addr().unwrap());
        assert_eq!(answered(setup.client.get(url)).await.status, 405);
    }
    assert_eq!(post(&setup, "rotation", vec![0xff]).await.status, 400);
    let rotate = RotateRoot { approvals: vec![Blob(vec![1])] };
    for (answer, code, told) in [
        (Ok(Answer::RotationShares(shares())), 200, TO.to_string()),
        (Err(Fault::RotationQuorum), 409, "(366)".to_owned()),
    ] {
        let wanted = Command::RotateRoot(rotate.clone());
        let (answered, ()) =
            tokio::join!(post(&setup, "rotation", codec::encode(&rotate)), expect(&mut peer, wanted, answer));
        assert_eq!(answered.status, code);
        assert!(answered.body.to_string().contains(&told), "{}", answered.body);
    }
    let confirm = || Command::ConfirmRotation(ConfirmGenesis { receipts: vec![Blob(vec![2])] });
    let (answered, ()) = tokio::join!(post(&setup, "receipt", vec![2]), async {
        expect(&mut peer, Command::Status, operational()).await;
        expect(&mut peer, confirm(), Err(Fault::RotationPending)).await;
        expect(&mut peer, Command::CeremonyStatus, status(RotationStage::Sharing, Some(shares()))).await;
    });
    assert_eq!((answered.status, &answered.body["receiptsMissing"]), (200, &serde_json::json!(["kei"])));
    let (answered, ()) = tokio::join!(post(&setup, "receipt", vec![2]), async {
        expect(&mut peer, Command::Status, operational()).await;
        expect(&mut peer, confirm(), Err(Fault::RotationPending)).await;
        expect(&mut peer, Command::CeremonyStatus, status(RotationStage::Rewrapping, None)).await;
    });
    assert_eq!(answered.status, 409, "nothing waits for it");
    let receipt = crate::authorize::receipt();
    let (answered, ()) = tokio::join!(post(&setup, "receipt", vec![2]), async {
        expect(&mut peer, Command::Status, operational()).await;
        expect(&mut peer, confirm(), Ok(Answer::RootRotated { commitment: TO, receipt })).await;
    });
    assert_eq!((answered.status, &answered.body["receiptsMissing"]), (200, &serde_json::json!([])));
    let erase = || Command::EraseRoot(EraseRoot { deletions: vec![Blob(vec![3])] });
    let (answered, ()) = tokio::join!(post(&setup, "deletion", vec![3]), async {
        expect(&mut peer, erase(), Err(Fault::DeletionsMissing)).await;
        expect(&mut peer, Command::CeremonyStatus, status(RotationStage::Deleting, None)).await;
    });
    assert_eq!((answered.status, &answered.body["missing"]), (200, &1.into()));
    let done = Ok(Answer::RootErased(crate::authorize::receipt()));
    for (answer, code) in [(done, 200), (Err(Fault::RotationPending), 200), (Err(Fault::RootInUse), 409)] {
        let (answered, ()) =
            tokio::join!(post(&setup, "deletion", vec![3]), expect(&mut peer, erase(), answer));
        assert_eq!(answered.status, code);
    }
}

#[tokio::test]
async fn the_status_shows_how_far_a_rotation_is() {
    let setup = start().await;
    let mut peer = setup.peer(1).await;
    let url = format!("http://{}/ceremony/status", setup.host.ceremony_addr().unwrap());
    let (answered, ()) = tokio::join!(answered(setup.client.get(url)), async {
        expect(&mut peer, Command::Status, operational()).await;
        expect(&mut peer, Command::CeremonyStatus, status(RotationStage::Rewrapping, None)).await;
    });
    let rotation = &answered.body["rotation"];
    assert_eq!((&rotation["stage"], &rotation["recordsLeft"]), (&"rewrapping".into(), &5.into()));
    assert_eq!((&rotation["from"], &rotation["to"]), (&FROM.to_string().into(), &TO.to_string().into()));
    assert_eq!(
        (&rotation["deletions"], &rotation["deletionsMissing"]),
        (&serde_json::json!(["lea"]), &1.into())
    );
    assert_eq!(answered.body["shares"], serde_json::Value::Null);
}
