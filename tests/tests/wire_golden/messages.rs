//! Place: none. Frames, and what the host asks of the enclave.

use crate::Vector;
use crate::parts::{checkpoint, credential, mandate, octets, receipt, record, spki, thirty_two};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
use fuin_shared::frame::{self, Decoder, Frame};
use fuin_shared::ids::{InstanceId, ManifestHash, MeansId, RootCommitment, ServiceId};
use fuin_shared::log::event::Holder;
use fuin_shared::message::{
    Answer, AttestKey, Authorize, CeremonyStatus, Challenge, Command, ConfirmGenesis, CredentialQuestion,
    CredentialStatus, EndMandate, EndedBy, ExtendTransaction, Genesis, GenesisShares, GetApproverChallenge,
    GetChallenge, GetEvidence, GrantMandate, HandOver, HandedOver, Head, Hello, InstallManifest,
    KeyGenerated, Linked, Manage, MandateStatus, ManifestChanged, MeansHint, Order, OtherShare, PasskeyHint,
    ProvideRevocation, ProvideShare, Relink, ReportRevocation, RootShares, Seal, SealedRecord, SignDocument,
    SignHash, Status, StoreAnswer, StoreRequest, Suspend, TakeOver, ToBeSigned,
};
use fuin_shared::phase::Phase;
use fuin_shared::rotation::{EraseRoot, Rewrap, RotateRoot, RotationStage, RotationStatus};
use fuin_shared::sad::{MeansProfile, Purpose};
use fuin_shared::seal::{ScaEvidence, mandate_record};

type FromHost = Frame<Command, StoreAnswer>;
type FromEnclave = Frame<StoreRequest, Answer>;

fn manage() -> Manage {
    Manage {
        proof: "e30.e30.AAAA".into(),
        evidence: Some(octets(5, 20)),
        record: Some(record()),
        nonce: None,
    }
}

fn commands() -> Vec<Command> {
    vec![
        Command::Status,
        Command::InstallManifest(InstallManifest { first: octets(1, 8), current: octets(1, 8) }),
        Command::GetEvidence(GetEvidence { nonce: Some(octets(9, 32)) }),
        Command::Genesis(Genesis { approvals: vec![octets(3, 9)] }),
        Command::ConfirmGenesis(ConfirmGenesis { receipts: vec![octets(4, 9)] }),
        Command::ProvideShare(ProvideShare { statement: octets(5, 9), sealed: octets(6, 9), other: None }),
        Command::GenerateKey(Manage {
            proof: "e30.e30.AAAA".into(),
            evidence: None,
            record: None,
            nonce: None,
        }),
        Command::LinkEid(manage()),
        Command::AuthorizePop(manage()),
        Command::LinkCert(manage()),
        Command::DeleteKey(manage()),
        Command::GetChallenge(GetChallenge {
            credential: credential(),
            purpose: Purpose::Sign,
            record: record(),
        }),
        Command::Authorize(Authorize {
            credential: credential(),
            evidence: octets(7, 30),
            hashes: Some(vec![octets(0x10, 32)]),
            hash_algorithm: Some(HashAlgorithm::Sha256),
            count: 1,
            record: record(),
        }),
        Command::SignHash(SignHash {
            credential: credential(),
            token: octets(0x40, 32),
            hashes: vec![octets(0x10, 32), octets(0x30, 32)],
            hash_algorithm: None,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
            record: record(),
        }),
        Command::AttestKey(AttestKey { key: credential(), record: record(), nonce: Some(octets(9, 32)) }),
        Command::ExtendTransaction(ExtendTransaction {
            credential: credential(),
            token: octets(0x40, 32),
            hashes: Some(vec![octets(0x10, 32)]),
            hash_algorithm: Some(HashAlgorithm::Sha256),
            record: record(),
        }),
        Command::CeremonyStatus,
        Command::ReportRevocation(ReportRevocation {
            credential: credential(),
            list: octets(0x30, 40),
            record: record(),
        }),
        Command::SignDocument(SignDocument {
            credential: credential(),
            token: octets(0x40, 32),
            to_be_signed: vec![ToBeSigned::Cms(octets(0x31, 40)), ToBeSigned::Jws(octets(0x65, 20))],
            hash_algorithm: Some(HashAlgorithm::Sha256),
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
            record: record(),
        }),
        Command::ProvideRevocation(ProvideRevocation {
            list: octets(0x30, 20),
            issuer: vec![octets(0x30, 24)],
        }),
        Command::Suspend(Suspend { credential: credential(), evidence: octets(7, 30), record: record() }),
        Command::Hold(manage()),
        Command::Order(Order { credential: credential(), orders: vec![octets(3, 9)], record: record() }),
        Command::Relink(Relink { manage: manage(), registration: octets(7, 31) }),
        Command::CredentialStatus(CredentialQuestion { credential: credential(), record: record() }),
        Command::FollowManifest(crate::statements::manifest_change()),
        Command::ChangeManifest(crate::statements::manifest_change()),
        Command::GetApproverChallenge(GetApproverChallenge {
            credential: credential(),
            purpose: Purpose::Mandate,
            approver: 2,
            record: record(),
        }),
        Command::GrantMandate(GrantMandate {
            credential: credential(),
            terms: octets(0xac, 20),
            approvals: vec![octets(7, 30), octets(8, 30)],
            record: record(),
            evidence: None,
        }),
        Command::Seal(Seal {
            credential: credential(),
            order: octets(0xa2, 20),
            record: record(),
            mandate: SealedRecord { id: mandate_record(&mandate()), version: 1, body: octets(0xa1, 40) },
        }),
        Command::EndMandate(EndMandate {
            credential: credential(),
            mandate: mandate(),
            by: EndedBy::Approver(octets(7, 30)),
            record: record(),
        }),
        Command::MandateStatus(mandate()),
        Command::HandOver(HandOver { evidence: octets(1, 10) }),
        Command::TakeOver(TakeOver { evidence: octets(1, 10), handed: handed() }),
        Command::NewEpoch(Box::new(crate::statements::new_epoch())),
        Command::RotateRoot(RotateRoot { approvals: vec![octets(0xa3, 30)] }),
        Command::ConfirmRotation(ConfirmGenesis { receipts: vec![octets(0xa3, 30)] }),
        Command::Rewrap(Rewrap { records: vec![record()] }),
        Command::EraseRoot(EraseRoot { deletions: vec![octets(0xa3, 30)] }),
    ]
}

