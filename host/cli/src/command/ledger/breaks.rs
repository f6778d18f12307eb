//! Place: none. Breaks of a ledger: where an epoch began because a quorum of witnesses was lost, and what was signed before it
//! under other keys.

use super::Trouble;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::ids::ManifestHash;
use fuin_shared::log::audit::Audit;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::CosignedCheckpoint;
use fuin_shared::log::epoch::Begun;
use fuin_shared::log::note::{Note, VerifierKey};
use fuin_shared::log::witness_policy::WitnessSet;
use serde_json::{Value, json};

/// A break that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// How the epoch after it began.
    pub begun: Begun,
    /// The manifest that was current before.
    pub manifest: ManifestHash,
}

/// A manifest and the witnesses that it names: of a history that was checked.
pub type Named = (ManifestHash, Option<WitnessSet>);

impl Break {
    /// Who has a line under the last head before it, and whether they are the quorum of the manifest that was current;
    /// nothing where no manifest says so. The ledger's own signature was verified with the entry.
    fn cosigned(&self, history: &[Named]) -> (Vec<String>, Option<bool>) {
        let note = Note::parse(self.begun.note.as_bytes());
        let lines = note.iter().flat_map(Note::signatures).skip(1);
        let names = lines.map(|line| line.name().to_owned()).collect();
        let set = history.iter().find(|(hash, _)| *hash == self.manifest).and_then(|(_, set)| set.as_ref());
        let quorum = set.map(|set| {
            let key = VerifierKey::parse(&self.begun.predecessor.vkey).ok();
            let opened =
                key.and_then(|key| CosignedCheckpoint::open(&self.begun.note, &key, set.keys()).ok());
            opened.is_some_and(|opened| set.quorum(opened.cosignatures()))
        });
        (names, quorum)
    }

    /// For `--json`.
    pub fn value(&self, history: &[Named]) -> Value {
        let (names, quorum) = self.cosigned(history);
        let Begun { epoch, index, predecessor, ledger, head, .. } = &self.begun;
        json!({
            "index": index,
            "epoch": epoch,
            "predecessor": { "origin": predecessor.origin, "vkey": predecessor.vkey },
            "origin": ledger.origin,
            "cosignedSize": head.size,
            "cosignedBy": names,
            "quorum": quorum,
        })
    }

    /// A few lines.
    pub fn text(&self, history: &[Named]) -> String {
        let (names, quorum) = self.cosigned(history);
        let Begun { epoch, index, predecessor, head, .. } = &self.begun;
        let mut text =
            format!("BREAK:       entry {index} begins epoch {epoch}: a quorum of witnesses was lost\n");
        text += &format!("             before it the origin was {}\n", predecessor.origin);
        let found = match quorum {
            Some(true) => "a quorum of the manifest that was current",
            Some(false) => "NO QUORUM of the manifest that was current",
            None => "not verified, give --manifest with all manifests",
        };
        text += &format!(
            "             last cosigned: {} entries, by {} ({found})\n",
            head.size,
            names.join(", ")
        );
        if head.size < *index {
            text += &format!("             entries {} to {} no quorum ever saw\n", head.size, index - 1);
        }
        text
    }
}

/// Checkpoints of a ledger that may have several origins: the last one's key is known from the beginning, those of the
/// epochs before show at the breaks.
pub struct Epochs<'a> {
    key: &'a VerifierKey,
    /// Notes of another origin, until a break names the key; with the entry that is named if none does.
    waiting: Vec<(u64, String)>,
    /// Breaks so far.
    pub breaks: Vec<Break>,
}

impl<'a> Epochs<'a> {
    /// `key` is that of the last epoch.
    pub fn new(key: &'a VerifierKey) -> Self {
        Self { key, waiting: Vec::new(), breaks: Vec::new() }
    }

    /// Reads a note, under the ledger's key if it bears its origin; else its signature is verified at the next break.
    /// Answers whether it is one of the last epoch.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(&mut self, note: &str) -> Result<(Checkpoint, bool), String> {
        let text = Note::parse(note.as_bytes()).map_err(|e| e.to_string())?;
        let head = Checkpoint::parse(text.text()).map_err(|e| e.to_string())?;
        if head.origin == self.key.name() {
            return Checkpoint::open(note, self.key).map(|head| (head, true)).map_err(|e| e.to_string());
        }
        self.waiting.push((head.size, note.to_owned()));
        Ok((head, false))
    }

    /// Looks whether the entry that was just taken is a break; `manifest` was current before it.
    ///
    /// # Errors
    /// [`Trouble::Broken`]: a note that waited is not of the epoch that ended.
    pub fn look(&mut self, audit: &Audit, manifest: Option<ManifestHash>) -> Result<(), Trouble> {
        let Some(begun) = audit.epochs().begun().get(self.breaks.len()) else { return Ok(()) };
        let LedgerIdentity { vkey, .. } = &begun.predecessor;
        let key = VerifierKey::parse(vkey).map_err(|e| Trouble::broken(begun.index, e.to_string()))?;
        for (size, note) in self.waiting.drain(..) {
            Checkpoint::open(&note, &key).map_err(|e| foreign(size, &e.to_string()))?;
        }
        let manifest = manifest.ok_or_else(|| Trouble::broken(begun.index, "an epoch without a manifest"))?;
        self.breaks.push(Break { begun: begun.clone(), manifest });
        Ok(())
    }

    /// The breaks, once the whole ledger was read: the last epoch is that of the key.
    ///
    /// # Errors
    /// [`Trouble::Broken`].
    pub fn finish(self) -> Result<Vec<Break>, Trouble> {
        if let Some((size, _)) = self.waiting.first() {
            return Err(foreign(*size, "it is of another origin"));
        }
        if let Some(last) = self.breaks.last().filter(|last| last.begun.ledger.vkey != self.key.to_string()) {
            return Err(Trouble::broken(
                last.begun.index,
                "the epoch has another key than the one that was given",
            ));
        }
        Ok(self.breaks)
    }
}

fn foreign(size: u64, why: &str) -> Trouble {
    Trouble::broken(size.saturating_sub(1), format!("checkpoint of {size} entries: {why}"))
}

#[cfg(test)]
mod tests;
