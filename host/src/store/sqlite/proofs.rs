//! Place: SSA. Ledger proofs: the tree's nodes are kept in memory and grow with the ledger, so that a proof costs O(log n).

use super::{StoreError, from_sql, ledger, to_sql};
use fuin_shared::ids::Digest32;
use fuin_shared::key_statement::LedgerProof;
use fuin_shared::log::nodes::Nodes;
use fuin_shared::log::tree::Hash;
use fuin_shared::message::Head;
use sqlx::{Row, SqlitePool};
use tokio::sync::Mutex;

/// Leaf hashes read at a time.
const PAGE: i64 = 4096;

/// The tree as far as it was needed.
pub(super) type Tree = Mutex<Nodes>;

/// See [`crate::store::Store::key_statement_event`].
pub(super) async fn key_statement_event(
    pool: &SqlitePool,
    digest: &Digest32,
) -> Result<Option<u64>, StoreError> {
    let row = sqlx::query("SELECT entry_index FROM key_statements WHERE digest = ?")
        .bind(digest.as_ref())
        .fetch_optional(pool)
        .await?;
    row.map(|row| from_sql(row.try_get(0)?, "entry_index")).transpose()
}

/// See [`crate::store::Store::proof`].
pub(super) async fn proof(
    pool: &SqlitePool,
    tree: &Tree,
    index: u64,
) -> Result<Option<LedgerProof>, StoreError> {
    under(pool, tree, ledger::published(pool).await?, index).await
}

/// See [`crate::store::Store::earliest_proof`].
pub(super) async fn earliest_proof(
    pool: &SqlitePool,
    tree: &Tree,
    index: u64,
) -> Result<Option<LedgerProof>, StoreError> {
    let published = ledger::published(pool).await?;
    let head = if index < published.size { published } else { ledger::head(pool).await? };
    under(pool, tree, head, index).await
}

async fn under(
    pool: &SqlitePool,
    tree: &Tree,
    head: Head,
    index: u64,
) -> Result<Option<LedgerProof>, StoreError> {
    if index >= head.size {
        return Ok(None);
    }
    let (Some(checkpoint), Some(event)) =
        (head.checkpoint, ledger::entries(pool, index, 1).await?.into_iter().next())
    else {
        return Ok(None);
    };
    let mut tree = tree.lock().await;
    grow(pool, &mut tree, head.size).await?;
    // The tree may be ahead of this head by now: proofs are made for the head's size.
    let path = tree.inclusion_proof(index, head.size).ok_or(StoreError::Value("entry_index"))?;
    let path = path.into_iter().map(Digest32).collect();
    Ok(Some(LedgerProof { index, event: event.into(), path, checkpoint }))
}

/// See [`crate::store::Store::consistency`].
pub(super) async fn consistency(
    pool: &SqlitePool,
    tree: &Tree,
    old: u64,
    size: u64,
) -> Result<Option<Vec<Hash>>, StoreError> {
    if ledger::head(pool).await?.size < size {
        return Ok(None);
    }
    let mut tree = tree.lock().await;
    grow(pool, &mut tree, size).await?;
    Ok(tree.consistency_proof(old, size))
}

/// Reads leaf hashes until the tree has at least this size.
pub(super) async fn grow(pool: &SqlitePool, tree: &mut Nodes, size: u64) -> Result<(), StoreError> {
    while tree.size() < size {
        let rows = sqlx::query(
            "SELECT leaf_hash FROM ledger_entries WHERE entry_index >= ? ORDER BY entry_index LIMIT ?",
        )
        .bind(to_sql(tree.size(), "entry_index")?)
        .bind(PAGE)
        .fetch_all(pool)
        .await?;
        if rows.is_empty() {
            return Err(StoreError::Value("leaf_hash"));
        }
        for row in rows {
            let leaf: Vec<u8> = row.try_get(0)?;
            tree.push(leaf.try_into().map_err(|_| StoreError::Value("leaf_hash"))?);
        }
    }
    Ok(())
}
