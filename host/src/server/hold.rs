//! Place: SSA. The data directory has one holder: two hosts on one store would be two copies of the service
//! (spec/ledger.md, gap 3).

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "lock";

/// Takes the directory; it is given back when the file is dropped, however the process ends. None if another has it.
pub(super) fn take(directory: &Path) -> std::io::Result<Option<File>> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(directory.join(FILE))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_holder() {
        let folder = tempfile::tempdir().unwrap();
        let held = take(folder.path()).unwrap();
        assert!(held.is_some());
        assert!(take(folder.path()).unwrap().is_none());
        drop(held);
        assert!(take(folder.path()).unwrap().is_some());
    }
}
