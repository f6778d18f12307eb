//! Place: none. The folder of a witness: where its files lie, and how it is made.

use crate::error::WitnessError;
use crate::write::{Interrupt, read, replace, sync_folder};
use fuin_shared::log::cosignature::{Cosigner, WitnessKey};
use sha2::{Digest, Sha256};
use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Hex SHA-256 of an origin: its name in files and in `GET /<id>/checkpoint`.
#[must_use]
pub fn origin_id(origin: &str) -> String {
    hex::encode(Sha256::digest(origin))
}

/// The paths.
#[derive(Clone)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    pub fn key(&self) -> PathBuf {
        self.0.join("key")
    }

    pub fn known(&self) -> PathBuf {
        self.0.join("known")
    }

    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    pub fn log(&self, id: &str) -> PathBuf {
        self.logs().join(id)
    }

    pub fn records(&self) -> PathBuf {
        self.0.join("records")
    }

    pub fn record(&self, id: &str) -> PathBuf {
        self.records().join(id)
    }

    /// Reads the key. Others must not be able to.
    pub fn cosigner(&self) -> Result<Cosigner, WitnessError> {
        let path = self.key();
        let Some(text) = read(&path)?.map(Zeroizing::new) else {
            return Err(WitnessError::NoWitness { path: self.0.clone() });
        };
        let mode = std::fs::metadata(&path).map(|data| data.permissions().mode());
        let mode = mode.map_err(|error| WitnessError::File { path: path.clone(), error })?;
        if mode & 0o077 != 0 {
            return Err(WitnessError::Exposed { path });
        }
        let damaged = || WitnessError::Damaged { path: path.clone(), what: "not a name and 64 hex digits" };
        let mut lines = text.strip_suffix('\n').ok_or_else(damaged)?.split('\n');
        let (Some(name), Some(digits), None) = (lines.next(), lines.next(), lines.next()) else {
            return Err(damaged());
        };
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, &mut *seed).map_err(|_| damaged())?;
        Ok(Cosigner::from_seed(name, &seed)?)
    }
}

/// Makes a witness: key and empty records together, or nothing. `seed` is random and the caller's to zeroize.
///
/// # Errors
/// [`WitnessError::Key`] for a bad name, [`WitnessError::Occupied`] if the folder holds anything, [`WitnessError::File`].
pub fn create(folder: &Path, name: &str, seed: &[u8; 32]) -> Result<WitnessKey, WitnessError> {
    let cosigner = Cosigner::from_seed(name, seed)?;
    let file = |error| WitnessError::File { path: folder.to_owned(), error };
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(WitnessError::Occupied { path: folder.to_owned() });
    }
    // Made beside and put into place whole: a crash leaves no key without records.
    let mut beside = folder.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = Folder(beside.into());
    let make = |path: &Path| DirBuilder::new().mode(0o700).recursive(true).create(path);
    for path in [beside.logs(), beside.records()] {
        make(&path).map_err(file)?;
    }
    let never: Interrupt = Box::new(|_| Ok(()));
    let text = Zeroizing::new(format!("{name}\n{}\n", *Zeroizing::new(hex::encode(seed))));
    replace(&beside.known(), b"", 0o600, &never)?;
    replace(&beside.key(), text.as_bytes(), 0o600, &never)?;
    std::fs::rename(beside.path(), folder).and_then(|()| sync_folder(folder)).map_err(file)?;
    Ok(cosigner.witness().clone())
}
