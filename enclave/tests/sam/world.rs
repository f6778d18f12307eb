//! Place: none. An enclave with a host that the test controls, in virtual time.

mod auditing;
mod ceremony;
mod enrolment;
mod epochs;
mod manifests;
mod rotation;
mod sealing;
mod signing;
mod summing;
mod witnessing;

pub use auditing::TestAuditor;
pub use enrolment::{Enrolled, generate_action, link_action, pop_action};
pub use manifests::evident_manifest;
pub use sealing::{Organization, SEAL_SUBJECT, registration};
pub use signing::evidence;
pub use summing::Shown;
pub use witnessing::{Witnessing, checkpoint, policy};

use super::passkey::{ORIGIN, RELYING_PARTY, TestPasskey};
use super::people::{Authority, Custodian, Person};
use super::platform::Platform;
use super::rng::TestRng;
use super::witness::Witness;
use fuin_enclave::channel::{InstanceKeyPairs, seal_to};
use fuin_enclave::crypto_module::soft::SoftModule;
use fuin_enclave::platform::clock::Millis;
use fuin_enclave::sam::{Boot, Effect, Input, Machine, Ticket};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::{LedgerIdentity, Pcr};
use fuin_shared::fault::Fault;
use fuin_shared::ids::{
    CaId, CredentialId, Digest32, ManifestHash, RaClientId, ServiceId, StatementId, UserId,
};
use fuin_shared::log::bundle::append_entry;
use fuin_shared::manifest::{
    self, AlgorithmPolicy, Limits, Manifest, ManifestChange, Measurement, Officer, OfficerSignature,
    RaClient, ReleaseMode, RelyingParty, SignedManifest, service_id,
};
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use fuin_shared::sad::{
    Assertion, AuthorizationEvidence, AuthorizedSad, HashType, LinkSubject, MeansProfile, Purpose, SEAL_INFO,
    Sad, VERSION, sad_digest, seal_aad,
};
use fuin_shared::statement::*;
use rand_core::Rng;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// Unix seconds at which every test begins.
pub const START: u64 = 1_800_000_000;
/// Of the one image that the manifest names.
pub const PCRS: [Pcr; 3] = [Pcr([1; 48]), Pcr([2; 48]), Pcr([3; 48])];
pub const SUBJECT: &str = "CN=Hanako,O=Test,C=JP";

/// How the host treats the next commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    Honest,
    Refuses,
    /// Commits, and the answer is lost.
    LosesAnswer,
    /// Does not commit, and the question is lost.
    LosesCommit,
    /// Loses its answer, and what it was asked to commit lands only after it was asked for its head.
    LandsLate,
    /// The commit of `LandsLate` has landed when it comes again.
    Landed,
    /// Takes the commit and never answers.
    Silent,
}

/// The host's store.
#[derive(Clone, Default)]
pub struct Store {
    pub entries: Vec<Vec<u8>>,
    pub checkpoint: Option<String>,
    pub records: HashMap<CredentialId, SealedRecord>,
    /// Manifests that were adopted.
    pub manifests: Vec<ManifestChange>,
    /// Sealed details, by the index of their events.
    pub details: HashMap<u64, Vec<u8>>,
}

impl Store {
    pub fn commit(&mut self, commit: &Commit) {
        assert_eq!(commit.first, self.entries.len() as u64);
        self.entries.extend(commit.entries.iter().map(|e| e.0.clone()));
        self.checkpoint = Some(commit.checkpoint.clone());
        for change in &commit.records {
            match change {
                RecordChange::Put(record) => drop(self.records.insert(record.id.clone(), record.clone())),
                RecordChange::Erase(id) => drop(self.records.remove(id)),
                RecordChange::Manifest(change) => self.manifests.push(change.clone()),
                RecordChange::Detail(kept) => drop(self.details.insert(kept.index, kept.sealed.0.clone())),
            }
        }
    }

    fn head(&self) -> Head {
        Head { size: self.entries.len() as u64, checkpoint: self.checkpoint.clone() }
    }

    fn bundle(&self, first: u64) -> Vec<u8> {
        let mut out = Vec::new();
        for entry in &self.entries[usize::try_from(first).unwrap()..] {
            append_entry(&mut out, entry).unwrap();
        }
        out
    }
}

/// Some commands.
pub type Kind = fn(&Command) -> bool;

