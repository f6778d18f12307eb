//! Place: none. Files that are whole or not there: written beside, made durable, put into place.

use anyhow::Context as _;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufWriter, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// For everybody on this machine to read.
pub const PUBLIC: u32 = 0o644;
/// For the owner alone.
pub const SECRET: u32 = 0o600;

/// Replaces `path` by these octets.
pub fn write(path: &Path, octets: &[u8], mode: u32) -> anyhow::Result<()> {
    let mut file = Staged::create(path, mode)?;
    file.append(octets)?;
    file.place()
}

/// A file that is written piece by piece, and at its path only once it is whole.
pub struct Staged {
    file: BufWriter<File>,
    path: PathBuf,
    folder: PathBuf,
    temporary: PathBuf,
}

impl Staged {
    /// Begins, beside `path`.
    pub fn create(path: &Path, mode: u32) -> anyhow::Result<Self> {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.new", std::process::id()));
        let temporary = folder.join(name);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), folder: folder.to_owned(), temporary })
    }

    /// Writes on.
    pub fn append(&mut self, octets: &[u8]) -> anyhow::Result<()> {
        let written = self.file.write_all(octets);
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Makes it durable and puts it into place.
    pub fn place(mut self) -> anyhow::Result<()> {
        let mut attempt = || -> std::io::Result<()> {
            self.file.flush()?;
            self.file.get_ref().sync_all()?;
            std::fs::rename(&self.temporary, &self.path)?;
            File::open(&self.folder)?.sync_all()
        };
        let placed = attempt();
        placed.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// What was not put into place goes: it may be a secret.
impl Drop for Staged {
    fn drop(&mut self) {
        // Once in place, nothing is there any more.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// Reads at most `limit` octets; a longer file is refused.
pub fn read(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let attempt = || -> std::io::Result<Vec<u8>> {
        let mut octets = Vec::new();
        File::open(path)?.take(limit + 1).read_to_end(&mut octets)?;
        Ok(octets)
    };
    let octets = attempt().with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(octets.len() as u64 <= limit, "{} has more than {limit} octets", path.display());
    Ok(octets)
}

/// Makes a folder for nobody else; an existing one is left as it is.
pub fn private_folder(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_replaced_whole_with_its_mode() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("secret");
        write(&path, b"one", SECRET).unwrap();
        write(&path, b"two", SECRET).unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
        assert!(read(&path, 2).unwrap_err().to_string().contains("more than 2 octets"));
        let mut abandoned = Staged::create(&path, SECRET).unwrap();
        abandoned.append(b"three").unwrap();
        drop(abandoned);
        assert_eq!(read(&path, 3).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
        let error = write(&place.path().join("missing/file"), b"", PUBLIC).unwrap_err();
        assert!(error.to_string().contains("missing/file"));
    }
}
