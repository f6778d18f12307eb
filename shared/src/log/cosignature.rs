//! Place: none. C2SP tlog-cosignature, `cosignature/v1` (type 0x04): a witness says which head of a ledger is the largest
//! consistent one that it has seen, and when.
//!
//! ```text
//! blob    = key ID[4] || u64 POSIX seconds || Ed25519 signature[64]
//! message = "cosignature/v1\n" "time <decimal>\n" <the three lines of the checkpoint>
//! ```
//!
//! The message does not name the cosigner, so each witness needs a key of its own, and a key counts once, under
//! whatever names it comes.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use thiserror::Error;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::note::{KeyError, KeyId, Note, SignatureLine, VerifierKey, VkeyParts, check_key, write_vkey};

/// Signature type: `cosignature/v1`.
const COSIGNATURE_V1: u8 = 0x04;
/// Latest time in a cosignature, POSIX seconds.
const MAX_TIME: u64 = i64::MAX as u64;

/// Why cosignatures were refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CosignatureError {
    /// The checkpoint or the note around it was refused.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Two different keys have the same name and ID.
    #[error("two witnesses share the name {0} and the key ID: one of them needs another name")]
    AmbiguousKey(String),
    /// The time is 0 or above 2^63 - 1. Zero means "consistent", not "newest", and so says nothing about freshness.
    #[error("the cosignature of {0} has no time of 1 to 2^63-1 seconds")]
    Time(String),
    /// A line under a witness's name and ID does not verify, so all are refused.
    #[error("the cosignature of the witness {0} does not verify")]
    BadCosignature(String),
}

/// Name and Ed25519 public key of a witness. Its vkey has type octet 0x04, in the text and in the key ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    id: KeyId,
    key: VerifyingKey,
}

impl WitnessKey {
    /// The key with this name and these 32 octets.
    ///
    /// # Errors
    /// [`KeyError::BadName`], [`KeyError::BadKey`].
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, KeyError> {
        let key = check_key(name, public_key)?;
        Ok(Self { name: name.to_owned(), id: KeyId::of(name, COSIGNATURE_V1, public_key), key })
    }

    /// Reads a vkey, `<name>+<8 hex digits>+<base64(0x04 || public key)>`.
    ///
    /// # Errors
    /// [`KeyError`], one variant for each rule.
    pub fn parse(vkey: &str) -> Result<Self, KeyError> {
        let parts = VkeyParts::split(vkey)?;
        if parts.kind != COSIGNATURE_V1 {
            return Err(KeyError::NotACosigner(parts.kind));
        }
        let key = Self::new(parts.name, &parts.public_key()?)?;
        parts.check_id(key.id)?;
        Ok(key)
    }

    /// Name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Key ID.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 octets of the public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Its first line among these.
    #[must_use]
    pub fn line_in<'a>(&self, lines: &'a [SignatureLine]) -> Option<&'a SignatureLine> {
        lines.iter().find(|line| line.name() == self.name && line.id() == self.id)
    }

    /// Verifies the octets after the key ID over the text of a checkpoint; returns the time.
    fn verify(&self, text: &str, signature: &[u8]) -> Result<u64, CosignatureError> {
        let bad = || CosignatureError::BadCosignature(self.name.clone());
        let (time, signature) = signature.split_first_chunk::<8>().ok_or_else(bad)?;
        let signature = Signature::from_slice(signature).map_err(|_| bad())?;
        let time = u64::from_be_bytes(*time);
        check_time(time, &self.name)?;
        self.key.verify_strict(message(text, time).as_bytes(), &signature).map_err(|_| bad())?;
        Ok(time)
    }
}

/// The vkey as text.
impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_vkey(f, &self.name, self.id, COSIGNATURE_V1, self.key.as_bytes())
    }
}

/// Name and signing key of a witness. Zeroized on drop, never printed, never copied.
pub struct Cosigner {
    key: SigningKey,
    witness: WitnessKey,
}