/// The other way to end a mandate.
fn ended_by_officer() -> Vector {
    let by = EndedBy::Officer(octets(0xa3, 30));
    let command = EndMandate { credential: credential(), mandate: mandate(), by, record: record() };
    Vector::cbor("command/end-mandate-by-officer", Command::EndMandate(command))
}

/// A boot that is to begin a new epoch.
fn planned() -> Vector {
    let status = CeremonyStatus {
        genesis: None,
        receipts_missing: Vec::new(),
        shares: Vec::new(),
        shares_missing: 2,
        epoch: Some(1),
        roots: Vec::new(),
        rotation: None,
    };
    Vector::cbor("answer/ceremony-status-of-a-planned-epoch", Answer::CeremonyStatus(status))
}

/// A boot whose ledger needs two root keys, and a rotation in each of its stages.
fn rotations() -> Vec<Vector> {
    let person = crate::statements::custodian_share().custodian;
    let empty = CeremonyStatus {
        genesis: None,
        receipts_missing: Vec::new(),
        shares: Vec::new(),
        shares_missing: 0,
        epoch: None,
        roots: Vec::new(),
        rotation: None,
    };
    let roots = vec![RootShares {
        commitment: RootCommitment(thirty_two(0x22)),
        shares: vec![person.clone()],
        missing: 1,
        needed: true,
    }];
    let at_boot = CeremonyStatus { roots, shares_missing: 1, ..empty.clone() };
    let under_way = |stage| {
        let sharing = stage == RotationStage::Sharing;
        let rotation = RotationStatus {
            rotation: crate::statements::rotation(stage),
            shares: sharing.then(|| GenesisShares {
                commitment: RootCommitment(thirty_two(0x2b)),
                shares: vec![crate::statements::custodian_share()],
            }),
            receipts_missing: if sharing { vec![person.clone()] } else { Vec::new() },
            records_left: u64::from(stage == RotationStage::Rewrapping) * 7,
            deletions: if sharing { Vec::new() } else { vec![person.clone()] },
            deletions_missing: 1,
        };
        Answer::CeremonyStatus(CeremonyStatus { rotation: Some(Box::new(rotation)), ..empty.clone() })
    };
    let other = OtherShare { statement: octets(7, 9), sealed: octets(8, 9) };
    let both = ProvideShare { statement: octets(5, 9), sealed: octets(6, 9), other: Some(other) };
    vec![
        Vector::cbor("answer/ceremony-status-of-two-root-keys", Answer::CeremonyStatus(at_boot)),
        Vector::cbor("answer/ceremony-status-sharing", under_way(RotationStage::Sharing)),
        Vector::cbor("answer/ceremony-status-rewrapping", under_way(RotationStage::Rewrapping)),
        Vector::cbor("answer/ceremony-status-deleting", under_way(RotationStage::Deleting)),
        Vector::cbor("command/provide-two-shares", Command::ProvideShare(both)),
    ]
}

