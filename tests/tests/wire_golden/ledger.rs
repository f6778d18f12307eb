//! Place: none. Events: the leaves of the ledger, which no later version may read in another way.

use crate::Vector;
use crate::parts::{checkpoint, digest, ledger, mandate, octets, statement, thirty_two};
use fuin_shared::ids::{InstanceId, LedgerId, ManifestHash, RootCommitment, ServiceId, Subject};
use fuin_shared::log::event::{
    AlarmKind, ApproverUse, ClockAhead, CredentialMark, Event, EventBody, Holder, RecordMark, Rewrapped,
    VERSION,
};
use fuin_shared::sad::Purpose;
use fuin_shared::seal::Rate;

fn bodies() -> Vec<EventBody> {
    let credential = CredentialMark { subject: Subject(thirty_two(0x50)), sequence: 4 };
    let record = RecordMark { version: 3, hash: digest(0x51) };
    let statement = statement();
    vec![
        EventBody::Genesis {
            service: ServiceId(thirty_two(0x21)),
            manifest: ManifestHash(thirty_two(0x23)),
            ledger: LedgerId(std::array::from_fn(|n| 0x60 + n as u8)),
            shard: 0,
            epoch: 0,
            commitment: RootCommitment(thirty_two(0x22)),
            approvals: vec![statement],
        },
        EventBody::Boot {
            nonce: digest(0x52),
            instance: InstanceId(thirty_two(0x20)),
            manifest: ManifestHash(thirty_two(0x23)),
            size: 8,
            root: digest(0x53),
        },
        EventBody::KeyGenerated {
            credential,
            signer: Subject(thirty_two(0x54)),
            record,
            statement,
            attests: digest(0x5a),
        },
        EventBody::MeansLinked { credential, record, statement, attests: digest(0x5b) },
        EventBody::PopSigned { credential, record, request_info: digest(0x55), statement, means_counter: 8 },
        EventBody::CertificateLinked {
            credential,
            record,
            certificate: Subject(thirty_two(0x56)),
            statement,
        },
        EventBody::KeyDestroyed { credential, statement },
        EventBody::Authorized { credential, sad: digest(0x57), count: 2, means_counter: 9 },
        EventBody::Signed { credential, certificate: digest(0x58), count: 2, hashes: digest(0x59) },
        EventBody::TransactionExtended { credential, left: 3 },
        EventBody::DocumentsSigned {
            credential,
            certificate: digest(0x58),
            count: 2,
            documents: digest(0x5c),
            hashes: digest(0x5d),
        },
        EventBody::KeyRevoked { credential, list: digest(0x5e) },
        EventBody::ClockDoubted {
            kernel: 1_800_003_600_000,
            ahead: Some(ClockAhead { least: 3_599_990, most: 3_600_010 }),
        },
        EventBody::AuthorizationFailed { credential, purpose: Purpose::Sign, fault: 501 },
        EventBody::AttemptDebited { credential, attempts: 1 },
        EventBody::CredentialSuspended {
            credential,
            by: Holder::Officer,
            means_counter: None,
            statements: vec![statement],
        },
        EventBody::CredentialResumed { credential, means_counter: 9, statement },
        EventBody::OfficersReleased { credential, statements: vec![statement] },
        EventBody::CredentialUnlocked { credential, statement },
        EventBody::MeansRelinked { credential, record, attests: digest(0x5c), statement },
        EventBody::ManifestAdopted {
            manifest: ManifestHash(thirty_two(0x23)),
            version: 2,
            approvals: vec![statement],
        },
        EventBody::ApproversSet {
            credential,
            record,
            attests: digest(0x5b),
            approvals: approvals(),
            approvers: vec![1, 2, 4],
            threshold: 2,
            statement,
        },
        EventBody::SealPopSigned {
            credential,
            record,
            request_info: digest(0x55),
            approvals: approvals(),
            statement,
        },
        EventBody::MandateGranted {
            credential,
            mandate: mandate(),
            record: RecordMark { version: 1, ..record },
            count: 5,
            not_before: 1_800_000_000,
            not_after: 1_800_003_600,
            rate: Rate { seals: 2, seconds: 60 },
            approvals: approvals(),
        },
        EventBody::Sealed {
            credential,
            mandate: mandate(),
            number: 1,
            certificate: digest(0x58),
            count: 2,
            hashes: digest(0x59),
        },
        EventBody::MandateEnded {
            credential,
            mandate: mandate(),
            approval: None,
            statement: Some(statement),
        },
        EventBody::SealResumed { credential, approvals: approvals(), statement },
        EventBody::WitnessesChanged { manifest: ManifestHash(thirty_two(0x23)), checkpoint: checkpoint() },
        EventBody::Alarm { about: AlarmKind::WitnessContradiction, count: 2 },
        EventBody::HandedOver {
            giver: InstanceId(thirty_two(0x20)),
            taker: InstanceId(thirty_two(0x2a)),
            manifest: ManifestHash(thirty_two(0x23)),
        },
        EventBody::EpochBegun {
            epoch: 1,
            nonce: digest(0x52),
            instance: InstanceId(thirty_two(0x20)),
            manifest: ManifestHash(thirty_two(0x2a)),
            version: 2,
            size: 9,
            root: digest(0x53),
            predecessor: ledger("fuin.example/ledger"),
            ledger: ledger("fuin.example/next"),
            checkpoint: checkpoint(),
            growth: vec![digest(0x5f), digest(0x60)],
            approvals: vec![statement],
        },
        EventBody::RootRotated {
            from: RootCommitment(thirty_two(0x22)),
            to: RootCommitment(thirty_two(0x2b)),
            manifest: ManifestHash(thirty_two(0x23)),
            carried: octets(0x61, 112),
            approvals: vec![statement],
        },
        EventBody::RecordsRewrapped {
            records: vec![
                Rewrapped { subject: credential.subject, mandate: None, record },
                Rewrapped { subject: credential.subject, mandate: Some(mandate()), record },
            ],
        },
        EventBody::RootUnused { commitment: RootCommitment(thirty_two(0x22)) },
        EventBody::RootErased { commitment: RootCommitment(thirty_two(0x22)), deletions: vec![statement] },
        EventBody::Snapshot { size: 70_000, state: digest(0x62) },
    ]
}

