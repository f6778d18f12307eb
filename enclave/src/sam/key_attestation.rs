//! Place: SAM. Key statements (extensions 4.3 `keyAttestation`): what the SAM says of a key, bound by one evidence document
//! and, through its event, by the ledger.

use super::evidence::{View, statement};
use super::means::EidMeans;
use super::record::{ApproverSet, CredentialRecord};
use super::{Effect, Ticket};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, ManifestHash, ServiceId};
use fuin_shared::key_statement::{
    CryptoModuleKind, KeyAttestation, KeyStatement, VERSION, key_digest, key_user_data,
};
use fuin_shared::message::Answer;
use fuin_shared::sad::MeansProfile;
use std::collections::HashMap;

/// Attestations that wait for the NSM, from which on no other is taken on request.
const MAX_WAITING: usize = 64;
const NONCE: std::ops::RangeInclusive<usize> = 8..=64;

/// Refuses a nonce of a wrong length.
///
/// # Errors
/// [`Fault::Malformed`].
pub fn check_nonce(nonce: Option<&Blob>) -> Result<(), Fault> {
    if nonce.is_none_or(|n| NONCE.contains(&n.0.len())) { Ok(()) } else { Err(Fault::Malformed) }
}

/// The statement of a key as its record is now.
#[must_use]
pub fn key_statement(
    record: &CredentialRecord,
    service: ServiceId,
    manifest: ManifestHash,
    now_seconds: u64,
) -> KeyStatement {
    let (means, eid_ref) = match &record.approvers {
        Some(set) => approvers(set, &service),
        None => {
            let means = record.means.as_ref();
            (means.map(EidMeans::profile), means.map(|linked| linked.reference(&service)))
        }
    };
    let members = record.approvers.iter().flat_map(|set| &set.members).map(|member| &member.means);
    // Before a means is linked nothing is known of it.
    let scal = members.chain(&record.means).map(EidMeans::scal).min().unwrap_or(1);
    KeyStatement {
        version: VERSION,
        service,
        manifest,
        key: record.id.clone(),
        spki: record.spki_digest(),
        algorithm: record.algorithm,
        scal,
        purpose: record.purpose,
        crypto_module: CryptoModuleKind::Soft,
        means,
        eid_ref,
        authority: record.authority.clone(),
        time: now_seconds,
    }
}

/// The kind of the approvers' means, if all have the same, and a digest that names them all with their threshold.
fn approvers(set: &ApproverSet, service: &ServiceId) -> (Option<MeansProfile>, Option<Digest32>) {
    let references: Vec<_> = set.members.iter().map(|member| member.means.reference(service)).collect();
    let threshold = [set.threshold];
    let mut parts: Vec<&[u8]> = vec![b"approvers", &threshold];
    parts.extend(references.iter().map(AsRef::as_ref));
    let mut profiles = set.members.iter().map(|member| member.means.profile());
    let first = profiles.next();
    let one_kind = profiles.all(|other| Some(other) == first);
    (first.filter(|_| one_kind), Some(eid_reference(service, &parts)))
}

/// A document to be had for a key statement, and the answer that it completes.
#[derive(Debug)]
pub struct Wanted {
    /// [`KeyStatement`] in CBOR.
    pub key: Blob,
    /// The caller's nonce.
    pub nonce: Option<Blob>,
    /// The answer, still without its attestation.
    pub answer: Answer,
}

struct Waiting {
    key: Blob,
    statement: Vec<u8>,
    /// The manifest that the statement names, as signed.
    manifest: Blob,
    answer: Answer,
}

/// Attestations under way.
#[derive(Default)]
pub struct KeyDesk {
    waiting: HashMap<Ticket, Waiting>,
}

impl KeyDesk {
    /// Whether requests are to be turned away.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= MAX_WAITING
    }

    /// Asks the NSM for the document. Never turns away: what has its event is answered, and as many as that are there can
    /// be only commands under way.
    pub fn request(&mut self, ticket: Ticket, wanted: Wanted, view: &View<'_>) -> Effect {
        let statement = codec::encode(&statement(view));
        let user_data = key_user_data(&statement, &key_digest(wanted.key.as_slice()));
        let manifest = view.context.signed.clone();
        self.waiting.insert(ticket, Waiting { key: wanted.key, statement, manifest, answer: wanted.answer });
        Effect::Attest { ticket, user_data, nonce: wanted.nonce.map(|nonce| nonce.0) }
    }

    /// Takes a document; none when it is not for a key.
    pub fn attested(&mut self, ticket: Ticket, result: &Result<Vec<u8>, Fault>) -> Option<Effect> {
        let waiting = self.waiting.remove(&ticket)?;
        let result = match (result, waiting.answer) {
            (Ok(document), answer) => {
                let attestation = KeyAttestation {
                    key: waiting.key,
                    document: document.clone().into(),
                    statement: waiting.statement.into(),
                    manifest: waiting.manifest,
                    ledger: None,
                };
                Ok(complete(answer, codec::encode(&attestation).into()))
            }
            (Err(fault), Answer::KeyAttested(_)) => Err(*fault),
            // The event is durable, so the caller must hear of it; the document can be asked for again.
            (Err(_), answer) => Ok(answer),
        };
        Some(Effect::Reply { ticket, result })
    }
}

fn complete(answer: Answer, octets: Blob) -> Answer {
    match answer {
        Answer::KeyGenerated(mut key) => {
            key.attestation = Some(octets);
            Answer::KeyGenerated(key)
        }
        Answer::Linked(mut linked) => {
            linked.attestation = Some(octets);
            Answer::Linked(linked)
        }
        _ => Answer::KeyAttested(octets),
    }
}

/// Digest that names a linked means without showing it.
#[must_use]
pub fn eid_reference(service: &ServiceId, parts: &[&[u8]]) -> Digest32 {
    use sha2::{Digest, Sha256};
    let parts: Vec<_> = parts.iter().map(|part| serde_bytes::Bytes::new(part)).collect();
    let octets = codec::encode(&(service, parts));
    Digest32(Sha256::new().chain_update(b"fuin/eid-reference/v1\0").chain_update(octets).finalize().into())
}
