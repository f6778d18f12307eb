//! Place: none. Programs under test, and commands that are bounded in time.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Seconds after which a command is killed; far more than any needs.
const PATIENCE: &str = "300";

/// Top of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").to_owned()
}

/// Folder of the programs: `FUIN_PROGRAMS`, or that of the profile with which this test was built.
#[must_use]
pub fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("FUIN_PROGRAMS") {
        return std::path::absolute(folder).expect("FUIN_PROGRAMS");
    }
    let test = std::env::current_exe().expect("the path of this test");
    test.parent().and_then(Path::parent).expect("target/PROFILE/deps").to_owned()
}

/// The program of this name. Panics with the remedy if it was not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(path.is_file(), "{} is missing: run `cargo build --workspace` first", path.display());
    path
}

/// The enclave image of `FUIN_EIF`, or the one that scripts/build-eif wrote; its release.json lies beside it.
#[must_use]
pub fn image() -> PathBuf {
    let image = std::env::var_os("FUIN_EIF")
        .map_or_else(|| root().join("target/eif/fuin-enclave.eif"), PathBuf::from);
    assert!(
        image.is_file(),
        "{} is missing: run `scripts/build-eif` first, or name an image in FUIN_EIF",
        image.display()
    );
    image
}

/// A command that ends.
pub fn bounded(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", PATIENCE]).arg(program).stdin(Stdio::null());
    command
}

/// Runs it, giving `input`.
#[must_use]
pub fn run_with(command: &mut Command, input: &[u8]) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    // Whoever does not read it says so by its exit status.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("the command's end")
}

/// Runs it; anything but exit status 0 fails the test with what it said. Gives standard output.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

/// A folder in the system's folder for temporary files, short enough for sockets.
#[must_use]
pub fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("fuin-test-").tempdir_in("/tmp").expect("a folder in /tmp")
}

/// A number from the environment, for runs that are longer than usual.
#[must_use]
pub fn number(variable: &str, usual: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, is {text:?}")),
        Err(_) => usual,
    }
}
