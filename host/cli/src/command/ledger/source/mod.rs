//! Place: none. Where a ledger is read from.

mod archive;
mod database;
mod filling;
mod tiles;

pub use archive::{HEADER as ARCHIVE_HEADER, append_detail};

use super::Trouble;
use archive::Archive;
use database::Database;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::note::Note;
use fuin_shared::log::tiles::{TILE_WIDTH, Tile};
use std::path::PathBuf;
use tiles::Tiles;

/// Entries of one piece, as many as in a tile.
pub const PIECE: u64 = TILE_WIDTH as u64;

/// Which ledger.
#[derive(clap::Args)]
#[group(required = true, multiple = false, id = "ledger")]
pub struct Args {
    /// An archive that `export` saved.
    #[arg(value_name = "FILE")]
    archive: Option<PathBuf>,
    /// URL of the ledger, such as http://127.0.0.1:8080/ledger.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Data directory of a host, or its database; it is only read.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// What opens entries over HTTP.
#[derive(clap::Args)]
pub struct Token {
    /// The auditor's token, for --url.
    #[arg(long, value_name = "TOKEN", env = "FUIN_AUDITOR_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// A ledger to be read, in order.
pub enum Source {
    /// Tiles over HTTP.
    Tiles(Tiles),
    /// A host's database.
    Database(Database),
    /// A file.
    Archive(Archive),
}

/// Entries that follow each other, with what the source says of them.
pub struct Piece {
    /// Entries.
    pub entries: Vec<Vec<u8>>,
    /// Their sealed details, one for each entry or none.
    pub details: Vec<Option<Vec<u8>>>,
    /// Their leaf hashes, where the source has them.
    pub leaves: Option<Vec<Vec<u8>>>,
    /// Older checkpoints by the size that they claim, where the source has them.
    pub checkpoints: Vec<(u64, String)>,
}

impl Source {
    /// Opens it.
    pub async fn open(args: &Args, token: Token) -> Result<Self, Trouble> {
        match (&args.url, &args.dir, &args.archive) {
            (Some(url), ..) => Ok(Self::Tiles(Tiles::new(url, token.token)?)),
            (None, Some(dir), _) => Ok(Self::Database(Database::open(dir).await?)),
            (None, None, Some(file)) => Ok(Self::Archive(Archive::open(file)?)),
            (None, None, None) => Err(anyhow::anyhow!("give FILE, --url or --dir").into()),
        }
    }

    /// The newest checkpoint, a note.
    pub async fn checkpoint(&self) -> Result<String, Trouble> {
        match self {
            Self::Tiles(tiles) => tiles.checkpoint().await,
            Self::Database(database) => database.checkpoint().await,
            Self::Archive(archive) => Ok(archive.checkpoint().to_owned()),
        }
    }

    /// The published checkpoint as it claims to be, for commands that judge nothing.
    pub async fn claimed(&self) -> Result<(String, Checkpoint), Trouble> {
        let note = match self {
            Self::Database(database) => database.published().await?,
            Self::Tiles(_) | Self::Archive(_) => self.checkpoint().await?,
        };
        let head = Checkpoint::parse(Note::parse(note.as_bytes())?.text())?;
        Ok((note, head))
    }

    /// The piece that begins at `first`, a multiple of [`PIECE`] and the end of the piece before. `size` is the ledger's.
    pub async fn piece(&mut self, first: u64, size: u64) -> Result<Piece, Trouble> {
        let width = size.saturating_sub(first).min(PIECE) as u16;
        match self {
            Self::Tiles(tiles) => tiles.piece(first, width).await,
            Self::Database(database) => database.piece(first, width).await,
            Self::Archive(archive) => archive.piece(first, width),
        }
    }

    /// Any one entry with its sealed detail, where the source is not read in order.
    pub async fn entry(&mut self, index: u64, size: u64) -> Result<Option<(Vec<u8>, Vec<u8>)>, Trouble> {
        if matches!(self, Self::Archive(_)) {
            return Ok(None);
        }
        let first = index / PIECE * PIECE;
        let piece = self.piece(first, size).await?;
        let found = piece.entries.into_iter().zip(piece.details).nth((index - first) as usize);
        Ok(found.and_then(|(entry, sealed)| Some((entry, sealed?))))
    }

    /// A tile above the leaves, where the source has tiles.
    pub async fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Trouble> {
        match self {
            Self::Tiles(tiles) => tiles.get(tile).await.map(Some),
            Self::Database(_) | Self::Archive(_) => Ok(None),
        }
    }

    /// Nothing lies beyond the end.
    pub async fn end(&mut self, size: u64) -> Result<(), Trouble> {
        match self {
            Self::Tiles(_) => Ok(()),
            Self::Database(database) => database.end(size).await,
            Self::Archive(archive) => archive.end(size),
        }
    }
}
