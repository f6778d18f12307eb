//! Place: none. The command as people and scripts meet it: exit status, last line, JSON.

mod cards;
mod documents;
mod ear;
mod images;
mod input;
mod keys;
#[path = "../../../tests/kit/mod.rs"]
mod kit;
mod report;
mod services;

use kit::{Doc, NOW};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NONCE: &[u8] = b"the caller's nonce";

/// What one run gave.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn last(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).expect(&self.out)
    }

    /// Refused at a step, with a last line that says so.
    fn refused(&self, step: u8) {
        assert_eq!(self.code, 1, "{}{}", self.out, self.err);
        let start = format!("evidence: REFUSED (step {step} ");
        assert!(self.last().starts_with(&start), "{}", self.last());
    }

    fn accepted(&self) {
        assert_eq!((self.code, self.last()), (0, "evidence: ACCEPTED"), "{}{}", self.out, self.err);
    }

    fn unusable(&self, word: &str) {
        assert_eq!(self.code, 2, "{}{}", self.out, self.err);
        assert!(self.err.contains(word), "{}", self.err);
        assert!(!self.out.contains("ACCEPTED"));
    }
}

fn run_with(input: &[u8], args: &[&str]) -> Run {
    run_command(Command::new(env!("CARGO_BIN_EXE_fuin-verify")).args(args), input)
}

fn run_command(command: &mut Command, input: &[u8]) -> Run {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The command may stop reading early; that is its right.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(args: &[&str]) -> Run {
    run_with(&[], args)
}

fn vector(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/attestation").join(name);
    path.to_str().unwrap().to_owned()
}

/// Files of one test: evidence, root and release.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, octets: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, octets).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn release() -> String {
    let pcr = |fill: u8| hex::encode([fill; 48]);
    serde_json::json!({"pcrs": {"0": pcr(1), "1": pcr(2), "2": pcr(3)}, "commit": "abc", "inputs": []})
        .to_string()
}

/// Judges octets under the kit's root with everything that is required.
fn judge(octets: &[u8], more: &[&str]) -> Run {
    let files = Files::new();
    let evidence = files.write("evidence.bin", octets);
    let root = files.write("root.pem", Doc::new().root_pem());
    let release = files.write("release.json", release());
    let (nonce, at) = (hex::encode(NONCE), NOW.to_string());
    let mut args = vec![&*evidence, "--root", &root, "--release", &release, "--nonce", &nonce, "--at", &at];
    args.extend(more);
    run(&args)
}
