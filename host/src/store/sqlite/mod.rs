//! Place: SSA. The store in SQLite: write-ahead log, every commit synced, one writer.

mod accounts;
mod catalogue;
mod details;
mod ledger;
mod manifests;
mod proofs;
mod reading;
mod snapshots;
mod tiles;

pub use reading::{LedgerReader, Row};

use super::{CatalogueEntry, Manifests, Pending, Store, StoreError, StoredToken};
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::key_statement::LedgerProof;
use fuin_shared::log::snapshot::Kept;
use fuin_shared::log::tiles::Tile;
use fuin_shared::log::tree::Hash;
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::{Commit, Head, KeptDetail, SealedRecord};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::future::Future;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

/// The database's file in the data directory.
pub const FILE: &str = "fuin.sqlite";
const READERS: u32 = 4;

/// The store.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    /// One connection: SQLite has one writer, and a queue here is fairer than its busy handler.
    writer: SqlitePool,
    readers: SqlitePool,
    tree: std::sync::Arc<proofs::Tree>,
}

impl SqliteStore {
    /// Opens the database in `directory`, making both if they are missing, and brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Directory`], [`StoreError::Database`], [`StoreError::Schema`].
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Directory { path: directory.to_owned(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let file = directory.join(FILE);
        // Made here, so that it is nobody else's to read; SQLite gives its side files the same mode.
        std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&file).map_err(failed)?;
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            // Erased records are overwritten, not only unlinked.
            .pragma("secure_delete", "ON")
            .pragma("trusted_schema", "OFF");
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        sqlx::migrate!("./migrations").run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self { writer, readers, tree: std::sync::Arc::default() })
    }
}

/// SQLite's integers are signed.
fn to_sql(value: u64, what: &'static str) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Value(what))
}

fn from_sql(value: i64, what: &'static str) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Value(what))
}

impl Store for SqliteStore {
    fn commit(&self, commit: Commit) -> Pending<'_, ()> {
        Box::pin(ledger::commit(&self.writer, commit))
    }

    fn head(&self) -> Pending<'_, Head> {
        Box::pin(ledger::head(&self.readers))
    }

    fn put_cosigned(&self, size: u64, note: String) -> Pending<'_, ()> {
        Box::pin(ledger::put_cosigned(&self.writer, size, note))
    }

    fn published(&self) -> Pending<'_, Head> {
        Box::pin(ledger::published(&self.readers))
    }

    fn entries(&self, first: u64, limit: u32) -> Pending<'_, Vec<Vec<u8>>> {
        Box::pin(ledger::entries(&self.readers, first, limit))
    }

    fn record<'a>(&'a self, id: &'a CredentialId) -> Pending<'a, Option<SealedRecord>> {
        Box::pin(ledger::record(&self.readers, id))
    }

    fn records<'a>(&'a self, after: Option<&'a CredentialId>, limit: u32) -> Pending<'a, Vec<SealedRecord>> {
        Box::pin(ledger::records(&self.readers, after, limit))
    }

    fn rotating(&self) -> Pending<'_, bool> {
        Box::pin(ledger::rotating(&self.readers))
    }

    fn snapshot_wanted(&self) -> Pending<'_, Option<u64>> {
        Box::pin(snapshots::wanted(&self.readers))
    }

    fn snapshot(&self) -> Pending<'_, Option<Kept>> {
        Box::pin(snapshots::newest(&self.readers))
    }

    fn put_snapshot(&self, kept: Kept) -> Pending<'_, ()> {
        Box::pin(snapshots::put(&self.writer, kept))
    }

    fn key_statement_event<'a>(&'a self, digest: &'a Digest32) -> Pending<'a, Option<u64>> {
        Box::pin(proofs::key_statement_event(&self.readers, digest))
    }

    fn details(&self, first: u64, octets: usize) -> Pending<'_, Vec<KeptDetail>> {
        Box::pin(details::from(&self.readers, first, octets))
    }

    fn proof(&self, index: u64) -> Pending<'_, Option<LedgerProof>> {
        Box::pin(proofs::proof(&self.readers, &self.tree, index))
    }

    fn earliest_proof(&self, index: u64) -> Pending<'_, Option<LedgerProof>> {
        Box::pin(proofs::earliest_proof(&self.readers, &self.tree, index))
    }

    fn consistency(&self, old: u64, size: u64) -> Pending<'_, Option<Vec<Hash>>> {
        Box::pin(proofs::consistency(&self.readers, &self.tree, old, size))
    }

    fn tile(&self, tile: Tile) -> Pending<'_, Option<Vec<u8>>> {
        Box::pin(tiles::tile(&self.readers, &self.tree, tile))
    }

    fn manifests(&self) -> Pending<'_, Option<Manifests>> {
        Box::pin(manifests::get(&self.readers))
    }

    fn put_manifests(&self, manifests: Manifests) -> Pending<'_, ()> {
        Box::pin(manifests::put(&self.writer, manifests))
    }

    fn manifest_changes(&self) -> Pending<'_, Vec<ManifestChange>> {
        Box::pin(manifests::changes(&self.readers))
    }

    fn credential<'a>(&'a self, id: &'a CredentialId) -> Pending<'a, Option<CatalogueEntry>> {
        Box::pin(catalogue::get(&self.readers, id))
    }

    fn credentials_of<'a>(
        &'a self,
        owner: &'a str,
        after: Option<&'a CredentialId>,
        limit: u32,
    ) -> Pending<'a, Vec<CatalogueEntry>> {
        Box::pin(catalogue::list(&self.readers, owner, after, limit))
    }

    fn put_credential(&self, entry: CatalogueEntry) -> Pending<'_, ()> {
        Box::pin(catalogue::put(&self.writer, entry))
    }

    fn user<'a>(&'a self, name: &'a str) -> Pending<'a, Option<String>> {
        Box::pin(accounts::user(&self.readers, name))
    }

    fn put_user<'a>(&'a self, name: &'a str, password: String) -> Pending<'a, ()> {
        Box::pin(accounts::put_user(&self.writer, name, password))
    }

    fn put_token(&self, token: StoredToken, now: u64) -> Pending<'_, ()> {
        Box::pin(accounts::put_token(&self.writer, token, now))
    }

    fn token<'a>(&'a self, digest: &'a Digest32) -> Pending<'a, Option<StoredToken>> {
        Box::pin(accounts::token(&self.readers, digest))
    }

    fn revoke_token<'a>(&'a self, token: &'a StoredToken) -> Pending<'a, ()> {
        Box::pin(accounts::revoke(&self.writer, token))
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            self.readers.close().await;
            self.writer.close().await;
        })
    }
}
