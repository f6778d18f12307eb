//! Place: none. The newest head of the ledger that a custodian has seen: it only ever moves forward.

use crate::error::CustodianError;
use crate::state::Custodian;
use fuin_shared::ids::Digest32;
use fuin_shared::log::checkpoint::{Checkpoint, CheckpointError};
use fuin_shared::log::note::{NoteError, VerifierKey};
use serde::{Deserialize, Serialize};

/// A verified checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The signed note.
    pub note: String,
    /// Size of the ledger in it.
    pub size: u64,
    /// Root of the ledger in it.
    pub root: Digest32,
}

impl Custodian {
    /// The newest checkpoint seen.
    #[must_use]
    pub fn newest_checkpoint(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// Verifies `note` under the ledger's key and remembers it if it is newer. Answers whether it was newer.
    ///
    /// # Errors
    /// [`CustodianError::LedgerUnknown`], [`CustodianError::Checkpoint`], [`CustodianError::Older`],
    /// [`CustodianError::Forked`]. Nothing is remembered then.
    pub fn observe_checkpoint(&mut self, note: &str) -> Result<bool, CustodianError> {
        let ledger = self.ledger.as_ref().ok_or(CustodianError::LedgerUnknown)?;
        let untrusted = CustodianError::Checkpoint(CheckpointError::Note(NoteError::Untrusted));
        let key = VerifierKey::parse(&ledger.vkey).map_err(|_| untrusted)?;
        let checkpoint = Checkpoint::open(note, &key)?;
        let new = Seen { note: note.to_owned(), size: checkpoint.size, root: Digest32(checkpoint.root) };
        if let Some(seen) = &self.seen {
            if new.size < seen.size {
                return Err(CustodianError::Older { size: new.size, seen: seen.size });
            }
            if new.size == seen.size {
                return if new.root == seen.root {
                    Ok(false)
                } else {
                    Err(CustodianError::Forked { size: new.size })
                };
            }
        }
        self.seen = Some(new);
        Ok(true)
    }
}
