//! Place: none. C2SP tlog-witness: the request `POST <prefix>/add-checkpoint` and what a witness answers.
//!
//! ```text
//! old <size>
//! <base64 hash>          0 to 63 lines: consistency proof from the old size
//!
//! <checkpoint, a note signed by the log>
//! ```

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64ct::{Base64, Encoding};
use thiserror::Error;

use super::checkpoint::parse_size;
use super::note::{Note, NoteError, SignatureLine};
use super::tree::{Hash, MAX_SIZE};

/// Most octets in a request or an answer.
pub const MAX_BODY: usize = 64 * 1024;
/// Most hashes in a consistency proof.
pub const MAX_PROOF: usize = 63;
/// Media type of the answer 409.
pub const SIZE_TYPE: &str = "text/x.tlog.size";
/// Media type of the other answers.
pub const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// More than [`MAX_BODY`] octets.
    #[error("the request has more than {MAX_BODY} octets")]
    TooLong,
    /// Not UTF-8.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// The first line is not `old <size>`.
    #[error("the first line must be `old <size>`, decimal without leading zeros, at most 2^63-1")]
    Old,
    /// No empty line after the proof.
    #[error("an empty line must follow the consistency proof")]
    NoSeparator,
    /// A line of the proof is not the base64 of 32 octets.
    #[error("line {0} of the consistency proof must be the base64 of 32 octets")]
    Hash(usize),
    /// More than [`MAX_PROOF`] hashes.
    #[error("the consistency proof has more than {MAX_PROOF} hashes")]
    TooManyHashes,
    /// The note after the empty line.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// A request: well-formed, *nothing in it verified*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old: u64,
    proof: Vec<Hash>,
    note: Note,
}

impl AddCheckpoint {
    /// The request that submits `note`, the log-signed checkpoint, to a witness that holds the size `old`.
    ///
    /// # Errors
    /// [`RequestError`] for what [`AddCheckpoint::parse`] would refuse.
    pub fn new(old: u64, proof: Vec<Hash>, note: &str) -> Result<Self, RequestError> {
        if old > MAX_SIZE {
            return Err(RequestError::Old);
        }
        if proof.len() > MAX_PROOF {
            return Err(RequestError::TooManyHashes);
        }
        let request = Self { old, proof, note: Note::parse(note.as_bytes())? };
        if request.to_text().len() > MAX_BODY { Err(RequestError::TooLong) } else { Ok(request) }
    }

    /// Reads a request's body.
    ///
    /// # Errors
    /// [`RequestError`], one variant for each rule.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        if body.len() > MAX_BODY {
            return Err(RequestError::TooLong);
        }
        let body = core::str::from_utf8(body).map_err(|_| RequestError::NotUtf8)?;
        // The first empty line separates: the lines before it never are empty.
        let (head, note) = body.split_once("\n\n").ok_or(RequestError::NoSeparator)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(parse_size);
        let old = old.ok_or(RequestError::Old)?;
        let mut proof = Vec::new();
        for (number, line) in (1..).zip(lines) {
            if number > MAX_PROOF {
                return Err(RequestError::TooManyHashes);
            }
            proof.push(parse_hash(line).ok_or(RequestError::Hash(number))?);
        }
        Ok(Self { old, proof, note: Note::parse(note.as_bytes())? })
    }

    /// The request's body.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            text.push_str(&Base64::encode_string(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.note.to_text());
        text
    }

    /// Size that the log believes the witness to hold.
    #[must_use]
    pub const fn old(&self) -> u64 {
        self.old
    }

    /// Consistency proof from that size.
    #[must_use]
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }

    /// The checkpoint, not yet verified.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }
}

/// What a witness answers. Only cosignatures are facts: a refusal is unsigned, whoever relays can forge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200: signature lines, not yet verified.
    Cosigned(Vec<SignatureLine>),
    /// 400: malformed, or the old size is above the new one.
    Malformed,
    /// 403: no trusted key signed, or the signature of one fails.
    Untrusted,
    /// 404: the witness does not know the origin.
    UnknownOrigin,
    /// 409: the witness holds another size than the request says.
    Conflict {
        /// What it holds.
        recorded: u64,
    },
    /// 422: the proof fails, or the checkpoint contradicts what the witness holds.
    Inconsistent,
}

/// Why an answer was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// More than [`MAX_BODY`] octets.
    #[error("the answer has more than {MAX_BODY} octets")]
    TooLong,
    /// A status that the protocol does not know.
    #[error("the witness answered {0}, which add-checkpoint does not know")]
    Status(u16),
    /// 200 whose body is not signature lines.
    #[error("the answer is no list of signature lines: {0}")]
    Lines(NoteError),
    /// 200 whose body is not UTF-8.
    #[error("the answer is not UTF-8")]
    NotUtf8,
    /// 409 without media type [`SIZE_TYPE`] or whose body is not `<size>\n`.
    #[error("the answer 409 must have type {SIZE_TYPE} and the body `<size>`")]
    Size,
}

impl Answer {
    /// Reads an answer. `content_type` counts for 409 alone; the body of the other refusals is for people and is ignored.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(status: u16, content_type: Option<&str>, body: &[u8]) -> Result<Self, AnswerError> {
        if body.len() > MAX_BODY {
            return Err(AnswerError::TooLong);
        }
        match status {
            200 => {
                let text = core::str::from_utf8(body).map_err(|_| AnswerError::NotUtf8)?;
                SignatureLine::parse_all(text).map(Self::Cosigned).map_err(AnswerError::Lines)
            }
            400 => Ok(Self::Malformed),
            403 => Ok(Self::Untrusted),
            404 => Ok(Self::UnknownOrigin),
            409 => {
                let text = core::str::from_utf8(body).ok().filter(|_| content_type == Some(SIZE_TYPE));
                let size = text.and_then(|text| text.strip_suffix('\n')).and_then(parse_size);
                size.map(|recorded| Self::Conflict { recorded }).ok_or(AnswerError::Size)
            }
            422 => Ok(Self::Inconsistent),
            other => Err(AnswerError::Status(other)),
        }
    }

    /// HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Cosigned(_) => 200,
            Self::Malformed => 400,
            Self::Untrusted => 403,
            Self::UnknownOrigin => 404,
            Self::Conflict { .. } => 409,
            Self::Inconsistent => 422,
        }
    }

    /// Media type of [`Answer::body`].
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => SIZE_TYPE,
            _ => TEXT_TYPE,
        }
    }

    /// Body.
    #[must_use]
    pub fn body(&self) -> String {
        match self {
            Self::Cosigned(lines) => lines.iter().map(SignatureLine::to_text).collect(),
            Self::Malformed => "malformed request, or the old size is above the new one\n".to_string(),
            Self::Untrusted => "not signed by a key that is trusted for this origin\n".to_string(),
            Self::UnknownOrigin => "unknown origin\n".to_string(),
            Self::Conflict { recorded } => format!("{recorded}\n"),
            Self::Inconsistent => "not consistent with the recorded checkpoint\n".to_string(),
        }
    }
}

/// Base64 of exactly 32 octets.
fn parse_hash(line: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    let length = Base64::decode(line, &mut hash).ok()?.len();
    (length == hash.len()).then_some(hash)
}

#[cfg(test)]
mod tests;
