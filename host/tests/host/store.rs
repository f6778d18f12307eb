//! Place: SSA. The store: one transaction or nothing.

use crate::setup::{USER, credential, entry};
use fuin_host::store::sqlite::{FILE, LedgerReader, SqliteStore};
use fuin_host::store::{KeyStatus, Manifests, Store, StoreError};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::log::detail::MAX_SEALED;
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::{Commit, Head, KeptDetail, RecordChange, SealedRecord};

fn commit(first: u64, entries: &[&str]) -> Commit {
    Commit {
        first,
        entries: entries.iter().map(|e| e.as_bytes().to_vec().into()).collect(),
        checkpoint: format!("checkpoint {}", first + entries.len() as u64),
        records: Vec::new(),
    }
}

fn put(id: &str, version: u64, body: &[u8]) -> RecordChange {
    RecordChange::Put(SealedRecord { id: credential(id), version, body: body.into() })
}

async fn open() -> (tempfile::TempDir, SqliteStore) {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(home.path()).await.unwrap();
    (home, store)
}

#[tokio::test]
async fn a_commit_changes_ledger_checkpoint_and_records_together() {
    let (_home, store) = open().await;
    assert_eq!(store.head().await.unwrap(), Head { size: 0, checkpoint: None });
    store
        .commit(Commit {
            records: vec![put("k1", 1, b"one"), put("k2", 1, b"two")],
            ..commit(0, &["a", "b"])
        })
        .await
        .unwrap();
    store
        .commit(Commit {
            records: vec![put("k1", 2, b"three"), RecordChange::Erase(credential("k2"))],
            ..commit(2, &["c"])
        })
        .await
        .unwrap();
    assert_eq!(store.head().await.unwrap(), Head { size: 3, checkpoint: Some("checkpoint 3".into()) });
    assert_eq!(store.entries(1, 10).await.unwrap(), [b"b".to_vec(), b"c".to_vec()]);
    assert_eq!(store.entries(0, 1).await.unwrap(), [b"a".to_vec()]);
    let record = store.record(&credential("k1")).await.unwrap().unwrap();
    assert_eq!((record.version, record.body.as_slice()), (2, &b"three"[..]));
    assert_eq!(store.record(&credential("k2")).await.unwrap(), None);
}

#[tokio::test]
async fn a_commit_that_does_not_continue_the_ledger_changes_nothing() {
    let (_home, store) = open().await;
    store.commit(Commit { records: vec![put("k1", 1, b"one")], ..commit(0, &["a"]) }).await.unwrap();
    for first in [0, 2, u64::MAX] {
        let refused =
            store.commit(Commit { first, records: vec![put("k1", 2, b"evil")], ..commit(0, &["x"]) }).await;
        assert!(matches!(refused, Err(StoreError::Fork { size: 1, .. })), "{first}");
    }
    // The last of its changes cannot be stored: the others are not either.
    let refused = store
        .commit(Commit {
            records: vec![put("k1", 2, b"evil"), put("k2", u64::MAX, b"")],
            ..commit(1, &["x"])
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Value("version"))));
    assert_eq!(store.head().await.unwrap(), Head { size: 1, checkpoint: Some("checkpoint 1".into()) });
    assert_eq!(store.record(&credential("k1")).await.unwrap().unwrap().version, 1);
    store.commit(commit(1, &["b"])).await.unwrap();
}

#[tokio::test]
async fn commits_that_no_enclave_makes_are_refused() {
    let (_home, store) = open().await;
    let long = "x".repeat(65_536);
    for entries in [&[][..], &[""], &["a", ""], &[long.as_str()]] {
        assert!(matches!(store.commit(commit(0, entries)).await, Err(StoreError::Commit(_))));
    }
    assert_eq!(store.head().await.unwrap().size, 0);
}

#[tokio::test]
async fn of_two_commits_for_one_place_exactly_one_is_made() {
    let (home, store) = open().await;
    // A second process on the same file, as a second host would be.
    let other = SqliteStore::open(home.path()).await.unwrap();
    for round in 0..20 {
        let (a, b) = tokio::join!(store.commit(commit(round, &["a"])), other.commit(commit(round, &["b"])));
        assert_ne!(a.is_ok(), b.is_ok());
        assert!(matches!(a.and(b), Err(StoreError::Fork { .. })));
    }
    assert_eq!(store.head().await.unwrap().size, 20);
}