/// A mandate whose SCA shows where its key lives.
fn of_sca_evidence() -> Vec<Vector> {
    let document = ScaEvidence::Document(octets(0x84, 16));
    let certificates = ScaEvidence::Certificates(vec![octets(0x30, 20), octets(0x31, 20)]);
    let granted = GrantMandate {
        credential: credential(),
        terms: octets(0xac, 20),
        approvals: vec![octets(7, 30)],
        record: record(),
        evidence: Some(certificates.clone()),
    };
    vec![
        Vector::cbor("command/grant-mandate-with-evidence", Command::GrantMandate(granted)),
        Vector::octets("digest/sca-evidence", certificates.digest().0),
        Vector::cbor("sca-evidence/document", document),
    ]
}

fn handed() -> HandedOver {
    HandedOver { statement: octets(5, 9), signature: octets(0x30, 70), sealed: octets(6, 9) }
}

/// No wildcard: a new command does not compile until it has a name, and then wants a sample above.
fn command_name(command: &Command) -> &'static str {
    match command {
        Command::Status => "status",
        Command::InstallManifest(_) => "install-manifest",
        Command::GetEvidence(_) => "get-evidence",
        Command::Genesis(_) => "genesis",
        Command::ConfirmGenesis(_) => "confirm-genesis",
        Command::ProvideShare(_) => "provide-share",
        Command::GenerateKey(_) => "generate-key",
        Command::LinkEid(_) => "link-eid",
        Command::AuthorizePop(_) => "authorize-pop",
        Command::LinkCert(_) => "link-cert",
        Command::DeleteKey(_) => "delete-key",
        Command::GetChallenge(_) => "get-challenge",
        Command::Authorize(_) => "authorize",
        Command::SignHash(_) => "sign-hash",
        Command::AttestKey(_) => "attest-key",
        Command::ExtendTransaction(_) => "extend-transaction",
        Command::CeremonyStatus => "ceremony-status",
        Command::SignDocument(_) => "sign-document",
        Command::ProvideRevocation(_) => "provide-revocation",
        Command::Suspend(_) => "suspend",
        Command::Hold(_) => "hold",
        Command::Order(_) => "order",
        Command::Relink(_) => "relink",
        Command::CredentialStatus(_) => "credential-status",
        Command::FollowManifest(_) => "follow-manifest",
        Command::ChangeManifest(_) => "change-manifest",
        Command::GetApproverChallenge(_) => "get-approver-challenge",
        Command::GrantMandate(_) => "grant-mandate",
        Command::Seal(_) => "seal",
        Command::EndMandate(_) => "end-mandate",
        Command::MandateStatus(_) => "mandate-status",
        Command::ReportRevocation(_) => "report-revocation",
        Command::HandOver(_) => "hand-over",
        Command::TakeOver(_) => "take-over",
        Command::NewEpoch(_) => "new-epoch",
        Command::RotateRoot(_) => "rotate-root",
        Command::ConfirmRotation(_) => "confirm-rotation",
        Command::Rewrap(_) => "rewrap",
        Command::EraseRoot(_) => "erase-root",
    }
}

