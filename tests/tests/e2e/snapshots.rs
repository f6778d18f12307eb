//! Place: none. Starts from a snapshot of the ledger, and from the whole of it.

use crate::ledger::good;
use fuin_host::store::Store as _;
use fuin_host::store::sqlite::SqliteStore;
use fuin_tests::csc::Version;
use fuin_tests::programs::scratch;
use fuin_tests::service::{Mode, Service};
use fuin_tests::signer::Signer;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::Path;
use std::time::Duration;

/// The folder of a service's host.
async fn store(dir: &Path) -> SqliteStore {
    SqliteStore::open(&dir.join("host")).await.unwrap()
}

/// From which entry on the enclave read the ledger at its last boot, as the host says.
fn read_from(dir: &Path) -> u64 {
    let log = std::fs::read_to_string(dir.join("logs/host.log")).unwrap();
    let line = log.lines().rev().find(|line| line.contains("the enclave reads the ledger")).unwrap();
    let (_, first) = line.split_once("first=").unwrap();
    first.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_service_starts_from_a_snapshot_and_from_the_whole_ledger() {
    let folder = scratch();
    let dir = folder.path().join("dev");
    let service = Service::start(&Mode::Snapshots, &dir);
    let mut signer = Signer::new(service.facts(), "P-256").await;
    let hashes = [signer.hash()];
    let sad = signer.sad(&hashes).await;
    for _ in 0..16 {
        signer.works().await;
    }
    // The host makes it in the background.
    let kept = loop {
        if let Some(kept) = store(&dir).await.snapshot().await.unwrap() {
            break kept.size;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(kept >= 16);
    service.stop();

    let service = Service::start(&Mode::Snapshots, &dir);
    assert!(read_from(&dir) >= kept, "from {}", read_from(&dir));
    let mut signer = Signer::new(service.facts(), "P-256").await;
    signer.works().await;
    // What was authorized before is of the boot before.
    let request = signer.sign_request(Version::V2, &sad, &hashes);
    let answer = signer.csc.post("/csc/v2/signatures/signHash", &request).await;
    assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter SAD"));
    let host = dir.join("host");
    let report = good(&["--dir", host.to_str().unwrap()], &service.facts().service_card);
    assert!(report["events"]["snapshot"].as_u64().unwrap() >= 1, "{report}");
    service.stop();

    // A host that lost it, and the events by which it would make it anew.
    let options = SqliteConnectOptions::new().filename(dir.join("host/fuin.sqlite"));
    let mut database = options.connect().await.unwrap();
    sqlx::query("DELETE FROM snapshots").execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    let service = Service::start(&Mode::Snapshots, &dir);
    assert_eq!(read_from(&dir), 0);
    Signer::new(service.facts(), "P-256").await.works().await;
    service.stop();
}
