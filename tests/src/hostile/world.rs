//! Place: none. One service: its people, its enclave, and the host between them.

use crate::hostile::authority::Authority;
use crate::hostile::host::{Host, Refused};
use crate::hostile::oracle::Oracle;
use crate::hostile::people::Person;
use crate::hostile::process::Enclave;
use crate::hostile::store::Store;
use crate::programs::{program, scratch};
use crate::signer::{now, random};
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
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// rpId of the passkeys.
pub const RELYING_PARTY: &str = "localhost";
/// `caID`.
pub const AUTHORITY: &str = "test-ca";

/// Commands that are kept in mind.
const SEEN: usize = 256;

/// The service and its people.
pub struct World {
    /// The host that the enclave dials.
    pub host: Host,
    /// The enclave.
    pub enclave: Enclave,
    /// The one officer.
    pub officer: Person,
    /// The RA client of the signers.
    pub ra: Person,
    /// Another RA client of the same service, with the same rights over its own signers.
    pub other_ra: Person,
    /// The CA.
    pub authority: Authority,
    /// The one custodian.
    pub custodian: Custodian,
    /// The signers' passkeys.
    pub passkeys: PasskeyDirectory,
    /// Of the enclave's program.
    pub measurement: Measurement,
    /// The development root, DER.
    pub anchor: Vec<u8>,
    /// The manifest, signed.
    pub signed: Blob,
    /// The service.
    pub service: ServiceId,
    /// The ledger, after the genesis.
    pub ledger: Option<LedgerIdentity>,
    /// What was authorized.
    pub oracle: RefCell<Oracle>,
    /// Commands of honest people: all of them went through the host's hands.
    pub seen: RefCell<Vec<Command>>,
    /// Commands in frames that were written by hand, by their request id.
    pub written: RefCell<BTreeMap<u64, Command>>,
    /// Processes started so far.
    pub boots: u64,
    /// Name of the socket.
    socket: String,
    folder: tempfile::TempDir,
}

/// The half of a world that there can be two of: host and enclave.
pub struct Side {
    host: Host,
    enclave: Enclave,
    socket: String,
}

impl World {
    /// Booted, with people and a manifest that was not installed yet.
    #[must_use]
    pub fn booted() -> Self {
        let folder = scratch();
        let host = Host::listen(&folder.path().join("host"));
        let enclave = Enclave::start(folder.path(), "host");
        host.dialled(None);
        let program = std::fs::read(program("fuin-enclave-process")).unwrap();
        let pcr = Pcr(fuin_emulator::process::measure_program(&program).pcr0);
        let measurement = Measurement { pcr0: pcr, pcr1: pcr, pcr2: pcr };
        let (root, anchor) = (folder.path().join("nsm/nsm-root.pem"), folder.path().join("anchor.der"));
        let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
        crate::peers::openssl(&["x509", "-in", &path(&root), "-outform", "DER", "-out", &path(&anchor)]);
        let mut world = Self {
            host,
            enclave,
            officer: Person::new("officer"),
            ra: Person::new("ra"),
            other_ra: Person::new("other-ra"),
            authority: Authority::new(folder.path()),
            custodian: Custodian::new(PersonId::new("custodian").unwrap(), &mut UnwrapErr(SysRng)),
            passkeys: PasskeyDirectory::new(folder.path().join("passkeys"), "https://localhost", false),
            measurement,
            anchor: std::fs::read(anchor).unwrap(),
            signed: Blob::default(),
            service: ServiceId([0; 32]),
            ledger: None,
            oracle: RefCell::default(),
            seen: RefCell::default(),
            written: RefCell::default(),
            boots: 1,
            socket: "host".to_owned(),
            folder,
        };
        let manifest = world.manifest();
        world.signed = world.sign_manifest(&manifest);
        world.service = service_id(&codec::encode(&manifest));
        world
    }

    /// Operational after a genesis.
    #[must_use]
    pub fn operational() -> Self {
        let mut world = Self::booted();
        world.join();
        world.install().unwrap();
        world.genesis();
        world
    }

    /// The manifest, unsigned.
    #[must_use]
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
            ra_clients: [&self.ra, &self.other_ra]
                .map(|ra| RaClient {
                    id: RaClientId::new(ra.id.as_str()).unwrap(),
                    proof_key: ra.spki(),
                    authorities: vec![authority.clone()],
                    relying_parties: vec![RelyingParty {
                        id: RELYING_PARTY.to_owned(),
                        origins: vec!["https://localhost".to_owned()],
                    }],
                })
                .to_vec(),
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

