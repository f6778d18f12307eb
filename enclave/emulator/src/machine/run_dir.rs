//! Place: none. The run folder of a boot: one emulator at a time, no stale sockets, paths that fit.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use super::error::{LaunchError, at};

/// `sun_path` has 108 octets, the last one a NUL.
pub(super) const SOCKET_PATH_MAX: usize = 107;

pub(super) const VHOST: &str = "vhost";
pub(super) const BACKEND: &str = "vm";
pub(super) const HEARTBEAT: &str = "vm_9000";
pub(super) const NSM: &str = "vm_9001";
const CONSOLE: &str = "console";

/// Lines and octets of the console that error messages carry.
const TAIL_LINES: usize = 20;
const TAIL_OCTETS: u64 = 8192;

pub(super) struct RunDir {
    path: PathBuf,
    /// Held as long as the folder is in use.
    _lock: File,
}

impl RunDir {
    pub(super) fn claim(path: &Path) -> Result<Self, LaunchError> {
        let longest = path.join(NSM);
        let length = longest.as_os_str().as_bytes().len();
        if length > SOCKET_PATH_MAX {
            return Err(LaunchError::PathTooLong { path: longest, length });
        }
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))?;
        let lock_path = path.join("lock");
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(LaunchError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(LaunchError::File { path: lock_path, source }),
        }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn console(&self) -> PathBuf {
        self.file(CONSOLE)
    }

    /// Removes what an earlier boot left: the emulator's own sockets and the console, never the host's socket.
    pub(super) fn remove_stale(&self) -> Result<(), LaunchError> {
        for name in [VHOST, BACKEND, HEARTBEAT, NSM] {
            let path = self.file(name);
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => return Err(LaunchError::File { path, source }),
            }
        }
        Ok(())
    }

    pub(super) fn listen(&self, name: &str) -> Result<UnixListener, LaunchError> {
        let path = self.file(name);
        UnixListener::bind(&path).map_err(at(&path))
    }

    pub(super) fn console_tail(&self) -> String {
        tail(&self.console()).unwrap_or_else(|error| format!("(no console: {error})"))
    }
}

/// The last lines of a file, with control characters taken out.
fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_OCTETS)))?;
    let mut octets = Vec::new();
    file.take(TAIL_OCTETS).read_to_end(&mut octets)?;
    let text = String::from_utf8_lossy(&octets);
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>())
        .filter(|line| !line.is_empty())
        .collect();
    Ok(lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_too_long_for_sockets_is_refused_before_anything_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("x".repeat(110));
        let error = RunDir::claim(&long).err().unwrap();
        assert!(matches!(&error, LaunchError::PathTooLong { .. }));
        assert!(error.to_string().contains("shorter --run-dir"));
        assert!(!long.exists());
    }

    #[test]
    fn a_folder_serves_one_emulator_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = RunDir::claim(folder.path()).unwrap();
        assert!(matches!(RunDir::claim(folder.path()), Err(LaunchError::InUse(_))));
        drop(first);
        assert!(RunDir::claim(folder.path()).is_ok());
    }

    #[test]
    fn stale_sockets_go_and_the_hosts_socket_stays() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::claim(folder.path()).unwrap();
        for name in [VHOST, BACKEND, HEARTBEAT, NSM, "vm_5000"] {
            drop(UnixListener::bind(folder.path().join(name)).unwrap());
        }
        run.remove_stale().unwrap();
        let left: Vec<_> =
            [VHOST, BACKEND, HEARTBEAT, NSM].iter().filter(|name| run.file(name).exists()).collect();
        assert!(left.is_empty());
        assert!(run.file("vm_5000").exists());
        assert!(run.listen(NSM).is_ok());
    }

    #[test]
    fn the_tail_is_the_last_lines_without_control_characters() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::claim(folder.path()).unwrap();
        assert!(run.console_tail().starts_with("(no console"));
        let text: String = (0..30).map(|line| format!("\x1b[2Jline {line}\r\n\n")).collect();
        fs::write(run.console(), text).unwrap();
        let tail = run.console_tail();
        assert_eq!(tail.lines().count(), 20);
        assert!(tail.ends_with("line 29") && !tail.contains('\x1b'));
    }
}
