//! Place: SSA. A host that is killed at any moment loses nothing that it acknowledged.

use fuin_host::store::Store;
use fuin_host::store::sqlite::SqliteStore;
use fuin_shared::message::{Commit, RecordChange, SealedRecord};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const DIRECTORY: &str = "FUIN_TEST_KILL_DIRECTORY";
const ENTRIES: u64 = 3;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn commit(first: u64) -> Commit {
    let id = crate::setup::credential("k1");
    Commit {
        first,
        entries: (first..first + ENTRIES).map(|n| n.to_string().into_bytes().into()).collect(),
        checkpoint: format!("checkpoint {}", first + ENTRIES),
        records: vec![RecordChange::Put(SealedRecord {
            id,
            version: first / ENTRIES + 1,
            body: vec![7; 500].into(),
        })],
    }
}

/// Run as a process of its own by the test below; does nothing otherwise.
#[test]
fn child_commits_until_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    runtime().block_on(async {
        let store = SqliteStore::open(Path::new(&directory)).await.unwrap();
        let mut first = store.head().await.unwrap().size;
        loop {
            store.commit(commit(first)).await.unwrap();
            first += ENTRIES;
            println!("acknowledged {first}");
            std::io::stdout().flush().unwrap();
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost() {
    let home = tempfile::tempdir().unwrap();
    for round in 1..=6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_commits_until_killed", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = 0;
        for line in lines.map_while(Result::ok).filter(|l| l.contains("acknowledged ")).take(round * 3) {
            acknowledged = line.rsplit(' ').next().unwrap().parse().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(acknowledged > 0);
        runtime().block_on(async {
            let store = SqliteStore::open(home.path()).await.unwrap();
            let head = store.head().await.unwrap();
            assert!(head.size >= acknowledged, "{} < {acknowledged}", head.size);
            assert_eq!(head.size % ENTRIES, 0, "all of a commit or nothing");
            assert_eq!(head.checkpoint.unwrap(), format!("checkpoint {}", head.size));
            let entries = store.entries(0, u32::MAX).await.unwrap();
            let expected: Vec<_> = (0..head.size).map(|n| n.to_string().into_bytes()).collect();
            assert_eq!(entries, expected);
            let record = store.record(&crate::setup::credential("k1")).await.unwrap().unwrap();
            assert_eq!(record.version, head.size / ENTRIES);
        });
    }
}
