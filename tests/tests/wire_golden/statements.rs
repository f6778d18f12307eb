//! Place: none. What people and machines sign: the SAD with its evidence, approvals, shares, manageProof.

use crate::Vector;
use crate::parts::{
    authority, checkpoint, credential, digest, mandate, octets, person, spki, statement as statement_id,
    thirty_two, user,
};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::codec;
use fuin_shared::ids::{InstanceId, ManifestHash, MeansId, RootCommitment, ServiceId};
use fuin_shared::manifest::{ManifestApproval, ManifestChange, ManifestHistory};
use fuin_shared::new_epoch::{EpochApproval, EpochPlan, NewEpoch};
use fuin_shared::rotation::{RootRotation, RotationApproval, RotationPlan, RotationStage, ShareDeletion};
use fuin_shared::sad::{
    self, Assertion, AuthorizationEvidence, AuthorizedSad, HashType, LinkSubject, MeansProfile, Purpose, Sad,
};
use fuin_shared::seal::{
    self, ApproverChange, ApproverEvidence, ApproverRegistration, MandateEnding, MandateTerms, Rate,
    SealOrder, SignedOrder,
};
use fuin_shared::statement::{
    CredentialOrder, CredentialOrderKind, CustodianShare, GenesisApproval, HandOverStatement, HpkeSealed,
    ManageAction, ManageStatement, ShareReceipt, ShareStatement, SignedStatement,
};
use fuin_shared::totp::TotpHash;

pub fn sad_to_sign() -> Sad {
    Sad {
        version: sad::VERSION,
        service: ServiceId(thirty_two(0x21)),
        instance: InstanceId(thirty_two(0x20)),
        credential: credential(),
        spki: digest(0x25),
        means: MeansProfile::Passkey,
        purpose: Purpose::Sign,
        hash_type: HashType::Dtbs,
        hashes: vec![octets(0x10, 32), octets(0x30, 32)],
        hash_algorithm: HashAlgorithm::Sha256,
        signature_algorithm: SignatureAlgorithm::EcdsaSha256,
        count: 2,
        expires: 1_800_000_300,
        nonce: octets(8, 72),
        display: Some(digest(0x26)),
        link: None,
    }
}

fn sad_to_link() -> Sad {
    Sad {
        purpose: Purpose::Link,
        hashes: Vec::new(),
        count: 0,
        display: None,
        link: Some(LinkSubject { user: user(), authority: authority(), identity: digest(0x27) }),
        ..sad_to_sign()
    }
}

fn means_issuer() -> MeansId {
    MeansId::new("issuer-1").expect("a name")
}

fn sads() -> Vec<Vector> {
    let with = |purpose| Sad { purpose, display: None, ..sad_to_sign() };
    vec![
        Vector::cbor("sad/sign", sad_to_sign()),
        Vector::cbor("sad/link", sad_to_link()),
        Vector::cbor("sad/pop", with(Purpose::Pop)),
        Vector::cbor("sad/delete", Sad { hashes: Vec::new(), count: 0, ..with(Purpose::Delete) }),
        Vector::cbor("sad/mandate", with(Purpose::Mandate)),
        Vector::cbor("sad/end-mandate", with(Purpose::EndMandate)),
        Vector::cbor("sad/approvers", with(Purpose::Approvers)),
        Vector::cbor("sad/document", Sad { hash_type: HashType::Document, ..sad_to_sign() }),
        Vector::cbor("sad/relink", with(Purpose::Relink)),
        Vector::cbor("sad/suspend", Sad { hashes: Vec::new(), count: 0, ..with(Purpose::Suspend) }),
        Vector::cbor("sad/resume", Sad { hashes: Vec::new(), count: 0, ..with(Purpose::Resume) }),
    ]
}

pub fn pin_totp_registration() -> Assertion {
    Assertion::PinTotpRegistration {
        blind: octets(0x0b, 32).0.into(),
        pin: b"2580"[..].into(),
        secret: b"12345678901234567890"[..].into(),
        hash: TotpHash::Sha1,
        digits: 6,
        code: b"081804"[..].into(),
    }
}