#[tokio::test]
async fn what_was_erased_is_not_in_the_file() {
    let (home, store) = open().await;
    let secret = b"sealed-body-that-must-go-away-entirely";
    store.commit(Commit { records: vec![put("k1", 1, secret)], ..commit(0, &["a"]) }).await.unwrap();
    store.put_user(USER, "hash".into()).await.unwrap();
    store.put_credential(entry("k1", USER, KeyAlgorithm::EcdsaP256)).await.unwrap();
    store
        .commit(Commit { records: vec![RecordChange::Erase(credential("k1"))], ..commit(1, &["b"]) })
        .await
        .unwrap();
    assert_eq!(store.credential(&credential("k1")).await.unwrap(), None, "a destroyed key is not listed");
    store.close().await;
    let file = std::fs::read(home.path().join(FILE)).unwrap();
    assert!(!file.windows(secret.len()).any(|w| w == secret));
    assert!(!home.path().join(format!("{FILE}-wal")).exists(), "the log was folded in on closing");
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let (home, store) = open().await;
    let manifests = Manifests { first: vec![1].into(), current: vec![2].into() };
    store.commit(commit(0, &["a"])).await.unwrap();
    store.put_user(USER, "hash".into()).await.unwrap();
    let mut credential_entry = entry("k1", USER, KeyAlgorithm::EcdsaP384);
    credential_entry.status = KeyStatus::Disabled;
    store.put_credential(credential_entry.clone()).await.unwrap();
    store.put_manifests(manifests.clone()).await.unwrap();
    // Not closed: a host that was stopped hard.
    drop(store);
    let store = SqliteStore::open(home.path()).await.unwrap();
    assert_eq!(store.head().await.unwrap().size, 1);
    assert_eq!(store.user(USER).await.unwrap().as_deref(), Some("hash"));
    assert_eq!(store.credential(&credential("k1")).await.unwrap(), Some(credential_entry));
    assert_eq!(store.manifests().await.unwrap(), Some(manifests));
}

#[tokio::test]
async fn the_first_manifest_never_changes() {
    let (_home, store) = open().await;
    assert_eq!(store.manifests().await.unwrap(), None);
    let of = |first: u8, current: u8| Manifests { first: vec![first].into(), current: vec![current].into() };
    store.put_manifests(of(1, 1)).await.unwrap();
    store.put_manifests(of(1, 2)).await.unwrap();
    assert!(matches!(store.put_manifests(of(3, 3)).await, Err(StoreError::Commit(_))));
    assert_eq!(store.manifests().await.unwrap(), Some(of(1, 2)));
}

#[tokio::test]
async fn an_adopted_manifest_is_kept_with_its_event_or_not_at_all() {
    let (home, store) = open().await;
    let change = |n: u8| ManifestChange { manifest: vec![n].into(), approvals: vec![vec![n, n].into()] };
    let adopt = |first, entry, n| Commit {
        records: vec![RecordChange::Manifest(change(n))],
        ..commit(first, &[entry])
    };
    store.put_manifests(Manifests { first: vec![1].into(), current: vec![1].into() }).await.unwrap();
    store.commit(adopt(0, "a", 2)).await.unwrap();
    // A commit that is refused leaves no manifest behind.
    assert!(matches!(store.commit(adopt(0, "b", 9)).await, Err(StoreError::Fork { .. })));
    store.commit(adopt(1, "b", 3)).await.unwrap();
    // Not closed: a host that was stopped hard.
    drop(store);
    let store = SqliteStore::open(home.path()).await.unwrap();
    assert_eq!(store.manifest_changes().await.unwrap(), [change(2), change(3)]);
    let kept = store.manifests().await.unwrap().unwrap();
    assert_eq!(kept.first.as_slice(), [1]);
    assert_eq!(kept.current.as_slice(), fuin_shared::codec::encode(&change(3).as_signed()));
}

#[tokio::test]
async fn a_credential_needs_its_owner() {
    let (_home, store) = open().await;
    let refused = store.put_credential(entry("k1", "nobody", KeyAlgorithm::EcdsaP256)).await;
    assert!(matches!(refused, Err(StoreError::Missing(_))));
    store.put_user(USER, "hash".into()).await.unwrap();
    let mut none = entry("k1", USER, KeyAlgorithm::EcdsaP256);
    none.multisign = 0;
    assert!(matches!(store.put_credential(none).await, Err(StoreError::Value("multisign"))));
}

