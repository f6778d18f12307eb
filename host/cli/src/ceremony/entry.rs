//! Place: none. A person's public entry: a JSON file that goes to whoever puts the manifest together.

use crate::file;
use anyhow::Context as _;
use fuin_shared::manifest::{Auditor, Custodian, Officer, Staff};
use serde::{Deserialize, Serialize};
use std::path::Path;

const MAX_ENTRY: u64 = 16 * 1024;

/// A person as the manifest names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// An officer.
    Officer(Officer),
    /// A custodian.
    Custodian(Custodian),
    /// A system operator.
    Operator(Staff),
    /// A system auditor.
    Auditor(Auditor),
}

impl Entry {
    /// Reads the file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let octets = file::read(path, MAX_ENTRY)?;
        serde_json::from_slice(&octets).with_context(|| format!("{}: no public entry", path.display()))
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut octets = serde_json::to_vec_pretty(self)?;
        octets.push(b'\n');
        file::write(path, &octets, file::PUBLIC)
    }
}