fn evidence() -> Vec<Vector> {
    let assertion = Assertion::Passkey {
        credential_id: octets(9, 16),
        client_data: octets(0x7b, 20),
        authenticator_data: octets(0x11, 37),
        signature: octets(0x30, 70),
    };
    let registration = Assertion::PasskeyRegistration {
        client_data: octets(0x7b, 20),
        attestation_object: octets(0xa3, 40),
    };
    let authorized = |sad: Sad, assertion| AuthorizedSad { sad: sad.to_bytes().into(), assertion };
    let by_device_key = Sad { means: MeansProfile::DeviceKey, ..sad_to_sign() };
    let jws = "e30.e30.AAAA";
    vec![
        Vector::cbor(
            "authorization/plain",
            AuthorizationEvidence::Plain(authorized(sad_to_sign(), assertion)),
        ),
        Vector::cbor(
            "authorization/registration",
            AuthorizationEvidence::Plain(authorized(sad_to_link(), registration)),
        ),
        Vector::cbor(
            "authorization/sealed",
            AuthorizationEvidence::Sealed {
                instance: InstanceId(thirty_two(0x20)),
                sad_digest: sad::sad_digest(&sad_to_sign().to_bytes()),
                encapsulated: octets(4, 97),
                ciphertext: octets(0xc0, 60),
            },
        ),
        Vector::cbor(
            "authorization/x509",
            authorized(
                Sad { means: MeansProfile::X509, ..sad_to_sign() },
                Assertion::X509 {
                    certificates: vec![octets(0x30, 20), octets(0x30, 24)],
                    signature: octets(0x30, 70),
                },
            ),
        ),
        Vector::cbor(
            "authorization/oidc",
            authorized(
                Sad { means: MeansProfile::Oidc, ..sad_to_sign() },
                Assertion::IdToken { token: jws.into() },
            ),
        ),
        Vector::cbor(
            "authorization/device-key",
            AuthorizationEvidence::Plain(authorized(by_device_key, Assertion::DeviceKey { jws: jws.into() })),
        ),
        Vector::cbor(
            "authorization/device-key-registration",
            AuthorizationEvidence::Plain(authorized(
                sad_to_link(),
                Assertion::DeviceKeyRegistration { public_key: octets(0x30, 91), jws: jws.into() },
            )),
        ),
        Vector::cbor(
            "authorization/pin-totp",
            authorized(
                Sad { means: MeansProfile::PinTotp, ..sad_to_sign() },
                Assertion::PinTotp { pin: b"2580"[..].into(), code: b"081804"[..].into() },
            ),
        ),
        Vector::cbor(
            "authorization/pin-totp-registration",
            authorized(Sad { means: MeansProfile::PinTotp, ..sad_to_link() }, pin_totp_registration()),
        ),
    ]
}

pub fn genesis_approval() -> GenesisApproval {
    GenesisApproval {
        service: ServiceId(thirty_two(0x21)),
        instance: InstanceId(thirty_two(0x20)),
        manifest: ManifestHash(thirty_two(0x23)),
        statement: statement_id(),
        not_after: 1_800_000_600,
    }
}

pub fn manifest_change() -> ManifestChange {
    ManifestChange { manifest: octets(0xad, 24), approvals: vec![octets(0xa3, 30)] }
}

fn epoch_plan() -> EpochPlan {
    EpochPlan {
        service: ServiceId(thirty_two(0x21)),
        ledger: "fuin.example/ledger".into(),
        epoch: 1,
        checkpoint: "fuin.example/ledger\n8\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n".into(),
        manifest: ManifestHash(thirty_two(0x2a)),
        instance: InstanceId(thirty_two(0x20)),
    }
}

pub fn new_epoch() -> NewEpoch {
    NewEpoch {
        plan: epoch_plan(),
        checkpoint: checkpoint(),
        change: Some(manifest_change()),
        approvals: vec![octets(0xa3, 30)],
    }
}

