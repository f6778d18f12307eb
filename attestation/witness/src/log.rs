//! Place: none. The logs that a witness watches: origin and keys.

use crate::error::WitnessError;
use crate::folder::{Folder, origin_id};
use crate::write::{Interrupt, read, replace};
use fuin_shared::log::note::{VerifierKey, check_key_name};
use std::path::Path;

/// Most keys of a log: two during a rotation, and room.
const MAX_KEYS: usize = 4;

/// A log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    origin: String,
    keys: Vec<VerifierKey>,
}

impl Log {
    /// The log of this origin, whose checkpoints any of these keys signs.
    ///
    /// # Errors
    /// [`WitnessError::Origin`]; [`WitnessError::LogKeys`] for none, more than 4, or two that share name and ID.
    pub fn new(origin: &str, keys: Vec<VerifierKey>) -> Result<Self, WitnessError> {
        check_key_name(origin).map_err(WitnessError::Origin)?;
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Err(WitnessError::LogKeys("there are none or too many"));
        }
        for (i, key) in keys.iter().enumerate() {
            if keys.iter().take(i).any(|other| other.name() == key.name() && other.id() == key.id()) {
                return Err(WitnessError::LogKeys("two share name and key ID"));
            }
        }
        Ok(Self { origin: origin.to_owned(), keys })
    }

    /// Origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Keys.
    #[must_use]
    pub fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }

    /// Adds a key to the log of `origin` in the witness's folder, also while it serves; a new origin begins with size 0.
    ///
    /// A key that is there already is no error. What the witness has recorded of the origin stays.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn add(folder: &Path, origin: &str, key: VerifierKey) -> Result<Self, WitnessError> {
        let folder = Folder::at(folder);
        folder.cosigner()?;
        let mut keys = Self::read(&folder, &origin_id(origin))?.map_or_else(Vec::new, |log| log.keys);
        if !keys.contains(&key) {
            keys.push(key);
        }
        let log = Self::new(origin, keys)?;
        let never: Interrupt = Box::new(|_| Ok(()));
        replace(&folder.log(&origin_id(origin)), log.to_text().as_bytes(), 0o600, &never)?;
        Ok(log)
    }

    /// The log of this id, or none if it is not watched.
    pub(crate) fn read(folder: &Folder, id: &str) -> Result<Option<Self>, WitnessError> {
        let path = folder.log(id);
        let Some(text) = read(&path)? else { return Ok(None) };
        let damaged = |what| WitnessError::Damaged { path: path.clone(), what };
        let mut lines = text.strip_suffix('\n').ok_or_else(|| damaged("no final line feed"))?.split('\n');
        let origin = lines.next().unwrap_or_default();
        if origin_id(origin) != id {
            return Err(damaged("the origin is not that of the file's name"));
        }
        let keys = lines.map(VerifierKey::parse).collect::<Result<Vec<_>, _>>();
        Self::new(origin, keys.map_err(|_| damaged("a vkey"))?).map(Some)
    }

    fn to_text(&self) -> String {
        let keys: String = self.keys.iter().map(|key| format!("{key}\n")).collect();
        format!("{}\n{keys}", self.origin)
    }
}
