//! Place: SSA. What the host keeps: sealed octets and the ledger for the enclave, and its own catalogue, users and tokens.
//!
//! One trait, [`Store`]; [`sqlite`] is behind it. The host is believed in nothing that lies here: the enclave checks
//! records against its index and the ledger against its checkpoint.

pub mod sqlite;
mod types;

pub use types::{CatalogueEntry, KeyStatus, Manifests, Scal, SicClass, StoredToken, TokenKind};

use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::key_statement::LedgerProof;
use fuin_shared::log::snapshot::Kept;
use fuin_shared::log::tiles::Tile;
use fuin_shared::log::tree::Hash;
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::{Commit, Head, KeptDetail, SealedRecord};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a store's methods give.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;
/// A store that is shared.
pub type SharedStore = Arc<dyn Store>;

/// Most entries in one commit.
pub const MAX_COMMIT_ENTRIES: usize = 4096;

/// Why the store did not do it. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The ledger has another size than the commit says.
    #[error("the ledger has {size} entries, the commit begins at {first}")]
    Fork {
        /// Entries that there are.
        size: u64,
        /// Where the commit begins.
        first: u64,
    },
    /// The commit breaks a rule that holds for every commit.
    #[error("commit refused: {0}")]
    Commit(&'static str),
    /// A number that the database cannot hold, or one in it that no program of ours wrote.
    #[error("stored value of {0} is not acceptable")]
    Value(&'static str),
    /// A user, or another row that this one needs, does not exist.
    #[error("{0} does not exist")]
    Missing(&'static str),
    /// The data directory cannot be prepared.
    #[error("data: {path}: {source}; give the host a directory of its own that it can write")]
    Directory {
        /// Which.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema is newer than this program, or was changed by hand.
    #[error("database schema: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
}

/// Everything the host keeps.
pub trait Store: Send + Sync + 'static {
    /// Makes events, checkpoint and record changes durable in one transaction, before answering.
    ///
    /// # Errors
    /// [`StoreError::Fork`] unless the ledger has exactly `first` entries; [`StoreError::Commit`].
    fn commit(&self, commit: Commit) -> Pending<'_, ()>;
    /// Size and newest checkpoint.
    fn head(&self) -> Pending<'_, Head>;
    /// Keeps a checkpoint with the cosignatures of a quorum; `note` is the checkpoint as committed, then their lines.
    ///
    /// # Errors
    /// [`StoreError::Commit`] unless it begins with the checkpoint that was committed with this size.
    fn put_cosigned(&self, size: u64, note: String) -> Pending<'_, ()>;
    /// What people outside are shown: the newest cosigned checkpoint and its size; while none is, the newest of all.
    fn published(&self) -> Pending<'_, Head>;
    /// Entries from `first` on, at most `limit`.
    fn entries(&self, first: u64, limit: u32) -> Pending<'_, Vec<Vec<u8>>>;
    /// The current sealed record.
    fn record<'a>(&'a self, id: &'a CredentialId) -> Pending<'a, Option<SealedRecord>>;
    /// Sealed records in order of id, after `after`, at most `limit`.
    fn records<'a>(&'a self, after: Option<&'a CredentialId>, limit: u32) -> Pending<'a, Vec<SealedRecord>>;
    /// Whether another root key took over, and the ledger does not say yet that no record is under the one before.
    fn rotating(&self) -> Pending<'_, bool>;

    /// Entries that the newest snapshot event sums up, if no snapshot of them is kept.
    fn snapshot_wanted(&self) -> Pending<'_, Option<u64>>;
    /// The newest snapshot that is kept.
    fn snapshot(&self) -> Pending<'_, Option<Kept>>;
    /// Keeps a snapshot, and no earlier one.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if the ledger has no such snapshot event.
    fn put_snapshot(&self, kept: Kept) -> Pending<'_, ()>;

    /// Index of the event that carries the digest of a key statement.
    fn key_statement_event<'a>(&'a self, digest: &'a Digest32) -> Pending<'a, Option<u64>>;
    /// Sealed details of the entries from `first` on that have one, in order: as many as fit into `octets`, and one at least.
    fn details(&self, first: u64, octets: usize) -> Pending<'_, Vec<KeptDetail>>;

    /// Proof that the entry is in the ledger, against the published checkpoint.
    fn proof(&self, index: u64) -> Pending<'_, Option<LedgerProof>>;
    /// The same for those whom the entry is about, who check the quorum themselves: while the published checkpoint does not
    /// hold the entry, against the newest of all.
    fn earliest_proof(&self, index: u64) -> Pending<'_, Option<LedgerProof>>;
    /// Octets of a tile or entry bundle; none where the ledger does not reach so far.
    fn tile(&self, tile: Tile) -> Pending<'_, Option<Vec<u8>>>;

    /// Consistency proof from the ledger's first `old` entries to its first `size`; none if it has fewer.
    fn consistency(&self, old: u64, size: u64) -> Pending<'_, Option<Vec<Hash>>>;

    /// First and current manifest.
    fn manifests(&self) -> Pending<'_, Option<Manifests>>;
    /// Keeps the manifests. The first one never changes.
    ///
    /// # Errors
    /// [`StoreError::Commit`] if another first manifest is kept.
    fn put_manifests(&self, manifests: Manifests) -> Pending<'_, ()>;

    /// Manifests that the ledger adopted after the first one, in their order. They come with [`Store::commit`].
    fn manifest_changes(&self) -> Pending<'_, Vec<ManifestChange>>;

    /// One credential of the catalogue.
    fn credential<'a>(&'a self, id: &'a CredentialId) -> Pending<'a, Option<CatalogueEntry>>;
    /// Credentials of a user in order of id, after `after`, at most `limit`.
    fn credentials_of<'a>(
        &'a self,
        owner: &'a str,
        after: Option<&'a CredentialId>,
        limit: u32,
    ) -> Pending<'a, Vec<CatalogueEntry>>;
    /// Inserts or replaces a credential of the catalogue.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if the owner does not exist.
    fn put_credential(&self, entry: CatalogueEntry) -> Pending<'_, ()>;

    /// Password hash (PHC string) of a user.
    fn user<'a>(&'a self, name: &'a str) -> Pending<'a, Option<String>>;
    /// Inserts a user, or replaces the password hash.
    fn put_user<'a>(&'a self, name: &'a str, password: String) -> Pending<'a, ()>;

    /// Keeps a token, and forgets those that expired more than a day before `now`.
    fn put_token(&self, token: StoredToken, now: u64) -> Pending<'_, ()>;
    /// A token by the SHA-256 of its text.
    fn token<'a>(&'a self, digest: &'a Digest32) -> Pending<'a, Option<StoredToken>>;
    /// Revokes one token; a refresh token with all tokens of its grant.
    fn revoke_token<'a>(&'a self, token: &'a StoredToken) -> Pending<'a, ()>;

    /// Ends all work and closes the files.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
