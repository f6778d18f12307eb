//! Place: SSA. The ledger in a database, read-only, for auditors: it opens no other table and changes nothing.

use super::{FILE, StoreError, from_sql, to_sql};
use fuin_shared::message::KeptDetail;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Row as _, SqlitePool};
use std::path::Path;
use std::time::Duration;

/// An entry as it lies in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its index.
    pub index: u64,
    /// Its octets.
    pub entry: Vec<u8>,
    /// The leaf hash beside it.
    pub leaf: Vec<u8>,
}

/// A ledger that is read.
#[derive(Debug, Clone)]
pub struct LedgerReader {
    pool: SqlitePool,
}

impl LedgerReader {
    /// Opens the database at `path`, or the one that lies in this data directory. A host may be running on it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let file = if path.is_dir() { path.join(FILE) } else { path.to_owned() };
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("trusted_schema", "OFF");
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        Ok(Self { pool })
    }

    /// The newest checkpoint.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest(&self) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    /// The newest checkpoint that is kept with cosignatures; none where there are no witnesses.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_cosigned(&self) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT note FROM ledger_cosigned ORDER BY size DESC LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    /// Checkpoints of the sizes after `after` up to `last`, in order; those with cosignatures come twice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoints(&self, after: u64, last: u64) -> Result<Vec<(u64, String)>, StoreError> {
        let rows = sqlx::query(
            "SELECT size, note FROM ledger_checkpoints WHERE size > ?1 AND size <= ?2
             UNION ALL SELECT size, note FROM ledger_cosigned WHERE size > ?1 AND size <= ?2
             ORDER BY size LIMIT ?3",
        )
        .bind(to_sql(after, "size")?)
        .bind(to_sql(last, "size")?)
        // There are no more unless somebody wrote to the database.
        .bind(to_sql(last.saturating_sub(after).saturating_mul(2), "size")?)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok((from_sql(row.try_get(0)?, "size")?, row.try_get(1)?))).collect()
    }

    /// Sealed details of entries from `first` on, as [`crate::store::Store::details`] gives them; none in a database of
    /// before there were any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn details(&self, first: u64, octets: usize) -> Result<Vec<KeptDetail>, StoreError> {
        let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit_details'";
        if sqlx::query(table).fetch_optional(&self.pool).await?.is_none() {
            return Ok(Vec::new());
        }
        super::details::from(&self.pool, first, octets).await
    }

    /// Rows from `first` on, in order, at most `limit`. Whether one is missing is for the caller to see.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rows(&self, first: u64, limit: u32) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query(
            "SELECT entry_index, entry, leaf_hash FROM ledger_entries WHERE entry_index >= ?
             ORDER BY entry_index LIMIT ?",
        )
        .bind(to_sql(first, "entry_index")?)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let index = from_sql(row.try_get(0)?, "entry_index")?;
                Ok(Row { index, entry: row.try_get(1)?, leaf: row.try_get(2)? })
            })
            .collect()
    }
}
