//! Place: none.
//!
//! `fuin-image`: builds the enclave image (EIF) and its `release.json` from files.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use fuin_image::build::{Inputs, Machine, build};
use fuin_image::init::settings::Settings;
use fuin_image::layout::PARENT_PORT;

/// Builds enclave images. The same input files and arguments give the same octets.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes an image and its description.
    Build(BuildArgs),
}

/// Of the emulated machine. On a busy host an emulated timer is late, and the kernel that checks it at boot panics.
const EMULATION_CMDLINE: &str = "console=ttyS0 panic=-1 quiet no_timer_check";
/// Of AWS's images for x86_64.
const NITRO_CMDLINE: &str = "reboot=k panic=30 pci=off nomodules console=ttyS0 i8042.noaux i8042.nomux i8042.nopnp i8042.dumbkbd random.trust_cpu=on";

#[derive(Args)]
struct BuildArgs {
    /// The kernel (bzImage).
    #[arg(long, value_name = "VMLINUZ")]
    kernel: PathBuf,
    /// /lib/modules/VERSION of that kernel; leave out for a kernel with everything built in.
    #[arg(long, value_name = "DIR")]
    modules_dir: Option<PathBuf>,
    /// Write an image for Nitro hardware: your enclave kernel, and an init of AWS's conventions. The parent is CID 3, PCR2 that of the emulated image.
    #[arg(long, conflicts_with_all = ["modules_dir", "parent"])]
    nitro: bool,
    /// The kernel module nsm.ko, where the enclave kernel does not have it built in.
    #[arg(long, value_name = "FILE", requires = "nitro")]
    nsm_module: Option<PathBuf>,
    /// The init of ramdisk 1, static: fuin-init, or your own with --nitro.
    #[arg(long, value_name = "BIN")]
    init: PathBuf,
    /// The enclave program of ramdisk 2 (fuin-enclave, static).
    #[arg(long, value_name = "BIN")]
    enclave: PathBuf,
    /// The kernel's command line [default: one that suits the machine].
    #[arg(long, value_name = "STR")]
    cmdline: Option<String>,
    /// Name of the image.
    #[arg(long, default_value = "fuin-enclave")]
    name: String,
    /// Version of the image.
    #[arg(long = "image-version", default_value = env!("CARGO_PKG_VERSION"))]
    image_version: String,
    /// Build time for the (unmeasured) metadata, seconds since 1970.
    #[arg(long, env = "SOURCE_DATE_EPOCH", value_name = "SECONDS")]
    epoch: u64,
    /// Vsock address of the parent, CID:PORT.
    #[arg(long, value_name = "CID:PORT", default_value = "2:5000", value_parser = parent)]
    parent: (u32, u32),
    /// The compiler, for the description.
    #[arg(long)]
    toolchain: Option<String>,
    /// The commit of the sources, for the description.
    #[arg(long)]
    source_commit: Option<String>,
    /// Where to write the image.
    #[arg(long, value_name = "FILE.eif")]
    out: PathBuf,
    /// Where to write the description.
    #[arg(long, value_name = "FILE.json")]
    release: PathBuf,
}

fn parent(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once(':').and_then(|(cid, port)| Some((cid.parse().ok()?, port.parse().ok()?)));
    parts.ok_or_else(|| format!("{text:?} is not CID:PORT"))
}

fn main() -> anyhow::Result<()> {
    let Command::Build(args) = Cli::parse().command;
    let (parent_cid, parent_port) = args.parent;
    let (machine, cmdline) = if args.nitro {
        (Machine::Nitro { nsm_module: args.nsm_module, parent_port: PARENT_PORT }, NITRO_CMDLINE)
    } else {
        let settings = Settings { parent_cid, parent_port, ..Settings::emulation() };
        (Machine::Emulation { settings, modules_dir: args.modules_dir }, EMULATION_CMDLINE)
    };
    let built = build(&Inputs {
        kernel: args.kernel,
        init: args.init,
        enclave: args.enclave,
        cmdline: args.cmdline.unwrap_or_else(|| cmdline.to_owned()),
        machine,
        name: args.name,
        version: args.image_version,
        epoch: args.epoch,
        toolchain: args.toolchain,
        source_commit: args.source_commit,
    })?;
    std::fs::write(&args.out, &built.image).with_context(|| args.out.display().to_string())?;
    let text = serde_json::to_string_pretty(&built.release)? + "\n";
    std::fs::write(&args.release, text).with_context(|| args.release.display().to_string())?;
    println!(
        "image   {} ({} octets, sha256 {})",
        args.out.display(),
        built.image.len(),
        built.release.image.sha256
    );
    for (index, value) in &built.release.pcrs {
        println!("PCR{index}    {value}");
    }
    Ok(())
}
