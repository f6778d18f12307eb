//! Place: none. One service: its people, its enclave, and the host between them.

use crate::authority::Authority;
use crate::host::{Host, Refused};
use crate::people::Person;
use crate::process::Enclave;
use fuin_attestation::{
    Anchors, At, DevelopmentAnchor, Expectations, Nonce, Profile, References, VerifiedEvidence, Window,
    verify_bundle,
};
use fuin_custodian::{Custodian, CustodianError, Pins};
use fuin_sca::passkey::PasskeyDirectory;
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::{LedgerIdentity, Pcr};
use fuin_shared::ids::{CaId, PersonId, RaClientId, ServiceId, StatementId};
use fuin_shared::manifest::{
    AlgorithmPolicy, Authority as ListedAuthority, Limits, Manifest, Measurement, Officer, OfficerSignature,
    RaClient, ReleaseMode, RelyingParty, SignedManifest, service_id,
};
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use fuin_shared::statement::GenesisApproval;
use fuin_sic::{Sic, TrustedInstance};
use fuin_tests::programs::{program, scratch};
use fuin_tests::signer::{now, random};
use getrandom::SysRng;
use rand_core::UnwrapErr;

pub const RELYING_PARTY: &str = "localhost";
pub const AUTHORITY: &str = "test-ca";

pub struct World {
    pub host: Host,
    pub enclave: Enclave,
    pub officer: Person,
    pub ra: Person,
    pub authority: Authority,
    pub custodian: Custodian,
    pub passkeys: PasskeyDirectory,
    pub measurement: Measurement,
    pub anchor: Vec<u8>,
    pub signed: Blob,
    pub service: ServiceId,
    pub ledger: Option<LedgerIdentity>,
    folder: tempfile::TempDir,
}

impl World {
    /// Booted, with people and a manifest that was not installed yet.
    pub fn new() -> Self {
        let folder = scratch();
        let host = Host::listen(&folder.path().join("host"));
        let enclave = Enclave::start(folder.path());
        host.dialled(None);
        let program = std::fs::read(program("fuin-enclave-process")).unwrap();
        let pcr = Pcr(fuin_emulator::process::measure_program(&program).pcr0);
        let measurement = Measurement { pcr0: pcr, pcr1: pcr, pcr2: pcr };
        let (root, anchor) = (folder.path().join("nsm/nsm-root.pem"), folder.path().join("anchor.der"));
        let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
        fuin_tests::peers::openssl(&["x509", "-in", &path(&root), "-outform", "DER", "-out", &path(&anchor)]);
        let mut world = Self {
            host,
            enclave,
            officer: Person::new("officer"),
            ra: Person::new("ra"),
            authority: Authority::new(folder.path()),
            custodian: Custodian::new(PersonId::new("custodian").unwrap(), &mut UnwrapErr(SysRng)),
            passkeys: PasskeyDirectory::new(folder.path().join("passkeys"), "https://localhost", false),
            measurement,
            anchor: std::fs::read(anchor).unwrap(),
            signed: Blob::default(),
            service: ServiceId([0; 32]),
            ledger: None,
            folder,
        };
        let manifest = world.manifest();
        world.signed = world.sign_manifest(&manifest);
        world.service = service_id(&codec::encode(&manifest));
        world
    }

    /// Operational after a genesis.
    pub fn operational() -> Self {
        let mut world = Self::new();
        world.join();
        world.install().unwrap();
        world.genesis();
        world
    }

    pub fn manifest(&self) -> Manifest {
        let authority = CaId::new(AUTHORITY).unwrap();
        Manifest {
            version: 1,
            name: "Test service".to_owned(),
            development: true,
            not_after: now() + 1_000_000,
            evidence_anchors: vec![self.anchor.clone().into()],
            measurements: vec![self.measurement.clone()],
            officers: vec![Officer { id: self.officer.id.clone(), key: self.officer.spki() }],
            officer_quorum: 1,
            custodians: vec![self.custodian.manifest_entry()],
            share_threshold: 1,
            ra_clients: vec![RaClient {
                id: RaClientId::new(self.ra.id.as_str()).unwrap(),
                proof_key: self.ra.spki(),
                authorities: vec![authority.clone()],
                relying_parties: vec![RelyingParty {
                    id: RELYING_PARTY.to_owned(),
                    origins: vec!["https://localhost".to_owned()],
                }],
            }],
            authorities: vec![ListedAuthority { id: authority, anchors: vec![self.authority.root().into()] }],
            release: ReleaseMode::Durable,
            algorithms: SignatureAlgorithm::ALL
                .map(|algorithm| AlgorithmPolicy { algorithm, until: now() + 2_000_000 })
                .to_vec(),
            limits: Limits::default(),
            ledger_prefix: "ledger.example/fuin".to_owned(),
            witnesses: None,
        }
    }

    pub fn sign_manifest(&self, manifest: &Manifest) -> Blob {
        let octets = codec::encode(manifest);
        let signature = self.officer.sign(&SignedManifest::message(&octets));
        let signatures = vec![OfficerSignature { officer: self.officer.id.clone(), signature }];
        codec::encode(&SignedManifest { manifest: octets.into(), signatures }).into()
    }

