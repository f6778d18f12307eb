//! Place: none. The folder of the sockets: a new one each time, so that an enclave left over from a session that was killed
//! finds nobody any more. Paths of sockets are short by law of the system, so a deep installation has it elsewhere.

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
    /// A new folder in `run` of the installation if sockets fit there, else in the system's folder for temporary files.
    /// Those of earlier sessions are removed; until then they hold what the machine said.
    pub fn make(layout: &Layout) -> anyhow::Result<Self> {
        let mut random = [0; 4];
        getrandom::fill(&mut random)?;
        let name = hex::encode(random);
        let all = layout.dir().join("run");
        if all.exists() {
            std::fs::remove_dir_all(&all).with_context(|| format!("cannot remove {}", all.display()))?;
        }
        let own = all.join(&name);
        if fits(&own) {
            file::private_folder(&own)?;
            return Ok(Self { path: own, temporary: false });
        }
        let path = std::env::temp_dir().join(format!("fuin-{name}"));
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
        let first = RunDir::make(&near).unwrap().path().to_owned();
        let second = RunDir::make(&near).unwrap().path().to_owned();
        assert_eq!(first.parent(), Some(near.dir().join("run").as_path()));
        assert!(first != second && !first.exists() && second.is_dir());
        let deep = Layout::take(&place.path().join("d".repeat(100))).unwrap();
        let run = RunDir::make(&deep).unwrap();
        let path = run.path().to_owned();
        assert!(!path.starts_with(deep.dir()) && path.is_dir());
        assert!(run.endpoint().len() <= LONGEST + "unix://".len());
        drop(run);
        assert!(!path.exists());
    }
}
