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

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::log::bundle::append_entry;

    /// An archive of two entries with this header and these octets after each.
    fn archive(header: &[u8], after: [&[u8]; 2]) -> Result<Piece, Trouble> {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("archive");
        let mut octets = [header, &[0, 0, 0, 4], b"note"].concat();
        for (entry, after) in [b"one", b"two"].into_iter().zip(after) {
            append_entry(&mut octets, entry).unwrap();
            octets.extend_from_slice(after);
        }
        std::fs::write(&path, octets).unwrap();
        let mut archive = Archive::open(&path)?;
        let piece = archive.piece(0, 2)?;
        archive.end(2)?;
        Ok(piece)
    }

    fn broken(after: [&[u8]; 2]) -> (u64, String) {
        match archive(HEADER, after) {
            Err(Trouble::Broken(broken)) => (broken.index, broken.rule),
            _ => panic!("it is good"),
        }
    }

    #[test]
    fn archives_with_and_without_details_are_read_and_others_refused() {
        let mut sealed = Vec::new();
        append_detail(&mut sealed, Some(b"sealed"));
        let mut none = Vec::new();
        append_detail(&mut none, None);
        let piece = archive(HEADER, [&none, &sealed]).unwrap_or_else(|_| panic!("refused"));
        assert_eq!(piece.entries, [b"one", b"two"]);
        assert_eq!(piece.details, [None, Some(b"sealed".to_vec())]);
        let piece = archive(WITHOUT_DETAILS, [&[], &[]]).unwrap_or_else(|_| panic!("refused"));
        assert_eq!((piece.entries.len(), piece.details), (2, vec![None, None]));
        assert!(matches!(archive(b"fuin-ledger-archive/v3\n", [&[], &[]]), Err(Trouble::Unusable(_))));
    }

    #[test]
    fn details_that_are_cut_off_or_too_long_are_refused() {
        let none = [0; 4];
        let cut = "the archive ends within the sealed detail".to_owned();
        assert_eq!(broken([&none, &[]]), (1, cut.clone()));
        assert_eq!(broken([&none, &[0, 0, 0, 2, 1]]), (1, cut));
        let long = u32::try_from(MAX_SEALED + 1).unwrap().to_be_bytes();
        assert_eq!(broken([&none, &long]), (1, "the sealed detail is too long".to_owned()));
        assert_eq!(broken([&none, &[0, 0, 0, 0, 0]]), (2, "an entry lies beyond the checkpoint".to_owned()));
    }
}
