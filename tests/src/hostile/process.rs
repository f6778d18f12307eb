//! Place: none. The enclave: an ordinary process, or an image in QEMU.

use crate::programs::program;
use fuin_shared::evidence::Pcr;
use fuin_shared::manifest::Measurement;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Name of the socket that the host listens on, in the folder of its side; the emulator wants this one.
pub const SOCKET: &str = "vm_5000";
/// What a machine printed, in the same folder.
const CONSOLE: &str = "console";

/// Where enclaves run.
#[derive(Debug, Clone, Default)]
pub enum Place {
    /// As ordinary processes.
    #[default]
    Process,
    /// In QEMU, from this image.
    Qemu(PathBuf),
}

impl Place {
    /// What an enclave's evidence says of its program there.
    #[must_use]
    pub fn measurement(&self) -> Measurement {
        let measured = match self {
            Self::Process => {
                let octets = std::fs::read(program("fuin-enclave-process")).unwrap();
                fuin_emulator::process::measure_program(&octets)
            }
            Self::Qemu(image) => fuin_emulator::machine::measure_file(image).unwrap(),
        };
        Measurement { pcr0: Pcr(measured.pcr0), pcr1: Pcr(measured.pcr1), pcr2: Pcr(measured.pcr2) }
    }
}

/// Killed when dropped; it ends by itself should the test be killed.
pub struct Enclave {
    child: Child,
    /// Folder of its side, and the log that is kept beside it.
    folder: PathBuf,
    log: PathBuf,
}

impl Enclave {
    /// Dials the socket in `FOLDER/NAME`.
    #[must_use]
    pub fn start(place: &Place, folder: &Path, name: &str) -> Self {
        let (side, log) = (folder.join(name), folder.join(format!("{name}.log")));
        let written = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut command = match place {
            Place::Process => {
                let mut command = Command::new(program("fuin-enclave-process"));
                command.arg("--connect").arg(format!("unix://{}", side.join(SOCKET).display()));
                command
            }
            Place::Qemu(image) => {
                let mut command = Command::new(program("fuin-emulator"));
                command.arg("run").arg("--eif").arg(image).arg("--run-dir").arg(&side);
                command
            }
        };
        command.arg("--root-dir").arg(folder.join("nsm"));
        command.stdin(Stdio::null()).stdout(written.try_clone().unwrap()).stderr(written);
        Self { child: command.spawn().unwrap(), folder: side, log }
    }

    /// Whether it runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Fails the test if it has ended.
    pub fn assert_alive(&mut self) {
        assert!(self.is_alive(), "the enclave has ended");
    }

    /// Kills it.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The next boot writes its own.
        if let Ok(console) = std::fs::read(self.folder.join(CONSOLE)) {
            let kept = std::fs::OpenOptions::new().append(true).open(&self.log);
            let _ = kept.and_then(|mut log| log.write_all(&console));
            let _ = std::fs::remove_file(self.folder.join(CONSOLE));
        }
    }

    /// Ends it by SIGABRT, as a panic does: the suite's own check that it would be noticed.
    pub fn abort(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGABRT).unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Enclave {
    fn drop(&mut self) {
        self.kill();
    }
}
