//! Place: none. What an enclave says of itself, and the manifest it works under.

use crate::Vector;
use crate::parts::{authority, client, digest, instance_keys, octets, person, spki, thirty_two};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::evidence::{
    EvidenceBundle, EvidenceStatement, Freshness, LedgerEpoch, LedgerIdentity, Pcr, Purpose, RootProvider,
    STATEMENT_VERSION,
};
use fuin_shared::ids::{ManifestHash, MeansId, RootCommitment, ServiceId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::manifest::means::{IdentityProvider, MeansPolicy, ProviderKey, X509Issuer};
use fuin_shared::manifest::seals::{AttestedPrograms, SealPolicy};
use fuin_shared::manifest::{
    AlgorithmPolicy, Auditor, Authority, Custodian, Limits, Manifest, Measurement, Officer, OfficerSignature,
    RaClient, ReleaseMode, RelyingParty, SignedManifest, Staff,
};
use fuin_shared::phase::Phase;
use fuin_shared::rotation::RotationStage;

/// A statement before the root key: every absent part is a null.
pub fn first_statement() -> EvidenceStatement {
    EvidenceStatement {
        version: STATEMENT_VERSION,
        purpose: Purpose::Genesis,
        service: ServiceId(thirty_two(0x21)),
        phase: Phase::Uninitialized,
        instance: instance_keys(),
        manifest: ManifestHash(thirty_two(0x23)),
        ledger: None,
        root_commitment: None,
        root_provider: None,
        release: None,
        witness_policy: None,
        epoch: None,
        rotation: None,
    }
}

pub fn statement() -> EvidenceStatement {
    EvidenceStatement {
        purpose: Purpose::Service,
        phase: Phase::Operational,
        ledger: Some(LedgerIdentity {
            origin: "fuin.example/ledger".into(),
            vkey: "fuin.example/ledger+00000000+AQ".into(),
        }),
        root_commitment: Some(RootCommitment(thirty_two(0x22))),
        root_provider: Some(RootProvider::Custodians),
        release: Some(ReleaseMode::Durable),
        witness_policy: Some(digest(0x24)),
        ..first_statement()
    }
}

/// After a break in the ledger.
fn statement_of_an_epoch() -> EvidenceStatement {
    let epoch = LedgerEpoch { number: 1, predecessor: "fuin.example/before".into(), index: 9 };
    EvidenceStatement { epoch: Some(epoch), ..statement() }
}

/// While records are sealed under two root keys.
fn statement_of_a_rotation() -> EvidenceStatement {
    let rotation = crate::statements::rotation(RotationStage::Rewrapping);
    EvidenceStatement { root_commitment: Some(rotation.to), rotation: Some(rotation), ..statement() }
}

pub fn manifest() -> Manifest {
    let pcr = |first: u8| Pcr(std::array::from_fn(|n| first.wrapping_add(n as u8)));
    Manifest {
        version: 1,
        name: "Fuin example".into(),
        development: true,
        not_after: 1_900_000_000,
        evidence_anchors: vec![octets(0x30, 20)],
        measurements: vec![Measurement { pcr0: pcr(0), pcr1: pcr(1), pcr2: pcr(2) }],
        officers: vec![Officer { id: person("officer-1"), key: spki() }],
        officer_quorum: 1,
        custodians: vec![Custodian { id: person("custodian-1"), signing: spki(), sealing: octets(4, 97) }],
        share_threshold: 1,
        ra_clients: vec![RaClient {
            id: client(),
            proof_key: spki(),
            authorities: vec![authority()],
            relying_parties: vec![RelyingParty {
                id: "fuin.example".into(),
                origins: vec!["https://fuin.example".into()],
            }],
        }],
        authorities: vec![Authority { id: authority(), anchors: vec![octets(0x31, 20)] }],
        release: ReleaseMode::Durable,
        algorithms: vec![AlgorithmPolicy {
            algorithm: SignatureAlgorithm::EcdsaSha256,
            until: 1_900_000_000,
        }],
        limits: Limits::default(),
        ledger_prefix: "fuin.example/ledger".into(),
        witnesses: None,
        means: None,
        operators: Vec::new(),
        auditors: Vec::new(),
        seals: None,
    }
}

/// Issuers of means; the anchor is octets alone, as no encoding reads it.
fn means() -> MeansPolicy {
    let id = |name| MeansId::new(name).expect("a name");
    MeansPolicy {
        x509: vec![X509Issuer {
            id: id("cards"),
            clients: vec![client()],
            anchors: vec![octets(0x30, 20)],
            policies: vec!["1.2.3.4".into()],
            content_commitment: false,
            status_seconds: 3600,
        }],
        providers: vec![IdentityProvider {
            id: id("provider"),
            clients: vec![client()],
            issuer: "https://idp.example".into(),
            audience: "fuin".into(),
            keys: vec![ProviderKey { id: "key-1".into(), key: spki() }],
            acr: vec!["high".into()],
            amr: vec!["hwk".into()],
            shows_transaction: true,
            token_seconds: 600,
        }],
        pin_totp: Vec::new(),
    }
}

fn seals() -> SealPolicy {
    let image = Measurement { pcr0: Pcr([0x51; 48]), pcr1: Pcr([0x52; 48]), pcr2: Pcr([0x53; 48]) };
    SealPolicy {
        required: true,
        anchors: vec![octets(0x30, 20)],
        policies: vec!["1.2.3.4".into()],
        attested: Some(AttestedPrograms { images: vec![image], document_seconds: 600 }),
    }
}

pub fn vectors() -> Vec<Vector> {
    // It is older than the rule that no two entries have the same key, and its octets stay as they are.
    let key = |seed| {
        let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).expect("a scalar");
        Spki::from(&PublicKey::P256(*key.verifying_key()))
    };
    let mut lawful = manifest();
    lawful.custodians[0].signing = key(1);
    lawful.ra_clients[0].proof_key = key(2);
    lawful.check().expect("the sample keeps every other rule of manifests");
    let staffed = Manifest {
        operators: vec![Staff { id: person("operator-1"), key: key(3) }],
        auditors: vec![Auditor { id: person("auditor-1"), key: key(4), sealing: None }],
        ..lawful
    };
    staffed.check().expect("the sample keeps the rules of every manifest");
    let opening = p384::ecdsa::SigningKey::from_slice(&[5; 48]).expect("a scalar");
    let mut reading = staffed.clone();
    reading.auditors[0].sealing = Some(opening.verifying_key().to_sec1_point(false).as_bytes().into());
    reading.check().expect("the sample keeps the rules of every manifest");
    let signed = SignedManifest {
        manifest: fuin_shared::codec::encode(&manifest()).into(),
        signatures: vec![OfficerSignature { officer: person("officer-1"), signature: octets(0x30, 70) }],
    };
    let bundle = EvidenceBundle {
        document: octets(0x84, 16),
        statement: fuin_shared::codec::encode(&statement()).into(),
        manifest: fuin_shared::codec::encode(&signed).into(),
        freshness: Some(Freshness {
            nonce: octets(9, 32),
            time: 1_800_000_000,
            signature: octets(0x30, 102),
        }),
    };
    vec![
        Vector::cbor("evidence/statement-before-genesis", first_statement()),
        Vector::cbor("evidence/statement-operational", statement()),
        Vector::cbor("evidence/statement-of-an-epoch", statement_of_an_epoch()),
        Vector::cbor("evidence/statement-of-a-rotation", statement_of_a_rotation()),
        Vector::cbor("evidence/bundle", bundle),
        Vector::cbor("manifest/manifest", manifest()),
        Vector::cbor("manifest/signed", signed),
        Vector::cbor("manifest/with-means", Manifest { means: Some(means()), ..manifest() }),
        Vector::cbor(
            "manifest/with-pins",
            Manifest {
                means: Some(MeansPolicy { pin_totp: vec![client()], ..MeansPolicy::default() }),
                ..manifest()
            },
        ),
        Vector::cbor("manifest/cosigned-release", ReleaseMode::Cosigned),
        Vector::cbor("manifest/staffed", staffed),
        Vector::cbor("manifest/with-detail-readers", reading),
        Vector::cbor("manifest/with-seals", Manifest { seals: Some(seals()), ..manifest() }),
    ]
}