/// Cuts the power after so many effects of a command of a kind.
pub struct Fuse {
    /// Of which commands.
    pub of: Kind,
    /// Such commands that pass before.
    pub skip: usize,
    /// Effects that are still carried out.
    pub left: usize,
    /// The command, once it came, and the size of the ledger before it.
    pub lit: Option<(Command, usize)>,
}

impl Fuse {
    pub fn new(of: Kind, left: usize) -> Self {
        Self { of, skip: 0, left, lit: None }
    }
}

/// A custodian's device: the sealed share with the commitment, and the newest checkpoint.
#[derive(Clone, Default)]
pub struct Held {
    pub share: Option<(CustodianShare, fuin_shared::ids::RootCommitment)>,
    /// Of the root key before, while it is kept.
    pub former: Option<(CustodianShare, fuin_shared::ids::RootCommitment)>,
    pub seen: Option<String>,
}

pub struct World {
    pub machine: Machine,
    pub store: Store,
    pub sink: Sink,
    /// What the kernel's clock shows.
    pub now: Millis,
    /// By how much that is ahead of the truth, milliseconds.
    pub kernel_ahead: i64,
    /// By how much documents are ahead of the truth, milliseconds; or there are none.
    pub documents_ahead: Result<i64, Fault>,
    pub rng: TestRng,
    pub officer: Person,
    pub custodian: Custodian,
    pub ra: Person,
    pub other_ra: Person,
    pub ca: Authority,
    pub signed_manifest: Blob,
    pub service: ServiceId,
    pub held: Held,
    pub ledger: Option<LedgerIdentity>,
    pub witnesses: Vec<Witness>,
    pub witnessing: Witnessing,
    /// The question to the witnesses that waits for its answer.
    pub asked: Option<Cosign>,
    /// Checkpoints of all commits that were made durable, by size.
    pub notes: HashMap<u64, String>,
    /// Whether the machine rests before it asks again.
    pub resting: bool,
    /// Commands that gave their places up.
    pub waits: Vec<Ticket>,
    /// What the platform measured.
    pub pcrs: [Pcr; 3],
    /// What makes documents; without it they are their user data and nothing else.
    pub platform: Option<Rc<Platform>>,
    /// The next power failure.
    pub fuse: Option<Fuse>,
    /// Whether the power has failed: nothing happens until the next boot.
    pub dead: bool,
    /// What the host shows of snapshots.
    pub snapshot: Shown,
    /// From which entry on the ledger was read last.
    pub read_from: Option<u64>,
    seed: u64,
    tickets: u64,
    serial: u32,
}

pub fn hash(seed: u8) -> Blob {
    Sha256::digest([seed]).to_vec().into()
}

pub fn measurement([pcr0, pcr1, pcr2]: [Pcr; 3]) -> Measurement {
    Measurement { pcr0, pcr1, pcr2 }
}

fn boot_machine(rng: &mut TestRng, pcrs: [Pcr; 3]) -> Machine {
    let (keys, measurement) = (InstanceKeyPairs::generate(rng), measurement(pcrs));
    Machine::new(Boot { keys, crypto_module: Box::new(SoftModule), measurement })
}

impl World {
    /// Booted, nothing installed.
    pub fn new(seed: u64) -> Self {
        Self::with_witnesses(seed, 0)
    }

    /// Booted, nothing installed; of so many witnesses most must cosign, if there is one.
    pub fn with_witnesses(seed: u64, witnesses: u8) -> Self {
        let witnesses: Vec<Witness> = (1..=witnesses).map(Witness::new).collect();
        let mut rng = TestRng::new(seed);
        let officer = Person::new("officer", 11);
        let ra = Person::new("ra", 12);
        let other_ra = Person::new("other-ra", 13);
        let custodian =
            Custodian { person: Person::new("custodian", 14), opening: InstanceKeyPairs::generate(&mut rng) };
        let ca = Authority::new(15);
        let mut manifest = manifest(&officer, &custodian, [&ra, &other_ra], &ca);
        if !witnesses.is_empty() {
            manifest.release = ReleaseMode::Cosigned;
            manifest.witnesses = Some(witnessing::policy(&witnesses));
        }
        let octets = codec::encode(&manifest);
        let signature = officer.sign(&SignedManifest::message(&octets));
        let signatures = vec![OfficerSignature { officer: officer.id.clone(), signature }];
        let service = service_id(&octets);
        let signed_manifest = codec::encode(&SignedManifest { manifest: octets.into(), signatures }).into();
        let machine = boot_machine(&mut rng, PCRS);
        Self {
            machine,
            store: Store::default(),
            sink: Sink::Honest,
            now: Millis(START * 1000),
            kernel_ahead: 0,
            documents_ahead: Ok(0),
            rng,
            officer,
            custodian,
            ra,
            other_ra,
            ca,
            signed_manifest,
            service,
            held: Held::default(),
            ledger: None,
            witnesses,
            witnessing: Witnessing::Honest,
            asked: None,
            notes: HashMap::new(),
            resting: false,
            waits: Vec::new(),
            pcrs: PCRS,
            platform: None,
            fuse: None,
            dead: false,
            snapshot: Shown::Newest,
            read_from: None,
            seed,
            tickets: 0,
            serial: 100,
        }
    }

