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

use crate::eif::Image;
use crate::init::settings::Settings;
use crate::release::{FORMAT, FileDigest, Release};
use crate::{kernel_modules, ramdisk};

/// What an image is built from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The kernel (bzImage).
    pub kernel: PathBuf,
    /// `/lib/modules/VERSION` of that kernel; `None` for a kernel with everything built in.
    pub modules_dir: Option<PathBuf>,
    /// The init, a static program.
    pub init: PathBuf,
    /// The enclave program, a static program.
    pub enclave: PathBuf,
    /// The kernel's command line.
    pub cmdline: String,
    /// Where the image finds its parent.
    pub settings: Settings,
    /// Name for metadata and release.
    pub name: String,
    /// Version for metadata and release.
    pub version: String,
    /// Build time for the metadata, seconds since 1970.
    pub epoch: i64,
    /// Compiler for the release.
    pub toolchain: Option<String>,
    /// Commit for the release.
    pub source_commit: Option<String>,
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
    let modules = match &inputs.modules_dir {
        Some(folder) => kernel_modules::collect(folder)?,
        None => Vec::new(),
    };
    let build_time = OffsetDateTime::from_unix_timestamp(inputs.epoch)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .with_context(|| format!("epoch {} is not a time RFC 3339 can say", inputs.epoch))?;
    let ramdisks = [ramdisk::boot(&init, &modules, &inputs.settings)?, ramdisk::workload(&enclave)?];
    let metadata = metadata(inputs, &build_time);
    let image = Image { kernel: &kernel, cmdline: &inputs.cmdline, metadata: &metadata, ramdisks: &ramdisks }
        .to_octets()?;
    let measured = Eif::parse(&image).context("the image just written cannot be read")?.measure();
    let pcrs = [("0", measured.pcr0), ("1", measured.pcr1), ("2", measured.pcr2)];
    let release = Release {
        format: FORMAT.to_owned(),
        name: inputs.name.clone(),
        version: inputs.version.clone(),
        pcrs: pcrs.into_iter().map(|(index, value)| (index.to_owned(), hex::encode(value))).collect(),
        image: FileDigest::of(&image),
        inputs: BTreeMap::from([
            ("kernel".to_owned(), FileDigest::of(&kernel)),
            ("init".to_owned(), FileDigest::of(&init)),
            ("enclave".to_owned(), FileDigest::of(&enclave)),
        ]),
        modules: modules
            .iter()
            .map(|module| (module.name.clone(), FileDigest::of(&module.content)))
            .collect(),
        cmdline: inputs.cmdline.clone(),
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
            "KernelVersion": inputs.modules_dir.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("custom"),
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
