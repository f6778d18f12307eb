//! Place: none. The enclave: an ordinary process, or an image in QEMU.

use crate::hostile::host::Host;
use crate::programs::program;
use fuin_shared::evidence::Pcr;
use fuin_shared::ids::InstanceId;
use fuin_shared::manifest::Measurement;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Name of the socket that the host listens on, in the folder of its side; the emulator wants this one.
pub const SOCKET: &str = "vm_5000";
/// Name of the file that says how wrong the kernel's clock of processes is.
pub const CLOCK: &str = "clock";
/// What a machine printed, in the same folder.
const CONSOLE: &str = "console";

/// How often a machine is started until it boots.
const STARTS: u32 = 4;

/// Where enclaves run.
#[derive(Debug, Clone, Default)]
pub enum Place {
    /// As ordinary processes.
    #[default]
    Process,
    /// As processes of this program.
    Program(PathBuf),
    /// In QEMU, from this image.
    Qemu(PathBuf),
}

impl Place {
    /// What an enclave's evidence says of its program there.
    #[must_use]
    pub fn measurement(&self) -> Measurement {
        let measured = match self {
            Self::Process => fuin_emulator::process::measure_program(
                &std::fs::read(program("fuin-enclave-process")).unwrap(),
            ),
            Self::Program(path) => fuin_emulator::process::measure_program(&std::fs::read(path).unwrap()),
            Self::Qemu(image) => fuin_emulator::machine::measure_file(image).unwrap(),
        };
        Measurement { pcr0: Pcr(measured.pcr0), pcr1: Pcr(measured.pcr1), pcr2: Pcr(measured.pcr2) }
    }
}

/// Killed when dropped; it ends by itself should the test be killed.
pub struct Enclave {
    child: Child,
    is_machine: bool,
    /// Folder of its side, and the log that is kept beside it.
    folder: PathBuf,
    log: PathBuf,
}

impl Enclave {
    /// Boots one that dials the host which listens in `FOLDER/NAME`; `known` is who dialled there before. A machine that fails to
    /// boot is started again: emulated ones do, beside others, and to the host that is no secret.
    #[must_use]
    pub fn boot(place: &Place, folder: &Path, name: &str, host: &Host, known: Option<InstanceId>) -> Self {
        for _ in 0..STARTS {
            let mut enclave = Self::start(place, folder, name);
            if host.dialled(known, || enclave.is_alive()) {
                return enclave;
            }
            assert!(enclave.is_machine, "the enclave has ended before it dialled");
            enclave.kill();
        }
        panic!("no machine boots");
    }

    /// Dials the socket in `FOLDER/NAME`.
    fn start(place: &Place, folder: &Path, name: &str) -> Self {
        let (side, log) = (folder.join(name), folder.join(format!("{name}.log")));
        let written = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut command = match place {
            Place::Process | Place::Program(_) => {
                let mut command = Command::new(match place {
                    Place::Program(path) => path.clone(),
                    _ => program("fuin-enclave-process"),
                });
                command.arg("--connect").arg(format!("unix://{}", side.join(SOCKET).display()));
                command.arg("--false-clock").arg(folder.join(CLOCK));
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
        Self {
            child: command.spawn().unwrap(),
            is_machine: matches!(place, Place::Qemu(_)),
            folder: side,
            log,
        }
    }

    /// Whether it runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Fails the test if it has ended.
    pub fn assert_alive(&mut self) {
        assert!(self.is_alive(), "the enclave has ended");
    }

    /// Kills it. An emulator is asked, so that it takes machine and backend with it; to the enclave that is no other end.
    pub fn kill(&mut self) {
        if self.is_machine {
            self.signal(Signal::SIGTERM);
        } else {
            let _ = self.child.kill();
        }
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
        self.signal(Signal::SIGABRT);
        self.child.wait().unwrap();
    }

    /// It may have ended.
    fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal);
    }
}

impl Drop for Enclave {
    fn drop(&mut self) {
        self.kill();
    }
}
