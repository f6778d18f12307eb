//! Place: SSA. Snapshots of the ledger: which ones there are, and the newest that was made from the entries.

use super::{StoreError, from_sql, to_sql};
use fuin_shared::log::snapshot::Kept;
use fuin_shared::log::tree::Hash;
use sqlx::{Row, SqliteConnection, SqlitePool};

/// Remembers the event of one, in the transaction of its entry.
pub(super) async fn note(connection: &mut SqliteConnection, index: i64) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO snapshots (size) VALUES (?)").bind(index).execute(connection).await?;
    Ok(())
}

/// See [`crate::store::Store::snapshot_wanted`].
pub(super) async fn wanted(pool: &SqlitePool) -> Result<Option<u64>, StoreError> {
    let row = sqlx::query("SELECT size, parts IS NULL FROM snapshots ORDER BY size DESC LIMIT 1")
        .fetch_optional(pool)
        .await?;
    match row {
        Some(row) if row.try_get(1)? => Ok(Some(from_sql(row.try_get(0)?, "size")?)),
        _ => Ok(None),
    }
}

/// See [`crate::store::Store::snapshot`].
pub(super) async fn newest(pool: &SqlitePool) -> Result<Option<Kept>, StoreError> {
    let newest =
        "SELECT size, peaks, parts FROM snapshots WHERE parts IS NOT NULL ORDER BY size DESC LIMIT 1";
    let row = sqlx::query(newest).fetch_optional(pool).await?;
    row.map(|row| {
        let peaks: Vec<u8> = row.try_get(1)?;
        let (peaks, rest) = peaks.as_chunks::<{ size_of::<Hash>() }>();
        if !rest.is_empty() {
            return Err(StoreError::Value("peaks"));
        }
        Ok(Kept { size: from_sql(row.try_get(0)?, "size")?, peaks: peaks.to_vec(), parts: row.try_get(2)? })
    })
    .transpose()
}

/// See [`crate::store::Store::put_snapshot`].
pub(super) async fn put(pool: &SqlitePool, kept: Kept) -> Result<(), StoreError> {
    let size = to_sql(kept.size, "size")?;
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let put = sqlx::query("UPDATE snapshots SET peaks = ?2, parts = ?3 WHERE size = ?1")
        .bind(size)
        .bind(kept.peaks.concat())
        .bind(kept.parts)
        .execute(&mut *transaction)
        .await?;
    if put.rows_affected() != 1 {
        return Err(StoreError::Missing("the event of the snapshot"));
    }
    sqlx::query("DELETE FROM snapshots WHERE size < ?").bind(size).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}
