//! Place: none.
//!
//! A child process that ends with us. It is asked first (SIGTERM), then killed, always by its own number. Where `setpriv` is installed the kernel also
//! kills it when this process ends without having had the chance.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::LaunchError;

const PATIENCE: Duration = Duration::from_secs(3);

pub(super) struct Child(std::process::Child);

impl Child {
    /// Starts `program`; its output goes to the end of `log`.
    pub(super) fn start(
        program: &Path,
        arguments: &[String],
        log: &Path,
        remedy: &'static str,
    ) -> Result<Self, LaunchError> {
        let failed = |source| LaunchError::Start { program: program.to_owned(), source, remedy };
        let program = locate(program).ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        let output = log_file(log)?;
        let errors = output.try_clone().map_err(super::error::at(log))?;
        let mut command = match locate(Path::new("setpriv")) {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL", "--"]).arg(&program);
                command
            }
            None => Command::new(&program),
        };
        let child = command.args(arguments).stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
        child.map(Self).map_err(failed)
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<String> {
        match self.0.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Waits for its end, at most this long: whether it has ended by itself and with success.
    pub(super) fn ends_well_within(&mut self, limit: Duration) -> bool {
        self.ends_within(limit) && matches!(self.0.try_wait(), Ok(Some(status)) if status.success())
    }

    /// Waits for its end, at most this long.
    fn ends_within(&mut self, limit: Duration) -> bool {
        let asked = Instant::now();
        while self.ended().is_none() {
            if asked.elapsed() > limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ended().is_some() {
            return;
        }
        if let Ok(id) = i32::try_from(self.0.id()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        if !self.ends_within(PATIENCE) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

fn log_file(path: &Path) -> Result<File, LaunchError> {
    OpenOptions::new().create(true).append(true).open(path).map_err(super::error::at(path))
}

/// A program given by path, or by name in one of the folders of `PATH`.
pub(super) fn locate(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_child_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut child =
            Child::start(Path::new("sleep"), &["1000".into()], &folder.path().join("log"), "").unwrap();
        let process = PathBuf::from(format!("/proc/{}", child.id()));
        assert!(child.ended().is_none() && process.exists());
        drop(child);
        assert!(!process.exists());
    }

    #[test]
    fn a_missing_program_is_named_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let error = Child::start(Path::new("no-such-program"), &[], &folder.path().join("log"), "install it")
            .err()
            .unwrap();
        assert!(
            error.to_string().starts_with("no-such-program: ") && error.to_string().ends_with("; install it")
        );
    }
}