impl Cosigner {
    /// The cosigner of this name with this seed. The caller zeroizes its own copy of the seed.
    ///
    /// # Errors
    /// [`KeyError::BadName`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(seed);
        let witness = WitnessKey::new(name, key.verifying_key().as_bytes())?;
        Ok(Self { key, witness })
    }

    /// The key that verifies.
    #[must_use]
    pub const fn witness(&self) -> &WitnessKey {
        &self.witness
    }

    /// Cosigns a checkpoint at `time`, POSIX seconds; returns the signature line.
    ///
    /// The caller has recorded this head durably, and it is the largest consistent one that it saw.
    ///
    /// # Errors
    /// [`CosignatureError::Time`]; [`CosignatureError::Checkpoint`] for what [`Checkpoint::parse`] would refuse.
    pub fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> Result<SignatureLine, CosignatureError> {
        check_time(time, self.witness.name())?;
        let text = checkpoint.to_text();
        Checkpoint::parse(&text)?;
        let signature = self.key.sign(message(&text, time).as_bytes()).to_bytes();
        let blob = [&time.to_be_bytes()[..], &signature].concat();
        Ok(SignatureLine::of(self.witness.name(), self.witness.id(), blob))
    }
}

/// That a witness saw a head, and when. Only verification makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    witness: WitnessKey,
    time: u64,
}

impl Cosignature {
    /// Who.
    #[must_use]
    pub const fn witness(&self) -> &WitnessKey {
        &self.witness
    }

    /// When, POSIX seconds, never 0.
    #[must_use]
    pub const fn time(&self) -> u64 {
        self.time
    }
}

/// A checkpoint with the verified cosignatures over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignedCheckpoint {
    checkpoint: Checkpoint,
    cosignatures: Vec<Cosignature>,
}

impl CosignedCheckpoint {
    /// Verifies signature lines over a checkpoint that the caller already trusts, such as one that it made itself.
    ///
    /// Lines of pairs (name, key ID) that are not among `witnesses` are ignored, also when one half matches. A raw key
    /// counts once, with its latest time. No cosignature at all is no error: ask [`super::witness_policy`] for the quorum.
    ///
    /// # Errors
    /// [`CosignatureError::BadCosignature`], [`CosignatureError::Time`] if a line of a known pair fails, whatever else
    /// verifies; [`CosignatureError::AmbiguousKey`].
    pub fn verify(
        checkpoint: Checkpoint,
        lines: &[SignatureLine],
        witnesses: &[WitnessKey],
    ) -> Result<Self, CosignatureError> {
        for (i, key) in witnesses.iter().enumerate() {
            let same = |other: &&WitnessKey| other.name == key.name && other.id == key.id;
            if witnesses.iter().take(i).filter(same).any(|other| other.key != key.key) {
                return Err(CosignatureError::AmbiguousKey(key.name.clone()));
            }
        }
        let text = checkpoint.to_text();
        let mut cosignatures: Vec<Cosignature> = Vec::new();
        for line in lines {
            let known = witnesses.iter().find(|key| key.name == line.name() && key.id == line.id());
            let Some(witness) = known else { continue };
            let time = witness.verify(&text, line.signature())?;
            match cosignatures.iter_mut().find(|seen| seen.witness.key == witness.key) {
                Some(seen) => seen.time = seen.time.max(time),
                None => cosignatures.push(Cosignature { witness: witness.clone(), time }),
            }
        }
        Ok(Self { checkpoint, cosignatures })
    }

    /// Reads a note, verifies the ledger's own signature and then the cosignatures as [`CosignedCheckpoint::verify`].
    ///
    /// # Errors
    /// [`CosignatureError`].
    pub fn open(
        note: &str,
        ledger: &VerifierKey,
        witnesses: &[WitnessKey],
    ) -> Result<Self, CosignatureError> {
        let checkpoint = Checkpoint::open(note, ledger)?;
        let note = Note::parse(note.as_bytes()).map_err(CheckpointError::Note)?;
        Self::verify(checkpoint, note.signatures(), witnesses)
    }

    /// The head.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Who cosigned it, each raw key once, in the order of the lines.
    #[must_use]
    pub fn cosignatures(&self) -> &[Cosignature] {
        &self.cosignatures
    }
}

fn check_time(time: u64, name: &str) -> Result<(), CosignatureError> {
    if (1..=MAX_TIME).contains(&time) { Ok(()) } else { Err(CosignatureError::Time(name.to_owned())) }
}

/// What a cosigner signs.
fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

#[cfg(test)]
mod tests;
