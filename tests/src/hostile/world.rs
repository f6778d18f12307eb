//! Place: none. One service: its people, its enclave, and the host between them.

mod manifests;
mod rotation;
mod sides;

pub use sides::{Side, Snapshot};

use crate::hostile::auditing::HonestAuditor;
use crate::hostile::authority::Authority;
use crate::hostile::host::{Host, Refused};
use crate::hostile::means::Means;
use crate::hostile::oracle::Oracle;
use crate::hostile::people::Person;
use crate::hostile::process::{CLOCK, Enclave, Place, SOCKET};
use crate::hostile::witnesses::Witnesses;
use crate::programs::scratch;
use crate::signer::{now, random};
use fuin_attestation::{
    Anchors, At, DevelopmentAnchor, Expectations, Nonce, Profile, References, VerifiedEvidence, Window,
    verify_bundle,
};
use fuin_custodian::{Custodian, CustodianError, Pins};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
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
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::time::Duration;

/// rpId of the passkeys.
pub const RELYING_PARTY: &str = "localhost";
/// The RA client of the signers.
pub const RA: &str = "ra";
/// `caID`.
pub const AUTHORITY: &str = "test-ca";

/// Through this comes an answer.
pub type Pending = mpsc::Receiver<Result<Answer, Fault>>;

/// What a service is to be.
#[derive(Debug, Clone, Default)]
pub struct Kind {
    /// When results are released; `Cosigned` has witnesses.
    pub release: Release,
    /// Where its enclaves run.
    pub place: Place,
}

/// As [`ReleaseMode`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Release {
    /// When the host has them.
    #[default]
    Durable,
    /// When a quorum of witnesses has cosigned them.
    Cosigned,
}

/// Commands that are kept in mind.
const SEEN: usize = 256;
/// Events between two snapshots: boots begin from one most of the time.
const SNAPSHOT_EVENTS: u32 = 64;

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
    /// The one auditor.
    pub auditor: HonestAuditor,
    /// What signers and approvers answer with.
    pub means: Means,
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
    /// Enclaves started so far.
    pub boots: u64,
    kind: Kind,
    witnesses: Arc<Mutex<Witnesses>>,
    /// Name of the present side.
    side: String,
    folder: tempfile::TempDir,
}

impl World {
    /// Booted as a process, with people and a manifest that was not installed yet; results are released when they are durable.
    #[must_use]
    pub fn booted() -> Self {
        Self::booted_as(Kind::default())
    }

    /// The same, as this kind of service.
    #[must_use]
    pub fn booted_as(kind: Kind) -> Self {
        let folder = scratch();
        let host = Host::listen(&folder.path().join("host").join(SOCKET));
        let witnesses = Arc::<Mutex<Witnesses>>::default();
        if kind.release == Release::Cosigned {
            host.state().witnesses = Some(Arc::clone(&witnesses));
        }
        let enclave = Enclave::boot(&kind.place, folder.path(), "host", &host, None);
        let measurement = kind.place.measurement();
        let (root, anchor) = (folder.path().join("nsm/nsm-root.pem"), folder.path().join("anchor.der"));
        let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
        crate::peers::openssl(&["x509", "-in", &path(&root), "-outform", "DER", "-out", &path(&anchor)]);
        let means = Means::new(folder.path());
        let mut world = Self {
            host,
            enclave,
            officer: Person::new("officer"),
            ra: Person::new(RA),
            other_ra: Person::new("other-ra"),
            authority: Authority::new(folder.path()),
            custodian: Custodian::new(PersonId::new("custodian").unwrap(), &mut UnwrapErr(SysRng)),
            auditor: HonestAuditor::default(),
            means,
            measurement,
            anchor: std::fs::read(anchor).unwrap(),
            signed: Blob::default(),
            service: ServiceId([0; 32]),
            ledger: None,
            oracle: RefCell::default(),
            seen: RefCell::default(),
            written: RefCell::default(),
            boots: 1,
            kind,
            witnesses,
            side: "host".to_owned(),
            folder,
        };
        let manifest = world.manifest();
        world.signed = world.sign_manifest(&manifest);
        world.service = service_id(&codec::encode(&manifest));
        world
    }

    /// Operational after a genesis, as a process, without witnesses.
    #[must_use]
    pub fn operational() -> Self {
        Self::operational_as(Kind::default())
    }

    /// Operational after a genesis, as a process, with witnesses.
    #[must_use]
    pub fn cosigned() -> Self {
        Self::operational_as(Kind { release: Release::Cosigned, place: Place::Process })
    }

