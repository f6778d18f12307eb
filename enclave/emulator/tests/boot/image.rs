//! Place: none. An image with the probe as its enclave program, built once per run by `scripts/build-eif`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

pub fn probe() -> &'static Path {
    static IMAGE: LazyLock<PathBuf> = LazyLock::new(build);
    &IMAGE
}

fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let target = root.join("target/measured");
    let triple = "x86_64-unknown-linux-musl";
    // As the script builds the init, so that both share what is compiled already.
    let words = [
        "build",
        "--profile",
        "measured",
        "--locked",
        "-p",
        "fuin-image",
        "--no-default-features",
        "--example",
        "nsm-probe",
        "--target",
        triple,
    ];
    run(Command::new(env!("CARGO"))
        .args(words)
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", flags(&root))
        .current_dir(&root));
    let out = root.join("target/eif-probe");
    let probe = target.join(triple).join("measured/examples/nsm-probe");
    run(Command::new(root.join("scripts/build-eif"))
        .arg("--enclave")
        .arg(probe)
        .arg("--out")
        .arg(&out)
        .env_remove("CARGO_TARGET_DIR")
        .env("SOURCE_DATE_EPOCH", "1700000000"));
    out.join("fuin-enclave.eif")
}

fn flags(root: &Path) -> String {
    let home =
        std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{}/.cargo", std::env::var("HOME").unwrap()));
    format!("--remap-path-prefix={home}=/cargo --remap-path-prefix={}=/fuin", root.display())
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