    /// Signed by the officer.
    #[must_use]
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

    /// Sends a command, keeps it in mind, and has the answer judged.
    pub fn call(&self, command: Command) -> Result<Answer, Refused> {
        let mut seen = self.seen.borrow_mut();
        // The first ones stay: they are of the founding and of the first keys.
        if seen.len() >= SEEN {
            seen.remove(SEEN / 2);
        }
        seen.push(command.clone());
        drop(seen);
        let answer = self.host.call(command.clone())?;
        self.oracle.borrow_mut().judge(Some(&command), &answer);
        Ok(answer)
    }

    /// The process is killed and another one started on the same store.
    pub fn reboot(&mut self) {
        let known = self.host.state().instance;
        self.enclave.kill();
        // What it said last is judged by what was authorized to it.
        self.host.gone();
        self.judge_strays();
        self.enclave = Enclave::start(self.folder.path(), &self.socket);
        self.boots += 1;
        self.host.dialled(known);
        self.oracle.borrow_mut().rebooted();
    }

    /// Judges answers that nobody waited for, by the commands that were written by hand.
    pub fn judge_strays(&self) {
        let strays = std::mem::take(&mut self.host.state().strays);
        for (id, answer) in strays {
            self.oracle.borrow_mut().judge(self.written.borrow().get(&id), &answer);
        }
    }

    /// A second enclave, booted beside the first behind a host of its own, on this store.
    #[must_use]
    pub fn twin(&mut self, store: Store) -> Side {
        self.boots += 1;
        let socket = format!("host-{}", self.boots);
        let host = Host::listen(&self.folder.path().join(&socket));
        host.state().store = store;
        let enclave = Enclave::start(self.folder.path(), &socket);
        host.dialled(None);
        Side { host, enclave, socket }
    }

    /// Places in the logs of all enclaves of this world where a panic happened.
    #[must_use]
    pub fn panics(&self) -> Vec<String> {
        let logs = std::fs::read_dir(self.folder.path()).unwrap().flatten();
        let logs = logs.map(|f| f.path()).filter(|path| path.extension().is_some_and(|e| e == "log"));
        let texts = logs.map(|path| std::fs::read_to_string(path).unwrap_or_default());
        let lines = texts.flat_map(|t| t.lines().map(str::to_owned).collect::<Vec<_>>());
        lines.filter(|line| line.contains("internal error") || line.contains("panicked")).collect()
    }

    /// Works with the other enclave from now on; the one of before is kept in its place.
    pub fn change_sides(&mut self, other: &mut Side) {
        std::mem::swap(&mut self.host, &mut other.host);
        std::mem::swap(&mut self.enclave, &mut other.enclave);
        std::mem::swap(&mut self.socket, &mut other.socket);
    }

    /// Name of the socket that the present enclave dials.
    #[must_use]
    pub fn socket(&self) -> &str {
        &self.socket
    }

    /// The enclave's phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.host.call(Command::Status) {
            Ok(Answer::Status(status)) => status.phase,
            other => panic!("status: {other:?}"),
        }
    }

    /// Installs the manifest.
    pub fn install(&self) -> Result<(), Refused> {
        let command = InstallManifest { first: self.signed.clone(), current: self.signed.clone() };
        self.call(Command::InstallManifest(command)).map(drop)
    }

    /// Evidence with a fresh nonce.
    #[must_use]
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
        let Ok(Answer::GenesisShares(made)) = self.call(Command::Genesis(Genesis { approvals })) else {
            panic!("genesis");
        };
        let (bundle, nonce) = self.evidence();
        let receipt =
            self.custodian.accept_share(&bundle, &nonce, now(), &made.commitment, &made.shares[0]).unwrap();
        let confirm = ConfirmGenesis { receipts: vec![codec::encode(&receipt).into()] };
        let Ok(Answer::Operational { ledger, .. }) = self.call(Command::ConfirmGenesis(confirm)) else {
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

    /// The custodian gives the share.
    pub fn provide(&self) -> Result<(), Refused> {
        self.call(Command::ProvideShare(self.share().unwrap())).map(drop)
    }

    /// Another boot, recovered.
    pub fn recover(&mut self) {
        self.reboot();
        self.install().unwrap();
        self.provide().unwrap();
    }

    /// The signer's device.
    #[must_use]
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
    #[must_use]
    pub fn trusted(&self) -> TrustedInstance {
        let (bundle, nonce) = self.evidence();
        self.sic().check_evidence(&bundle, &nonce, now()).unwrap()
    }
}
