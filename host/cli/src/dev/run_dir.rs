//! Place: none. The folder of the sockets. Paths of sockets are short by law of the system, so a deep installation has it
//! elsewhere.

use super::layout::Layout;
use crate::file;
use anyhow::Context as _;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Port on which the host listens, as part of the socket's name.
const HOST_SOCKET: &str = "vm_5000";
/// Longest path of a socket, without its final NUL.
const LONGEST: usize = 107;
/// Longest name of a socket in the folder, with its separator.
const NAME: usize = 12;

/// The folder; removed with this value if it is outside the installation.
pub struct RunDir {
    path: PathBuf,
    temporary: bool,
}

impl RunDir {
    /// `run` in the installation if sockets fit there, else a new folder in the system's folder for temporary files.
    pub fn make(layout: &Layout) -> anyhow::Result<Self> {
        let own = layout.dir().join("run");
        if fits(&own) {
            file::private_folder(&own)?;
            return Ok(Self { path: own, temporary: false });
        }
        let mut random = [0; 6];
        getrandom::fill(&mut random)?;
        let path = std::env::temp_dir().join(format!("fuin-{}", hex::encode(random)));
        anyhow::ensure!(
            fits(&path),
            "--dir: {} is too long for sockets, and so is {}; choose a shorter folder, or set TMPDIR to one",
            layout.dir().display(),
            path.display()
        );
        // Fails if somebody else made it.
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path, temporary: true })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the host listens for enclaves.
    pub fn endpoint(&self) -> String {
        format!("unix://{}", self.path.join(HOST_SOCKET).display())
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        if self.temporary {
            // A leftover holds no secret.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn fits(folder: &Path) -> bool {
    folder.as_os_str().len() + NAME <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_a_deep_installation_lie_elsewhere() {
        let place = tempfile::tempdir().unwrap();
        let near = Layout::take(&place.path().join("dev")).unwrap();
        assert_eq!(RunDir::make(&near).unwrap().path(), near.dir().join("run"));
        let deep = Layout::take(&place.path().join("d".repeat(100))).unwrap();
        let run = RunDir::make(&deep).unwrap();
        let path = run.path().to_owned();
        assert!(!path.starts_with(deep.dir()) && path.is_dir());
        assert!(run.endpoint().len() <= LONGEST + "unix://".len());
        drop(run);
        assert!(!path.exists());
    }
}
