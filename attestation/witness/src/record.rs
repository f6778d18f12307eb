//! Place: none. The newest checkpoint of each log, and which logs have one.

use crate::error::WitnessError;
use crate::folder::Folder;
use crate::write::{Interrupt, read, replace};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::note::Note;
use fuin_shared::log::tree::empty_root;

/// What is known of one origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    checkpoint: Checkpoint,
    /// The note as the log signed it; none before the first checkpoint.
    note: Option<String>,
}

impl Record {
    /// Before the first checkpoint.
    fn empty(origin: &str) -> Self {
        Self { checkpoint: Checkpoint { origin: origin.to_owned(), size: 0, root: empty_root() }, note: None }
    }

    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Reads the record of an origin.
    ///
    /// # Errors
    /// [`WitnessError::Amnesia`] if there was one and it is gone; [`WitnessError::Damaged`]; [`WitnessError::File`].
    pub fn read(folder: &Folder, id: &str, origin: &str) -> Result<Self, WitnessError> {
        let path = folder.record(id);
        let Some(text) = read(&path)? else {
            // A missing folder is no empty folder.
            if !folder.records().is_dir() || known(folder)?.iter().any(|other| other == id) {
                return Err(WitnessError::Amnesia { path });
            }
            return Ok(Self::empty(origin));
        };
        let damaged = |what| WitnessError::Damaged { path: path.clone(), what };
        let note = Note::parse(text.as_bytes()).map_err(|_| damaged("not a note"))?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|_| damaged("not a checkpoint"))?;
        if checkpoint.origin != origin {
            return Err(damaged("a checkpoint of another origin"));
        }
        Ok(Self { checkpoint, note: Some(text) })
    }
}

/// The origins that have a record, by id.
///
/// # Errors
/// [`WitnessError::Amnesia`] if the list is gone.
pub fn known(folder: &Folder) -> Result<Vec<String>, WitnessError> {
    let path = folder.known();
    match read(&path)? {
        Some(text) => Ok(text.lines().map(str::to_owned).collect()),
        None => Err(WitnessError::Amnesia { path }),
    }
}

/// Replaces a record. The caller holds the lock of the origin.
pub fn write(folder: &Folder, id: &str, note: &str, interrupt: &Interrupt) -> Result<(), WitnessError> {
    replace(&folder.record(id), note.as_bytes(), 0o600, interrupt)
}

/// Enters an origin, whose record is durable, in the list. The caller holds the lock of the list.
pub fn enter(folder: &Folder, id: &str, interrupt: &Interrupt) -> Result<(), WitnessError> {
    let mut ids = known(folder)?;
    if !ids.iter().any(|other| other == id) {
        ids.push(id.to_owned());
    }
    // Written also when it is there: an earlier write may have failed before it was durable.
    replace(&folder.known(), format!("{}\n", ids.join("\n")).as_bytes(), 0o600, interrupt)
}
