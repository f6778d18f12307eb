//! Place: none. An enclave with a host that the test controls, in virtual time.

use super::passkey::{ORIGIN, RELYING_PARTY, TestPasskey};
use super::people::{Authority, Custodian, Person};
use super::rng::TestRng;
use fuin_enclave::channel::{InstanceKeyPairs, seal_to};
use fuin_enclave::crypto_module::soft::SoftModule;
use fuin_enclave::platform::clock::Millis;
use fuin_enclave::sam::{Boot, Effect, Input, Machine, Ticket};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::{LedgerIdentity, Pcr};
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CaId, CredentialId, Digest32, RaClientId, ServiceId, StatementId, UserId};
use fuin_shared::log::bundle::append_entry;
use fuin_shared::manifest::{
    self, AlgorithmPolicy, Limits, Manifest, Measurement, Officer, OfficerSignature, RaClient, ReleaseMode,
    RelyingParty, SignedManifest, service_id,
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

/// Unix seconds at which every test begins.
pub const START: u64 = 1_800_000_000;
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
    /// Takes the commit and never answers.
    Silent,
}

/// The host's store.
#[derive(Clone, Default)]
pub struct Store {
    pub entries: Vec<Vec<u8>>,
    pub checkpoint: Option<String>,
    pub records: HashMap<CredentialId, SealedRecord>,
}

impl Store {
    pub fn commit(&mut self, commit: &Commit) {
        assert_eq!(commit.first, self.entries.len() as u64);
        self.entries.extend(commit.entries.iter().map(|e| e.0.clone()));
        self.checkpoint = Some(commit.checkpoint.clone());
        for change in &commit.records {
            match change {
                RecordChange::Put(record) => self.records.insert(record.id.clone(), record.clone()),
                RecordChange::Erase(id) => self.records.remove(id),
            };
        }
    }

    fn head(&self) -> Head {
        Head { size: self.entries.len() as u64, checkpoint: self.checkpoint.clone() }
    }

    fn bundle(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for entry in &self.entries {
            append_entry(&mut out, entry).unwrap();
        }
        out
    }
}

/// A custodian's device: the sealed share with the commitment, and the newest checkpoint.
#[derive(Clone, Default)]
pub struct Held {
    pub share: Option<(CustodianShare, fuin_shared::ids::RootCommitment)>,
    pub seen: Option<String>,
}

pub struct World {
    pub machine: Machine,
    pub store: Store,
    pub sink: Sink,
    pub now: Millis,
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
    tickets: u64,
    serial: u32,
}

/// A credential that is ready to sign.
pub struct Enrolled {
    pub id: CredentialId,
    pub spki: Vec<u8>,
    pub passkey: TestPasskey,
}

pub fn hash(seed: u8) -> Blob {
    Sha256::digest([seed]).to_vec().into()
}

fn boot_machine(rng: &mut TestRng) -> Machine {
    Machine::new(Boot { keys: InstanceKeyPairs::generate(rng), crypto_module: Box::new(SoftModule) })
}

impl World {
    /// Booted, nothing installed.
    pub fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let officer = Person::new("officer", 11);
        let ra = Person::new("ra", 12);
        let other_ra = Person::new("other-ra", 13);
        let custodian =
            Custodian { person: Person::new("custodian", 14), opening: InstanceKeyPairs::generate(&mut rng) };
        let ca = Authority::new(15);
        let manifest = manifest(&officer, &custodian, [&ra, &other_ra], &ca);
        let octets = codec::encode(&manifest);
        let signature = officer.sign(&SignedManifest::message(&octets));
        let signatures = vec![OfficerSignature { officer: officer.id.clone(), signature }];
        let service = service_id(&octets);
        let signed_manifest = codec::encode(&SignedManifest { manifest: octets.into(), signatures }).into();
        let machine = boot_machine(&mut rng);
        Self {
            machine,
            store: Store::default(),
            sink: Sink::Honest,
            now: Millis(START * 1000),
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
        self.machine = boot_machine(&mut self.rng);
        self.sink = Sink::Honest;
        self.install().unwrap();
    }

