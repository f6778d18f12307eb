//! Place: none. `fuin-emulator` as a child process, with the host's socket.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill as signal};
use nix::unistd::Pid;
use serde_json::Value;

pub struct Emulator {
    child: Child,
    lines: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
    host: Option<UnixListener>,
    image: PathBuf,
}

impl Emulator {
    /// Starts it with a host that listens.
    pub fn start(image: &Path, more: &[&str]) -> Self {
        Self::launch(image, more, true)
    }

    /// Starts it with no host.
    pub fn start_without_host(image: &Path, more: &[&str]) -> Self {
        Self::launch(image, more, false)
    }

    fn launch(image: &Path, more: &[&str], with_host: bool) -> Self {
        // Not under target/: socket paths are short.
        let folder = tempfile::Builder::new().prefix("fuin").tempdir_in("/tmp").unwrap();
        let host = with_host.then(|| UnixListener::bind(folder.path().join("vm_5000")).unwrap());
        let mut child = Command::new(env!("CARGO_BIN_EXE_fuin-emulator"))
            .args(["run", "--json", "--eif"])
            .arg(image)
            .arg("--run-dir")
            .arg(folder.path())
            .arg("--root-dir")
            .arg(folder.path().join("root"))
            .arg("--vhost-device-vsock")
            .arg(backend())
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, folder, host, image: image.to_owned() }
    }

    /// Reads events until one of this name comes.
    pub fn event(&mut self, name: &str) -> Value {
        loop {
            let mut line = String::new();
            let length = self.lines.read_line(&mut line).unwrap();
            assert_ne!(length, 0, "the emulator ended before the event {name:?}: {:?}", self.child.wait());
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == name {
                return event;
            }
            assert_ne!(event["event"], "ended", "{event}");
        }
    }

    /// The enclave program's connection.
    pub fn accept(&self) -> UnixStream {
        let (stream, _) = self.host.as_ref().unwrap().accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream
    }

    pub fn socket(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What `fuin-emulator measure` says about the image.
    pub fn measured(&self) -> Vec<(u8, Vec<u8>)> {
        let output = Command::new(env!("CARGO_BIN_EXE_fuin-emulator"))
            .args(["measure", "--json"])
            .arg(&self.image)
            .output()
            .unwrap();
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let pcrs = value["pcrs"].as_object().unwrap();
        pcrs.iter()
            .map(|(index, value)| (index.parse().unwrap(), hex::decode(value.as_str().unwrap()).unwrap()))
            .collect()
    }

    /// Numbers of QEMU and the backend, from the event `ready`.
    pub fn pids(&self, ready: &Value) -> Vec<u32> {
        ready["pids"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pid| u32::try_from(pid.as_u64().unwrap()).unwrap())
            .collect()
    }

    /// Waits for a child process of the emulator with this name and returns its number.
    pub fn child_named(&mut self, name: &str) -> u32 {
        let id = self.child.id();
        loop {
            let children =
                std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            let named = |pid: &&str| {
                std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim_end() == name)
            };
            if let Some(pid) = children.split_whitespace().find(named) {
                return pid.parse().unwrap();
            }
            assert!(self.child.try_wait().unwrap().is_none(), "the emulator ended without a child {name}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGTERM, then its exit status.
    pub fn terminate(&mut self) -> Option<i32> {
        signal(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        self.wait()
    }

    /// SIGKILL: it has no chance to end its children.
    pub fn kill(&mut self) {
        kill(self.child.id());
        self.wait();
    }

    /// Waits for an end before the event `ready`: the exit status and what was said about it.
    pub fn failed(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.wait(), said)
    }

    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // After a failed test: its children end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills a process by its number.
pub fn kill(pid: u32) {
    signal(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL).unwrap();
}

pub fn assert_gone(pids: &[u32]) {
    for pid in pids {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} is still there");
    }
}

/// Waits until processes that nobody here is the parent of are gone or dead.
pub fn await_gone(pids: &[u32]) {
    let runs = |pid: &u32| {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the name in parentheses; Z is dead and not yet reaped.
        state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    };
    for _ in 0..3000 {
        if !pids.iter().any(runs) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("some of {pids:?} still run");
}

/// The vsock backend: in `PATH`, or among the tools of this checkout.
fn backend() -> PathBuf {
    let found = fuin_emulator::machine::find_backend(None);
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.work/tools/bin/vhost-device-vsock");
    let found = if found.is_file() { found } else { tool };
    assert!(
        found.is_file(),
        "vhost-device-vsock is missing: cargo install vhost-device-vsock --version 0.3.0 --locked --root .work/tools"
    );
    found
}