    /// The custodian pins the service.
    pub fn join(&mut self) {
        let measured = &self.measurement;
        let pins = Pins {
            service: self.service,
            measurement: [measured.pcr0, measured.pcr1, measured.pcr2],
            development_anchor: Some(self.anchor.clone().into()),
        };
        self.custodian.join(pins).unwrap();
    }

    /// The process is killed and another one started on the same store.
    pub fn reboot(&mut self) {
        let known = self.host.state().instance;
        self.enclave = Enclave::start(self.folder.path());
        self.host.dialled(known);
    }

    pub fn phase(&self) -> Phase {
        match self.host.call(Command::Status) {
            Ok(Answer::Status(status)) => status.phase,
            other => panic!("status: {other:?}"),
        }
    }

    pub fn install(&self) -> Result<(), Refused> {
        let command = InstallManifest { first: self.signed.clone(), current: self.signed.clone() };
        self.host.call(Command::InstallManifest(command)).map(drop)
    }

    /// Evidence with a fresh nonce.
    pub fn evidence(&self) -> (Vec<u8>, [u8; 32]) {
        let nonce = random();
        match self.host.call(Command::GetEvidence(GetEvidence { nonce: Some(Blob::from(&nonce[..])) })) {
            Ok(Answer::Evidence(bundle)) => (bundle.0, nonce),
            other => panic!("evidence: {other:?}"),
        }
    }

    fn anchors(&self) -> Anchors {
        Anchors::development(DevelopmentAnchor::from_der(&self.anchor).unwrap())
    }

    /// What the officer saw of an enclave before the genesis.
    fn officer_checks(&self) -> VerifiedEvidence {
        let (bundle, nonce) = self.evidence();
        let (at, window) = (At::Unix(now()), Window::default());
        let anchors = self.anchors();
        let evidence =
            verify_bundle(&bundle, &anchors, at, Profile::AwsText, Nonce::Expected(&nonce), window).unwrap();
        let mut references = References::none();
        references.expect(0, self.measurement.pcr0.as_ref()).unwrap();
        let expectations = Expectations {
            phases: Some(vec![Phase::Uninitialized]),
            minimum_release: None,
            allow_development: true,
            ..Expectations::of_service(self.service, references)
        };
        evidence.appraise(&expectations).unwrap();
        evidence
    }

    fn genesis(&mut self) {
        let evidence = self.officer_checks();
        let approval = GenesisApproval {
            service: self.service,
            instance: evidence.instance_id(),
            manifest: evidence.manifest_hash(),
            statement: StatementId(random()),
            not_after: now() + 60,
        };
        let approvals = vec![self.officer.state(&approval)];
        let Ok(Answer::GenesisShares(made)) = self.host.call(Command::Genesis(Genesis { approvals })) else {
            panic!("genesis");
        };
        let (bundle, nonce) = self.evidence();
        let receipt =
            self.custodian.accept_share(&bundle, &nonce, now(), &made.commitment, &made.shares[0]).unwrap();
        let confirm = ConfirmGenesis { receipts: vec![codec::encode(&receipt).into()] };
        let Ok(Answer::Operational { ledger, .. }) = self.host.call(Command::ConfirmGenesis(confirm)) else {
            panic!("genesis");
        };
        self.ledger = Some(ledger);
        let (bundle, nonce) = self.evidence();
        self.custodian.learn_ledger(&bundle, &nonce, now()).unwrap();
        self.observe();
    }

    /// The custodian sees the newest checkpoint.
    pub fn observe(&mut self) {
        let note = self.host.state().store.checkpoint.clone().unwrap();
        self.custodian.observe_checkpoint(&note).unwrap();
    }

    /// What an honest custodian gives to this boot, if its evidence is good.
    pub fn share(&self) -> Result<ProvideShare, CustodianError> {
        let (bundle, nonce) = self.evidence();
        let given = self.custodian.provide_share(&bundle, &nonce, now(), &mut UnwrapErr(SysRng))?;
        Ok(ProvideShare {
            statement: codec::encode(&given.statement).into(),
            sealed: codec::encode(&given.sealed).into(),
        })
    }

    pub fn provide(&self) -> Result<(), Refused> {
        self.host.call(Command::ProvideShare(self.share().unwrap())).map(drop)
    }

    /// Another boot, recovered.
    pub fn recover(&mut self) {
        self.reboot();
        self.install().unwrap();
        self.provide().unwrap();
    }

    /// The signer's device.
    pub fn sic(&self) -> Sic {
        Sic::new(fuin_sic::Pins {
            service: self.service,
            measurement: self.measurement.clone(),
            release: ReleaseMode::Durable,
            anchors: self.anchors(),
            allow_development: true,
        })
        .unwrap()
    }

    /// The instance, once the signer's device has checked its evidence.
    pub fn trusted(&self) -> TrustedInstance {
        let (bundle, nonce) = self.evidence();
        self.sic().check_evidence(&bundle, &nonce, now()).unwrap()
    }
}
