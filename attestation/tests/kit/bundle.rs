//! Place: none. Test kit: a service with one officer, and its evidence bundle.

use super::{Doc, NOW, key, pcrs};
use ciborium::Value;
use fuin_shared::codec;
use fuin_shared::evidence::{
    EvidenceBundle, EvidenceStatement, Freshness, InstanceKeys, LedgerIdentity, Pcr, Purpose, RootProvider,
    STATEMENT_VERSION, user_data_of,
};
use fuin_shared::ids::{PersonId, RootCommitment, ServiceId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::log::cosignature::Cosigner;
use fuin_shared::log::note::NoteSigner;
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::manifest::{
    Custodian, Manifest, Measurement, Officer, OfficerSignature, ReleaseMode, SignedManifest, manifest_hash,
    service_id,
};
use fuin_shared::phase::Phase;
use p384::ecdsa::Signature;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use sha2::{Digest, Sha384};

/// Key number of the officer.
pub const OFFICER: u8 = 21;
/// Key number of the instance.
pub const INSTANCE: u8 = 31;

/// Key number of the ledger.
pub const LEDGER: u8 = 41;
/// Name of the ledger and of its key.
pub const LEDGER_NAME: &str = "test.example/ledger/1";

/// The key number `seed` of a ledger.
pub fn ledger_key(name: &str, seed: u8) -> NoteSigner {
    NoteSigner::from_seed(name, &[seed; 32]).unwrap()
}

/// Everything a bundle is made of; change it, then write it.
#[derive(Clone)]
pub struct Service {
    pub doc: Doc,
    pub manifest: Manifest,
    pub statement: EvidenceStatement,
    /// Key number that signs the manifest.
    pub officer: u8,
    /// Nonce, time and key number of the instance's word.
    pub freshness: Option<(Vec<u8>, u64, u8)>,
}

/// ECDSA in DER by key number `seed`.
pub fn sign(seed: u8, message: &[u8]) -> Vec<u8> {
    let signature: Signature = key(seed).sign_prehash(&Sha384::digest(message)).unwrap();
    signature.to_der().as_bytes().to_vec()
}

fn spki(seed: u8) -> Spki {
    Spki::from(&PublicKey::P384(*key(seed).verifying_key()))
}

fn point(seed: u8) -> Vec<u8> {
    key(seed).verifying_key().to_sec1_point(false).as_bytes().to_vec()
}

impl Service {
    /// A development service, operational, whose document carries the nonce `nonce`.
    pub fn new() -> Self {
        let doc = Doc::new();
        let person = |name: &str| PersonId::new(name).unwrap();
        let pcr = |fill| Pcr([fill; 48]);
        let manifest = Manifest {
            version: 1,
            name: "Test service".to_owned(),
            development: true,
            not_after: NOW + 86_400,
            evidence_anchors: vec![doc.root().into()],
            measurements: vec![Measurement { pcr0: pcr(1), pcr1: pcr(2), pcr2: pcr(3) }],
            officers: vec![Officer { id: person("officer"), key: spki(OFFICER) }],
            officer_quorum: 1,
            custodians: vec![Custodian {
                id: person("custodian"),
                signing: spki(22),
                sealing: point(23).into(),
            }],
            share_threshold: 1,
            ra_clients: Vec::new(),
            authorities: Vec::new(),
            release: ReleaseMode::Durable,
            algorithms: Vec::new(),
            limits: Default::default(),
            ledger_prefix: "test.example/ledger".to_owned(),
            witnesses: None,
            means: None,
            operators: Vec::new(),
            auditors: Vec::new(),
            seals: None,
        };
        let statement = EvidenceStatement {
            version: STATEMENT_VERSION,
            purpose: Purpose::Service,
            service: ServiceId([0; 32]),
            phase: Phase::Operational,
            instance: InstanceKeys { hpke: point(INSTANCE).into(), signing: spki(INSTANCE) },
            manifest: manifest_hash(&[]),
            ledger: Some(LedgerIdentity {
                origin: LEDGER_NAME.to_owned(),
                vkey: ledger_key(LEDGER_NAME, LEDGER).verifier().to_string(),
            }),
            root_commitment: Some(RootCommitment([7; 32])),
            root_provider: Some(RootProvider::Custodians),
            release: Some(ReleaseMode::Durable),
            witness_policy: None,
            epoch: None,
            rotation: None,
        };
        let mut service = Self { doc, manifest, statement, officer: OFFICER, freshness: None };
        service.bind();
        service
    }

    /// Makes the statement name the manifest, and its hash the service id.
    pub fn bind(&mut self) {
        let octets = codec::encode(&self.manifest);
        self.statement.manifest = manifest_hash(&octets);
        self.statement.service = service_id(&octets);
    }

    /// Its results wait for the only witness that it has.
    pub fn cosigned(self) -> Self {
        let witness = Cosigner::from_seed("witness.example/1", &[41; 32]).unwrap();
        let witnesses = vec![witness.witness().to_string()];
        let policy = WitnessPolicy { witnesses, threshold: 1, faults: 0 };
        let digest = policy.digest();
        let service = self.manifest(|m| (m.release, m.witnesses) = (ReleaseMode::Cosigned, Some(policy)));
        service.statement(|s| {
            (s.release, s.witness_policy) = (Some(ReleaseMode::Cosigned), Some(digest));
        })
    }

    /// With a changed manifest, bound again.
    pub fn manifest(mut self, change: impl FnOnce(&mut Manifest)) -> Self {
        change(&mut self.manifest);
        self.bind();
        self
    }

    /// With a changed statement.
    pub fn statement(mut self, change: impl FnOnce(&mut EvidenceStatement)) -> Self {
        change(&mut self.statement);
        self
    }

    /// With the instance's word over `nonce` at `time`, by key number `seed`.
    pub fn freshness(mut self, nonce: &[u8], time: u64, seed: u8) -> Self {
        self.freshness = Some((nonce.to_vec(), time, seed));
        self
    }

    /// The document that binds everything.
    pub fn document(&self) -> Doc {
        let statement = codec::encode(&self.statement);
        let mut registers = match pcrs(&[(0, 1), (1, 2), (2, 3), (3, 0), (4, 5)]) {
            Value::Map(entries) => entries,
            _ => unreachable!("pcrs are a map"),
        };
        let service = Pcr::extended_once(self.statement.service.as_ref());
        registers.push((16.into(), Value::Bytes(service.0.to_vec())));
        self.doc
            .clone()
            .with("user_data", Value::Bytes(user_data_of(&statement).0.to_vec()))
            .with("pcrs", Value::Map(registers))
    }

    /// The parts of the bundle.
    pub fn parts(&self) -> EvidenceBundle {
        self.parts_around(&self.document())
    }

    /// The parts of the bundle around another document.
    pub fn parts_around(&self, document: &Doc) -> EvidenceBundle {
        let manifest = codec::encode(&self.manifest);
        let signature = sign(self.officer, &SignedManifest::message(&manifest));
        let signed = SignedManifest {
            manifest: manifest.into(),
            signatures: vec![OfficerSignature {
                officer: self.manifest.officers[0].id.clone(),
                signature: signature.into(),
            }],
        };
        EvidenceBundle {
            document: document.octets().into(),
            statement: codec::encode(&self.statement).into(),
            manifest: codec::encode(&signed).into(),
            freshness: self.freshness.as_ref().map(|(nonce, time, seed)| Freshness {
                nonce: nonce.clone().into(),
                time: *time,
                signature: sign(
                    *seed,
                    &Freshness::message(nonce, *time, &self.statement.manifest, &self.statement.user_data()),
                )
                .into(),
            }),
        }
    }

    /// The bundle.
    pub fn octets(&self) -> Vec<u8> {
        codec::encode(&self.parts())
    }
}
