//! Place: none. C2SP tlog-checkpoint: the signed head of a ledger, exactly three lines.
//!
//! ```text
//! <origin>
//! <size, decimal>
//! <base64 root>
//! ```
//!
//! Extension lines are refused: nothing of the ledger is said outside the tree. The key that signs bears the origin as its name.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::note::{KeyError, Note, NoteError, NoteSigner, VerifierKey, check_key_name};
use super::tree::{Hash, MAX_SIZE, empty_root};

/// Why a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The note around it was refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not exactly three lines.
    #[error("a checkpoint must be exactly three lines: origin, size, root")]
    LineCount,
    /// The origin is no valid key name.
    #[error("checkpoint origin: {0}")]
    Origin(KeyError),
    /// The origin is not the name of the key.
    #[error("the checkpoint's origin is not the name of the ledger's key")]
    ForeignOrigin,
    /// The size is not a decimal number without leading zero, or above 2^63 - 1.
    #[error("the checkpoint's size must be a decimal number of at most 2^63-1 without leading zeros")]
    Size,
    /// The root is not the base64 of 32 octets.
    #[error("the checkpoint's root must be the base64 of 32 octets")]
    Root,
    /// Size 0 with another root than that of the empty tree.
    #[error("a checkpoint of size 0 must have the empty root")]
    NotEmptyRoot,
}

/// Head of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Name of the ledger, equal to the name of its key.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of these leaves.
    #[serde(with = "serde_bytes")]
    pub root: Hash,
}

impl Checkpoint {
    /// The three lines, each with its line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, Base64::encode_string(&self.root))
    }

    /// Reads the three lines.
    ///
    /// # Errors
    /// [`CheckpointError`], one variant for each rule.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::LineCount)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::LineCount);
        };
        check_key_name(origin).map_err(CheckpointError::Origin)?;
        let size = parse_size(size).ok_or(CheckpointError::Size)?;
        let mut hash = Hash::default();
        let length = Base64::decode(root, &mut hash).map_err(|_| CheckpointError::Root)?.len();
        if length != hash.len() {
            return Err(CheckpointError::Root);
        }
        if size == 0 && hash != empty_root() {
            return Err(CheckpointError::NotEmptyRoot);
        }
        Ok(Self { origin: origin.to_owned(), size, root: hash })
    }

    /// Signs; returns the note.
    ///
    /// # Errors
    /// [`CheckpointError::ForeignOrigin`] if the signer's name is not the origin; whatever [`Checkpoint::parse`] would
    /// refuse in the three lines, so that no bad head is ever signed.
    pub fn sign(&self, signer: &NoteSigner) -> Result<String, CheckpointError> {
        if signer.verifier().name() != self.origin {
            return Err(CheckpointError::ForeignOrigin);
        }
        let text = self.to_text();
        Self::parse(&text)?;
        Ok(signer.sign(&text)?)
    }

    /// Verifies a note by the ledger's key and reads the checkpoint in it.
    ///
    /// # Errors
    /// [`CheckpointError`]: note or signature refused, other origin, malformed lines.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let note = Note::parse(note.as_bytes())?;
        note.verify(core::slice::from_ref(key))?;
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::ForeignOrigin);
        }
        Ok(checkpoint)
    }
}

