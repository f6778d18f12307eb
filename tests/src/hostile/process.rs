//! Place: none. The enclave's process.

use crate::programs::program;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Killed when dropped; it ends by itself should the test be killed.
pub struct Enclave(Child);

impl Enclave {
    /// Dials the socket `FOLDER/NAME`.
    #[must_use]
    pub fn start(folder: &Path, name: &str) -> Self {
        let log = folder.join(format!("{name}.log"));
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let child = Command::new(program("fuin-enclave-process"))
            .arg("--connect")
            .arg(format!("unix://{}", folder.join(name).display()))
            .arg("--root-dir")
            .arg(folder.join("nsm"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Whether the process runs.
    pub fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Fails the test if it has ended.
    pub fn assert_alive(&mut self) {
        assert!(self.is_alive(), "the enclave's process has ended");
    }

    /// Kills it.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Ends it by SIGABRT, as a panic does: the suite's own check that it would be noticed.
    pub fn abort(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGABRT).unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Enclave {
    fn drop(&mut self) {
        self.kill();
    }
}
