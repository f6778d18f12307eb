//! Place: none. What a witness watches and has seen, for its operator.

use crate::error::WitnessError;
use crate::folder::Folder;
use crate::log::Log;
use crate::record::{self, Record};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::WitnessKey;
use std::path::Path;

/// A witness as it stands in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its key.
    pub key: WitnessKey,
    /// Its logs, each with the newest checkpoint that is recorded, in the order of their origins.
    pub logs: Vec<(Log, Option<Checkpoint>)>,
}

impl Report {
    /// Reads the folder, also while another program serves it. No secret leaves.
    ///
    /// # Errors
    /// [`WitnessError`], such as [`WitnessError::Amnesia`].
    pub fn read(folder: &Path) -> Result<Self, WitnessError> {
        let folder = Folder::at(folder);
        let key = folder.cosigner()?.witness().clone();
        record::known(&folder)?;
        let path = folder.logs();
        let file = |error| WitnessError::File { path: path.clone(), error };
        let mut logs = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(file)? {
            let name = entry.map_err(file)?.file_name();
            let Some(id) = name.to_str().filter(|name| name.len() == 64) else { continue };
            let Some(log) = Log::read(&folder, id)? else { continue };
            let record = Record::read(&folder, id, log.origin())?;
            let seen = record.note().map(|_| record.checkpoint().clone());
            logs.push((log, seen));
        }
        logs.sort_by(|(a, _), (b, _)| a.origin().cmp(b.origin()));
        Ok(Self { key, logs })
    }
}
