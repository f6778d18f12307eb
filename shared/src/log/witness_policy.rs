//! Place: none. Which witnesses a ledger needs: n vkeys, the threshold k, and how many liars f are tolerated.
//!
//! Two quorums of k among n share at least 2k-n witnesses. A fork needs all of these to lie, so a policy is refused
//! unless 2k-n > f.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::checkpoint::Checkpoint;
use super::cosignature::{Cosignature, CosignatureError, CosignedCheckpoint, WitnessKey};
use super::note::{KeyError, SignatureLine};
use crate::codec;
use crate::ids::Digest32;

/// Most witnesses in a policy.
pub const MAX_WITNESSES: usize = 16;

/// The policy as it stands in a manifest: CBOR map of `witnesses`, `threshold`, `faults`. Not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessPolicy {
    /// vkeys of the n witnesses, 1 to [`MAX_WITNESSES`].
    pub witnesses: Vec<String>,
    /// How many must cosign: k.
    pub threshold: u8,
    /// How many may lie without a fork: f.
    pub faults: u8,
}

/// Why a policy was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WitnessPolicyError {
    /// No witness, or more than [`MAX_WITNESSES`].
    #[error("a witness policy needs 1 to {MAX_WITNESSES} witnesses")]
    Count,
    /// A vkey was refused.
    #[error("witness {number}: {error}")]
    Key {
        /// Its number in the list, from 1.
        number: usize,
        /// Why.
        error: KeyError,
    },
    /// The text of a vkey is not its one form.
    #[error("witness {0}: the vkey is not written as the witness prints it")]
    Form(usize),
    /// Two witnesses with one name.
    #[error("witness {0} has the name of another one: names must differ")]
    SameName(usize),
    /// Two witnesses with one raw key.
    #[error("witness {0} has the public key of another one: it would count twice")]
    SameKey(usize),
    /// k is 0 or above n.
    #[error("the threshold must be 1 to the number of witnesses")]
    Threshold,
    /// 2k-n is not above f.
    #[error(
        "two quorums share too few witnesses: raise the threshold until twice it, less the number of witnesses, exceeds faults"
    )]
    Overlap,
}

impl WitnessPolicy {
    /// Checks every rule.
    ///
    /// # Errors
    /// [`WitnessPolicyError`], one variant for each rule.
    pub fn check(&self) -> Result<WitnessSet, WitnessPolicyError> {
        use WitnessPolicyError as E;
        let (k, n, f) = (usize::from(self.threshold), self.witnesses.len(), usize::from(self.faults));
        if n == 0 || n > MAX_WITNESSES {
            return Err(E::Count);
        }
        let mut keys: Vec<WitnessKey> = Vec::new();
        for (number, vkey) in (1..).zip(&self.witnesses) {
            let key = WitnessKey::parse(vkey).map_err(|error| E::Key { number, error })?;
            if key.to_string() != *vkey {
                return Err(E::Form(number));
            }
            if keys.iter().any(|other| other.name() == key.name()) {
                return Err(E::SameName(number));
            }
            if keys.iter().any(|other| other.public_key() == key.public_key()) {
                return Err(E::SameKey(number));
            }
            keys.push(key);
        }
        if k == 0 || k > n {
            return Err(E::Threshold);
        }
        if 2 * k <= n + f {
            return Err(E::Overlap);
        }
        Ok(WitnessSet { keys, threshold: k, faults: f })
    }

    /// SHA-256 of the CBOR under its own domain: names the policy in evidence.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        let hash = Sha256::new().chain_update(b"fuin/witness-policy/v1\0").chain_update(codec::encode(self));
        Digest32(hash.finalize().into())
    }
}

/// A policy that keeps every rule, its keys read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessSet {
    keys: Vec<WitnessKey>,
    threshold: usize,
    faults: usize,
}

impl WitnessSet {
    /// The witnesses, different in names and raw keys.
    #[must_use]
    pub fn keys(&self) -> &[WitnessKey] {
        &self.keys
    }

    /// How many must cosign.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// How many may lie without a fork.
    #[must_use]
    pub const fn faults(&self) -> usize {
        self.faults
    }

    /// Verifies signature lines over a checkpoint by these witnesses.
    ///
    /// # Errors
    /// As [`CosignedCheckpoint::verify`].
    pub fn cosigned(
        &self,
        checkpoint: Checkpoint,
        lines: &[SignatureLine],
    ) -> Result<CosignedCheckpoint, CosignatureError> {
        CosignedCheckpoint::verify(checkpoint, lines, &self.keys)
    }

    /// The lines of these witnesses among all that there are, as in a note: one of each.
    #[must_use]
    pub fn lines(&self, all: &[SignatureLine]) -> String {
        self.keys.iter().filter_map(|key| key.line_in(all)).map(SignatureLine::to_text).collect()
    }

    /// Whether these cosignatures *over one checkpoint* are by at least the threshold of these witnesses, each counted once.
    #[must_use]
    pub fn quorum(&self, cosignatures: &[Cosignature]) -> bool {
        let cosigned = |key: &&WitnessKey| cosignatures.iter().any(|c| c.witness() == *key);
        self.keys.iter().filter(cosigned).count() >= self.threshold
    }
}

#[cfg(test)]
mod tests;
