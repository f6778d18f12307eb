//! Place: none. An image with the probe as its enclave program, built once per run by `scripts/build-eif`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

pub fn probe() -> &'static Path {
    static IMAGE: LazyLock<PathBuf> = LazyLock::new(build);
    &IMAGE
}

/// The same with the stock kernel and none of the modules it needs.
pub fn without_modules() -> &'static Path {
    static IMAGE: LazyLock<PathBuf> = LazyLock::new(|| {
        let out = root().join("target/eif-probe-bare");
        probe();
        let kernel = root().join("target/kernel/vmlinuz");
        run(script(&out).arg("--kernel").arg(kernel));
        out.join("fuin-enclave.eif")
    });
    &IMAGE
}

/// What the image's `release.json` says about its registers.
pub fn released() -> Vec<(u8, Vec<u8>)> {
    let text = std::fs::read(probe().with_file_name("release.json")).unwrap();
    let release: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let pcrs = release["pcrs"].as_object().unwrap();
    pcrs.iter()
        .map(|(index, value)| (index.parse().unwrap(), hex::decode(value.as_str().unwrap()).unwrap()))
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

const TRIPLE: &str = "x86_64-unknown-linux-musl";

/// `scripts/build-eif` with the probe, without the kernel.
fn script(out: &Path) -> Command {
    let root = root();
    let mut command = Command::new(root.join("scripts/build-eif"));
    command
        .arg("--enclave")
        .arg(root.join("target/measured").join(TRIPLE).join("measured/examples/nsm-probe"))
        .arg("--out")
        .arg(out)
        .env_remove("CARGO_TARGET_DIR")
        .env("SOURCE_DATE_EPOCH", "1700000000");
    command
}

fn build() -> PathBuf {
    let root = root();
    // As the script builds the init, so that both share what is compiled already.
    let words = ["build", "--profile", "measured", "--locked", "-p", "fuin-image", "--no-default-features"];
    run(Command::new(env!("CARGO"))
        .args(words)
        .args(["--example", "nsm-probe", "--target", TRIPLE, "--target-dir"])
        .arg(root.join("target/measured"))
        .env("CARGO_ENCODED_RUSTFLAGS", flags(&root))
        .current_dir(&root));
    let out = root.join("target/eif-probe");
    run(&mut script(&out));
    out.join("fuin-enclave.eif")
}

fn flags(root: &Path) -> String {
    let home =
        std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{}/.cargo", std::env::var("HOME").unwrap()));
    [
        format!("--remap-path-prefix={home}=/cargo"),
        format!("--remap-path-prefix={}=/fuin", root.display()),
        "-Clinker=rust-lld".to_owned(),
    ]
    .join("\x1f")
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