/// Decimal without sign and leading zero, at most [`MAX_SIZE`].
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let size = if plain { text.parse().ok()? } else { return None };
    (size <= MAX_SIZE).then_some(size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tree::leaf_hash;
    use super::*;

    const ORIGIN: &str = "fuin.example/ledger/0a1b";
    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn signer() -> NoteSigner {
        NoteSigner::from_seed(ORIGIN, &[3; 32]).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: ORIGIN.into(), size: 70_000, root: leaf_hash(b"x") }
    }

    #[test]
    fn signed_opens_with_three_lines() {
        let signer = signer();
        let note = checkpoint().sign(&signer).unwrap();
        assert_eq!(Checkpoint::open(&note, signer.verifier()), Ok(checkpoint()));
        assert_eq!(checkpoint().to_text().lines().count(), 3);
        assert_eq!(note.lines().count(), 5);
        // A log signature line: 92 characters of base64.
        assert_eq!(note.trim_end().rsplit(' ').next().unwrap().len(), 92);
    }

    #[test]
    fn foreign_names_and_keys_are_refused() {
        let other = NoteSigner::from_seed("other", &[3; 32]).unwrap();
        assert_eq!(checkpoint().sign(&other), Err(CheckpointError::ForeignOrigin));
        let note = other.sign(&checkpoint().to_text()).unwrap();
        assert_eq!(Checkpoint::open(&note, other.verifier()), Err(CheckpointError::ForeignOrigin));
        let note = checkpoint().sign(&signer()).unwrap();
        let stranger = NoteSigner::from_seed(ORIGIN, &[4; 32]).unwrap();
        let untrusted = CheckpointError::Note(NoteError::Untrusted);
        assert_eq!(Checkpoint::open(&note, stranger.verifier()), Err(untrusted));
    }

    #[test]
    fn changed_lines_do_not_open() {
        let signer = signer();
        let note = checkpoint().sign(&signer).unwrap();
        for (from, to) in [("70000", "70001"), ("0a1b", "0a1c")] {
            let changed = note.replacen(from, to, 1);
            let refused = CheckpointError::Note(NoteError::BadSignature(ORIGIN.into()));
            assert_eq!(Checkpoint::open(&changed, signer.verifier()), Err(refused));
        }
        let extended = signer.sign(&format!("{}extension\n", checkpoint().to_text())).unwrap();
        assert_eq!(Checkpoint::open(&extended, signer.verifier()), Err(CheckpointError::LineCount));
    }

    #[test]
    fn malformed_by_name() {
        use CheckpointError as E;
        let parse = |s: String| Checkpoint::parse(&s).unwrap_err();
        assert!(Checkpoint::parse(&format!("o\n0\n{ROOT}\n")).is_ok());
        assert_eq!(parse(format!("o\n1\n{ROOT}")), E::LineCount);
        assert_eq!(parse("o\n1\n".into()), E::LineCount);
        assert_eq!(parse(format!("o\n1\n{ROOT}\n\n")), E::LineCount);
        assert_eq!(parse(format!("o\n1\n{ROOT}\nextension\n")), E::LineCount);
        assert_eq!(parse(String::new()), E::LineCount);
        assert_eq!(parse(format!("\n1\n{ROOT}\n")), E::Origin(KeyError::BadName));
        assert_eq!(parse(format!("a b\n1\n{ROOT}\n")), E::Origin(KeyError::BadName));
        for size in ["", "01", "00", "+1", "-1", "1 ", "0x1", "9223372036854775808", "99999999999999999999"] {
            assert_eq!(parse(format!("o\n{size}\n{ROOT}\n")), E::Size, "{size}");
        }
        assert!(Checkpoint::parse(&format!("o\n9223372036854775807\n{ROOT}\n")).is_ok());
        for root in [
            "",
            "AA==",
            &ROOT[..43],
            &format!("{ROOT} "),
            &ROOT.replace('+', "-"),
            &ROOT.replace("FU=", "FV="),
        ] {
            assert_eq!(parse(format!("o\n1\n{root}\n")), E::Root, "{root}");
        }
        let long = Base64::encode_string(&[0; 33]);
        assert_eq!(parse(format!("o\n1\n{long}\n")), E::Root);
        let zero = Base64::encode_string(&[0; 32]);
        assert_eq!(parse(format!("o\n0\n{zero}\n")), E::NotEmptyRoot);
    }

    #[test]
    fn bad_heads_are_not_signed() {
        let with = |size, root| Checkpoint { origin: ORIGIN.into(), size, root }.sign(&signer());
        assert_eq!(with(0, [0; 32]), Err(CheckpointError::NotEmptyRoot));
        assert_eq!(with(1 << 63, [0; 32]), Err(CheckpointError::Size));
        let injected = Checkpoint { origin: format!("{ORIGIN}\n5"), size: 1, root: [0; 32] };
        assert!(injected.sign(&signer()).is_err());
    }

    proptest! {
        #[test]
        fn parser_never_panics_and_is_exact(text in "\\PC*|[a\n0-9]{0,20}") {
            if let Ok(checkpoint) = Checkpoint::parse(&text) {
                prop_assert_eq!(checkpoint.to_text(), text);
            }
        }

        #[test]
        fn text_leads_back(size in 1..=MAX_SIZE, root in any::<[u8; 32]>()) {
            let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root };
            prop_assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint));
        }
    }
}
