//! Place: none. A manifest that is to follow the current one, with the approvals that it has: a JSON file that goes from
//! officer to officer. Nothing in it is secret, and nothing of it is believed but what is computed from it.

use crate::file;
use anyhow::{Context as _, bail};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{ManifestHash, ServiceId};
use fuin_shared::manifest::{Manifest, ManifestChange, manifest_hash};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// Octets of the file.
pub const MAX_DRAFT: u64 = 1024 * 1024;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Draft {
    /// The service.
    pub service: ServiceId,
    /// Origin of its ledger.
    pub ledger: String,
    /// The manifest that is current, in CBOR.
    pub current: Blob,
    /// The one that is to follow, in CBOR.
    pub manifest: Blob,
    /// What officers signed.
    pub approvals: Vec<Blob>,
}

/// Both manifests of a draft.
pub struct Pair {
    /// The current one.
    pub current: Manifest,
    /// Its hash.
    pub current_hash: ManifestHash,
    /// The one that is to follow.
    pub next: Manifest,
    /// Its hash.
    pub next_hash: ManifestHash,
}

impl Draft {
    /// Reads the file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let octets = file::read(path, MAX_DRAFT)?;
        serde_json::from_slice(&octets).with_context(|| format!("{}: no draft of a manifest", path.display()))
    }

    /// The draft in these octets, if they are one.
    pub fn parse(octets: &[u8]) -> Option<Self> {
        serde_json::from_slice(octets).ok()
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut octets = serde_json::to_vec_pretty(self)?;
        octets.push(b'\n');
        file::write(path, &octets, file::PUBLIC)
    }

    /// What it says, once it keeps the rules of manifests and of their succession.
    pub fn pair(&self) -> anyhow::Result<Pair> {
        let read = |octets: &Blob| -> anyhow::Result<Manifest> {
            let manifest: Manifest = codec::decode(octets.as_slice())?;
            manifest.check()?;
            Ok(manifest)
        };
        let (current, next) = (read(&self.current)?, read(&self.manifest)?);
        current.check_successor(&next)?;
        let (current_hash, next_hash) =
            (manifest_hash(self.current.as_slice()), manifest_hash(self.manifest.as_slice()));
        Ok(Pair { current, current_hash, next, next_hash })
    }

    /// What the enclave gets.
    pub fn change(&self) -> ManifestChange {
        ManifestChange { manifest: self.manifest.clone(), approvals: self.approvals.clone() }
    }
}

/// What `next` changes in `current`, a line for each: `-` what goes, `+` what comes.
pub fn differences(current: &Manifest, next: &Manifest) -> anyhow::Result<Vec<String>> {
    let (Value::Object(current), Value::Object(next)) =
        (serde_json::to_value(current)?, serde_json::to_value(next)?)
    else {
        bail!("a manifest is an object");
    };
    let mut names: Vec<&String> = current.keys().chain(next.keys()).collect();
    names.sort();
    names.dedup();
    let mut lines = Vec::new();
    for name in names {
        let (before, after) = (current.get(name), next.get(name));
        if before == after {
            continue;
        }
        if list(before).is_some() || list(after).is_some() {
            let (before, after) = (list(before).unwrap_or(&[]), list(after).unwrap_or(&[]));
            let gone = before.iter().filter(|item| !after.contains(item));
            lines.extend(gone.map(|item| format!("- {name}: {item}")));
            let come = after.iter().filter(|item| !before.contains(item));
            lines.extend(come.map(|item| format!("+ {name}: {item}")));
        } else {
            lines.extend(before.map(|value| format!("- {name}: {value}")));
            lines.extend(after.map(|value| format!("+ {name}: {value}")));
        }
    }
    Ok(lines)
}

fn list(value: Option<&Value>) -> Option<&[Value]> {
    value.and_then(Value::as_array).map(Vec::as_slice)
}