    pub fn seconds(&self) -> u64 {
        self.now.0 / 1000
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
        self.run(Input::Command { ticket, command })
            .into_iter()
            .find(|(t, _)| *t == ticket)
            .map_or(Err(Fault::Busy), |(_, result)| result)
    }

    /// Feeds an input and everything that follows from it.
    pub fn run(&mut self, input: Input) -> Vec<(Ticket, Result<Answer, Fault>)> {
        let mut replies = Vec::new();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.machine.handle(input, self.now, &mut self.rng) {
                match effect {
                    Effect::Reply { ticket, result } => replies.push((ticket, result)),
                    Effect::SealIdentity(service) => {
                        assert_eq!(service, self.service);
                        inputs.push_back(Input::IdentitySealed(Ok(())));
                    }
                    Effect::Attest { ticket, user_data, .. } => {
                        inputs.push_back(Input::Attested { ticket, result: Ok(user_data.0.to_vec()) });
                    }
                    Effect::Sign(job) => {
                        inputs.push_back(Input::Signed { ticket: job.ticket, result: job.run() });
                    }
                    Effect::Commit(commit) => inputs.extend(self.sink(&commit)),
                    Effect::AskHead => inputs.push_back(Input::Head(Ok(self.store.head()))),
                    Effect::ReadLedger { first } => {
                        assert_eq!(first, 0);
                        // Cut where nothing ends.
                        let octets = self.store.bundle();
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

    fn sink(&mut self, commit: &Commit) -> Option<Input> {
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
            Sink::Silent => {
                self.sink = Sink::Silent;
                None
            }
        }
    }

    pub fn install(&mut self) -> Result<Answer, Fault> {
        let signed = self.signed_manifest.clone();
        self.call(Command::InstallManifest(InstallManifest { first: signed.clone(), current: signed }))
    }

    pub fn approval(&mut self) -> GenesisApproval {
        GenesisApproval {
            service: self.service,
            instance: self.machine.instance(),
            manifest: fuin_shared::ids::ManifestHash(self.service.0),
            statement: self.statement_id(),
            not_after: self.seconds() + 60,
        }
    }

    pub fn begin_genesis(&mut self) -> Result<GenesisShares, Fault> {
        let approval = self.approval();
        let approvals = vec![self.officer.state(&approval)];
        match self.call(Command::Genesis(Genesis { approvals }))? {
            Answer::GenesisShares(shares) => Ok(shares),
            other => panic!("{other:?}"),
        }
    }

    pub fn receipt(&self, shares: &GenesisShares) -> ShareReceipt {
        ShareReceipt {
            service: self.service,
            instance: self.machine.instance(),
            commitment: shares.commitment,
            share: Digest32(Sha256::digest(codec::encode(&shares.shares[0])).into()),
        }
    }

    pub fn genesis(&mut self) -> Result<(), Fault> {
        let shares = self.begin_genesis()?;
        let receipts = vec![self.custodian.person.state(&self.receipt(&shares))];
        let answer = self.call(Command::ConfirmGenesis(ConfirmGenesis { receipts }))?;
        self.held.share = Some((shares.shares[0].clone(), shares.commitment));
        self.became_operational(answer);
        Ok(())
    }

    fn became_operational(&mut self, answer: Answer) {
        let Answer::Operational { ledger, checkpoint } = answer else { panic!("{answer:?}") };
        self.ledger = Some(ledger);
        self.held.seen = Some(checkpoint);
    }

    pub fn share(&self) -> (Vec<u8>, fuin_shared::ids::RootCommitment) {
        let (share, commitment) = self.held.share.clone().unwrap();
        let aad = share_aad(&self.service, &commitment, &share.custodian);
        let sealed = &share.sealed;
        let open = self.custodian.opening.open(
            SHARE_TO_CUSTODIAN,
            &aad,
            sealed.encapsulated.as_slice(),
            sealed.ciphertext.as_slice(),
        );
        (open.unwrap().to_vec(), commitment)
    }

    pub fn sealed_share(&mut self, share: &[u8], commitment: &fuin_shared::ids::RootCommitment) -> Blob {
        let instance = self.instance_keys();
        let aad = share_aad(&self.service, commitment, &self.custodian.person.id);
        let sealed =
            seal_to(instance.hpke.as_slice(), SHARE_TO_INSTANCE, &aad, share, &mut self.rng).unwrap();
        codec::encode(&sealed).into()
    }

    pub fn share_statement(
        &self,
        sealed: &Blob,
        commitment: fuin_shared::ids::RootCommitment,
    ) -> ShareStatement {
        ShareStatement {
            service: self.service,
            instance: self.machine.instance(),
            manifest: fuin_shared::ids::ManifestHash(self.service.0),
            commitment,
            newest_checkpoint: self.held.seen.clone(),
            sealed: Digest32(Sha256::digest(sealed.as_slice()).into()),
        }
    }

    /// What an honest custodian does at a boot.
    pub fn provide(&mut self) -> Result<(), Fault> {
        let (share, commitment) = self.share();
        let sealed = self.sealed_share(&share, &commitment);
        let statement = self.custodian.person.state(&self.share_statement(&sealed, commitment));
        let answer = self.call(Command::ProvideShare(ProvideShare { statement, sealed }))?;
        self.became_operational(answer);
        Ok(())
    }

    pub fn instance_keys(&mut self) -> fuin_shared::evidence::InstanceKeys {
        let Ok(Answer::Evidence(bundle)) = self.call(Command::GetEvidence(GetEvidence { nonce: None }))
        else {
            panic!("no evidence")
        };
        let bundle: fuin_shared::evidence::EvidenceBundle = codec::decode(bundle.as_slice()).unwrap();
        let statement: fuin_shared::evidence::EvidenceStatement =
            codec::decode(bundle.statement.as_slice()).unwrap();
        assert_eq!(bundle.document.as_slice(), statement.user_data().as_ref());
        statement.instance
    }

    pub fn statement_id(&mut self) -> StatementId {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        StatementId(id)
    }

    pub fn manage(&mut self, action: ManageAction, key: Option<&CredentialId>) -> ManageStatement {
        ManageStatement {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            action,
            key: key.cloned(),
            version: key.map(|id| self.store.records[id].version),
            statement: self.statement_id(),
            not_after: self.seconds() + 60,
        }
    }

    pub fn signed_manage(&self, statement: &ManageStatement, evidence: Option<Blob>) -> Manage {
        let record = statement.key.as_ref().and_then(|id| self.store.records.get(id)).cloned();
        Manage { proof: self.ra.prove(statement), evidence, record, nonce: None }
    }

    pub fn generate(&mut self, user: &str, algorithm: KeyAlgorithm) -> Result<KeyGenerated, Fault> {
        let action = generate_action(user, algorithm);
        let statement = self.manage(action, None);
        match self.call(Command::GenerateKey(self.signed_manage(&statement, None)))? {
            Answer::KeyGenerated(key) => Ok(key),
            other => panic!("{other:?}"),
        }
    }

    pub fn challenge(&mut self, id: &CredentialId, purpose: Purpose) -> Result<Challenge, Fault> {
        let record = self.store.records[id].clone();
        match self.call(Command::GetChallenge(GetChallenge { credential: id.clone(), purpose, record }))? {
            Answer::Challenge(challenge) => Ok(challenge),
            other => panic!("{other:?}"),
        }
    }

    pub fn sad(&mut self, id: &CredentialId, spki: &[u8], purpose: Purpose, hashes: Vec<Blob>) -> Sad {
        let challenge = self.challenge(id, purpose).unwrap();
        self.sad_for(&challenge, id, spki, purpose, hashes)
    }

    pub fn sad_for(
        &self,
        challenge: &Challenge,
        id: &CredentialId,
        spki: &[u8],
        purpose: Purpose,
        hashes: Vec<Blob>,
    ) -> Sad {
        let link = (purpose == Purpose::Link).then(|| LinkSubject {
            user: UserId::new("hanako").unwrap(),
            authority: CaId::new("test-ca").unwrap(),
            identity: Digest32([7; 32]),
        });
        Sad {
            version: VERSION,
            service: self.service,
            instance: challenge.instance,
            credential: id.clone(),
            spki: Digest32(Sha256::digest(spki).into()),
            means: MeansProfile::Passkey,
            purpose,
            hash_type: HashType::Dtbs,
            count: hashes.len() as u32,
            hashes,
            hash_algorithm: HashAlgorithm::Sha256,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
            expires: self.seconds() + 120,
            nonce: challenge.nonce.clone(),
            display: None,
            link,
        }
    }

    /// The key of `enrolled` goes from nothing to `active`.
    pub fn enrol(&mut self, algorithm: KeyAlgorithm, passkey_seed: u8) -> Enrolled {
        let key = self.generate("hanako", algorithm).unwrap();
        let enrolled =
            Enrolled { id: key.key.clone(), spki: key.spki.0, passkey: TestPasskey::new(passkey_seed) };
        self.link_means(&enrolled).unwrap();
        let csr_info = self.request_info(&enrolled).unwrap();
        self.sign_request(&enrolled, &csr_info).unwrap();
        self.link_certificate(&enrolled).unwrap();
        enrolled
    }

    pub fn link_means(&mut self, key: &Enrolled) -> Result<Answer, Fault> {
        let sad = self.sad(&key.id, &key.spki, Purpose::Link, Vec::new());
        let evidence = evidence(&sad, |digest| key.passkey.register(digest));
        let statement = self.manage(link_action(), Some(&key.id));
        self.call(Command::LinkEid(self.signed_manage(&statement, Some(evidence))))
    }

    pub fn request_info(&mut self, key: &Enrolled) -> Result<Blob, Fault> {
        let statement = self.manage(pop_action(None), Some(&key.id));
        match self.call(Command::AuthorizePop(self.signed_manage(&statement, None)))? {
            Answer::RequestInfo(info) => Ok(info),
            other => panic!("{other:?}"),
        }
    }

    pub fn sign_request(&mut self, key: &Enrolled, info: &Blob) -> Result<Answer, Fault> {
        let digest = HashAlgorithm::Sha256.digest(info.as_slice());
        let sad = self.sad(&key.id, &key.spki, Purpose::Pop, vec![digest.into()]);
        let evidence = evidence(&sad, |digest| key.passkey.assert(digest));
        let statement = self.manage(pop_action(Some(info.clone())), Some(&key.id));
        self.call(Command::AuthorizePop(self.signed_manage(&statement, Some(evidence))))
    }

    pub fn link_certificate(&mut self, key: &Enrolled) -> Result<Answer, Fault> {
        self.serial += 1;
        let certificate = self.ca.certify(&key.spki, SUBJECT, self.serial);
        self.link_chain(key, vec![certificate.into(), self.ca.root.clone().into()])
    }

    pub fn link_chain(&mut self, key: &Enrolled, certificates: Vec<Blob>) -> Result<Answer, Fault> {
        let statement = self.manage(ManageAction::LinkCert { certificates }, Some(&key.id));
        self.call(Command::LinkCert(self.signed_manage(&statement, None)))
    }

    /// The signer authorizes `hashes` on a device that checked the evidence: sealed.
    pub fn authorize(&mut self, key: &Enrolled, hashes: Vec<Blob>) -> Result<Blob, Fault> {
        let sad = self.sad(&key.id, &key.spki, Purpose::Sign, hashes);
        self.authorize_sad(key, &sad)
    }

    pub fn authorize_sad(&mut self, key: &Enrolled, sad: &Sad) -> Result<Blob, Fault> {
        let evidence = self.sealed(sad, key.passkey.assert(&sad_digest(&sad.to_bytes())));
        let request = self.authorize_request(key, sad, evidence);
        self.authorize_call(request)
    }

    pub fn sealed(&mut self, sad: &Sad, assertion: Assertion) -> Blob {
        let octets = sad.to_bytes();
        let (instance, digest) = (self.machine.instance(), sad_digest(&octets));
        let inside = codec::encode(&AuthorizedSad { sad: octets.into(), assertion });
        let hpke = self.instance_keys().hpke;
        let sealed =
            seal_to(hpke.as_slice(), SEAL_INFO, &seal_aad(&instance, &digest), &inside, &mut self.rng)
                .unwrap();
        let HpkeSealed { encapsulated, ciphertext } = sealed;
        codec::encode(&AuthorizationEvidence::Sealed {
            instance,
            sad_digest: digest,
            encapsulated,
            ciphertext,
        })
        .into()
    }

    pub fn authorize_request(&self, key: &Enrolled, sad: &Sad, evidence: Blob) -> Authorize {
        Authorize {
            credential: key.id.clone(),
            evidence,
            hashes: Some(sad.hashes.clone()),
            hash_algorithm: Some(sad.hash_algorithm),
            count: sad.count,
            record: self.store.records[&key.id].clone(),
        }
    }

    pub fn authorize_call(&mut self, request: Authorize) -> Result<Blob, Fault> {
        match self.call(Command::Authorize(request))? {
            Answer::Activation { token, .. } => Ok(token),
            other => panic!("{other:?}"),
        }
    }

    pub fn sign_request_for(&self, key: &Enrolled, token: &Blob, hashes: Vec<Blob>) -> SignHash {
        SignHash {
            credential: key.id.clone(),
            token: token.clone(),
            hashes,
            hash_algorithm: Some(HashAlgorithm::Sha256),
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
            record: self.store.records[&key.id].clone(),
        }
    }

    pub fn sign(&mut self, key: &Enrolled, token: &Blob, hashes: Vec<Blob>) -> Result<Vec<Blob>, Fault> {
        let request = self.sign_request_for(key, token, hashes);
        match self.call(Command::SignHash(request))? {
            Answer::Signatures { signatures, .. } => Ok(signatures),
            other => panic!("{other:?}"),
        }
    }
}

/// Evidence of authorization in the clear.
pub fn evidence(sad: &Sad, answer: impl Fn(&Digest32) -> Assertion) -> Blob {
    let octets = sad.to_bytes();
    let assertion = answer(&sad_digest(&octets));
    codec::encode(&AuthorizationEvidence::Plain(AuthorizedSad { sad: octets.into(), assertion })).into()
}

pub fn generate_action(user: &str, algorithm: KeyAlgorithm) -> ManageAction {
    ManageAction::GenerateKey {
        user: UserId::new(user).unwrap(),
        authority: CaId::new("test-ca").unwrap(),
        key_algorithm: algorithm,
        multisign: 5,
        subject: Some(SUBJECT.to_owned()),
    }
}

pub fn link_action() -> ManageAction {
    ManageAction::LinkEid {
        means: MeansProfile::Passkey,
        identity: Digest32([7; 32]),
        relying_party: RELYING_PARTY.to_owned(),
    }
}

pub fn pop_action(request_info: Option<Blob>) -> ManageAction {
    ManageAction::AuthorizePop { request_info, signature_algorithm: SignatureAlgorithm::EcdsaSha256 }
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
        measurements: vec![Measurement { pcr0: Pcr([1; 48]), pcr1: Pcr([2; 48]), pcr2: Pcr([3; 48]) }],
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
    }
}
