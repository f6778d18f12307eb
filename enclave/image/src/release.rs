//! Place: none.
//!
//! `release.json`: what a built image is and what it was built from. `fuin-verify --release` reads the member `pcrs`; the rest lets anyone find out
//! which input differs when a rebuilt image does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The description of one image. Digests are lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Release {
    /// Always [`FORMAT`].
    pub format: String,
    /// Name of the image.
    pub name: String,
    /// Version of the image.
    pub version: String,
    /// The machine it is for. PCR2 is the same on both.
    pub platform: Platform,
    /// PCR0, PCR1 and PCR2 under the names "0", "1", "2" (SHA-384).
    pub pcrs: BTreeMap<String, String>,
    /// The image file.
    pub image: FileDigest,
    /// Kernel, init, enclave program and command line under the names "kernel", "init", "enclave", "cmdline".
    pub inputs: BTreeMap<String, FileDigest>,
    /// Kernel modules by file name, as far as the kernel needs any.
    pub modules: BTreeMap<String, FileDigest>,
    /// The kernel's command line.
    pub cmdline: String,
    /// The kernel's version, where it came with its modules.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kernel_version: Option<String>,
    /// Build time in the metadata, seconds since 1970.
    pub epoch: u64,
    /// The same as the metadata say it, RFC 3339.
    pub build_time: String,
    /// The compiler, as it names itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub toolchain: Option<String>,
    /// The commit the sources were taken from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source_commit: Option<String>,
}

/// The only value of [`Release::format`].
pub const FORMAT: &str = "fuin-release/1";

/// The machine that an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// The emulated machine.
    Emulation,
    /// A Nitro enclave.
    Nitro,
}

/// Length and digest of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Octets.
    pub size: usize,
    /// SHA-256, hex.
    pub sha256: String,
}

impl FileDigest {
    /// Digest of these octets.
    #[must_use]
    pub fn of(octets: &[u8]) -> Self {
        Self { size: octets.len(), sha256: hex::encode(Sha256::digest(octets)) }
    }
}
