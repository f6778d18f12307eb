//! Place: SSA. Ledger and sealed records: what one commit of the enclave changes, in one transaction.

use super::{StoreError, from_sql, to_sql};
use crate::store::MAX_COMMIT_ENTRIES;
use fuin_shared::codec;
use fuin_shared::ids::CredentialId;
use fuin_shared::log::detail::MAX_SEALED;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::{bundle::MAX_ENTRY, tree::leaf_hash};
use fuin_shared::message::{Commit, Head, RecordChange, SealedRecord};
use sqlx::{Row, SqliteConnection, SqlitePool};

/// See [`crate::store::Store::commit`].
pub(super) async fn commit(pool: &SqlitePool, commit: Commit) -> Result<(), StoreError> {
    if commit.entries.is_empty() || commit.entries.len() > MAX_COMMIT_ENTRIES {
        return Err(StoreError::Commit("it must have 1 to 4096 entries"));
    }
    if commit.entries.iter().any(|e| e.0.is_empty() || e.0.len() > MAX_ENTRY) {
        return Err(StoreError::Commit("an entry must have 1 to 65535 octets"));
    }
    let after = commit.first.saturating_add(commit.entries.len() as u64);
    for detail in commit.records.iter().filter_map(RecordChange::detail) {
        if !(commit.first..after).contains(&detail.index) {
            return Err(StoreError::Commit("a detail must be of an entry of its commit"));
        }
        if detail.sealed.0.is_empty() || detail.sealed.0.len() > MAX_SEALED {
            return Err(StoreError::Commit("a detail is empty, or larger than a sealed detail may be"));
        }
    }
    // Dropped without commit, it is rolled back.
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let size = size(&mut transaction).await?;
    if size != commit.first {
        return Err(StoreError::Fork { size, first: commit.first });
    }
    let mut index = size;
    for entry in &commit.entries {
        sqlx::query("INSERT INTO ledger_entries (entry_index, entry, leaf_hash) VALUES (?, ?, ?)")
            .bind(to_sql(index, "entry_index")?)
            .bind(entry.as_slice())
            .bind(leaf_hash(entry.as_slice()).as_slice())
            .execute(&mut *transaction)
            .await?;
        index_event(&mut transaction, index, entry.as_slice()).await?;
        index += 1;
    }
    sqlx::query("INSERT INTO ledger_checkpoints (size, note) VALUES (?, ?)")
        .bind(to_sql(index, "size")?)
        .bind(&commit.checkpoint)
        .execute(&mut *transaction)
        .await?;
    for change in &commit.records {
        apply(&mut transaction, change).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Remembers where a key statement is bound, to find its proof later, and whether records are to be sealed anew. An entry that
/// is no event is the enclave's affair.
async fn index_event(connection: &mut SqliteConnection, index: u64, entry: &[u8]) -> Result<(), StoreError> {
    let index = to_sql(index, "entry_index")?;
    match codec::decode::<Event>(entry).map(|event| event.body) {
        Ok(
            EventBody::KeyGenerated { attests, .. }
            | EventBody::MeansLinked { attests, .. }
            | EventBody::ApproversSet { attests, .. },
        ) => {
            let keep =
                "INSERT INTO key_statements (digest, entry_index) VALUES (?, ?) ON CONFLICT DO NOTHING";
            sqlx::query(keep).bind(attests.as_ref()).bind(index).execute(connection).await?;
        }
        Ok(EventBody::RootRotated { .. }) => {
            let keep = "INSERT INTO root_rotation (entry_index) VALUES (?)";
            sqlx::query(keep).bind(index).execute(connection).await?;
        }
        Ok(EventBody::Snapshot { .. }) => super::snapshots::note(connection, index).await?,
        Ok(EventBody::RootUnused { .. }) => {
            sqlx::query("DELETE FROM root_rotation").execute(connection).await?;
        }
        _ => {}
    }
    Ok(())
}

async fn apply(connection: &mut SqliteConnection, change: &RecordChange) -> Result<(), StoreError> {
    match change {
        RecordChange::Put(record) => {
            sqlx::query(
                "INSERT INTO sealed_records (record_id, version, body) VALUES (?, ?, ?)
                 ON CONFLICT (record_id) DO UPDATE SET version = excluded.version, body = excluded.body",
            )
            .bind(record.id.as_str())
            .bind(to_sql(record.version, "version")?)
            .bind(record.body.as_slice())
            .execute(connection)
            .await?;
        }
        RecordChange::Manifest(change) => super::manifests::adopt(connection, change).await?,
        RecordChange::Detail(detail) => super::details::keep(connection, detail).await?,
        RecordChange::Erase(id) => {
            sqlx::query("DELETE FROM sealed_records WHERE record_id = ?")
                .bind(id.as_str())
                .execute(&mut *connection)
                .await?;
            // The credential is gone, so nothing may list it.
            sqlx::query("DELETE FROM credentials WHERE credential_id = ?")
                .bind(id.as_str())
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

async fn size(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let row = sqlx::query("SELECT coalesce(max(entry_index) + 1, 0) FROM ledger_entries")
        .fetch_one(connection)
        .await?;
    from_sql(row.try_get(0)?, "entry_index")
}

/// See [`crate::store::Store::head`].
pub(super) async fn head(pool: &SqlitePool) -> Result<Head, StoreError> {
    // One statement, so that size and checkpoint belong together.
    let row = sqlx::query(
        "SELECT (SELECT coalesce(max(entry_index) + 1, 0) FROM ledger_entries),
                (SELECT note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1)",
    )
    .fetch_one(pool)
    .await?;
    Ok(Head { size: from_sql(row.try_get(0)?, "entry_index")?, checkpoint: row.try_get(1)? })
}

/// See [`crate::store::Store::put_cosigned`].
pub(super) async fn put_cosigned(pool: &SqlitePool, size: u64, note: String) -> Result<(), StoreError> {
    // Cosigned again, it has newer times.
    let kept = sqlx::query(
        "INSERT INTO ledger_cosigned (size, note)
         SELECT size, ?2 FROM ledger_checkpoints WHERE size = ?1 AND note = substr(?2, 1, length(note))
         ON CONFLICT (size) DO UPDATE SET note = excluded.note",
    )
    .bind(to_sql(size, "size")?)
    .bind(note)
    .execute(pool)
    .await?;
    if kept.rows_affected() == 1 {
        return Ok(());
    }
    Err(StoreError::Commit("cosigned is another checkpoint than the one of its size"))
}

/// See [`crate::store::Store::published`].
pub(super) async fn published(pool: &SqlitePool) -> Result<Head, StoreError> {
    let row = sqlx::query("SELECT size, note FROM ledger_cosigned ORDER BY size DESC LIMIT 1")
        .fetch_optional(pool)
        .await?;
    match row {
        Some(row) => Ok(Head { size: from_sql(row.try_get(0)?, "size")?, checkpoint: row.try_get(1)? }),
        None => head(pool).await,
    }
}

/// See [`crate::store::Store::entries`].
pub(super) async fn entries(pool: &SqlitePool, first: u64, limit: u32) -> Result<Vec<Vec<u8>>, StoreError> {
    let Ok(first) = i64::try_from(first) else { return Ok(Vec::new()) };
    let rows =
        sqlx::query("SELECT entry FROM ledger_entries WHERE entry_index >= ? ORDER BY entry_index LIMIT ?")
            .bind(first)
            .bind(limit)
            .fetch_all(pool)
            .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// See [`crate::store::Store::record`].
pub(super) async fn record(pool: &SqlitePool, id: &CredentialId) -> Result<Option<SealedRecord>, StoreError> {
    let row = sqlx::query("SELECT version, body FROM sealed_records WHERE record_id = ?")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await?;
    row.map(|row| {
        let body: Vec<u8> = row.try_get(1)?;
        Ok(SealedRecord { id: id.clone(), version: from_sql(row.try_get(0)?, "version")?, body: body.into() })
    })
    .transpose()
}

/// See [`crate::store::Store::rotating`].
pub(super) async fn rotating(pool: &SqlitePool) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT EXISTS (SELECT 1 FROM root_rotation)").fetch_one(pool).await?;
    Ok(row.try_get(0)?)
}

/// See [`crate::store::Store::records`].
pub(super) async fn records(
    pool: &SqlitePool,
    after: Option<&CredentialId>,
    limit: u32,
) -> Result<Vec<SealedRecord>, StoreError> {
    let rows = sqlx::query(
        "SELECT record_id, version, body FROM sealed_records WHERE record_id > ? ORDER BY record_id LIMIT ?",
    )
    .bind(after.map_or("", CredentialId::as_str))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| {
        let (id, body): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(2)?);
        let id = CredentialId::new(id).map_err(|_| StoreError::Value("record_id"))?;
        Ok(SealedRecord { id, version: from_sql(row.try_get(1)?, "version")?, body: body.into() })
    };
    rows.iter().map(read).collect()
}
