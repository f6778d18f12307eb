//! Place: none. Witnesses, honest but for one that may forget, and what the host does with their words on the way.
//!
//! The honest ones cosign consistent growth of what they have seen, once the log has signed it; the entries are their proof.
//! They remember what they gave: it is what the oracle asks them.

use crate::signer::{now, random};
use base64ct::{Base64, Encoding};
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::Cosigner;
use fuin_shared::log::note::{Note, VerifierKey};
use fuin_shared::log::tree::{Frontier, leaf_hash};
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::message::{Cosign, StoreAnswer};
use std::collections::{BTreeMap, BTreeSet};

/// How many there are.
pub const COUNT: usize = 4;
/// How many must cosign. One may lie, or forget: two times three less four is more than one.
pub const QUORUM: usize = 3;

/// One of them.
struct Witness {
    cosigner: Cosigner,
    /// What it has seen, by origin.
    seen: BTreeMap<String, Frontier>,
}

impl Witness {
    /// Its line, if the checkpoint goes on from what it has seen.
    fn cosign(&mut self, checkpoint: &Checkpoint, entries: &[Vec<u8>]) -> Option<String> {
        let mut grown = self.seen.get(&checkpoint.origin).cloned().unwrap_or_default();
        let size = usize::try_from(checkpoint.size).ok()?;
        for entry in entries.get(usize::try_from(grown.size()).ok()?..size)? {
            grown.push(leaf_hash(entry));
        }
        if grown.root() != checkpoint.root {
            return None;
        }
        let line = self.cosigner.cosign(checkpoint, now()).ok()?.to_text();
        self.seen.insert(checkpoint.origin.clone(), grown);
        Some(line)
    }
}

/// A line over a checkpoint, and which of them gave it.
#[derive(Clone)]
struct Said {
    by: usize,
    checkpoint: String,
    line: String,
}

/// The host's answer to a question, and the honest lines in it.
pub struct Carried {
    /// For the enclave.
    pub result: Result<StoreAnswer, Fault>,
    honest: Vec<Said>,
}

impl Carried {
    fn without_lines(result: Result<StoreAnswer, Fault>) -> Self {
        Self { result, honest: Vec::new() }
    }

    /// Nobody has cosigned: the answer where there are no witnesses.
    #[must_use]
    pub fn nobody() -> Self {
        Self::without_lines(Ok(StoreAnswer::Cosigned(String::new())))
    }
}

/// All of them.
pub struct Witnesses {
    all: Vec<Witness>,
    /// Whether the last one begins anew each time it is asked.
    pub amnesia: bool,
    /// Whether they can be reached.
    pub up: bool,
    /// Whose lines over a checkpoint the host passed on, by its text.
    given: BTreeMap<String, BTreeSet<usize>>,
    /// What they said to the last question.
    said: Vec<Said>,
    /// Questions that came through.
    pub asked: u64,
}

impl Default for Witnesses {
    fn default() -> Self {
        let witness = |number| Witness { cosigner: cosigner(number, &random()), seen: BTreeMap::new() };
        Self {
            all: (1..=COUNT).map(witness).collect(),
            amnesia: false,
            up: true,
            given: BTreeMap::new(),
            said: Vec::new(),
            asked: 0,
        }
    }
}

fn cosigner(number: usize, seed: &[u8; 32]) -> Cosigner {
    Cosigner::from_seed(&format!("witness.example/{number}"), seed).unwrap()
}

impl Witnesses {
    /// For the manifest.
    #[must_use]
    pub fn policy(&self) -> WitnessPolicy {
        WitnessPolicy {
            witnesses: self.all.iter().map(|w| w.cosigner.witness().to_string()).collect(),
            threshold: QUORUM as u8,
            faults: 1,
        }
    }

    /// The last one begins anew.
    pub fn forget(&mut self) {
        self.all[COUNT - 1].seen.clear();
    }

    /// Asks all of them about a checkpoint of the ledger with these entries.
    fn ask(&mut self, ledger: &LedgerIdentity, note: &str, entries: &[Vec<u8>]) -> Vec<Said> {
        let Some(checkpoint) = signed(ledger, note).filter(|_| self.up) else { return Vec::new() };
        self.asked += 1;
        self.said.clear();
        for (by, witness) in self.all.iter_mut().enumerate() {
            // Its proof is none then: the ledger from its beginning, as it is now.
            if self.amnesia && by + 1 == COUNT {
                witness.seen.clear();
            }
            if let Some(line) = witness.cosign(&checkpoint, entries) {
                self.said.push(Said { by, checkpoint: checkpoint.to_text(), line });
            }
        }
        self.said.clone()
    }

    /// The host gives this answer to an enclave, now: what it has not given releases nothing.
    pub fn pass_on(&mut self, carried: &Carried) {
        for said in &carried.honest {
            self.given.entry(said.checkpoint.clone()).or_default().insert(said.by);
        }
    }

    /// Why a result under this checkpoint should not be out: its event, of this number, lacks a quorum.
    ///
    /// # Errors
    /// In words.
    pub fn covers(&self, note: &str, index: Option<u64>) -> Result<(), String> {
        let note = Note::parse(note.as_bytes()).map_err(|e| format!("a checkpoint that is none: {e}"))?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|e| e.to_string())?;
        let given = self.given.get(note.text()).map_or(0, BTreeSet::len);
        if given < QUORUM {
            return Err(format!(
                "released when the lines of {given} witnesses had been passed on for {checkpoint:?}"
            ));
        }
        match index {
            Some(index) if index >= checkpoint.size => {
                Err(format!("event {index} released under {checkpoint:?}"))
            }
            _ => Ok(()),
        }
    }
}

