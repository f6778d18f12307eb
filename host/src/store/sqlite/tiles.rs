//! Place: SSA. Tiles and entry bundles, made from the rows when asked for: any width up to that of the newest checkpoint,
//! so those of every earlier checkpoint too.

use super::proofs::{Tree, grow};
use super::{StoreError, ledger};
use fuin_shared::log::bundle;
use fuin_shared::log::nodes::NodeSource as _;
use fuin_shared::log::tiles::{TILE_WIDTH, Tile, TileKind};
use sqlx::SqlitePool;

/// See [`crate::store::Store::tile`].
pub(super) async fn tile(pool: &SqlitePool, tree: &Tree, tile: Tile) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(first) = tile.index().checked_mul(TILE_WIDTH.into()) else { return Ok(None) };
    match tile.kind() {
        TileKind::Entries => entries(pool, first, tile.width()).await,
        TileKind::Hashes(level) => hashes(pool, tree, level, first, tile.width()).await,
    }
}

async fn entries(pool: &SqlitePool, first: u64, width: u16) -> Result<Option<Vec<u8>>, StoreError> {
    let entries = ledger::entries(pool, first, width.into()).await?;
    if entries.len() != usize::from(width) {
        return Ok(None);
    }
    let mut octets = Vec::new();
    for entry in entries {
        bundle::append_entry(&mut octets, &entry).map_err(|_| StoreError::Value("entry"))?;
    }
    Ok(Some(octets))
}

async fn hashes(
    pool: &SqlitePool,
    tree: &Tree,
    level: u8,
    first: u64,
    width: u16,
) -> Result<Option<Vec<u8>>, StoreError> {
    let head = ledger::head(pool).await?;
    // Hashes of a level are roots of perfect subtrees of 256^level leaves; more than 7 levels hold nothing.
    let (Some(node_level), Some(end)) =
        (level.checked_mul(8).filter(|l| *l < 64), first.checked_add(width.into()))
    else {
        return Ok(None);
    };
    if end > head.size >> node_level {
        return Ok(None);
    }
    let mut tree = tree.lock().await;
    grow(pool, &mut tree, head.size).await?;
    let mut octets = Vec::with_capacity(usize::from(width) * 32);
    for index in first..end {
        octets.extend_from_slice(&tree.node(node_level, index).ok_or(StoreError::Value("leaf_hash"))?);
    }
    Ok(Some(octets))
}
