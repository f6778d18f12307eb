//! Place: none.
//!
//! Builds an image and its description from files. Nothing but the arguments and the named files goes in: no clock, no environment, no host name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use fuin_attestation::eif::Eif;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cpio::CpioError;
use crate::eif::Image;
use crate::init::settings::Settings;
use crate::kernel_modules::{self, Module};
use crate::release::{FORMAT, FileDigest, Platform, Release};
use crate::{layout, ramdisk};

/// What an image is built from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The kernel (bzImage).
    pub kernel: PathBuf,
    /// The init, a static program: ours for the emulated machine, the operator's on hardware.
    pub init: PathBuf,
    /// The enclave program, a static program.
    pub enclave: PathBuf,
    /// The kernel's command line.
    pub cmdline: String,
    /// The machine it is for.
    pub machine: Machine,
    /// Name for metadata and release.
    pub name: String,
    /// Version for metadata and release.
    pub version: String,
    /// Build time for the metadata, seconds since 1970.
    pub epoch: u64,
    /// Compiler for the release.
    pub toolchain: Option<String>,
    /// Commit for the release.
    pub source_commit: Option<String>,
}

/// What differs between machines. All of it goes into ramdisk 1, so that ramdisk 2 (PCR2) is the same on both.
#[derive(Debug, Clone)]
pub enum Machine {
    /// The emulated machine, with our own init.
    Emulation {
        /// Where the image finds its parent.
        settings: Settings,
        /// `/lib/modules/VERSION` of the kernel; `None` for a kernel with everything built in.
        modules_dir: Option<PathBuf>,
    },
    /// A Nitro enclave, with an init of AWS's conventions.
    Nitro {
        /// The driver of the security module; `None` for a kernel that has it built in.
        nsm_module: Option<PathBuf>,
        /// Vsock port on which the parent (CID 3) awaits the enclave program.
        parent_port: u32,
    },
}

impl Machine {
    fn platform(&self) -> Platform {
        match self {
            Self::Emulation { .. } => Platform::Emulation,
            Self::Nitro { .. } => Platform::Nitro,
        }
    }

    /// The kernel's version, as far as the folder of its modules says it.
    fn kernel_version(&self) -> Option<&str> {
        match self {
            Self::Emulation { modules_dir, .. } => modules_dir.as_deref()?.file_name()?.to_str(),
            Self::Nitro { .. } => None,
        }
    }

    fn modules(&self) -> anyhow::Result<Vec<Module>> {
        match self {
            Self::Emulation { modules_dir: Some(folder), .. } => Ok(kernel_modules::collect(folder)?),
            Self::Nitro { nsm_module: Some(path), .. } => Ok(vec![Module {
                name: layout::NSM_MODULE.trim_start_matches('/').to_owned(),
                content: read(path, "NSM module")?,
            }]),
            _ => Ok(Vec::new()),
        }
    }

    /// Ramdisk 1.
    fn boot(&self, init: &[u8], modules: &[Module]) -> Result<Vec<u8>, CpioError> {
        match self {
            Self::Emulation { settings, .. } => ramdisk::boot(init, modules, settings),
            Self::Nitro { parent_port, .. } => {
                let nsm = modules.first().map(|module| module.content.as_slice());
                ramdisk::nitro(init, nsm, *parent_port)
            }
        }
    }
}

/// A finished image.
pub struct Built {
    /// The octets of the EIF.
    pub image: Vec<u8>,
    /// Its description.
    pub release: Release,
}

