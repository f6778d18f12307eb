//! Place: none. A ledger in a host's database: entries with their leaf hashes, and every checkpoint that was ever signed.

use super::Piece;
use super::filling::Filling;
use crate::command::ledger::Trouble;
use anyhow::Context as _;
use fuin_host::store::sqlite::{FILE, LedgerReader};
use fuin_shared::log::detail::bundle::BUNDLE_OCTETS;
use fuin_shared::message::KeptDetail;
use std::path::Path;

/// The database.
pub struct Database(LedgerReader);

impl Database {
    /// Opens the file, that of a data directory, or that of a development installation.
    pub async fn open(path: &Path) -> Result<Self, Trouble> {
        let development = path.join("host");
        let place = if development.join(FILE).is_file() { &development } else { path };
        let opened = LedgerReader::open(place).await;
        Ok(Self(opened.with_context(|| format!("--dir: {} holds no ledger", path.display()))?))
    }

    pub async fn checkpoint(&self) -> Result<String, Trouble> {
        Ok(self.0.newest().await?.context("--dir: the ledger is empty: it has no checkpoint")?)
    }

    /// The newest checkpoint with cosignatures, or where there are none the newest of all.
    pub async fn published(&self) -> Result<String, Trouble> {
        match self.0.newest_cosigned().await? {
            Some(note) => Ok(note),
            None => self.checkpoint().await,
        }
    }

    pub async fn piece(&self, first: u64, width: u16) -> Result<Piece, Trouble> {
        let rows = self.0.rows(first, width.into()).await?;
        let mut rows = rows.into_iter();
        let (mut entries, mut leaves) = (Vec::new(), Vec::new());
        for index in (first..).take(width.into()) {
            let row = rows.next().filter(|row| row.index == index);
            let row = row.ok_or_else(|| Trouble::broken(index, "the entry is missing"))?;
            entries.push(row.entry);
            leaves.push(row.leaf);
        }
        let mut filling = Filling::new(first, width);
        while let Some(wanted) = filling.wanted() {
            filling.take(self.details(wanted).await?);
        }
        let details = filling.finish();
        let last = first + u64::from(width);
        let checkpoints = self.0.checkpoints(first, last).await?;
        Ok(Piece { entries, details, leaves: Some(leaves), checkpoints })
    }

    /// Sealed details from an entry on, with the indices of theirs.
    pub async fn details(&self, first: u64) -> Result<Vec<(u64, Vec<u8>)>, Trouble> {
        let found = self.0.details(first, BUNDLE_OCTETS).await?;
        Ok(found.into_iter().map(|KeptDetail { index, sealed }| (index, sealed.0)).collect())
    }

    pub async fn end(&self, size: u64) -> Result<(), Trouble> {
        match self.0.rows(size, 1).await?.first() {
            None => Ok(()),
            Some(row) => Err(Trouble::broken(row.index, "the entry lies beyond the newest checkpoint")),
        }
    }
}
