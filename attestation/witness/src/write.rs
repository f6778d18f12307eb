//! Place: none. Files that are whole or not there: written beside, made durable, put into place, made durable there.

use crate::error::WitnessError;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Most octets in a file of a witness; a record is a note, and these are bounded lower still.
const MAX_FILE: u64 = 128 * 1024;

/// A step of a write. What happens between two of them cannot be seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Before the file beside is made.
    Create,
    /// Before its octets are written.
    Write,
    /// Before they are made durable.
    Sync,
    /// Before it is put into place.
    Rename,
    /// Before the place is made durable.
    SyncFolder,
}

/// Asked before each step of each write; an error ends the write there and leaves everything as a crash would.
/// [`crate::Witness::open`] never interrupts; tests of crashes do.
pub type Interrupt = Box<dyn Fn(Step) -> std::io::Result<()> + Send + Sync>;

/// Replaces `path`. Only one writer for a path at a time: the caller holds its lock.
pub fn replace(path: &Path, octets: &[u8], mode: u32, interrupt: &Interrupt) -> Result<(), WitnessError> {
    let attempt = || -> std::io::Result<()> {
        let beside = path.with_extension("new");
        interrupt(Step::Create)?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside)?;
        interrupt(Step::Write)?;
        file.write_all(octets)?;
        interrupt(Step::Sync)?;
        file.sync_all()?;
        interrupt(Step::Rename)?;
        std::fs::rename(&beside, path)?;
        interrupt(Step::SyncFolder)?;
        sync_folder(path)
    };
    attempt().map_err(|error| WitnessError::File { path: path.to_owned(), error })
}

/// Makes the entry of `path` in its folder durable.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// The text of `path`, or none if there is no such file.
pub fn read(path: &Path) -> Result<Option<String>, WitnessError> {
    let mut octets = Vec::new();
    let attempt = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut octets));
    match attempt {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(WitnessError::File { path: path.to_owned(), error }),
    }
    let damaged = |what| WitnessError::Damaged { path: path.to_owned(), what };
    if octets.len() as u64 > MAX_FILE {
        return Err(damaged("it is too long"));
    }
    String::from_utf8(octets).map(Some).map_err(|_| damaged("it is not UTF-8"))
}