fn rotation_plan() -> RotationPlan {
    RotationPlan {
        service: ServiceId(thirty_two(0x21)),
        ledger: "fuin.example/ledger".into(),
        instance: InstanceId(thirty_two(0x20)),
        manifest: ManifestHash(thirty_two(0x23)),
        commitment: RootCommitment(thirty_two(0x22)),
    }
}

pub fn rotation(stage: RotationStage) -> RootRotation {
    RootRotation { from: RootCommitment(thirty_two(0x22)), to: RootCommitment(thirty_two(0x2b)), stage }
}

fn sealed() -> HpkeSealed {
    HpkeSealed { encapsulated: octets(4, 97), ciphertext: octets(0xc0, 48) }
}

pub fn custodian_share() -> CustodianShare {
    CustodianShare { custodian: person("custodian-1"), sealed: sealed() }
}

fn ceremony() -> Vec<Vector> {
    let receipt = ShareReceipt {
        service: ServiceId(thirty_two(0x21)),
        instance: InstanceId(thirty_two(0x20)),
        commitment: RootCommitment(thirty_two(0x22)),
        share: digest(0x28),
    };
    let share = ShareStatement {
        service: ServiceId(thirty_two(0x21)),
        instance: InstanceId(thirty_two(0x20)),
        manifest: ManifestHash(thirty_two(0x23)),
        commitment: RootCommitment(thirty_two(0x22)),
        newest_checkpoint: Some(checkpoint()),
        sealed: digest(0x29),
    };
    let hand_over = HandOverStatement {
        service: ServiceId(thirty_two(0x21)),
        giver: InstanceId(thirty_two(0x20)),
        taker: InstanceId(thirty_two(0x2a)),
        manifest: ManifestHash(thirty_two(0x23)),
        commitment: RootCommitment(thirty_two(0x22)),
        checkpoint: checkpoint(),
        sealed: digest(0x29),
    };
    let order = |order| CredentialOrder {
        service: ServiceId(thirty_two(0x21)),
        ledger: "fuin.example/ledger".into(),
        credential: credential(),
        order,
        suspension: (order == CredentialOrderKind::Release).then_some(3),
        statement: statement_id(),
        not_after: 1_800_000_600,
    };
    let signed = SignedStatement {
        body: codec::encode(&genesis_approval()).into(),
        signer: person("officer-1"),
        signature: octets(0x30, 70),
    };
    let approval = ManifestApproval {
        service: ServiceId(thirty_two(0x21)),
        ledger: "fuin.example/ledger".into(),
        previous: ManifestHash(thirty_two(0x23)),
        manifest: ManifestHash(thirty_two(0x2a)),
        statement: statement_id(),
        not_after: 1_800_000_600,
    };
    let epoch = EpochApproval { plan: epoch_plan(), statement: statement_id(), not_after: 1_800_000_600 };
    let same_manifest = NewEpoch { change: None, ..new_epoch() };
    let rotation =
        RotationApproval { plan: rotation_plan(), statement: statement_id(), not_after: 1_800_000_600 };
    let deletion = ShareDeletion {
        service: ServiceId(thirty_two(0x21)),
        commitment: RootCommitment(thirty_two(0x22)),
        successor: RootCommitment(thirty_two(0x2b)),
        statement: statement_id(),
    };
    vec![
        Vector::cbor("statement/rotation-approval", rotation),
        Vector::cbor("statement/share-deletion", deletion),
        Vector::cbor("statement/epoch-approval", epoch),
        Vector::cbor("epoch/same-manifest", same_manifest),
        Vector::cbor("statement/genesis-approval", genesis_approval()),
        Vector::cbor("statement/share-receipt", receipt),
        Vector::cbor("statement/share", share.clone()),
        Vector::cbor("statement/first-share", ShareStatement { newest_checkpoint: None, ..share }),
        Vector::cbor("statement/signed", signed),
        Vector::cbor("statement/hpke-sealed", sealed()),
        Vector::cbor("statement/credential-order", order(CredentialOrderKind::Suspend)),
        Vector::cbor("statement/credential-release", order(CredentialOrderKind::Release)),
        Vector::cbor("statement/manifest-approval", approval),
        Vector::cbor("statement/hand-over", hand_over),
        Vector::cbor(
            "manifest/history",
            ManifestHistory { first: octets(0xa2, 24), changes: vec![manifest_change()] },
        ),
    ]
}

