//! Place: SSA. Sealed details for auditors, beside the entries that they are of.

use super::{StoreError, from_sql, to_sql};
use fuin_shared::log::detail::bundle::BUNDLE_WIDTH;
use fuin_shared::message::KeptDetail;
use sqlx::{Row, SqliteConnection, SqlitePool};

/// Keeps one, in the transaction of its entry.
pub(super) async fn keep(connection: &mut SqliteConnection, detail: &KeptDetail) -> Result<(), StoreError> {
    let kept = sqlx::query("INSERT INTO audit_details (entry_index, sealed) VALUES (?, ?)")
        .bind(to_sql(detail.index, "entry_index")?)
        .bind(detail.sealed.as_slice())
        .execute(connection)
        .await;
    match kept {
        Err(sqlx::Error::Database(e)) if e.is_unique_violation() => {
            Err(StoreError::Commit("an entry has one detail"))
        }
        other => Ok(other.map(|_| ())?),
    }
}

/// See [`crate::store::Store::details`].
pub(super) async fn from(
    pool: &SqlitePool,
    first: u64,
    octets: usize,
) -> Result<Vec<KeptDetail>, StoreError> {
    let Ok(first) = i64::try_from(first) else { return Ok(Vec::new()) };
    // The sum is made of lengths, so that only what is answered is read.
    let rows = sqlx::query(
        "SELECT entry_index, sealed FROM audit_details WHERE entry_index IN (
             SELECT entry_index FROM (
                 SELECT entry_index, sum(octets) OVER (ORDER BY entry_index) AS total
                 FROM (SELECT entry_index, length(sealed) AS octets FROM audit_details
                       WHERE entry_index >= ?1 ORDER BY entry_index LIMIT ?2))
             WHERE total <= ?3
             UNION SELECT min(entry_index) FROM audit_details WHERE entry_index >= ?1)
         ORDER BY entry_index",
    )
    .bind(first)
    .bind(BUNDLE_WIDTH as i64)
    .bind(i64::try_from(octets).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let sealed: Vec<u8> = row.try_get(1)?;
            Ok(KeptDetail { index: from_sql(row.try_get(0)?, "entry_index")?, sealed: sealed.into() })
        })
        .collect()
}
