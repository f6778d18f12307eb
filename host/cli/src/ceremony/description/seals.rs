//! Place: none. `[seals]` in the description of a service, and the same as a file of its own for a manifest that follows.

use crate::ceremony::founded::read_release;
use crate::file;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_shared::bytes::Blob;
use fuin_shared::manifest::seals::{AttestedPrograms, SealPolicy};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// `[seals]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DescribedSeals {
    /// Whether a key of which nothing shows where it lives is refused.
    required: bool,
    /// Certificates in PEM.
    #[serde(default)]
    anchors: Vec<PathBuf>,
    #[serde(default)]
    policies: Vec<String>,
    attested: Option<DescribedPrograms>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribedPrograms {
    /// Files such as `release.json`.
    images: Vec<PathBuf>,
    document_seconds: u32,
}

impl DescribedSeals {
    /// What the manifest says; files lie in `folder`, and `pem` reads one with this label.
    pub(super) fn policy(
        self,
        folder: &Path,
        pem: &impl Fn(&'static str, &PathBuf) -> anyhow::Result<Blob>,
    ) -> anyhow::Result<SealPolicy> {
        let attested = self.attested.map(|told| {
            let images = told.images.iter().map(|path| read_release(&folder.join(path)));
            anyhow::Ok(AttestedPrograms {
                images: images.collect::<anyhow::Result<_>>()?,
                document_seconds: told.document_seconds,
            })
        });
        Ok(SealPolicy {
            required: self.required,
            anchors: self
                .anchors
                .iter()
                .map(|path| pem("CERTIFICATE", path))
                .collect::<anyhow::Result<_>>()?,
            policies: self.policies,
            attested: attested.transpose()?,
        })
    }
}

/// Reads the section from a file of its own, TOML without the head `[seals]`.
///
/// # Errors
/// [`Failure::Usage`] names the field.
pub fn read(path: &Path) -> Result<SealPolicy, Failure> {
    let text = String::from_utf8(file::read(path, super::MAX_FILE)?)?;
    let told: DescribedSeals =
        toml::from_str(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let policy = told.policy(folder, &|label, file| super::read_pem(label, &folder.join(file)));
    Ok(policy.with_context(|| format!("{}", path.display()))?)
}