fn detail(index: u64, sealed: &[u8]) -> RecordChange {
    RecordChange::Detail(KeptDetail { index, sealed: sealed.into() })
}

#[tokio::test]
async fn a_detail_is_kept_with_its_entry_or_not_at_all() {
    let (home, store) = open().await;
    let records = vec![detail(0, b"one"), detail(1, b"two")];
    store.commit(Commit { records, ..commit(0, &["a", "b"]) }).await.unwrap();
    let kept = store.details(0, 100).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|kept| (kept.index, kept.sealed.as_slice())).collect();
    assert_eq!(kept, [(0, &b"one"[..]), (1, b"two")]);
    // Of an entry before or after the commit, twice, empty, or too large: nothing of the commit is kept.
    let long = vec![0; MAX_SEALED + 1];
    for records in [
        vec![detail(1, b"x")],
        vec![detail(3, b"x")],
        vec![detail(2, b"x"), detail(2, b"y")],
        vec![detail(2, b"")],
        vec![detail(2, &long)],
    ] {
        let refused = store.commit(Commit { records, ..commit(2, &["c"]) }).await;
        assert!(matches!(refused, Err(StoreError::Commit(_))), "{refused:?}");
    }
    // What cannot be stored takes the detail with it.
    let records = vec![detail(2, b"three"), put("k1", u64::MAX, b"")];
    let refused = store.commit(Commit { records, ..commit(2, &["c"]) }).await;
    assert!(matches!(refused, Err(StoreError::Value("version"))));
    assert_eq!((store.head().await.unwrap().size, store.details(2, 100).await.unwrap().len()), (2, 0));
    store.commit(Commit { records: vec![detail(2, b"three")], ..commit(2, &["c"]) }).await.unwrap();
    // Not closed: a host that was stopped hard.
    drop(store);
    let store = SqliteStore::open(home.path()).await.unwrap();
    assert_eq!(store.details(2, 100).await.unwrap(), [KeptDetail { index: 2, sealed: b"three"[..].into() }]);
}

#[tokio::test]
async fn details_are_given_in_order_up_to_a_bound_and_one_at_least() {
    let (_home, store) = open().await;
    let entries = ["x"; 300];
    // Not every entry has one.
    let records = (0..300).filter(|index| index % 3 != 1).map(|index| detail(index, &[7; 10])).collect();
    store.commit(Commit { records, ..commit(0, &entries) }).await.unwrap();
    let indices = async |first, octets| {
        let details = store.details(first, octets).await.unwrap();
        details.iter().map(|detail| detail.index).collect::<Vec<_>>()
    };
    assert_eq!(indices(0, 45).await, [0, 2, 3, 5]);
    assert_eq!(indices(4, 1).await, [5], "one at least");
    assert_eq!(indices(0, usize::MAX).await.len(), 200);
    assert_eq!(indices(298, 100).await, [299]);
    assert!(indices(300, 100).await.is_empty() && indices(u64::MAX, 100).await.is_empty());
    // Erasure of a record leaves the details: they are the auditors'.
    store
        .commit(Commit { records: vec![RecordChange::Erase(credential("k1"))], ..commit(300, &["b"]) })
        .await
        .unwrap();
    assert_eq!(indices(0, usize::MAX).await.len(), 200);
}

/// An auditor may look at a database of before there were details.
#[tokio::test]
async fn a_database_without_details_has_none() {
    use sqlx::{ConnectOptions as _, Connection as _};
    let (home, store) = open().await;
    store.commit(Commit { records: vec![detail(0, b"one")], ..commit(0, &["a"]) }).await.unwrap();
    store.close().await;
    let reader = LedgerReader::open(home.path()).await.unwrap();
    assert_eq!(reader.details(0, 100).await.unwrap(), [KeptDetail { index: 0, sealed: b"one"[..].into() }]);
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(home.path().join(FILE));
    let mut connection = file.connect().await.unwrap();
    sqlx::query("DROP TABLE audit_details").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let reader = LedgerReader::open(home.path()).await.unwrap();
    assert!(reader.details(0, 100).await.unwrap().is_empty());
    assert_eq!(reader.rows(0, 10).await.unwrap().len(), 1);
}
