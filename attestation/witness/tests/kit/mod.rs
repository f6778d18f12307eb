//! Place: none. A log under test control, and the table of answers that every witness must give.

use base64ct::{Base64, Encoding as _};
use fuin_shared::log::add_checkpoint::{AddCheckpoint, Answer};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::{CosignedCheckpoint, WitnessKey};
use fuin_shared::log::note::{NoteSigner, VerifierKey};
use fuin_shared::log::tree::{Hash, consistency_proof, leaf_hash, root_of};
use sha2::{Digest as _, Sha256};

/// A log whose leaves count upwards; its origin is one that `sigsum-witness` accepts.
pub struct TestLog {
    signer: NoteSigner,
    leaves: Vec<Hash>,
}

impl TestLog {
    /// The log of this seed; `branch` tells histories apart that begin to differ at leaf 3.
    pub fn new(seed: u8, branch: u8) -> Self {
        let key = NoteSigner::from_seed("x", &[seed; 32]).unwrap().verifier().public_key();
        let origin = format!("sigsum.org/v1/tree/{}", hex::encode(Sha256::digest(key)));
        let leaf = |i: u16| leaf_hash(&[if i < 3 { 0 } else { branch }, (i >> 8) as u8, i as u8]);
        let leaves = (0..1024).map(leaf).collect();
        Self { signer: NoteSigner::from_seed(&origin, &[seed; 32]).unwrap(), leaves }
    }

    pub fn origin(&self) -> &str {
        self.signer.verifier().name()
    }

    pub fn key(&self) -> &VerifierKey {
        self.signer.verifier()
    }

    pub fn checkpoint(&self, size: u64) -> Checkpoint {
        let root = root_of(&self.leaves[..size as usize]);
        Checkpoint { origin: self.origin().to_owned(), size, root }
    }

    pub fn note(&self, size: u64) -> String {
        self.checkpoint(size).sign(&self.signer).unwrap()
    }

    pub fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        consistency_proof(old, &self.leaves[..new as usize]).unwrap_or_default()
    }

    pub fn request(&self, old: u64, new: u64) -> String {
        self.with_proof(old, new, self.proof(old, new))
    }

    pub fn with_proof(&self, old: u64, new: u64, proof: Vec<Hash>) -> String {
        AddCheckpoint::new(old, proof, &self.note(new)).unwrap().to_text()
    }

    /// Signs whatever it is given, as a log with a fault would.
    pub fn sign(&self, text: &str) -> String {
        self.signer.sign(text).unwrap()
    }
}

