//! Place: none. The end of the officers' suspension of a credential, with the orders that it has: a JSON file that goes from
//! officer to officer. Nothing in it is secret; what each officer signs is made anew from its terms.

use crate::file;
use anyhow::Context as _;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::{CredentialId, ServiceId};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Octets of the file.
const MAX_RELEASE: u64 = 256 * 1024;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Release {
    /// The service.
    pub service: ServiceId,
    /// Origin of its ledger.
    pub ledger: String,
    /// The credential.
    #[serde(rename = "credentialID")]
    pub credential: CredentialId,
    /// Which suspension is to end: `officersEvent` of `credentials/info`.
    pub suspension: u64,
    /// What officers signed.
    pub orders: Vec<Blob>,
}

impl Release {
    /// Reads the file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let octets = file::read(path, MAX_RELEASE)?;
        serde_json::from_slice(&octets).with_context(|| format!("{}: no draft of a release", path.display()))
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut octets = serde_json::to_vec_pretty(self)?;
        octets.push(b'\n');
        file::write(path, &octets, file::PUBLIC)
    }
}