fn approvals() -> Vec<ApproverUse> {
    vec![ApproverUse { approver: 1, counter: 0 }, ApproverUse { approver: 3, counter: 7 }]
}

/// No wildcard: a new event does not compile until it has a name, and then wants a sample above.
fn name(body: &EventBody) -> &'static str {
    match body {
        EventBody::Genesis { .. } => "genesis",
        EventBody::Boot { .. } => "boot",
        EventBody::KeyGenerated { .. } => "key-generated",
        EventBody::MeansLinked { .. } => "means-linked",
        EventBody::PopSigned { .. } => "pop-signed",
        EventBody::CertificateLinked { .. } => "certificate-linked",
        EventBody::KeyDestroyed { .. } => "key-destroyed",
        EventBody::Authorized { .. } => "authorized",
        EventBody::Signed { .. } => "signed",
        EventBody::TransactionExtended { .. } => "transaction-extended",
        EventBody::DocumentsSigned { .. } => "documents-signed",
        EventBody::ClockDoubted { .. } => "clock-doubted",
        EventBody::AuthorizationFailed { .. } => "authorization-failed",
        EventBody::AttemptDebited { .. } => "attempt-debited",
        EventBody::CredentialSuspended { .. } => "credential-suspended",
        EventBody::CredentialResumed { .. } => "credential-resumed",
        EventBody::OfficersReleased { .. } => "officers-released",
        EventBody::CredentialUnlocked { .. } => "credential-unlocked",
        EventBody::MeansRelinked { .. } => "means-relinked",
        EventBody::ManifestAdopted { .. } => "manifest-adopted",
        EventBody::ApproversSet { .. } => "approvers-set",
        EventBody::SealPopSigned { .. } => "seal-pop-signed",
        EventBody::MandateGranted { .. } => "mandate-granted",
        EventBody::Sealed { .. } => "sealed",
        EventBody::MandateEnded { .. } => "mandate-ended",
        EventBody::SealResumed { .. } => "seal-resumed",
        EventBody::KeyRevoked { .. } => "key-revoked",
        EventBody::WitnessesChanged { .. } => "witnesses-changed",
        EventBody::Alarm { .. } => "alarm",
        EventBody::HandedOver { .. } => "handed-over",
        EventBody::EpochBegun { .. } => "epoch-begun",
        EventBody::RootRotated { .. } => "root-rotated",
        EventBody::RecordsRewrapped { .. } => "records-rewrapped",
        EventBody::RootUnused { .. } => "root-unused",
        EventBody::RootErased { .. } => "root-erased",
        EventBody::Snapshot { .. } => "snapshot",
    }
}

pub fn vectors() -> Vec<Vector> {
    bodies()
        .into_iter()
        .map(|body| {
            let name = format!("event/{}", name(&body));
            Vector::cbor(name, Event { version: VERSION, time: 1_800_000_000_123, body, detail: None })
        })
        .chain([Vector::cbor(
            "event/alarm-record",
            Event {
                version: VERSION,
                time: 1_800_000_000_123,
                body: EventBody::Alarm { about: AlarmKind::RecordForeign, count: u32::MAX },
                detail: None,
            },
        )])
        .collect()
}
