//! Place: none. Files that are whole or not there: written beside, made durable, put into place.

use anyhow::Context as _;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// For everybody on this machine to read.
pub const PUBLIC: u32 = 0o644;
/// For the owner alone.
pub const SECRET: u32 = 0o600;

/// Replaces `path` by these octets.
pub fn write(path: &Path, octets: &[u8], mode: u32) -> anyhow::Result<()> {
    let attempt = || -> std::io::Result<()> {
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.new", std::process::id()));
        let temporary = parent.join(name);
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
        let written = file.write_all(octets).and_then(|()| file.sync_all());
        let placed = written.and_then(|()| std::fs::rename(&temporary, path));
        if placed.is_err() {
            // The octets may be a secret; what matters is the first error.
            let _ = std::fs::remove_file(&temporary);
        }
        placed?;
        File::open(parent)?.sync_all()
    };
    attempt().with_context(|| format!("cannot write {}", path.display()))
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
        let error = write(&place.path().join("missing/file"), b"", PUBLIC).unwrap_err();
        assert!(error.to_string().contains("missing/file"));
    }
}