fn approver() -> ApproverRegistration {
    ApproverRegistration {
        means: MeansProfile::Passkey,
        identity: digest(0x27),
        relying_party: Some("fuin.example".into()),
        registration: digest(0x28),
    }
}

fn seals() -> Vec<Vector> {
    let terms = MandateTerms {
        version: seal::VERSION,
        service: ServiceId(thirty_two(0x21)),
        credential: credential(),
        spki: digest(0x25),
        nonce: octets(0x90, 16),
        sca_key: spki(),
        document_class: "請求書".into(),
        count: 5,
        not_before: 1_800_000_000,
        not_after: 1_800_003_600,
        rate: Rate { seals: 2, seconds: 60 },
        hash_algorithm: HashAlgorithm::Sha256,
        signature_algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    let order = SealOrder {
        version: seal::VERSION,
        service: ServiceId(thirty_two(0x21)),
        mandate: mandate(),
        number: 1,
        expires: 1_800_000_060,
        hashes: vec![octets(0x10, 32)],
        hash_algorithm: HashAlgorithm::Sha256,
        signature_algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    let change = ApproverChange {
        credential: credential(),
        version: 4,
        keep: vec![1, 2],
        approvers: vec![approver()],
        threshold: 2,
    };
    let ending = MandateEnding {
        service: ServiceId(thirty_two(0x21)),
        ledger: "fuin.example/ledger".into(),
        mandate: mandate(),
        statement: statement_id(),
        not_after: 1_800_000_600,
    };
    let octets_of = terms.to_bytes();
    let algorithm = HashAlgorithm::Sha256;
    let order_octets = codec::encode(&order);
    vec![
        Vector::octets("seal/mandate-id", seal::mandate_id(&octets_of).0),
        Vector::octets("seal/mandate-hash", seal::mandate_hash(algorithm, &octets_of).0),
        Vector::octets("seal/end-hash", seal::end_hash(algorithm, &mandate()).0),
        Vector::octets("seal/change-hash", change.hash(algorithm).0),
        Vector::octets("seal/order-message", SignedStatement::message::<SealOrder>(&order_octets)),
        Vector::octets(
            "seal/ending-message",
            SignedStatement::message::<MandateEnding>(&codec::encode(&ending)),
        ),
        Vector::cbor("seal/terms", terms),
        Vector::cbor("seal/order", order),
        Vector::cbor(
            "seal/signed-order",
            SignedOrder { order: order_octets.into(), signature: octets(0x30, 70) },
        ),
        Vector::cbor("seal/change", change),
        Vector::cbor("seal/ending", ending),
        Vector::cbor(
            "seal/approver-evidence",
            ApproverEvidence { approvals: vec![octets(7, 30)], registrations: vec![octets(8, 30)] },
        ),
    ]
}

fn actions() -> Vec<ManageAction> {
    vec![
        ManageAction::GenerateKey {
            user: user(),
            authority: authority(),
            key_algorithm: KeyAlgorithm::EcdsaP384,
            multisign: 10,
            subject: Some("CN=Fuin,C=JP".into()),
        },
        ManageAction::LinkEid {
            means: MeansProfile::Passkey,
            identity: digest(0x27),
            relying_party: "fuin.example".into(),
            registration: digest(0x28),
        },
        ManageAction::AuthorizePop {
            request_info: None,
            signature_algorithm: SignatureAlgorithm::EcdsaSha384,
        },
        ManageAction::LinkCert { certificates: vec![octets(0x30, 24)] },
        ManageAction::DeleteKey {},
        ManageAction::LinkDeviceKey { identity: digest(0x27), key: digest(0x25) },
        ManageAction::LinkX509 { identity: digest(0x27), issuer: means_issuer(), certificate: digest(0x25) },
        ManageAction::LinkOidc { identity: digest(0x27), provider: means_issuer(), token: digest(0x25) },
        ManageAction::LinkPinTotp { identity: digest(0x27), registration: digest(0x28) },
        ManageAction::Suspend {},
        ManageAction::Resume {},
        ManageAction::Unlock {},
        ManageAction::RelinkPasskey { relying_party: "fuin.example".into(), registration: digest(0x28) },
        ManageAction::RelinkDeviceKey { key: digest(0x25) },
        ManageAction::RelinkPinTotp { registration: digest(0x28) },
        ManageAction::RelinkX509 { issuer: means_issuer(), certificate: digest(0x25) },
        ManageAction::RelinkOidc { provider: means_issuer(), token: digest(0x25) },
        ManageAction::GenerateSealKey {
            user: user(),
            authority: authority(),
            key_algorithm: KeyAlgorithm::EcdsaP256,
            subject: "CN=Fuin,2.5.4.97=NTRJP-1,O=Fuin,C=JP".into(),
        },
        ManageAction::EnrolApprovers { approvers: vec![approver()], threshold: 1 },
        ManageAction::ChangeApprovers { keep: vec![1, 2], approvers: vec![approver()], threshold: 2 },
    ]
}

/// No wildcard: a new action does not compile until it has a name, and then wants a sample above.
fn action_name(action: &ManageAction) -> &'static str {
    match action {
        ManageAction::GenerateKey { .. } => "generate-key",
        ManageAction::LinkEid { .. } => "link-eid",
        ManageAction::AuthorizePop { .. } => "authorize-pop",
        ManageAction::LinkCert { .. } => "link-cert",
        ManageAction::DeleteKey {} => "delete-key",
        ManageAction::LinkDeviceKey { .. } => "link-device-key",
        ManageAction::LinkX509 { .. } => "link-x509",
        ManageAction::LinkOidc { .. } => "link-oidc",
        ManageAction::LinkPinTotp { .. } => "link-pin-totp",
        ManageAction::Suspend {} => "suspend",
        ManageAction::Resume {} => "resume",
        ManageAction::Unlock {} => "unlock",
        ManageAction::RelinkPasskey { .. } => "relink-passkey",
        ManageAction::RelinkDeviceKey { .. } => "relink-device-key",
        ManageAction::RelinkPinTotp { .. } => "relink-pin-totp",
        ManageAction::RelinkX509 { .. } => "relink-x509",
        ManageAction::RelinkOidc { .. } => "relink-oidc",
        ManageAction::GenerateSealKey { .. } => "generate-seal-key",
        ManageAction::EnrolApprovers { .. } => "enrol-approvers",
        ManageAction::ChangeApprovers { .. } => "change-approvers",
    }
}

/// The payload of a manageProof is JSON: in hex here like everything else.
fn manage_proof(action: ManageAction) -> Vector {
    let name = format!("manage-proof/{}", action_name(&action));
    let made = matches!(action, ManageAction::GenerateKey { .. } | ManageAction::GenerateSealKey { .. });
    let value = ManageStatement {
        service: ServiceId(thirty_two(0x21)),
        ledger: "fuin.example/ledger".into(),
        action,
        key: (!made).then(credential),
        version: (!made).then_some(3),
        statement: statement_id(),
        not_after: 1_800_000_600,
    };
    let octets = serde_json::to_vec(&value).expect("plain data");
    let leads_back =
        move |octets: &[u8]| serde_json::from_slice::<ManageStatement>(octets).is_ok_and(|v| v == value);
    Vector { name, octets, leads_back: Box::new(leads_back) }
}

pub fn vectors() -> Vec<Vector> {
    sads()
        .into_iter()
        .chain(evidence())
        .chain(ceremony())
        .chain(seals())
        .chain(actions().into_iter().map(manage_proof))
        .collect()
}