fn answers() -> Vec<Answer> {
    let ledger = LedgerIdentity {
        origin: "fuin.example/ledger".into(),
        vkey: "fuin.example/ledger+00000000+AQ".into(),
    };
    vec![
        Answer::Status(Status {
            phase: Phase::Operational,
            instance: InstanceId(thirty_two(0x20)),
            service: Some(ServiceId(thirty_two(0x21))),
            ledger_size: Some(8),
        }),
        Answer::ManifestInstalled { service: ServiceId(thirty_two(0x21)) },
        Answer::Evidence(octets(1, 10)),
        Answer::GenesisShares(GenesisShares {
            commitment: RootCommitment(thirty_two(0x22)),
            shares: vec![crate::statements::custodian_share()],
        }),
        Answer::Operational { ledger, checkpoint: checkpoint() },
        Answer::ShareAccepted { missing: 1 },
        Answer::KeyGenerated(KeyGenerated {
            key: credential(),
            spki: spki().0,
            algorithm: KeyAlgorithm::EcdsaP256,
            version: 1,
            receipt: receipt(),
            attestation: Some(octets(0xa5, 12)),
        }),
        Answer::Linked(Linked { version: 2, receipt: receipt(), attestation: Some(octets(0xa5, 12)) }),
        Answer::RequestInfo(octets(0x30, 10)),
        Answer::Request { csr: octets(0x30, 11), version: 3, receipt: receipt() },
        Answer::Deleted(receipt()),
        Answer::Challenge(Challenge {
            nonce: octets(8, 72),
            instance: InstanceId(thirty_two(0x20)),
            expires: 1_800_000_300,
            means: Some(MeansProfile::Passkey),
            passkey: Some(PasskeyHint { relying_party: "fuin.example".into(), credential_id: octets(9, 16) }),
            hint: None,
        }),
        Answer::Activation { token: octets(0x40, 32), expires: 1_800_000_300, receipt: receipt() },
        Answer::Signatures { signatures: vec![octets(0x30, 70)], receipt: receipt() },
        Answer::CeremonyStatus(CeremonyStatus {
            genesis: Some(GenesisShares {
                commitment: RootCommitment(thirty_two(0x22)),
                shares: vec![crate::statements::custodian_share()],
            }),
            receipts_missing: vec![crate::statements::custodian_share().custodian],
            shares: Vec::new(),
            shares_missing: 2,
            epoch: None,
            roots: Vec::new(),
            rotation: None,
        }),
        Answer::KeyAttested(octets(0xa5, 12)),
        Answer::RevocationTaken,
        Answer::CredentialStatus(CredentialStatus {
            active: true,
            suspended: vec![Holder::Signer, Holder::Ra, Holder::Officer],
            officers_event: Some(3),
            locked: false,
            pending: true,
            failures: 2,
        }),
        Answer::Restored(receipt()),
        Answer::ManifestFollowed { manifest: ManifestHash(thirty_two(0x23)) },
        Answer::ManifestChanged(ManifestChanged {
            manifest: ManifestHash(thirty_two(0x23)),
            version: 2,
            receipt: receipt(),
        }),
        Answer::MandateGranted { mandate: mandate(), receipt: receipt() },
        Answer::MandateEnded(receipt()),
        Answer::MandateStatus(MandateStatus {
            count: 5,
            used: 3,
            next_number: 3,
            not_before: 1_800_000_000,
            not_after: 1_800_003_600,
            ended: false,
        }),
        Answer::HandedOver { handed: handed(), receipt: receipt() },
        Answer::EpochPlanned { epoch: 1 },
        Answer::RotationShares(GenesisShares {
            commitment: RootCommitment(thirty_two(0x2b)),
            shares: vec![crate::statements::custodian_share()],
        }),
        Answer::RootRotated { commitment: RootCommitment(thirty_two(0x2b)), receipt: receipt() },
        Answer::Rewrapped { records: 64, left: 936 },
        Answer::RootErased(receipt()),
    ]
}

/// As [`command_name`].
fn answer_name(answer: &Answer) -> &'static str {
    match answer {
        Answer::Status(_) => "status",
        Answer::ManifestInstalled { .. } => "manifest-installed",
        Answer::Evidence(_) => "evidence",
        Answer::GenesisShares(_) => "genesis-shares",
        Answer::Operational { .. } => "operational",
        Answer::ShareAccepted { .. } => "share-accepted",
        Answer::KeyGenerated(_) => "key-generated",
        Answer::Linked(_) => "linked",
        Answer::RequestInfo(_) => "request-info",
        Answer::Request { .. } => "request",
        Answer::Deleted(_) => "deleted",
        Answer::Challenge(_) => "challenge",
        Answer::Activation { .. } => "activation",
        Answer::Signatures { .. } => "signatures",
        Answer::CeremonyStatus(_) => "ceremony-status",
        Answer::KeyAttested(_) => "key-attested",
        Answer::RevocationTaken => "revocation-taken",
        Answer::CredentialStatus(_) => "credential-status",
        Answer::Restored(_) => "restored",
        Answer::ManifestFollowed { .. } => "manifest-followed",
        Answer::ManifestChanged(_) => "manifest-changed",
        Answer::MandateGranted { .. } => "mandate-granted",
        Answer::MandateEnded(_) => "mandate-ended",
        Answer::MandateStatus(_) => "mandate-status",
        Answer::HandedOver { .. } => "handed-over",
        Answer::EpochPlanned { .. } => "epoch-planned",
        Answer::RotationShares(_) => "rotation-shares",
        Answer::RootRotated { .. } => "root-rotated",
        Answer::Rewrapped { .. } => "rewrapped",
        Answer::RootErased(_) => "root-erased",
    }
}

