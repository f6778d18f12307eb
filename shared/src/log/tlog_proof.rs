//! Place: none. C2SP tlog-proof: one text that shows, offline, that an entry is in a ledger.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>              optional, proves nothing
//! index <decimal>
//! <base64 hash>               from the leaf upwards, 0 to 63 lines
//!
//! <signed checkpoint>
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use base64ct::{Base64, Encoding};
use thiserror::Error;

use super::checkpoint::{Checkpoint, CheckpointError, parse_size};
use super::note::{MAX_NOTE, VerifierKey};
use super::proof::{InclusionError, verify_inclusion};
use super::tree::{Hash, leaf_hash};

/// Most octets of a proof.
pub const MAX_PROOF: usize = MAX_NOTE + 2 * MAX_EXTRA + 4 * 1024;
/// Most hashes in a proof: a tree of 2^63 - 1 leaves needs no more.
pub const MAX_HASHES: usize = 63;
/// Most octets of `extra`.
pub const MAX_EXTRA: usize = 64 * 1024;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Why a proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TlogProofError {
    /// More than [`MAX_PROOF`] octets.
    #[error("the proof has {0} octets, more than {MAX_PROOF}")]
    TooLong(usize),
    /// The first line is another.
    #[error("the first line of the proof is not {HEADER}")]
    Header,
    /// `extra` is not base64, or longer than [`MAX_EXTRA`].
    #[error("the extra data of the proof is not base64 of at most {MAX_EXTRA} octets")]
    Extra,
    /// No line `index <decimal>`.
    #[error("the proof has no line `index` with a decimal number without leading zeros")]
    Index,
    /// A hash line is not the base64 of 32 octets.
    #[error("hash {0} of the proof is not the base64 of 32 octets")]
    Hash(usize),
    /// More than [`MAX_HASHES`] hashes.
    #[error("the proof has more than {MAX_HASHES} hashes")]
    TooManyHashes,
    /// No empty line before the checkpoint.
    #[error("the proof has no empty line before its checkpoint")]
    NoCheckpoint,
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes.
    #[error(transparent)]
    Inclusion(#[from] InclusionError),
}

/// A proof, *not yet verified*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Data for applications; nothing authenticates it.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry.
    pub index: u64,
    /// RFC 6962 inclusion proof, from the leaf upwards.
    pub path: Vec<Hash>,
    /// Signed checkpoint, a note.
    pub checkpoint: String,
}

impl TlogProof {
    /// The text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            text += &format!("extra {}\n", Base64::encode_string(extra));
        }
        text += &format!("index {}\n", self.index);
        for hash in &self.path {
            text += &Base64::encode_string(hash);
            text.push('\n');
        }
        text.push('\n');
        text + &self.checkpoint
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// [`TlogProofError`], one variant for each rule of the format; the checkpoint is read by [`TlogProof::verify`].
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        if text.len() > MAX_PROOF {
            return Err(TlogProofError::TooLong(text.len()));
        }
        let (line, mut rest) = text.split_once('\n').ok_or(TlogProofError::Header)?;
        if line != HEADER {
            return Err(TlogProofError::Header);
        }
        let mut extra = None;
        if let Some(after) = rest.strip_prefix("extra ") {
            let (line, after) = after.split_once('\n').ok_or(TlogProofError::Extra)?;
            if line.len() > MAX_EXTRA.div_ceil(3) * 4 {
                return Err(TlogProofError::Extra);
            }
            extra = Some(Base64::decode_vec(line).map_err(|_| TlogProofError::Extra)?);
            rest = after;
        }
        let (line, mut rest) = rest.split_once('\n').ok_or(TlogProofError::Index)?;
        let index = line.strip_prefix("index ").and_then(parse_size).ok_or(TlogProofError::Index)?;
        let mut path = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or(TlogProofError::NoCheckpoint)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            if path.len() == MAX_HASHES {
                return Err(TlogProofError::TooManyHashes);
            }
            path.push(hash(line).ok_or(TlogProofError::Hash(path.len()))?);
        }
        if rest.is_empty() {
            return Err(TlogProofError::NoCheckpoint);
        }
        Ok(Self { extra, index, path, checkpoint: rest.to_owned() })
    }

    /// Verifies that `entry` is number [`TlogProof::index`] of the ledger whose key this is; gives the checkpoint.
    ///
    /// # Errors
    /// [`TlogProofError::Checkpoint`], [`TlogProofError::Inclusion`].
    pub fn verify(&self, entry: &[u8], key: &VerifierKey) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        verify_inclusion(self.index, checkpoint.size, &leaf_hash(entry), &self.path, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

fn hash(line: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    // 32 octets are 44 characters; what is longer is not even read.
    let length = (line.len() == 44).then(|| Base64::decode(line, &mut hash).map(<[u8]>::len))?;
    (length == Ok(hash.len())).then_some(hash)
}

#[cfg(test)]
mod tests;
