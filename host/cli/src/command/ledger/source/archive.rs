//! Place: none. A ledger in one file: a line that names the form, the checkpoint (its length in four octets first), then all
//! entries as in C2SP entry bundles, each followed by its sealed detail (its length in four octets first; 0 for none).

use super::Piece;
use crate::command::ledger::Trouble;
use anyhow::Context as _;
use fuin_shared::log::detail::MAX_SEALED;
use fuin_shared::log::note::MAX_NOTE;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read as _};
use std::path::Path;

/// First line of the file.
pub const HEADER: &[u8] = b"fuin-ledger-archive/v2\n";
/// That of files of before there were details, without them.
const WITHOUT_DETAILS: &[u8; HEADER.len()] = b"fuin-ledger-archive/v1\n";

/// Appends what follows an entry.
pub fn append_detail(octets: &mut Vec<u8>, sealed: Option<&[u8]>) {
    let sealed = sealed.unwrap_or_default();
    // Invariant: no source gives more than a bundle holds.
    octets.extend_from_slice(&u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
    octets.extend_from_slice(sealed);
}

/// A file that is read.
pub struct Archive {
    file: BufReader<File>,
    checkpoint: String,
    details: bool,
}

impl Archive {
    /// Opens it and reads the checkpoint.
    pub fn open(path: &Path) -> Result<Self, Trouble> {
        let name = || format!("{}", path.display());
        let mut file = BufReader::new(File::open(path).with_context(name)?);
        let mut header = [0; HEADER.len()];
        let read = file.read_exact(&mut header).is_ok();
        let details = header == HEADER;
        if !read || !(details || &header == WITHOUT_DETAILS) {
            return Err(anyhow::anyhow!("{}: not an archive of `fuin ledger export`", path.display()).into());
        }
        let mut length = [0; 4];
        file.read_exact(&mut length).with_context(name)?;
        let length = u64::from(u32::from_be_bytes(length));
        if length > MAX_NOTE as u64 {
            return Err(anyhow::anyhow!("{}: the checkpoint is too long", path.display()).into());
        }
        let mut note = Vec::new();
        (&mut file).take(length).read_to_end(&mut note).with_context(name)?;
        let note = String::from_utf8(note).ok().filter(|note| note.len() as u64 == length);
        let checkpoint =
            note.with_context(|| format!("{}: the checkpoint is cut off or no text", path.display()))?;
        Ok(Self { file, checkpoint, details })
    }

    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    pub fn piece(&mut self, first: u64, width: u16) -> Result<Piece, Trouble> {
        let (mut entries, mut details) = (Vec::new(), Vec::new());
        for index in (first..).take(width.into()) {
            let missing = |e: std::io::Error| match e.kind() {
                ErrorKind::UnexpectedEof => Trouble::broken(index, "the entry is missing"),
                _ => e.into(),
            };
            let mut length = [0; 2];
            self.file.read_exact(&mut length).map_err(missing)?;
            let mut entry = vec![0; u16::from_be_bytes(length).into()];
            self.file.read_exact(&mut entry).map_err(missing)?;
            entries.push(entry);
            details.push(if self.details { self.detail(index)? } else { None });
        }
        Ok(Piece { entries, details, leaves: None, checkpoints: Vec::new() })
    }

    fn detail(&mut self, index: u64) -> Result<Option<Vec<u8>>, Trouble> {
        let missing = |e: std::io::Error| match e.kind() {
            ErrorKind::UnexpectedEof => Trouble::broken(index, "the archive ends within the sealed detail"),
            _ => e.into(),
        };
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(missing)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > MAX_SEALED {
            return Err(Trouble::broken(index, "the sealed detail is too long"));
        }
        let mut sealed = vec![0; length];
        self.file.read_exact(&mut sealed).map_err(missing)?;
        Ok((length > 0).then_some(sealed))
    }

    pub fn end(&mut self, size: u64) -> Result<(), Trouble> {
        match self.file.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(Trouble::broken(size, "an entry lies beyond the checkpoint")),
        }
    }
}