    /// Operational after a genesis.
    pub fn operational(seed: u64) -> Self {
        let mut world = Self::new(seed);
        world.install().unwrap();
        world.genesis().unwrap();
        world
    }

    /// Another boot on the same store.
    pub fn reboot(&mut self) {
        self.power_on();
        self.install().unwrap();
    }

    /// Another machine on the same store, with nothing installed.
    pub fn power_on(&mut self) {
        self.machine = boot_machine(&mut self.rng, self.pcrs);
        self.sink = Sink::Honest;
        (self.asked, self.resting) = (None, false);
        (self.fuse, self.dead) = (None, false);
    }

    /// By the clocks of people and witnesses.
    pub fn seconds(&self) -> u64 {
        self.truth().seconds()
    }

    pub fn truth(&self) -> Millis {
        Millis(self.now.0.saturating_add_signed(-self.kernel_ahead))
    }

    /// The kernel's clock alone jumps.
    pub fn step(&mut self, milliseconds: i64) {
        self.now = Millis(self.now.0.saturating_add_signed(milliseconds));
        self.kernel_ahead += milliseconds;
    }

    pub fn advance(&mut self, seconds: u64) {
        self.now = Millis(self.now.0 + seconds * 1000);
    }

    pub fn phase(&mut self) -> Phase {
        match self.call(Command::Status) {
            Ok(Answer::Status(status)) => status.phase,
            other => panic!("status: {other:?}"),
        }
    }

    /// Sends a command and does all that follows; the answer, or `Busy` when none came.
    pub fn call(&mut self, command: Command) -> Result<Answer, Fault> {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        if let Some(fuse) = self.fuse.as_mut().filter(|fuse| fuse.lit.is_none() && (fuse.of)(&command)) {
            match fuse.skip.checked_sub(1) {
                Some(skip) => fuse.skip = skip,
                None => fuse.lit = Some((command.clone(), self.store.entries.len())),
            }
        }
        let replies = self.run(Input::Command { ticket, command });
        if let Some(fuse) = self.fuse.as_mut().filter(|fuse| fuse.lit.is_some()) {
            // It was for this command alone.
            fuse.left = usize::MAX;
        }
        replies.into_iter().find(|(t, _)| *t == ticket).map_or(Err(Fault::Busy), |(_, result)| result)
    }