    /// Operational after a genesis, as this kind of service.
    #[must_use]
    pub fn operational_as(kind: Kind) -> Self {
        let mut world = Self::booted_as(kind);
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
            release: self.release(),
            algorithms: SignatureAlgorithm::ALL
                .map(|algorithm| AlgorithmPolicy { algorithm, until: now() + 2_000_000 })
                .to_vec(),
            limits: Limits { snapshot_events: Some(SNAPSHOT_EVENTS), ..Limits::default() },
            ledger_prefix: "ledger.example/fuin".to_owned(),
            witnesses: (self.kind.release == Release::Cosigned).then(|| self.witnesses().policy()),
            means: Some(self.means.policy()),
            operators: Vec::new(),
            auditors: vec![self.auditor.entry()],
            seals: None,
        }
    }

    const fn release(&self) -> ReleaseMode {
        match self.kind.release {
            Release::Durable => ReleaseMode::Durable,
            Release::Cosigned => ReleaseMode::Cosigned,
        }
    }

    /// What kind of service it is.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The witnesses. In a service without them nobody asks them.
    pub fn witnesses(&self) -> MutexGuard<'_, Witnesses> {
        self.witnesses.lock().unwrap()
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
        self.enclave = Enclave::boot(&self.kind.place, self.folder.path(), &self.side, &self.host, known);
        self.boots += 1;
        self.oracle.borrow_mut().rebooted();
    }

    /// Judges answers that nobody waited for, by the commands that were written by hand, and those that came too early.
    pub fn judge_strays(&self) {
        let mut state = self.host.state();
        let (strays, early) = (std::mem::take(&mut state.strays), std::mem::take(&mut state.early));
        drop(state);
        self.oracle.borrow_mut().unauthorized.extend(early);
        for (id, answer) in strays {
            self.oracle.borrow_mut().judge(self.written.borrow().get(&id), &answer);
        }
    }

    /// Puts the clock of the enclaves' kernel wrong by so many seconds.
    pub fn put_clock(&self, wrong_by: i64) {
        let (clock, beside) = (self.folder.path().join(CLOCK), self.folder.path().join("clock.new"));
        std::fs::write(&beside, (wrong_by * 1000).to_string()).unwrap();
        std::fs::rename(beside, clock).unwrap();
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

    /// The enclave's phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.host.call(Command::Status) {
            Ok(Answer::Status(status)) => status.phase,
            other => panic!("status: {other:?}"),
        }
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

    /// What the officer saw of an enclave in this phase.
    fn officer_checks(&self, phase: Phase) -> VerifiedEvidence {
        let (bundle, nonce) = self.evidence();
        let (at, window) = (At::Unix(now()), Window::default());
        let anchors = self.anchors();
        let evidence =
            verify_bundle(&bundle, &anchors, at, Profile::AwsText, Nonce::Expected(&nonce), window).unwrap();
        let mut references = References::none();
        references.expect(0, self.measurement.pcr0.as_ref()).unwrap();
        let expectations = Expectations {
            phases: Some(vec![phase]),
            minimum_release: None,
            allow_development: true,
            ..Expectations::of_service(self.service, references)
        };
        evidence.appraise(&expectations).unwrap();
        evidence
    }

    fn genesis(&mut self) {
        let evidence = self.officer_checks(Phase::Uninitialized);
        self.oracle.borrow_mut().roots.custodian(self.custodian.id());
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
        Ok(given.message())
    }

    /// The custodian gives the share.
    pub fn provide(&self) -> Result<(), Refused> {
        self.call(Command::ProvideShare(self.share().unwrap())).map(drop)
    }

    /// Nothing must come of this command while the witnesses do not agree, however often they are asked. Gives what its
    /// answer would come through.
    ///
    /// # Errors
    /// What came of it.
    pub fn unanswered(&self, command: Command) -> Result<Pending, String> {
        const QUESTIONS: u64 = 2;
        let before = self.witnesses().asked;
        let answer = self.host.ask(command);
        // Pauses grow to seconds.
        for _ in 0..3000 {
            match answer.try_recv() {
                Err(mpsc::TryRecvError::Empty) => {}
                other => return Err(format!("answered without the witnesses: {other:?}")),
            }
            if self.witnesses().asked >= before + QUESTIONS {
                return Ok(answer);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the witnesses are not asked".to_owned())
    }

    /// The host brings the newest revocation list of the cards' CA: a boot knows of none.
    pub fn bring_list(&self) -> Result<(), Refused> {
        self.call(Command::ProvideRevocation(self.means.cards.list())).map(drop)
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
            release: self.release(),
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
