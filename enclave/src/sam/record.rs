//! Place: SAM. The credential record: key, owner, links and state in one sealed unit, so that the host can neither split
//! nor mix them (SRC_SKS.1.5, FDP_ETC.2).

use super::means::EidMeans;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CaId, CredentialId, Digest32, RaClientId, UserId};
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::detail::{Concerned, Detail};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Proofs of possession that a new key may sign (extensions 4.5).
pub const POP_LIMIT: u8 = 3;

/// State of a key (extensions 4.1). `destroyed` is a tombstone in the ledger, not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Made; no means yet.
    Generated,
    /// Means linked; may sign proofs of possession.
    EidLinked,
    /// Certificate linked; may sign documents.
    Active,
}

/// A private key as its crypto module wraps it. Zeroized on drop, never shown.
pub struct WrappedKey(pub Zeroizing<Vec<u8>>);

impl Serialize for WrappedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for WrappedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_bytes::ByteBuf::deserialize(deserializer).map(|octets| Self(Zeroizing::new(octets.into_vec())))
    }
}

/// The linked certificate.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedCertificate {
    /// DER certificates, end entity first.
    pub chain: Vec<Blob>,
    /// Unix seconds.
    pub not_before: u64,
    /// Unix seconds.
    pub not_after: u64,
}

/// A seal approver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    /// Number, never given to another.
    pub number: u32,
    /// The approver's one means.
    pub means: EidMeans,
    /// Keyed digest over the attributes of the person and the authority to act.
    pub identity: Digest32,
}

/// The approvers of a seal credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproverSet {
    /// How many must sign.
    pub threshold: u8,
    /// All of them, by rising number.
    pub members: Vec<Approver>,
}

/// Records of before seals were known are for signatures.
const fn signature() -> KeyPurpose {
    KeyPurpose::Signature
}

/// The record.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialRecord {
    /// Its name.
    pub id: CredentialId,
    /// Makes its pseudonym in the ledger; dies with the record.
    pub salt: Blob,
    /// RA client that owns the signer.
    pub client: RaClientId,
    /// The signer.
    pub user: UserId,
    /// CA that certifies the key.
    pub authority: CaId,
    /// Algorithm.
    pub algorithm: KeyAlgorithm,
    /// DER SubjectPublicKeyInfo.
    pub spki: Blob,
    /// The private key.
    pub wrapped: WrappedKey,
    /// Most signatures of one SAD.
    pub multisign: u32,
    /// Subject that request and certificate must carry, RFC 4514.
    pub subject: Option<String>,
    /// State.
    pub state: KeyState,
    /// Keyed digest over identity attributes, from linkEid.
    pub identity: Option<Digest32>,
    /// The one means, for life.
    pub means: Option<EidMeans>,
    /// Proofs of possession left.
    pub pop_remaining: u8,
    /// Newest [`fuin_shared::key_statement::KeyStatement`] in CBOR, as its event binds it.
    pub statement: Blob,
    /// The one certificate, for life.
    pub certificate: Option<LinkedCertificate>,
    /// What the key is for, for life.
    #[serde(default = "signature")]
    pub purpose: KeyPurpose,
    /// Who approves its seals, instead of one means; none before they are enrolled, and of a key for signatures.
    #[serde(default)]
    pub approvers: Option<ApproverSet>,
}

impl CredentialRecord {
    /// Plaintext for sealing; zeroized on drop.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Room from the start: growing would leave copies of the key behind.
        let mut out = Zeroizing::new(Vec::with_capacity(crate::ledger::sealing::MAX_RECORD));
        // Invariant: plain data into memory.
        ciborium::into_writer(self, &mut *out).expect("plain data into memory");
        out
    }

    /// Reads a plaintext that this service sealed.
    ///
    /// # Errors
    /// [`Fault::RecordForeign`].
    pub fn from_bytes(plaintext: &[u8]) -> Result<Self, Fault> {
        // A buffer of our own: octets of the key pass through it, and the library would leave its own as it is.
        let mut scratch = Zeroizing::new([0; 4096]);
        ciborium::from_reader_with_buffer(plaintext, scratch.as_mut_slice()).map_err(|_| Fault::RecordForeign)
    }

    /// SHA-256 of the key's SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_digest(&self) -> Digest32 {
        use sha2::{Digest, Sha256};
        Digest32(Sha256::digest(self.spki.as_slice()).into())
    }

    /// The detail of an event about it, as far as the record says.
    #[must_use]
    pub fn detail(&self) -> Detail {
        Detail::about(Concerned {
            id: self.id.clone(),
            client: self.client.clone(),
            user: self.user.clone(),
            authority: self.authority.clone(),
            means: self.means.as_ref().map(EidMeans::profile),
        })
    }

    /// SHA-256 of the linked certificate.
    #[must_use]
    pub fn certificate_digest(&self) -> Option<Digest32> {
        use sha2::{Digest, Sha256};
        let leaf = self.certificate.as_ref()?.chain.first()?;
        Some(Digest32(Sha256::digest(leaf.as_slice()).into()))
    }

    /// Refuses what the key is not for (SEAL-01).
    ///
    /// # Errors
    /// [`Fault::KeyPurpose`].
    pub fn require_purpose(&self, purpose: KeyPurpose) -> Result<(), Fault> {
        if self.purpose == purpose { Ok(()) } else { Err(Fault::KeyPurpose) }
    }

    /// The approvers, once enrolled.
    ///
    /// # Errors
    /// [`Fault::InvalidKeyState`].
    pub fn approvers(&self) -> Result<&ApproverSet, Fault> {
        self.approvers.as_ref().ok_or(Fault::InvalidKeyState)
    }

    /// The means, once linked.
    ///
    /// # Errors
    /// [`Fault::InvalidKeyState`].
    pub fn linked_means(&self) -> Result<&EidMeans, Fault> {
        self.means.as_ref().ok_or(Fault::InvalidKeyState)
    }
}