    /// Feeds an input and everything that follows from it.
    pub fn run(&mut self, input: Input) -> Vec<(Ticket, Result<Answer, Fault>)> {
        let mut replies = Vec::new();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.machine.handle(input, self.now, &mut self.rng) {
                if self.power_fails() {
                    return replies;
                }
                match effect {
                    Effect::Reply { ticket, result } => replies.push((ticket, result)),
                    Effect::Waits { ticket } => self.waits.push(ticket),
                    Effect::SealIdentity(service) => {
                        assert_eq!(service, self.service);
                        inputs.push_back(Input::IdentitySealed(Ok(())));
                    }
                    Effect::Attest { ticket, user_data, nonce } => {
                        let document = self.document(user_data.as_ref(), nonce.as_deref());
                        inputs.push_back(Input::Attested { ticket, result: Ok(document) });
                    }
                    Effect::Sign(job) => {
                        inputs.push_back(Input::Signed { ticket: job.ticket, result: job.run() });
                    }
                    Effect::Commit(commit) => inputs.extend(self.sink(&commit)),
                    Effect::AskHead => inputs.push_back(Input::Head(Ok(self.store.head()))),
                    Effect::Cosign(cosign) => inputs.extend(self.ask_witnesses(cosign)),
                    Effect::AskTime => {
                        let truth = self.truth().0;
                        let told =
                            self.documents_ahead.map(|ahead| Millis(truth.saturating_add_signed(ahead)));
                        inputs.push_back(Input::Time(told));
                    }
                    Effect::Rest(_) => {
                        assert!(!self.resting, "it rests already");
                        self.resting = true;
                    }
                    Effect::ReadSnapshot { marks } => inputs.extend(self.show_snapshot(&marks)),
                    Effect::ReadLedger { first } => {
                        self.read_from = Some(first);
                        // Cut where nothing ends.
                        let octets = self.store.bundle(first);
                        for piece in octets.chunks(7) {
                            inputs.push_back(Input::LedgerOctets { result: Ok(piece.to_vec()), last: false });
                        }
                        inputs.push_back(Input::LedgerOctets { result: Ok(Vec::new()), last: true });
                    }
                }
            }
        }
        replies
    }

    fn document(&self, user_data: &[u8], nonce: Option<&[u8]>) -> Vec<u8> {
        let Some(platform) = &self.platform else { return user_data.to_vec() };
        let service = Pcr::extended_once(self.service.as_ref());
        platform.document(self.seconds(), &self.pcrs, &service, user_data, nonce.unwrap_or_default())
    }

    /// Whether the power is gone before the next effect.
    fn power_fails(&mut self) -> bool {
        if let Some(fuse) = self.fuse.as_mut().filter(|fuse| fuse.lit.is_some()) {
            self.dead |= fuse.left == 0;
            fuse.left = fuse.left.saturating_sub(1);
        }
        self.dead
    }

    fn sink(&mut self, commit: &Commit) -> Option<Input> {
        // The first one at a size: later ones are those of forks.
        let size = commit.first + commit.entries.len() as u64;
        self.notes.entry(size).or_insert_with(|| commit.checkpoint.clone());
        let lost = Some(Input::Committed(Err(Fault::Disconnected)));
        match std::mem::replace(&mut self.sink, Sink::Honest) {
            Sink::Honest => {
                self.store.commit(commit);
                Some(Input::Committed(Ok(())))
            }
            Sink::Refuses => Some(Input::Committed(Err(Fault::SinkRefused))),
            Sink::LosesAnswer => {
                self.store.commit(commit);
                lost
            }
            Sink::LosesCommit => lost,
            Sink::LandsLate => {
                self.sink = Sink::Landed;
                lost
            }
            Sink::Landed => {
                self.store.commit(commit);
                Some(Input::Committed(Err(Fault::SinkRefused)))
            }
            Sink::Silent => {
                self.sink = Sink::Silent;
                None
            }
        }
    }
}

fn manifest(officer: &Person, custodian: &Custodian, clients: [&Person; 2], ca: &Authority) -> Manifest {
    let authority = CaId::new("test-ca").unwrap();
    let party = RelyingParty { id: RELYING_PARTY.to_owned(), origins: vec![ORIGIN.to_owned()] };
    Manifest {
        version: 1,
        name: "Test service".to_owned(),
        development: true,
        not_after: START + 30_000_000,
        evidence_anchors: vec![vec![1].into()],
        measurements: vec![measurement(PCRS)],
        officers: vec![Officer { id: officer.id.clone(), key: officer.spki() }],
        officer_quorum: 1,
        custodians: vec![manifest::Custodian {
            id: custodian.person.id.clone(),
            signing: custodian.person.spki(),
            sealing: custodian.opening.public().hpke,
        }],
        share_threshold: 1,
        ra_clients: clients
            .iter()
            .map(|client| RaClient {
                id: RaClientId::new(client.id.as_str()).unwrap(),
                proof_key: client.spki(),
                authorities: vec![authority.clone()],
                relying_parties: vec![party.clone()],
            })
            .collect(),
        authorities: vec![manifest::Authority {
            id: authority.clone(),
            anchors: vec![ca.root.clone().into()],
        }],
        release: ReleaseMode::Durable,
        algorithms: SignatureAlgorithm::ALL
            .into_iter()
            .map(|algorithm| AlgorithmPolicy { algorithm, until: START + 50_000_000 })
            .collect(),
        limits: Limits { activations_per_credential: 3, ..Limits::default() },
        ledger_prefix: "ledger.example/fuin".to_owned(),
        witnesses: None,
        means: Some(super::issued_means::policy(START)),
        operators: Vec::new(),
        auditors: Vec::new(),
        seals: None,
    }
}
