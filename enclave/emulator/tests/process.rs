//! Place: none. The enclave as an ordinary process: it dials, dials again, measures itself, and refuses what is no socket.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command};

use fuin_emulator::process::measure_program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fuin-enclave-process");

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &Path) -> Running {
    let child = Command::new(PROGRAM)
        .arg("--connect")
        .arg(format!("unix://{}", folder.join("host").display()))
        .arg("--root-dir")
        .arg(folder.join("root"))
        .arg("--measurement")
        .arg(folder.join("measurement.json"))
        .spawn()
        .unwrap();
    Running(child)
}

#[test]
fn it_dials_the_host_and_again_after_a_lost_connection() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let listener = UnixListener::bind(folder.path().join("host")).unwrap();
    let mut enclave = start(folder.path());
    for _ in 0..4 {
        drop(listener.accept().unwrap());
    }
    assert!(enclave.0.try_wait().unwrap().is_none());
}

#[test]
fn it_waits_for_a_host_that_comes_later() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let mut enclave = start(folder.path());
    let measurement = folder.path().join("measurement.json");
    while !measurement.exists() {
        assert!(enclave.0.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    let listener = UnixListener::bind(folder.path().join("host")).unwrap();
    listener.accept().unwrap();
}

#[test]
fn it_measures_its_own_file_and_makes_the_root() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let listener = UnixListener::bind(folder.path().join("host")).unwrap();
    let _enclave = start(folder.path());
    listener.accept().unwrap();
    let written = std::fs::read(folder.path().join("measurement.json")).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    let expected = hex::encode(measure_program(&std::fs::read(PROGRAM).unwrap()).pcr0);
    for index in ["0", "1", "2"] {
        assert_eq!(written["pcrs"][index], expected.as_str());
    }
    assert!(folder.path().join("root/nsm-root.pem").is_file());
}

#[test]
fn what_is_no_unix_socket_is_refused() {
    for endpoint in ["vsock://2:5000", "unix://relative", "tcp://127.0.0.1:1"] {
        let output = Command::new(PROGRAM)
            .args(["--root-dir", "/nonexistent", "--connect", endpoint])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{endpoint}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("unix:///PATH"), "{endpoint}");
    }
}
