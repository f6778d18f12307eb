//! Place: none. A real development service: `fuin dev` with its host, CA, officer, custodian and enclave.

use crate::programs::{bounded, folder, program, scratch};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for an end in order.
const END: Duration = Duration::from_secs(60);
/// Lines of a log that a failure shows.
const TAIL: usize = 30;

/// Where the enclave runs.
#[derive(Debug, Clone)]
pub enum Mode {
    /// As an ordinary process.
    Process,
    /// The same, with three witnesses, two of which must cosign.
    Witnessed,
    /// As an ordinary process, with a credential that has a device key besides.
    DeviceKey,
    /// As an ordinary process, with a credential that has a PIN and one-time passwords besides.
    PinTotp,
    /// As a process, with a seal credential of an organization.
    Sealing,
    /// As a process, with a snapshot of the ledger after every few events.
    Snapshots,
    /// In QEMU, from this image.
    Qemu(PathBuf),
}

impl Mode {
    /// Longest wait until the service is ready.
    const fn patience(&self) -> Duration {
        match self {
            Self::Qemu(_) => Duration::from_secs(420),
            _ => Duration::from_secs(120),
        }
    }
}

/// A credential of `dev.json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Credential {
    /// `credentialID`.
    #[serde(rename = "credentialID")]
    pub id: String,
    /// `P-256` or `P-384`.
    #[serde(rename = "keyAlgo")]
    pub key_algorithm: String,
    /// `passkey`, `device-key` or `pin-totp`.
    pub means: String,
}

/// `dev.json`, as far as tests need it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Base URL without `/csc`.
    pub csc: String,
    /// Bearer token.
    pub service_token: String,
    /// Credentials.
    pub credentials: Vec<Credential>,
    /// Roots of the CA.
    pub trust: Vec<PathBuf>,
    /// Root of the evidence.
    pub evidence_root: PathBuf,
    /// Where evidence is had.
    pub attestation: String,
    /// Service id.
    pub service: String,
    /// Service card.
    pub service_card: PathBuf,
    /// Passkeys.
    pub passkeys: PathBuf,
    /// Their origin.
    pub origin: String,
    /// Name for auth/login.
    pub user: String,
    /// Password for auth/login.
    pub password: String,
    /// The listener for ceremonies.
    pub ceremony: String,
    /// URL of the ledger.
    pub ledger: String,
    /// Token that opens the ledger's entries.
    pub auditor_token: String,
    /// Key that opens their details.
    #[serde(default)]
    pub auditor_key: PathBuf,
}

impl Facts {
    /// The credential with a key on this curve.
    #[must_use]
    pub fn credential(&self, key_algorithm: &str) -> &Credential {
        let found = self.credentials.iter().find(|c| c.key_algorithm == key_algorithm);
        found.unwrap_or_else(|| panic!("no {key_algorithm} credential among {:?}", self.credentials))
    }
}

/// A service that runs. It is stopped when dropped.
#[derive(Debug)]
pub struct Service {
    dir: PathBuf,
    facts: Facts,
    running: Option<Running>,
    /// Of a service that has a folder of its own.
    _own: Option<tempfile::TempDir>,
}

/// The process, and what ends it should this test end first.
#[derive(Debug)]
struct Running {
    child: Child,
    guard: Child,
}

/// `fuin dev` ended before it was ready.
#[derive(Debug)]
pub struct NotReady {
    /// How it ended.
    pub status: ExitStatus,
    /// What it said.
    pub output: String,
}