/// The checkpoint, if the log signed it: its origin ends with the hash of its key, so that nobody can pass off another.
fn signed(ledger: &LedgerIdentity, note: &str) -> Option<Checkpoint> {
    Checkpoint::open(note, &VerifierKey::parse(&ledger.vkey).ok()?).ok()
}

/// What the host makes of the next question to the witnesses. Afterwards it carries honestly again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Carrier {
    /// Asks all, gives what they say.
    #[default]
    Honest,
    /// The same, a little later.
    Delays,
    /// The same, twice.
    AnswersTwice,
    /// Asks nobody and says nothing: the connection ends.
    LosesQuestion,
    /// Asks, and the connection ends.
    LosesAnswer,
    /// Asks, and says that nobody has cosigned.
    Empties,
    /// Says that it is busy.
    Busy,
    /// Gives what a witness might say in refusing: 409 and a size, as text.
    ForgesConflict,
    /// Gives what a witness might say in refusing: 422.
    ForgesRefusal,
    /// Answers another question.
    AnswersAnother,
    /// Gives lines of the question before.
    Replays,
    /// Gives lines under the witnesses' names by keys of its own.
    Forges,
    /// Gives true lines with a bit changed in all but two.
    Alters,
    /// Gives two of the lines.
    Withholds,
    /// Gives two of the lines, each twice.
    Doubles,
    /// Gives two lines, and some over other checkpoints of this log.
    Mixes,
    /// Gives more octets than an answer may have.
    Floods,
}

/// All that are no good in some way.
pub const CARRIERS: [Carrier; 16] = [
    Carrier::Delays,
    Carrier::AnswersTwice,
    Carrier::LosesQuestion,
    Carrier::LosesAnswer,
    Carrier::Empties,
    Carrier::Busy,
    Carrier::ForgesConflict,
    Carrier::ForgesRefusal,
    Carrier::AnswersAnother,
    Carrier::Replays,
    Carrier::Forges,
    Carrier::Alters,
    Carrier::Withholds,
    Carrier::Doubles,
    Carrier::Mixes,
    Carrier::Floods,
];

impl Carrier {
    /// The answer to the enclave; none: the connection ends. Whoever sends it passes it on.
    pub fn carry(self, witnesses: &mut Witnesses, wanted: &Cosign, entries: &[Vec<u8>]) -> Option<Carried> {
        if self == Self::LosesQuestion {
            return None;
        }
        let before = witnesses.said.clone();
        let said = witnesses.ask(&wanted.ledger, &wanted.checkpoint, entries);
        let of = |said: &[Said]| said.iter().map(|said| said.line.clone()).collect::<Vec<_>>();
        let mut lines = of(&said);
        match self {
            Self::LosesAnswer => return None,
            Self::Busy => return Some(Carried::without_lines(Err(Fault::Busy))),
            Self::AnswersAnother => return Some(Carried::without_lines(Ok(StoreAnswer::Committed))),
            Self::Empties => lines.clear(),
            Self::ForgesConflict => lines = vec!["409\n".to_owned(), format!("{}\n", u64::MAX >> 2)],
            Self::ForgesRefusal => lines = vec!["not consistent with the recorded checkpoint\n".to_owned()],
            Self::Replays => lines = of(&before),
            Self::Forges => lines = forged(wanted),
            Self::Alters => lines.iter_mut().skip(2).for_each(alter),
            Self::Withholds => lines.truncate(2),
            Self::Doubles => {
                lines.truncate(2);
                lines.extend(lines.clone());
            }
            Self::Mixes => {
                lines.truncate(2);
                lines.extend(of(&before));
                lines.extend(forged(wanted));
            }
            Self::Floods => lines = vec![forged(wanted).concat().repeat(400)],
            Self::Honest | Self::Delays | Self::AnswersTwice | Self::LosesQuestion => {}
        }
        // A line of the question before counts where that was about the same checkpoint.
        let asked = signed(&wanted.ledger, &wanted.checkpoint).map(|checkpoint| checkpoint.to_text());
        let mut honest = [before, said].concat();
        honest.retain(|said| Some(&said.checkpoint) == asked.as_ref() && lines.contains(&said.line));
        Some(Carried { result: Ok(StoreAnswer::Cosigned(lines.concat())), honest })
    }
}

/// Lines over the checkpoint by keys of the host's own.
fn forged(wanted: &Cosign) -> Vec<String> {
    let Some(checkpoint) = signed(&wanted.ledger, &wanted.checkpoint) else { return Vec::new() };
    let line = |number| cosigner(number, &random()).cosign(&checkpoint, now()).unwrap().to_text();
    (1..=COUNT).map(line).collect()
}

/// Another bit in the signature.
fn alter(line: &mut String) {
    let (head, blob) = line.trim_end().rsplit_once(' ').unwrap();
    let mut octets = Base64::decode_vec(blob).unwrap();
    let last = octets.len() - 1;
    octets[last] ^= 1;
    *line = format!("{head} {}\n", Base64::encode_string(&octets));
}
