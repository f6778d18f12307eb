//! Place: SAM, SCA. Electronic seals: the mandate that the organization's approvers sign, and the order with which a
//! signature creation application (SCA) then has hashes sealed without a person present (sam.md section 5).

mod evidence;

pub use evidence::{MAX_SCA_EVIDENCE, ScaEvidence};

use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::bytes::Blob;
use crate::codec;
use crate::ids::{CredentialId, Digest32, MandateId, ServiceId, StatementId};
use crate::key::Spki;
use crate::sad::MeansProfile;
use crate::statement::Body;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of [`MandateTerms`] and of [`SealOrder`].
pub const VERSION: u8 = 1;
/// Most approvers of a credential.
pub const MAX_APPROVERS: usize = 16;
/// Largest terms in octets.
pub const MAX_TERMS: usize = 2048;
/// Most characters of a document class.
pub const MAX_CLASS: usize = 128;
/// Longest window of a mandate, seconds: 400 days.
pub const MAX_WINDOW: u64 = 400 * 86_400;
/// Most seals of one interval of a rate.
pub const MAX_RATE: u32 = 10_000;
/// Longest interval of a rate, seconds: a day.
pub const MAX_INTERVAL: u32 = 86_400;
/// Most seals of one mandate.
pub const MAX_COUNT: u32 = 1_000_000;

/// At most so many seals in any interval of so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Most seals.
    pub seals: u32,
    /// Length of the interval, seconds.
    pub seconds: u32,
}

/// What the approvers of a seal credential allow an SCA: the content of a mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateTerms {
    /// [`VERSION`].
    pub version: u8,
    /// The service.
    pub service: ServiceId,
    /// The seal credential.
    pub credential: CredentialId,
    /// SHA-256 of its key's SubjectPublicKeyInfo.
    pub spki: Digest32,
    /// Random, 16 to 32 octets: equal terms can be granted again, under another id.
    pub nonce: Blob,
    /// Key of the SCA, P-256 or P-384: signs the orders.
    pub sca_key: Spki,
    /// What is sealed, in words of the organization, such as `invoice`. The SAM keeps it; it cannot see documents.
    pub document_class: String,
    /// Most seals.
    pub count: u32,
    /// Unix seconds of the first moment.
    pub not_before: u64,
    /// Unix seconds after the last moment.
    pub not_after: u64,
    /// Most seals of any interval.
    pub rate: Rate,
    /// Algorithm of the hashes.
    pub hash_algorithm: HashAlgorithm,
    /// Signature algorithm, which uses it.
    pub signature_algorithm: SignatureAlgorithm,
}

impl MandateTerms {
    /// The one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Checks what can be checked of the terms alone.
    ///
    /// # Errors
    /// The rule that is broken, for a person.
    pub fn check(&self) -> Result<(), &'static str> {
        let rule = |holds: bool, text| if holds { Ok(()) } else { Err(text) };
        rule(self.version == VERSION, "the version is not known")?;
        rule((16..=32).contains(&self.nonce.0.len()), "the nonce must have 16 to 32 octets")?;
        rule(self.sca_key.key().is_ok(), "the SCA's key must be P-256 or P-384")?;
        rule(
            !self.document_class.is_empty()
                && self.document_class.chars().count() <= MAX_CLASS
                && !self.document_class.chars().any(char::is_control),
            "the document class must have 1 to 128 printable characters",
        )?;
        rule((1..=MAX_COUNT).contains(&self.count), "the count must be 1 to 1,000,000")?;
        rule(
            self.not_after > self.not_before && self.not_after - self.not_before <= MAX_WINDOW,
            "the window must end after it begins, and last 400 days at the most",
        )?;
        rule(
            (1..=MAX_RATE).contains(&self.rate.seals) && (1..=MAX_INTERVAL).contains(&self.rate.seconds),
            "the rate must be 1 to 10,000 seals in 1 to 86,400 seconds",
        )?;
        rule(
            self.signature_algorithm.hash() == self.hash_algorithm,
            "the signature algorithm must use the hash algorithm",
        )
    }
}

/// Names a mandate: the first octets of SHA-256 over its terms.
#[must_use]
pub fn mandate_id(terms: &[u8]) -> MandateId {
    let digest = Sha256::new().chain_update(b"fuin/mandate-id/v1\0").chain_update(terms).finalize();
    let mut id = [0; MandateId::LEN];
    for (to, from) in id.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    MandateId(id)
}

/// Name under which the host keeps the sealed record of a mandate.
#[must_use]
pub fn mandate_record(mandate: &MandateId) -> CredentialId {
    // Invariant: 40 characters of the set.
    CredentialId::new(format!("mandate-{mandate}")).expect("hex is of the set")
}

/// The mandate whose record has this name; none if it is no such name.
#[must_use]
pub fn mandate_of_record(id: &CredentialId) -> Option<MandateId> {
    let mandate = id.as_str().strip_prefix("mandate-")?.parse().ok()?;
    (mandate_record(&mandate) == *id).then_some(mandate)
}

fn approved(algorithm: HashAlgorithm, domain: &[u8], content: &[u8]) -> Blob {
    let mut message = domain.to_vec();
    message.extend_from_slice(content);
    algorithm.digest(&message).into()
}

/// What an approver's SAD of purpose `mandate` carries as its hash.
#[must_use]
pub fn mandate_hash(algorithm: HashAlgorithm, terms: &[u8]) -> Blob {
    approved(algorithm, b"fuin/mandate/v1\0", terms)
}