fn from_host(name: &str, value: FromHost) -> Vector {
    let octets = frame::encode(&value).expect("a small frame");
    let leads_back = move |octets: &[u8]| {
        let mut decoder = Decoder::new();
        decoder.push(octets);
        decoder.next_frame::<Command, StoreAnswer>().as_ref() == Ok(&Some(value.clone()))
            && !decoder.is_partial()
    };
    Vector { name: format!("frame/from-host/{name}"), octets, leads_back: Box::new(leads_back) }
}

fn from_enclave(name: &str, value: FromEnclave) -> Vector {
    let octets = frame::encode(&value).expect("a small frame");
    let leads_back = move |octets: &[u8]| {
        let mut decoder = Decoder::new();
        decoder.push(octets);
        decoder.next_frame::<StoreRequest, Answer>().as_ref() == Ok(&Some(value.clone()))
            && !decoder.is_partial()
    };
    Vector { name: format!("frame/from-enclave/{name}"), octets, leads_back: Box::new(leads_back) }
}

fn frames() -> Vec<Vector> {
    let hello = Hello { version: frame::VERSION, instance: InstanceId(thirty_two(0x20)) };
    let head = Head { size: 8, checkpoint: Some(checkpoint()) };
    vec![
        from_enclave("hello", Frame::Hello(hello)),
        from_enclave("request", Frame::Request { id: 1, deadline_ms: 5_000, body: StoreRequest::Head }),
        from_enclave("reply", Frame::Reply { id: 2, result: Ok(Answer::ShareAccepted { missing: 0 }) }),
        from_enclave("refusal", Frame::Reply { id: 3, result: Err(Fault::SadReplayed) }),
        from_enclave("credit", Frame::Credit { id: 1, octets: 131_072 }),
        from_host("request", Frame::Request { id: 4, deadline_ms: 30_000, body: Command::Status }),
        from_host("reply", Frame::Reply { id: 1, result: Ok(StoreAnswer::Head(head)) }),
        from_host("refusal", Frame::Reply { id: 1, result: Err(Fault::SinkRefused) }),
        from_host("chunk", Frame::Chunk { id: 1, data: octets(1, 40), last: true }),
    ]
}

/// What a challenge says of each kind of means that is no passkey.
fn hints() -> Vec<Vector> {
    let challenge = |means, hint| Challenge {
        nonce: octets(8, 72),
        instance: InstanceId(thirty_two(0x20)),
        expires: 1_800_000_300,
        means: Some(means),
        passkey: None,
        hint: Some(hint),
    };
    let key = MeansHint::DeviceKey { key: crate::parts::digest(0x25) };
    let issuer = MeansId::new("issuer-1").expect("a name");
    let certificate = MeansHint::X509 { issuer: issuer.clone() };
    let account = MeansHint::Oidc { provider: issuer };
    let pin = MeansHint::PinTotp { registration: crate::parts::digest(0x25) };
    vec![
        Vector::cbor("challenge/device-key", challenge(MeansProfile::DeviceKey, key)),
        Vector::cbor("challenge/x509", challenge(MeansProfile::X509, certificate)),
        Vector::cbor("challenge/oidc", challenge(MeansProfile::Oidc, account)),
        Vector::cbor("challenge/pin-totp", challenge(MeansProfile::PinTotp, pin)),
    ]
}

pub fn vectors() -> Vec<Vector> {
    let commands = commands().into_iter().map(|c| Vector::cbor(format!("command/{}", command_name(&c)), c));
    let answers = answers().into_iter().map(|a| Vector::cbor(format!("answer/{}", answer_name(&a)), a));
    let faults: Vec<u16> = Fault::ALL.iter().map(|fault| fault.number()).collect();
    frames()
        .into_iter()
        .chain(commands)
        .chain([ended_by_officer()])
        .chain(answers)
        .chain([Vector::cbor("fault/numbers", faults)])
        .chain([planned()])
        .chain(hints())
        .chain(rotations())
        .chain(of_sca_evidence())
        .collect()
}
