//! Place: none. Test kit: a statement of a signer's key in a service, with its ledger.

use super::Doc;
use super::NOW;
use super::bundle::{Service, ledger_key};
use ciborium::Value;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::codec;
use fuin_shared::ids::{CaId, CredentialId, Digest32, StatementId, Subject};
use fuin_shared::key_statement::{
    CryptoModuleKind, KeyAttestation, KeyPurpose, KeyStatement, LedgerProof, VERSION, key_digest,
    key_user_data,
};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::event::{self, CredentialMark, Event, EventBody, RecordMark};
use fuin_shared::log::tree::{inclusion_proof, leaf_hash, root_of};
use fuin_shared::sad::MeansProfile;

/// SHA-256 of the key's SubjectPublicKeyInfo.
pub const SPKI: Digest32 = Digest32([0x5a; 32]);
/// Where the ledger attests the key.
pub const INDEX: u64 = 3;

/// Everything a key attestation is made of; change it, then write it.
#[derive(Clone)]
pub struct StatedKey {
    pub service: Service,
    pub key: KeyStatement,
    /// Body of the ledger's event; made from the statement unless given.
    pub event: Option<EventBody>,
    /// Seed and name of the key that signs the checkpoint.
    pub signer: (String, u8),
}

impl StatedKey {
    /// A linked key of the kit's service.
    pub fn new() -> Self {
        let service = Service::new();
        let key = KeyStatement {
            version: VERSION,
            service: service.statement.service,
            manifest: service.statement.manifest,
            key: CredentialId::new("c-1").unwrap(),
            spki: SPKI,
            algorithm: KeyAlgorithm::EcdsaP256,
            scal: 2,
            purpose: KeyPurpose::Signature,
            crypto_module: CryptoModuleKind::Soft,
            means: Some(MeansProfile::Passkey),
            eid_ref: Some(Digest32([8; 32])),
            authority: CaId::new("ca-1").unwrap(),
            time: NOW - 100,
        };
        let origin = service.statement.ledger.as_ref().unwrap().origin.clone();
        Self { service, key, event: None, signer: (origin, super::bundle::LEDGER) }
    }

    /// With a changed statement.
    pub fn key(mut self, change: impl FnOnce(&mut KeyStatement)) -> Self {
        change(&mut self.key);
        self
    }

    /// With a changed service, whose service id and manifest the key names.
    pub fn service(mut self, change: impl FnOnce(Service) -> Service) -> Self {
        self.service = change(self.service);
        (self.key.service, self.key.manifest) =
            (self.service.statement.service, self.service.statement.manifest);
        self
    }

    /// The ledger's event.
    pub fn event_octets(&self) -> Vec<u8> {
        let body = self.event.clone().unwrap_or_else(|| linked(self.key.digest()));
        codec::encode(&Event { version: event::VERSION, time: self.key.time * 1000, body, detail: None })
    }

    /// The proof that the event stands in a ledger of seven entries.
    pub fn proof(&self) -> LedgerProof {
        let event = self.event_octets();
        let leaves: Vec<_> = (0..7_u64)
            .map(|index| if index == INDEX { leaf_hash(&event) } else { leaf_hash(&index.to_be_bytes()) })
            .collect();
        let (name, seed) = &self.signer;
        let checkpoint = Checkpoint { origin: name.clone(), size: 7, root: root_of(&leaves) };
        LedgerProof {
            index: INDEX,
            event: event.into(),
            path: inclusion_proof(INDEX, &leaves).unwrap().into_iter().map(Digest32).collect(),
            checkpoint: checkpoint.sign(&ledger_key(name, *seed)).unwrap(),
        }
    }

    /// The document that binds everything.
    pub fn document(&self) -> Doc {
        let statement = codec::encode(&self.service.statement);
        let digest = key_digest(&codec::encode(&self.key));
        let bound = key_user_data(&statement, &digest);
        self.service.document().with("user_data", Value::Bytes(bound.0.to_vec()))
    }

    /// The parts, with the ledger's proof.
    pub fn parts(&self) -> KeyAttestation {
        let bundle = self.service.parts_around(&self.document());
        KeyAttestation {
            key: codec::encode(&self.key).into(),
            document: bundle.document,
            statement: bundle.statement,
            manifest: bundle.manifest,
            ledger: Some(self.proof()),
        }
    }

    /// The attestation.
    pub fn octets(&self) -> Vec<u8> {
        codec::encode(&self.parts())
    }
}

/// The event of a link that attests `digest`.
pub fn linked(attests: Digest32) -> EventBody {
    EventBody::MeansLinked {
        credential: mark(),
        record: RecordMark { version: 2, hash: Digest32([2; 32]) },
        attests,
        statement: StatementId([3; 16]),
    }
}

/// The event of a key's destruction.
pub fn destroyed() -> EventBody {
    EventBody::KeyDestroyed { credential: mark(), statement: StatementId([4; 16]) }
}

fn mark() -> CredentialMark {
    CredentialMark { subject: Subject([1; 32]), sequence: 1 }
}