/// What an approver's SAD of purpose `end-mandate` carries as its hash.
#[must_use]
pub fn end_hash(algorithm: HashAlgorithm, mandate: &MandateId) -> Blob {
    approved(algorithm, b"fuin/mandate-end/v1\0", mandate.as_ref())
}

/// A seal approver to be: the RA saw the means registered, and who the person is and for whom this person may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApproverRegistration {
    /// Kind of means.
    pub means: MeansProfile,
    /// Keyed digest over the attributes of the person and the authority to act for the organization, hex.
    pub identity: Digest32,
    /// WebAuthn rpId, one of the client's; with a passkey.
    pub relying_party: Option<String>,
    /// What names the registration, as in linkEid, hex.
    pub registration: Digest32,
}

/// A change of approvers, as those who were there before sign it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproverChange {
    /// The seal credential.
    pub credential: CredentialId,
    /// Version of its record that is changed.
    pub version: u64,
    /// Numbers of those who stay.
    pub keep: Vec<u32>,
    /// Those who come.
    pub approvers: Vec<ApproverRegistration>,
    /// How many must sign from then on.
    pub threshold: u8,
}

impl ApproverChange {
    /// What an approver's SAD of purpose `approvers` carries as its hash.
    #[must_use]
    pub fn hash(&self, algorithm: HashAlgorithm) -> Blob {
        approved(algorithm, b"fuin/approver-change/v1\0", &codec::encode(self))
    }
}

/// Evidence of authorization by several people; stands where one signer's stands with other credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproverEvidence {
    /// [`crate::sad::AuthorizationEvidence`] in CBOR of approvers that there are, one for each.
    pub approvals: Vec<Blob>,
    /// The same of those who come, in the order of their registrations.
    pub registrations: Vec<Blob>,
}

/// An order of the SCA: seal these hashes under that mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealOrder {
    /// [`VERSION`].
    pub version: u8,
    /// The service.
    pub service: ServiceId,
    /// The mandate.
    pub mandate: MandateId,
    /// Running number of the order under its mandate: 1, and one more for each that was accepted.
    pub number: u64,
    /// Unix seconds after which the order is refused.
    pub expires: u64,
    /// The hashes, in the order in which seals are wanted.
    pub hashes: Vec<Blob>,
    /// Their algorithm.
    pub hash_algorithm: HashAlgorithm,
    /// The signature algorithm.
    pub signature_algorithm: SignatureAlgorithm,
}

impl Body for SealOrder {
    const DOMAIN: &'static str = "fuin/seal-order/v1";
}

/// A [`SealOrder`] with the SCA's signature: what CSC carries as the SAD of a seal credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedOrder {
    /// [`SealOrder`] in CBOR.
    pub order: Blob,
    /// ECDSA in DER over [`crate::statement::SignedStatement::message`] of it, with the digest that fits the curve.
    pub signature: Blob,
}

/// An officer ends a mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateEnding {
    /// The service.
    pub service: ServiceId,
    /// Origin of the ledger that will spend the statement.
    pub ledger: String,
    /// The mandate.
    pub mandate: MandateId,
    /// Random.
    pub statement: StatementId,
    /// Unix seconds.
    pub not_after: u64,
}

impl Body for MandateEnding {
    const DOMAIN: &'static str = "fuin/mandate-ending/v1";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> MandateTerms {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        MandateTerms {
            version: VERSION,
            service: ServiceId([1; 32]),
            credential: CredentialId::new("k").unwrap(),
            spki: Digest32([2; 32]),
            nonce: vec![3; 16].into(),
            sca_key: Spki::from(&crate::key::PublicKey::P256(*key.verifying_key())),
            document_class: "invoice".into(),
            count: 5,
            not_before: 100,
            not_after: 200,
            rate: Rate { seals: 2, seconds: 60 },
            hash_algorithm: HashAlgorithm::Sha256,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
        }
    }

    #[test]
    fn terms_that_break_a_rule_are_refused() {
        assert_eq!(terms().check(), Ok(()));
        let changes: [fn(&mut MandateTerms); 12] = [
            |t| t.version = 2,
            |t| t.nonce = vec![0; 15].into(),
            |t| t.sca_key = Spki(vec![0; 91].into()),
            |t| t.document_class.clear(),
            |t| t.document_class = "a\nb".into(),
            |t| t.count = 0,
            |t| t.not_after = t.not_before,
            |t| t.not_after = t.not_before + MAX_WINDOW + 1,
            |t| t.rate.seals = 0,
            |t| t.rate.seconds = 0,
            |t| t.rate.seconds = MAX_INTERVAL + 1,
            |t| t.hash_algorithm = HashAlgorithm::Sha384,
        ];
        for change in changes {
            let mut changed = terms();
            change(&mut changed);
            assert!(changed.check().is_err(), "{changed:?}");
        }
    }

    #[test]
    fn what_is_approved_cannot_stand_for_another_thing() {
        let octets = terms().to_bytes();
        let id = mandate_id(&octets);
        assert_eq!(mandate_record(&id).as_str().len(), 40);
        assert_eq!(mandate_of_record(&mandate_record(&id)), Some(id));
        for other in ["mandate-", "mandate-00", "mandate", "AABB"] {
            assert_eq!(mandate_of_record(&CredentialId::new(other).unwrap()), None);
        }
        let algorithm = HashAlgorithm::Sha256;
        assert_ne!(mandate_hash(algorithm, id.as_ref()), end_hash(algorithm, &id));
        assert_ne!(mandate_hash(algorithm, &octets).0, algorithm.digest(&octets));
    }
}
