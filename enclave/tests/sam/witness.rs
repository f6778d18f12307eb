//! Place: none. Witnesses as C2SP describes them, written apart from the code under test: they cosign consistent growth of
//! what they have recorded, and nothing else.

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::tree::{Hash, leaf_hash, root_of};
use sha2::{Digest, Sha256};

#[derive(Clone)]
pub struct Witness {
    pub name: String,
    key: SigningKey,
    recorded: (u64, Hash),
    /// Whether it answers.
    pub up: bool,
    /// By how much its clock is ahead, seconds.
    pub ahead: i64,
}

impl Witness {
    pub fn new(seed: u8) -> Self {
        let name = format!("witness.example/{seed}");
        Self {
            name,
            key: SigningKey::from_bytes(&[seed; 32]),
            recorded: (0, root_of(&[])),
            up: true,
            ahead: 0,
        }
    }

    fn blob(&self, octets: &[u8]) -> String {
        Base64::encode_string(octets)
    }

    fn key_id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update(b"\n\x04")
            .chain_update(self.key.verifying_key().as_bytes())
            .finalize();
        hash[..4].try_into().unwrap()
    }

    pub fn vkey(&self) -> String {
        let key = [&[4], &self.key.verifying_key().as_bytes()[..]].concat();
        format!("{}+{}+{}", self.name, hex::encode(self.key_id()), self.blob(&key))
    }

    /// Its line over any text: what a witness that is not honest would give.
    pub fn line(&self, text: &str, time: u64) -> String {
        let message = format!("cosignature/v1\ntime {time}\n{text}");
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        let blob = [&self.key_id()[..], &time.to_be_bytes(), &signature].concat();
        format!("\u{2014} {} {}\n", self.name, self.blob(&blob))
    }

    /// What an honest witness answers to a checkpoint of the ledger with these entries.
    pub fn cosign(&mut self, checkpoint: &Checkpoint, entries: &[Vec<u8>], time: u64) -> Option<String> {
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let root = |size: u64| leaves.get(..size as usize).map(root_of);
        let (size, recorded) = self.recorded;
        let grows = self.up
            && size <= checkpoint.size
            && root(size) == Some(recorded)
            && root(checkpoint.size) == Some(checkpoint.root);
        if !grows {
            return None;
        }
        self.recorded = (checkpoint.size, checkpoint.root);
        Some(self.line(&checkpoint.to_text(), time.saturating_add_signed(self.ahead)))
    }
}
