//! Place: none. The officer's part: the first manifest, and approvals.

use super::keys::DevKey;
use crate::file;
use anyhow::Context as _;
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{CaId, PersonId, RaClientId, ServiceId};
use fuin_shared::key::Spki;
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::manifest::means::MeansPolicy;
use fuin_shared::manifest::{
    AlgorithmPolicy, Auditor, Authority, Custodian, Limits, MAX_MANIFEST, Manifest, Measurement, Officer,
    OfficerSignature, RaClient, ReleaseMode, RelyingParty, SignedManifest, service_id,
};
use fuin_shared::statement::{Body as _, GenesisApproval, SignedStatement};
use std::path::Path;

/// Name of the development CA.
pub const AUTHORITY: &str = "dev-ca";
/// Name of the RA client.
pub const RA_CLIENT: &str = "dev-ra";
/// Relying party of the signer's passkeys.
pub const RELYING_PARTY: &str = "localhost";
/// Origin of the signer's passkeys.
pub const ORIGIN: &str = "https://localhost";
const OFFICER: &str = "dev-officer";
const AUDITOR: &str = "dev-auditor";
/// Life of manifest and algorithms, seconds: ten years.
const LIFE: u64 = 10 * 365 * 24 * 3600;
/// Life of an approval, seconds.
const APPROVAL: u64 = 600;

/// Who and what the manifest names.
pub struct Founders {
    /// Root of the platform's evidence, DER.
    pub evidence_root: Vec<u8>,
    /// The image.
    pub measurement: Measurement,
    /// The custodian.
    pub custodian: Custodian,
    /// Keys of the auditor: the one that speaks, and the one to which details are sealed.
    pub auditor: (Spki, Blob),
    /// Proof key of the RA client.
    pub ra_proof: Spki,
    /// Root of the CA, DER.
    pub ca_root: Vec<u8>,
    /// Witnesses of the ledger; none: results leave when they are durable.
    pub witnesses: Option<WitnessPolicy>,
    /// Events between two snapshots of the ledger.
    pub snapshot_events: Option<u32>,
}

/// The service's manifest, signed.
pub struct Founded {
    /// As signed, in CBOR.
    pub signed: Blob,
    /// The manifest.
    pub manifest: Manifest,
    /// The service.
    pub service: ServiceId,
}

/// The officer.
pub struct DevOfficer(pub DevKey);

impl DevOfficer {
    /// Reads the manifest of this installation, or makes and signs it.
    pub fn found(&self, path: &Path, founders: Founders, now: u64) -> anyhow::Result<Founded> {
        if !path.exists() {
            let manifest = codec::encode(&manifest(self.0.spki(), founders, now)?);
            let signature = self.0.sign(&SignedManifest::message(&manifest))?.into();
            let signatures = vec![OfficerSignature { officer: PersonId::new(OFFICER)?, signature }];
            let signed = SignedManifest { manifest: manifest.into(), signatures };
            file::write(path, &codec::encode(&signed), file::PUBLIC)?;
        }
        Founded::read(path)
    }

    /// Approves that this boot makes a root key. The caller has checked its evidence.
    pub fn approve(&self, body: &GenesisApproval) -> anyhow::Result<Blob> {
        let octets = codec::encode(body);
        let signature = self.0.sign(&SignedStatement::message::<GenesisApproval>(&octets))?;
        tracing::info!(domain = GenesisApproval::DOMAIN, instance = %body.instance, "the officer approves");
        let signed = SignedStatement {
            body: octets.into(),
            signer: PersonId::new(OFFICER)?,
            signature: signature.into(),
        };
        Ok(codec::encode(&signed).into())
    }
}

impl Founded {
    /// The manifest of an installation that was founded before.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let octets = file::read(path, 2 * MAX_MANIFEST as u64)?;
        let read = || -> anyhow::Result<Self> {
            let signed: SignedManifest = codec::decode(&octets)?;
            let manifest = signed.parse()?;
            signed.verify_quorum(&manifest)?;
            let service = service_id(signed.manifest.as_slice());
            Ok(Self { signed: octets.clone().into(), manifest, service })
        };
        read().with_context(|| {
            format!("{}: not this installation's manifest; choose another --dir", path.display())
        })
    }
}

/// When an approval made now ends.
pub const fn approval_end(now: u64) -> u64 {
    now + APPROVAL
}

fn manifest(officer: Spki, founders: Founders, now: u64) -> anyhow::Result<Manifest> {
    let authority = CaId::new(AUTHORITY)?;
    let manifest = Manifest {
        version: 1,
        name: "Fuin development".into(),
        development: true,
        not_after: now + LIFE,
        evidence_anchors: vec![founders.evidence_root.into()],
        measurements: vec![founders.measurement],
        officers: vec![Officer { id: PersonId::new(OFFICER)?, key: officer }],
        officer_quorum: 1,
        custodians: vec![founders.custodian],
        share_threshold: 1,
        ra_clients: vec![RaClient {
            id: RaClientId::new(RA_CLIENT)?,
            proof_key: founders.ra_proof,
            authorities: vec![authority.clone()],
            relying_parties: vec![RelyingParty { id: RELYING_PARTY.into(), origins: vec![ORIGIN.into()] }],
        }],
        authorities: vec![Authority { id: authority, anchors: vec![founders.ca_root.into()] }],
        release: if founders.witnesses.is_some() { ReleaseMode::Cosigned } else { ReleaseMode::Durable },
        algorithms: SignatureAlgorithm::ALL
            .map(|algorithm| AlgorithmPolicy { algorithm, until: now + LIFE })
            .to_vec(),
        limits: Limits { snapshot_events: founders.snapshot_events, ..Limits::default() },
        ledger_prefix: "dev.fuin.invalid/ledger".into(),
        witnesses: founders.witnesses,
        means: Some(MeansPolicy { pin_totp: vec![RaClientId::new(RA_CLIENT)?], ..MeansPolicy::default() }),
        operators: Vec::new(),
        auditors: vec![Auditor {
            id: PersonId::new(AUDITOR)?,
            key: founders.auditor.0,
            sealing: Some(founders.auditor.1),
        }],
        seals: None,
    };
    manifest.check()?;
    Ok(manifest)
}