impl Service {
    /// Starts it in `dir` and waits until it is ready.
    ///
    /// # Errors
    /// [`NotReady`] when it ended by itself.
    pub fn try_start(mode: &Mode, dir: &Path) -> Result<Self, NotReady> {
        std::fs::create_dir_all(dir).expect("the folder of the service");
        let (ready, log) = (dir.join("dev.json"), dir.join("test-output.log"));
        // One that was killed leaves it behind.
        let _ = std::fs::remove_file(&ready);
        let output = File::create(&log).expect("a log");
        let mut command = Command::new(program("fuin"));
        match mode {
            Mode::Process => {
                let _ = program("fuin-enclave-process");
                command.args(["dev", "--enclave", "process"]);
            }
            Mode::Witnessed => {
                let _ = program("fuin-enclave-process");
                command.args(["dev", "--enclave", "process", "--witnesses", "3"]);
            }
            Mode::DeviceKey => {
                let _ = program("fuin-enclave-process");
                command.args(["dev", "--enclave", "process", "--device-key"]);
            }
            Mode::PinTotp => {
                let _ = program("fuin-enclave-process");
                command.args(["dev", "--enclave", "process", "--pin-totp"]);
            }
            Mode::Sealing => {
                let _ = program("fuin-enclave-process");
                command.args(["dev", "--enclave", "process", "--seals"]);
            }
            Mode::Snapshots => {
                let _ = program("fuin-enclave-process");
                command.args(["dev", "--enclave", "process", "--snapshot-events", "16"]);
            }
            Mode::Qemu(image) => {
                let _ = program("fuin-emulator");
                command.args(["dev", "--enclave", "qemu", "--eif"]).arg(image);
            }
        }
        command.arg("--dir").arg(dir).arg("--enclave-bin").arg(folder());
        command.stdin(Stdio::null()).stdout(output.try_clone().expect("the log")).stderr(output);
        let child = command.spawn().expect("fuin dev");
        let mut running = Running { guard: guard(&child), child };
        let begin = Instant::now();
        while !ready.is_file() {
            if let Some(status) = running.child.try_wait().expect("the state of fuin dev") {
                running.end_guard();
                return Err(NotReady { status, output: logs(dir) });
            }
            if begin.elapsed() > mode.patience() {
                running.stop();
                panic!("fuin dev was not ready within {:?}\n{}", mode.patience(), logs(dir));
            }
            std::thread::sleep(LOOK);
        }
        let facts = std::fs::read(&ready).expect("dev.json");
        let facts = serde_json::from_slice(&facts).expect("dev.json in its form");
        Ok(Self { dir: dir.to_owned(), facts, running: Some(running), _own: None })
    }

    /// Starts it in `dir`.
    #[must_use]
    pub fn start(mode: &Mode, dir: &Path) -> Self {
        Self::try_start(mode, dir).unwrap_or_else(|e| panic!("fuin dev ended ({})\n{}", e.status, e.output))
    }

    /// Starts it in a folder of its own.
    #[must_use]
    pub fn fresh(mode: &Mode) -> Self {
        let own = scratch();
        let mut service = Self::start(mode, &own.path().join("dev"));
        service._own = Some(own);
        service
    }

    /// What it wrote of itself.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `fuin COMMAND ... --dir DIR`.
    #[must_use]
    pub fn fuin(&self, command: &str) -> Command {
        let mut fuin = bounded(program("fuin"));
        fuin.arg(command).arg("--dir").arg(&self.dir);
        fuin
    }

    /// Runs such a command to its end.
    #[must_use]
    pub fn output(&self, command: &str, arguments: &[&str]) -> Output {
        self.fuin(command).args(arguments).output().expect("fuin")
    }

    /// Ids of the processes that it started.
    #[must_use]
    pub fn children(&self) -> Vec<u32> {
        let running = self.running.as_ref().expect("it runs");
        children(running.child.id())
    }

    /// Stops it as Ctrl-C does. Panics unless it ends with status 0.
    pub fn stop(mut self) {
        let status = self.running.take().expect("it runs").stop();
        assert!(status.success(), "fuin dev ended with {status}\n{}", logs(&self.dir));
    }

    /// Kills it as a power failure does.
    pub fn kill(mut self) {
        let mut running = self.running.take().expect("it runs");
        running.end_guard();
        running.child.kill().expect("SIGKILL");
        running.child.wait().expect("its end");
    }

    /// The end of every log.
    #[must_use]
    pub fn logs(&self) -> String {
        logs(&self.dir)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        if std::thread::panicking() {
            eprintln!("{}", logs(&self.dir));
        }
        running.stop();
    }
}

impl Running {
    fn end_guard(&mut self) {
        // It may have ended by itself.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
    }

    fn stop(&mut self) -> ExitStatus {
        self.end_guard();
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        let _ = kill(pid, Signal::SIGINT);
        let begin = Instant::now();
        while begin.elapsed() < END {
            if let Some(status) = self.child.try_wait().expect("the state of fuin dev") {
                return status;
            }
            std::thread::sleep(LOOK);
        }
        let _ = self.child.kill();
        self.child.wait().expect("its end")
    }
}

/// Ends `child` when this process has ended, however it did: a service that all tests of a program share is never dropped.
fn guard(child: &Child) -> Child {
    Command::new("sh")
        .args(["-c", "read _; kill -TERM \"$1\"", "guard"])
        .arg(child.id().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh")
}

/// Children of a process, from /proc.
#[must_use]
pub fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

fn logs(dir: &Path) -> String {
    let mut out = String::new();
    for path in [dir.join("test-output.log"), dir.join("logs/host.log"), dir.join("logs/enclave.log")] {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        let lines: Vec<_> = text.lines().collect();
        out += &format!("--- {}\n{}\n", path.display(), lines[lines.len().saturating_sub(TAIL)..].join("\n"));
    }
    out
}
