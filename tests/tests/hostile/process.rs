//! Place: none. The enclave's process.

use fuin_tests::programs::program;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Killed when dropped; it ends by itself should the test be killed.
pub struct Enclave(Child);

impl Enclave {
    /// Dials `FOLDER/host`.
    pub fn start(folder: &Path) -> Self {
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(folder.join("enclave.log")).unwrap();
        let child = Command::new(program("fuin-enclave-process"))
            .arg("--connect")
            .arg(format!("unix://{}", folder.join("host").display()))
            .arg("--root-dir")
            .arg(folder.join("nsm"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Fails the test if it has ended.
    pub fn assert_alive(&mut self) {
        assert!(self.0.try_wait().unwrap().is_none(), "the enclave's process has ended");
    }
}

impl Drop for Enclave {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
