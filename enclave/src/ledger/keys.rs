//! Place: SAM. Keys derived from the root key, each for one use (HKDF-SHA384 under its own domain).
//!
//! When another root key takes over, the ledger's key and that of the pseudonyms go on as they are; records are sealed under
//! the new one, and opened under both until the former one is forgotten.

mod carried;

use fuin_shared::codec;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32, LedgerId, RaClientId, ServiceId, Subject, UserId};
use fuin_shared::log::note::NoteSigner;
use fuin_shared::log::state::LedgerName;
use fuin_shared::share::root_digest;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha384};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The root key. Made at genesis, given back by custodians or another enclave, zeroized with the process.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RootKey([u8; 32]);

impl RootKey {
    /// Takes the octets over.
    #[must_use]
    pub fn new(mut octets: [u8; 32]) -> Self {
        let key = Self(octets);
        octets.zeroize();
        key
    }

    /// For the sharing and the hand-over only.
    pub(crate) const fn octets(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its digest, which the root commitment is made over.
    #[must_use]
    pub fn digest(&self, service: &ServiceId) -> Digest32 {
        root_digest(service, &self.0)
    }

    fn derive(&self, domain: &[u8], context: &[u8], out: &mut [u8]) {
        // Invariant: no output here is longer than the 255 blocks that HKDF gives.
        Hkdf::<Sha384>::new(None, &self.0).expand_multi_info(&[domain, context], out).expect("short output");
    }
}

/// The root key, and everything that is derived from it for one ledger.
pub struct LedgerKeys {
    root: RootKey,
    /// Signs checkpoints.
    pub signer: NoteSigner,
    /// Origin and vkey, as evidence shows them.
    pub identity: LedgerIdentity,
    /// Random identifier of the ledger, bound into details.
    pub ledger: LedgerId,
    /// Shard, bound into sealed records.
    pub shard: u32,
    /// What the signer is made from.
    seed: Zeroizing<[u8; 32]>,
    records: Zeroizing<[u8; 32]>,
    /// That of the former root key, while records are sealed under it.
    former_records: Option<Zeroizing<[u8; 32]>>,
    subjects: Zeroizing<[u8; 32]>,
}

impl LedgerKeys {
    /// Derives them. `prefix` comes from the manifest; the origin ends with the hash of the ledger's public key.
    ///
    /// # Errors
    /// [`Fault::ManifestMalformed`] when the prefix cannot stand in an origin.
    pub fn derive(root: RootKey, prefix: &str, name: LedgerName) -> Result<Self, Fault> {
        let seed = ledger_seed(&root, name);
        let mut subjects = Zeroizing::new([0; 32]);
        root.derive(b"fuin/subjects/v1\0", b"", &mut *subjects);
        Self::assemble(root, seed, subjects, prefix, name)
    }

    fn assemble(
        root: RootKey,
        seed: Zeroizing<[u8; 32]>,
        subjects: Zeroizing<[u8; 32]>,
        prefix: &str,
        name: LedgerName,
    ) -> Result<Self, Fault> {
        let (signer, identity) = signer(&seed, prefix)?;
        let records = records_key(&root);
        let LedgerName { ledger, shard, .. } = name;
        Ok(Self { root, signer, identity, ledger, shard, seed, records, former_records: None, subjects })
    }

    /// Those of another epoch of this ledger, in their place: its key comes from the root key that there is now.
    ///
    /// # Errors
    /// As [`LedgerKeys::derive`].
    pub fn succeed(mut self, prefix: &str, name: LedgerName) -> Result<Self, Fault> {
        self.seed = ledger_seed(&self.root, name);
        (self.signer, self.identity) = signer(&self.seed, prefix)?;
        Ok(self)
    }

    /// Another root key takes over: from here on records are sealed under it, and still opened under the one before.
    pub fn rotate(&mut self, root: RootKey) {
        let records = records_key(&root);
        self.former_records = Some(std::mem::replace(&mut self.records, records));
        self.root = root;
    }

    /// The same of keys that were carried to another root key already.
    #[must_use]
    pub fn follow(mut self, before: Self) -> Self {
        self.former_records = Some(before.records);
        self
    }

    /// What of the former root key is left is erased.
    pub fn forget_former(&mut self) {
        self.former_records = None;
    }

    /// What they are derived from, for a hand-over.
    pub(crate) const fn root(&self) -> &RootKey {
        &self.root
    }

    /// Key for one sealed blob, from the blob's random salt.
    pub(super) fn record_key(&self, salt: &[u8]) -> Zeroizing<[u8; 32]> {
        blob_key(&self.records, salt)
    }

    /// The same under the former root key.
    pub(super) fn former_record_key(&self, salt: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        self.former_records.as_ref().map(|records| blob_key(records, salt))
    }

    fn pseudonym(&self, domain: &[u8], parts: &[u8]) -> Subject {
        // Invariant: HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.subjects).expect("any key length");
        mac.update(domain);
        mac.update(parts);
        Subject(mac.finalize().into_bytes().into())
    }

    /// Pseudonym of a credential: keyed, and salted with what dies with its record.
    #[must_use]
    pub fn credential(&self, salt: &[u8], id: &CredentialId) -> Subject {
        self.pseudonym(b"credential\0", &codec::encode(&(serde_bytes::Bytes::new(salt), id)))
    }

    /// Pseudonym of a signer: owned by the RA client.
    #[must_use]
    pub fn signer_subject(&self, client: &RaClientId, user: &UserId) -> Subject {
        self.pseudonym(b"signer\0", &codec::encode(&(client, user)))
    }

    /// Pseudonym of a certificate: by issuer and serial, for the same certificate can be written with another signature.
    #[must_use]
    pub fn certificate(&self, issuer_der: &[u8], serial: &[u8]) -> Subject {
        let parts = (serde_bytes::Bytes::new(issuer_der), serde_bytes::Bytes::new(serial));
        self.pseudonym(b"certificate\0", &codec::encode(&parts))
    }
}

fn ledger_seed(root: &RootKey, name: LedgerName) -> Zeroizing<[u8; 32]> {
    let context = codec::encode(&(name.ledger, name.shard, name.epoch));
    let mut seed = Zeroizing::new([0; 32]);
    root.derive(b"fuin/ledger-key/v1\0", &context, &mut *seed);
    seed
}

fn records_key(root: &RootKey) -> Zeroizing<[u8; 32]> {
    let mut records = Zeroizing::new([0; 32]);
    root.derive(b"fuin/records/v1\0", b"", &mut *records);
    records
}

fn blob_key(records: &[u8; 32], salt: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    // Invariant: one block of output.
    Hkdf::<Sha384>::new(Some(salt), records).expand(b"fuin/record-blob/v1", &mut *key).expect("short output");
    key
}

fn signer(seed: &[u8; 32], prefix: &str) -> Result<(NoteSigner, LedgerIdentity), Fault> {
    let public = NoteSigner::from_seed("fuin", seed).map_err(|_| Fault::Internal)?;
    let hash = hex::encode(Sha256::digest(public.verifier().public_key()));
    let origin = format!("{prefix}/{hash}");
    let signer = NoteSigner::from_seed(&origin, seed).map_err(|_| Fault::ManifestMalformed)?;
    let identity = LedgerIdentity { origin, vkey: signer.verifier().to_string() };
    Ok((signer, identity))
}
