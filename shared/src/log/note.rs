//! Place: none. C2SP signed-note: a text with signature lines, and the keys that verify them.
//!
//! ```text
//! text, one or more lines
//!
//! — <key name> <base64(key ID[4] || signature)>
//! ```
//!
//! Only Ed25519 over the text (type 0x01) is signed and verified here; [`super::cosignature`] does type 0x04. Lines of
//! other types are kept as they are.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
mod key;
mod signer;

use base64ct::{Base64, Encoding};
use thiserror::Error;

pub use key::{KeyError, KeyId, VerifierKey, check_key_name};
pub(super) use key::{VkeyParts, check_key, write_vkey};
pub use signer::NoteSigner;

/// Most octets a note may have.
pub const MAX_NOTE: usize = 256 * 1024;

/// Most signature lines a note may have (the standard demands at least 16).
pub const MAX_SIGNATURES: usize = 32;

/// Most octets in the blob of one signature line; the longest assigned type needs 2432.
pub const MAX_BLOB: usize = 5 * 1024;

const LINE_PREFIX: &str = "\u{2014} ";

/// Why a note was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// More than [`MAX_NOTE`] octets.
    #[error("the note has {0} octets, more than {MAX_NOTE}")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// A control character other than the line feed.
    #[error("the note holds a control character")]
    ControlCharacter,
    /// No empty line between text and signatures, or no text before it.
    #[error("the note has no empty line between its text and its signatures")]
    NoSeparator,
    /// The text does not end with a line feed, or holds nothing.
    #[error("the text of a note must be one or more lines, each ended by a line feed")]
    BadText,
    /// The note does not end with a line feed.
    #[error("the last signature line is not ended by a line feed")]
    NoFinalNewline,
    /// A signature line is not `— <key name> <base64>`.
    #[error("signature line {0} is malformed")]
    BadLine(usize),
    /// No signature line.
    #[error("the note has no signature line")]
    NoSignature,
    /// More than [`MAX_SIGNATURES`] signature lines.
    #[error("the note has more than {MAX_SIGNATURES} signature lines")]
    TooManySignatures,
    /// Two of the verifier's keys have the same name and ID.
    #[error("two trusted keys share the name {0} and the key ID: configure each key once")]
    AmbiguousKey(String),
    /// A signature under a trusted name and ID does not verify, so the whole note is refused.
    #[error("the signature of the trusted key {0} does not verify")]
    BadSignature(String),
    /// No trusted key has signed the note.
    #[error("no trusted key has signed the note")]
    Untrusted,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    id: KeyId,
    signature: Vec<u8>,
}

impl SignatureLine {
    /// Name of the key that the line claims.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Key ID that the line claims.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The octets after the key ID.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The line as text, with its line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let blob = [&self.id.0[..], &self.signature].concat();
        format!("{LINE_PREFIX}{} {}\n", self.name, Base64::encode_string(&blob))
    }

    /// A line of this key name, key ID and blob; the caller made sure of the name.
    pub(super) fn of(name: &str, id: KeyId, signature: Vec<u8>) -> Self {
        Self { name: name.to_owned(), id, signature }
    }

    /// Reads one or more signature lines, each ended by a line feed, with nothing around them.
    ///
    /// # Errors
    /// [`NoteError`], one variant for each rule of the format.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, NoteError> {
        if text.len() > MAX_NOTE {
            return Err(NoteError::TooLong(text.len()));
        }
        if text.is_empty() {
            return Err(NoteError::NoSignature);
        }
        let lines = text.strip_suffix('\n').ok_or(NoteError::NoFinalNewline)?;
        let mut signatures = Vec::new();
        for (number, line) in lines.split('\n').enumerate() {
            if number == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(Self::parse(line).ok_or(NoteError::BadLine(number + 1))?);
        }
        Ok(signatures)
    }

    /// Reads one line, without its line feed.
    fn parse(line: &str) -> Option<Self> {
        let (name, blob) = line.strip_prefix(LINE_PREFIX)?.split_once(' ')?;
        check_key_name(name).ok()?;
        if blob.len() > MAX_BLOB.div_ceil(3) * 4 {
            return None;
        }
        let blob = Base64::decode_vec(blob).ok()?;
        let (id, signature) = blob.split_first_chunk::<4>()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self { name: name.to_owned(), id: KeyId(*id), signature: signature.to_vec() })
    }
}

/// A note as read: well-formed, *not yet verified*. Its text must not be used before [`Note::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError`], one variant for each rule of the format.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let note = core::str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
        if note.bytes().any(|b| b < 0x20 && b != b'\n') {
            return Err(NoteError::ControlCharacter);
        }
        // The last empty line separates: the text itself may hold empty lines.
        let (before, lines) = note.rsplit_once("\n\n").ok_or(NoteError::NoSeparator)?;
        Ok(Self { text: format!("{before}\n"), signatures: SignatureLine::parse_all(lines)? })
    }

    /// The signed text, with its final line feed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// The note as text; the same octets as were read.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut note = format!("{}\n", self.text);
        for line in &self.signatures {
            note.push_str(&line.to_text());
        }
        note
    }

    /// Verifies against `trusted` keys; returns the positions in `trusted` of those that signed, ascending, each once.
    ///
    /// A line whose pair (name, key ID) is not among the keys is ignored, also when one half matches.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] if a line of a trusted pair fails, whatever else verifies;
    /// [`NoteError::Untrusted`] if none is left; [`NoteError::AmbiguousKey`] if two keys share a pair.
    pub fn verify(&self, trusted: &[VerifierKey]) -> Result<Vec<usize>, NoteError> {
        for (i, key) in trusted.iter().enumerate() {
            if trusted.iter().take(i).any(|other| other.name() == key.name() && other.id() == key.id()) {
                return Err(NoteError::AmbiguousKey(key.name().to_owned()));
            }
        }
        let mut signed_by = Vec::new();
        for line in &self.signatures {
            let known = trusted.iter().position(|key| key.name() == line.name && key.id() == line.id);
            let Some((position, key)) = known.and_then(|i| Some((i, trusted.get(i)?))) else { continue };
            if !key.verifies(self.text.as_bytes(), &line.signature) {
                return Err(NoteError::BadSignature(line.name.clone()));
            }
            signed_by.push(position);
        }
        if signed_by.is_empty() {
            return Err(NoteError::Untrusted);
        }
        signed_by.sort_unstable();
        signed_by.dedup();
        Ok(signed_by)
    }
}

/// Checks a text that is to be signed: one or more lines without control characters.
fn check_text(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|b| b < 0x20 && b != b'\n') {
        return Err(NoteError::ControlCharacter);
    }
    if !text.ends_with('\n') {
        return Err(NoteError::BadText);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
