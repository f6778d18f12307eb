//! Place: none. `fuin doctor`: what a development installation needs on this machine.

use crate::dev::find;
use crate::installation::{DEFAULT_DIR, DEV_JSON};
use crate::outcome::Failure;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// Folder of the enclave programs; beside this program unless given.
    #[arg(long, value_name = "DIR")]
    enclave_bin: Option<PathBuf>,
    /// The enclave image.
    #[arg(long, value_name = "FILE")]
    eif: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

struct Finding {
    what: &'static str,
    /// Needed for an enclave in QEMU only.
    qemu_only: bool,
    /// Where it is, or what to do.
    found: Result<String, String>,
}

fn look(what: &'static str, qemu_only: bool, found: Option<PathBuf>, remedy: &str) -> Finding {
    Finding {
        what,
        qemu_only,
        found: found.map(|p| p.display().to_string()).ok_or_else(|| remedy.to_owned()),
    }
}

/// Looks and tells.
pub fn run(args: &Args) -> Result<(), Failure> {
    let programs = args.enclave_bin.as_deref();
    let build = "build it with `cargo build --release`, or name its folder with --enclave-bin";
    let backend = find::program("vhost-device-vsock", programs);
    let findings = [
        look("fuin-enclave-process", false, find::program("fuin-enclave-process", programs), build),
        look("fuin-emulator", true, find::program("fuin-emulator", programs), build),
        look(
            "qemu-system-x86_64",
            true,
            find::in_path("qemu-system-x86_64"),
            "install it with `apt-get install qemu-system-x86`",
        ),
        look(
            "vhost-device-vsock",
            true,
            backend,
            "install it with `cargo install vhost-device-vsock --version 0.3.0 --locked`",
        ),
        look(
            "enclave image",
            true,
            find::image(args.eif.as_deref()).ok(),
            "build it with `scripts/build-eif`, or name it with --eif",
        ),
        installation(&args.dir),
    ];
    if args.json {
        let list: Vec<_> = findings
            .iter()
            .map(|f| json!({ "what": f.what, "qemuOnly": f.qemu_only, "ok": f.found.is_ok(), "detail": f.found.as_ref().unwrap_or_else(|e| e) }))
            .collect();
        println!("{}", serde_json::Value::from(list));
    } else {
        for finding in &findings {
            match &finding.found {
                Ok(place) => println!("ok       {}: {place}", finding.what),
                Err(remedy) => println!("missing  {}: {remedy}", finding.what),
            }
        }
    }
    let works = |qemu: bool| findings.iter().all(|f| f.found.is_ok() || (f.qemu_only && !qemu));
    match (works(true), works(false)) {
        (true, _) => Ok(()),
        (false, true) => {
            Err(anyhow::anyhow!("only `fuin dev --enclave process` would work; see what is missing for qemu")
                .into())
        }
        (false, false) => Err(anyhow::anyhow!("`fuin dev` would not work; see what is missing").into()),
    }
}

fn installation(dir: &Path) -> Finding {
    let ready = dir.join(DEV_JSON);
    let found = if ready.is_file() {
        Ok(format!("ready, {}", ready.display()))
    } else if dir.is_dir() {
        Ok(format!("{} is there, `fuin dev` is not ready", dir.display()))
    } else {
        Ok(format!("none yet; `fuin dev` makes it in {}", dir.display()))
    };
    Finding { what: "installation", qemu_only: false, found }
}
