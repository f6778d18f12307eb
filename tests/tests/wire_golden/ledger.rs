//! Place: none. Events: the leaves of the ledger, which no later version may read in another way.

use crate::Vector;
use crate::parts::{digest, statement, thirty_two};
use fuin_shared::ids::{InstanceId, LedgerId, ManifestHash, RootCommitment, ServiceId, Subject};
use fuin_shared::log::event::{CredentialMark, Event, EventBody, RecordMark, VERSION};

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
        EventBody::HandedOver {
            taker: InstanceId(thirty_two(0x20)),
            manifest: ManifestHash(thirty_two(0x23)),
        },
    ]
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
        EventBody::HandedOver { .. } => "handed-over",
    }
}

pub fn vectors() -> Vec<Vector> {
    bodies()
        .into_iter()
        .map(|body| {
            let name = format!("event/{}", name(&body));
            Vector::cbor(name, Event { version: VERSION, time: 1_800_000_000_123, body })
        })
        .collect()
}