/// Builds the image in memory.
///
/// # Errors
/// An input that cannot be read or used, by name.
pub fn build(inputs: &Inputs) -> anyhow::Result<Built> {
    let kernel = read(&inputs.kernel, "kernel")?;
    let init = read_program(&inputs.init, "init")?;
    let enclave = read_program(&inputs.enclave, "enclave program")?;
    let modules = inputs.machine.modules()?;
    let build_time = i64::try_from(inputs.epoch)
        .ok()
        .and_then(|epoch| OffsetDateTime::from_unix_timestamp(epoch).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .with_context(|| format!("epoch {} is not a time RFC 3339 can say", inputs.epoch))?;
    let ramdisks = [inputs.machine.boot(&init, &modules)?, ramdisk::workload(&enclave)?];
    let metadata = metadata(inputs, &build_time);
    let image = Image { kernel: &kernel, cmdline: &inputs.cmdline, metadata: &metadata, ramdisks: &ramdisks }
        .to_octets()?;
    let measured = Eif::parse(&image).context("the image just written cannot be read")?.measure();
    let pcrs = [("0", measured.pcr0), ("1", measured.pcr1), ("2", measured.pcr2)];
    let release = Release {
        format: FORMAT.to_owned(),
        name: inputs.name.clone(),
        version: inputs.version.clone(),
        platform: inputs.machine.platform(),
        pcrs: pcrs.into_iter().map(|(index, value)| (index.to_owned(), hex::encode(value))).collect(),
        image: FileDigest::of(&image),
        inputs: BTreeMap::from([
            ("kernel".to_owned(), FileDigest::of(&kernel)),
            ("init".to_owned(), FileDigest::of(&init)),
            ("enclave".to_owned(), FileDigest::of(&enclave)),
            ("cmdline".to_owned(), FileDigest::of(inputs.cmdline.as_bytes())),
        ]),
        modules: modules
            .iter()
            .map(|module| (module.name.clone(), FileDigest::of(&module.content)))
            .collect(),
        cmdline: inputs.cmdline.clone(),
        kernel_version: inputs.machine.kernel_version().map(str::to_owned),
        epoch: inputs.epoch,
        build_time,
        toolchain: inputs.toolchain.clone(),
        source_commit: inputs.source_commit.clone(),
    };
    Ok(Built { image, release })
}

/// The metadata section: fixed members, neither measured nor signed.
fn metadata(inputs: &Inputs, build_time: &str) -> String {
    json!({
        "ImageName": inputs.name,
        "ImageVersion": inputs.version,
        "BuildMetadata": {
            "BuildTime": build_time,
            "BuildTool": "fuin-image",
            "BuildToolVersion": env!("CARGO_PKG_VERSION"),
            "OperatingSystem": "Linux",
            "KernelVersion": inputs.machine.kernel_version().unwrap_or("custom"),
        },
        "DockerInfo": {},
        "CustomMetadata": {},
    })
    .to_string()
}

fn read(path: &Path, what: &str) -> anyhow::Result<Vec<u8>> {
    let octets = fs::read(path).with_context(|| format!("{what} {}", path.display()))?;
    ensure!(!octets.is_empty(), "{what} {} is empty", path.display());
    Ok(octets)
}

/// A static ELF program: the image has no dynamic loader.
fn read_program(path: &Path, what: &str) -> anyhow::Result<Vec<u8>> {
    let octets = read(path, what)?;
    ensure!(octets.starts_with(b"\x7fELF"), "{what} {} is not an ELF program", path.display());
    ensure!(
        !wants_loader(&octets),
        "{what} {} wants a dynamic loader; build it for x86_64-unknown-linux-musl",
        path.display()
    );
    Ok(octets)
}

/// Whether a 64-bit ELF file has a program header of type PT_INTERP.
fn wants_loader(elf: &[u8]) -> bool {
    const PT_INTERP: u32 = 3;
    let half =
        |at: usize| elf.get(at..)?.first_chunk().map(|octets| usize::from(u16::from_le_bytes(*octets)));
    let word = |at: usize| elf.get(at..)?.first_chunk().map(|octets| u32::from_le_bytes(*octets));
    let long = |at: usize| {
        elf.get(at..)?.first_chunk().and_then(|octets| usize::try_from(u64::from_le_bytes(*octets)).ok())
    };
    let (Some(table), Some(size), Some(count)) = (long(32), half(54), half(56)) else {
        return false;
    };
    (0..count).any(|index| word(table.saturating_add(index * size)) == Some(PT_INTERP))
}

#[cfg(test)]
mod tests;
