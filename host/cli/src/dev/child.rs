//! Place: none. The process of the enclave.

use super::find;
use super::layout::Layout;
use super::measure;
use super::run_dir::RunDir;
use anyhow::Context as _;
use fuin_shared::manifest::Measurement;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a child may take to end.
const GRACE: Duration = Duration::from_secs(15);
/// Lines of a log that are shown.
const TAIL: usize = 15;

/// Where the enclave runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EnclaveKind {
    /// In a virtual machine, from an enclave image.
    Qemu,
    /// As an ordinary process, for fast tests.
    Process,
}

impl EnclaveKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qemu => "qemu",
            Self::Process => "process",
        }
    }
}

/// How to start the enclave.
pub struct EnclaveProgram {
    kind: EnclaveKind,
    program: PathBuf,
    image: Option<PathBuf>,
    log: PathBuf,
}

impl EnclaveProgram {
    /// Finds programs and image.
    pub fn find(
        kind: EnclaveKind,
        folder: Option<&Path>,
        image: Option<&Path>,
        layout: &Layout,
    ) -> anyhow::Result<Self> {
        let name = match kind {
            EnclaveKind::Qemu => "fuin-emulator",
            EnclaveKind::Process => "fuin-enclave-process",
        };
        let program = find::program(name, folder).with_context(|| match folder {
            Some(folder) => format!("--enclave-bin: there is no {name} in {}", folder.display()),
            None => format!("{name} is neither beside this program nor in PATH: build it with `cargo build --release`, or name its folder with --enclave-bin"),
        })?;
        let image = match kind {
            EnclaveKind::Qemu => Some(find::image(image)?),
            EnclaveKind::Process => None,
        };
        Ok(Self { kind, program, image, log: layout.log("enclave") })
    }

    /// The kind.
    pub const fn kind(&self) -> EnclaveKind {
        self.kind
    }

    /// What the platform will measure.
    pub fn measure(&self) -> anyhow::Result<Measurement> {
        match &self.image {
            Some(image) => measure::image(image),
            None => measure::program(&self.program),
        }
    }

    /// Starts the process. Its output goes to the log.
    pub fn start(&self, layout: &Layout, run: &RunDir) -> anyhow::Result<EnclaveChild> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log)
            .with_context(|| format!("cannot write {}", self.log.display()))?;
        let mut command = Command::new(&self.program);
        match &self.image {
            Some(image) => command.arg("run").arg("--eif").arg(image).arg("--run-dir").arg(run.path()),
            None => command.arg("--connect").arg(run.endpoint()),
        };
        command.arg("--root-dir").arg(layout.nsm());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // A group of its own: an interrupt at the terminal reaches this process alone, which ends its child in order.
        command.process_group(0).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        Ok(EnclaveChild { child })
    }

    /// The end of the log, for a message.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<String> =
            text.lines().map(|l| l.chars().filter(|c| !c.is_control()).take(400).collect()).collect();
        let tail = lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n  ");
        format!("the end of {}:\n  {tail}", self.log.display())
    }
}

/// The process.
pub struct EnclaveChild {
    child: Child,
}

impl EnclaveChild {
    /// Waits for its end.
    pub async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends it: politely, then not.
    pub async fn stop(self) {
        end(self.child, GRACE, "enclave").await;
    }
}

/// Ends a process: politely, then not.
pub async fn end(mut child: Child, grace: Duration, what: &str) {
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) {
        // It may have ended by itself meanwhile.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    if tokio::time::timeout(grace, child.wait()).await.is_err() {
        tracing::warn!(what, "the process did not end in time and was killed");
        let _ = child.kill().await;
    }
}
