//! Place: none. The ledger that a stopped service has kept, read through the host's own store.

use fuin_host::store::Store;
use fuin_host::store::sqlite::SqliteStore;
use fuin_shared::codec;
use fuin_shared::log::event::{Event, EventBody};
use std::path::Path;

/// Its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// As they are written.
    pub entries: Vec<Vec<u8>>,
}

/// What the events of a ledger add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Signatures allowed.
    pub authorized: u64,
    /// Signatures made.
    pub signed: u64,
    /// Boots.
    pub boots: u64,
    /// Credentials made ready.
    pub credentials: u64,
}

impl Ledger {
    /// Of the stopped service in `dir`.
    pub async fn read(dir: &Path) -> Self {
        let store = SqliteStore::open(&dir.join("host")).await.expect("the host's store");
        let entries = store.entries(0, u32::MAX).await.expect("entries");
        let head = store.head().await.expect("the head");
        assert_eq!(head.size, entries.len() as u64);
        store.close().await;
        Self { entries }
    }

    /// Adds its events up.
    #[must_use]
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for entry in &self.entries {
            let event: Event = codec::decode(entry).expect("an event");
            sums.signed += u64::from(event.body.signatures());
            match event.body {
                EventBody::Authorized { count, .. } => sums.authorized += u64::from(count),
                EventBody::Boot { .. } => sums.boots += 1,
                EventBody::CertificateLinked { .. } => sums.credentials += 1,
                _ => {}
            }
        }
        sums
    }
}
