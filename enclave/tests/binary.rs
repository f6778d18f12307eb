//! The enclave binary as a program: what it takes, and what it does not contain.

use std::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_fuin-enclave");

fn refused(arguments: &[&str]) -> String {
    let output = Command::new(BINARY).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn wrong_arguments_are_explained() {
    assert!(refused(&[]).contains("usage: fuin-enclave --connect vsock://CID:PORT"));
    assert!(refused(&["--connect", "unix:///run/fuin.socket"]).contains("vsock://3:7000"));
    assert!(refused(&["--listen", "vsock://3:7000"]).contains("usage"));
}

#[test]
fn the_binary_knows_no_other_transport() {
    let octets = std::fs::read(BINARY).unwrap();
    assert!(!octets.windows(7).any(|w| w == b"unix://"));
    assert!(octets.windows(8).any(|w| w == b"vsock://"));
}