/// What came over the wire.
pub struct Reply {
    pub status: u16,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn answer(&self) -> Answer {
        Answer::parse(self.status, self.content_type.as_deref(), &self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

/// The time in an answer of 200, once the cosignature is verified over this size of the log.
pub fn cosigned_at(log: &TestLog, size: u64, witness: &WitnessKey, answer: &Answer) -> u64 {
    let Answer::Cosigned(lines) = answer else { panic!("not cosigned: {answer:?}") };
    let cosigned =
        CosignedCheckpoint::verify(log.checkpoint(size), lines, std::slice::from_ref(witness)).unwrap();
    assert_eq!(cosigned.cosignatures().len(), 1, "the witness's own line is missing");
    cosigned.cosignatures()[0].time()
}

/// Holds a witness that knows `log`, and nothing of it yet, to each row of the table. Where it is known to say something
/// else than the table it must say that: rows by their names.
pub fn each_code(
    log: &TestLog,
    witness: &WitnessKey,
    peculiar: &[(&str, Answer)],
    mut post: impl FnMut(&str) -> Reply,
) {
    let answer_to = |what: &str, answer: Answer| {
        let known = peculiar.iter().find(|(row, _)| *row == what);
        known.map_or(answer, |(_, answer)| answer.clone())
    };
    let mut refused = |what: &str, body: &str, answer: Answer| {
        assert_eq!(post(body).answer(), answer_to(what, answer), "{what}\n{body}");
    };
    let (fork, stranger) = (TestLog::new(1, 9), TestLog::new(2, 0));
    let request = |note: String| format!("old 0\n\n{note}");
    let conflict = |recorded| Answer::Conflict { recorded };

    // 400
    refused("nonsense", "nonsense", Answer::Malformed);
    refused("old with leading zero", &log.request(0, 5).replace("old 0", "old 00"), Answer::Malformed);
    let line = format!("{}\n", Base64::encode_string(&[1; 32]));
    let hashes = |n| format!("old 0\n{}\n{}", line.repeat(n), log.note(5));
    refused("64 hashes", &hashes(64), Answer::Malformed);
    refused("no final line feed", log.request(0, 5).trim_end(), Answer::Malformed);
    refused("old above new", &log.with_proof(7, 5, vec![]), Answer::Malformed);
    // 404
    refused("unknown origin", &stranger.request(0, 5), Answer::UnknownOrigin);
    // 403
    let foreign = NoteSigner::from_seed(log.origin(), &[2; 32]).unwrap();
    refused("foreign key", &request(log.checkpoint(5).sign(&foreign).unwrap()), Answer::Untrusted);
    let five = log.checkpoint(5).to_text();
    let spoiled = log.note(5).replace(&five, &log.checkpoint(6).to_text());
    refused("signature over another head", &request(spoiled), Answer::Untrusted);
    // 409
    refused("too large an old size", &log.request(3, 5), conflict(0));
    // 422
    let not_empty = log.sign(&format!("{}\n0\n{}\n", log.origin(), Base64::encode_string(&[7; 32])));
    refused("size 0 with a root", &request(not_empty), Answer::Inconsistent);
    refused("a proof at old 0", &log.with_proof(0, 5, vec![[1; 32]]), Answer::Inconsistent);

    let mut cosigned = |old, new| cosigned_at(log, new, witness, &post(&log.request(old, new)).answer());
    // 200, and again
    let first = cosigned(0, 5);
    let second = cosigned(5, 5);
    assert!(first <= second);
    let mut refused = |what: &str, body: &str, answer: Answer| {
        assert_eq!(post(body).answer(), answer_to(what, answer), "{what}\n{body}");
    };
    refused("the size query", &log.request(0, 5), conflict(5));
    refused("equal size, other root", &fork.with_proof(5, 5, vec![]), Answer::Inconsistent);
    refused("equal size with a proof", &log.with_proof(5, 5, vec![[1; 32]]), Answer::Inconsistent);
    refused("no proof", &log.with_proof(5, 9, vec![]), Answer::Inconsistent);
    let good = log.proof(5, 9);
    for i in 0..good.len() {
        let mut bad = good.clone();
        bad[i][0] ^= 1;
        refused("spoiled proof", &log.with_proof(5, 9, bad), Answer::Inconsistent);
    }
    refused("short proof", &log.with_proof(5, 9, good[1..].to_vec()), Answer::Inconsistent);
    let long = [&good[..], &[[1; 32]]].concat();
    refused("long proof", &log.with_proof(5, 9, long), Answer::Inconsistent);
    refused("fork with its own proof", &fork.request(5, 9), Answer::Inconsistent);
    refused("still the same", &log.request(0, 9), conflict(5));

    // Lines of unknown keys are ignored.
    let plain = log.request(5, 9);
    let extra = format!("{plain}{}", foreign.sign_line("x\n").unwrap().to_text());
    let mut answer = post(&extra).answer();
    if let Some((_, known)) = peculiar.iter().find(|(row, _)| *row == "line of an unknown key") {
        assert_eq!(&answer, known);
        answer = post(&plain).answer();
    }
    cosigned_at(log, 9, witness, &answer);
    let mut refused = |what: &str, body: &str, answer: Answer| {
        assert_eq!(post(body).answer(), answer_to(what, answer), "{what}\n{body}");
    };
    refused("an old head", &log.request(5, 5), conflict(9));
    refused("backwards", &log.with_proof(9, 5, vec![]), Answer::Malformed);
    refused("the same step twice", &log.request(5, 9), conflict(9));
}
