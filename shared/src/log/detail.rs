//! Place: SAM, none. What auditors alone read of an event: whose it is, on whose word it happened, over what (SRG_AA.3.1,
//! FAU_GEN.2). It is sealed to the auditors of the manifest and kept beside the ledger; the event has the hash of the sealed
//! octets, and is itself bound into them, so that no detail serves for another event.
//!
//! Time, kind and outcome are the event's. Details hold personal data and no secrets.

pub mod bundle;
mod sealed;

pub use sealed::{
    KEY_INFO, MAX_SEALED, SealedDetail, WrappedKey, detail_aad, detail_hash, event_digest, key_aad, key_hash,
    key_info,
};

use crate::algorithm::SignatureAlgorithm;
use crate::bytes::Blob;
use crate::ids::{ActorName, CaId, CredentialId, Digest32, RaClientId, UserId};
use crate::manifest::present;
use crate::role::Role;
use crate::sad::{MeansProfile, Purpose};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Version of [`Detail`].
pub const VERSION: u8 = 1;

/// The credential that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concerned {
    /// Its name.
    pub id: CredentialId,
    /// The RA client that owns the signer.
    pub client: RaClientId,
    /// The signer.
    pub user: UserId,
    /// CA that certifies the key.
    pub authority: CaId,
    /// Kind of its means; none before one is linked, and of seals.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub means: Option<MeansProfile>,
}

/// Somebody on whose word an event happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// As what.
    pub role: Role,
    /// Name in the manifest, userID; of a seal approver the number, of an SCA the SHA-256 of its key.
    pub name: ActorName,
}

/// The detail of an event. What a kind of event has nothing of is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// [`VERSION`].
    pub version: u8,
    /// The credential.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub credential: Option<Concerned>,
    /// On whose word, as the SAM verified it; nobody's where an answer was refused or not yet compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Actor>,
    /// What the means was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub purpose: Option<Purpose>,
    /// Digest of the SAD.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub sad: Option<Digest32>,
    /// SHA-256 of the certificate, DER.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub certificate: Option<Digest32>,
    /// Algorithm of the signatures.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub algorithm: Option<SignatureAlgorithm>,
    /// Hashes that were authorized or signed, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Blob>,
    /// Digests of the documents that were signed, in the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Blob>,
    /// Digest of the accepted evidence of an SCA's key.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub sca_evidence: Option<Digest32>,
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            version: VERSION,
            credential: None,
            by: Vec::new(),
            purpose: None,
            sad: None,
            certificate: None,
            algorithm: None,
            hashes: Vec::new(),
            documents: Vec::new(),
            sca_evidence: None,
        }
    }
}

impl Detail {
    /// Of an event about this credential.
    #[must_use]
    pub fn about(credential: Concerned) -> Self {
        Self { credential: Some(credential), ..Self::default() }
    }

    /// On the word of one more.
    #[must_use]
    pub fn by(mut self, role: Role, name: impl Into<ActorName>) -> Self {
        self.by.push(Actor { role, name: name.into() });
        self
    }

    /// On the word of these.
    #[must_use]
    pub fn by_each<N: Into<ActorName>>(self, role: Role, names: impl IntoIterator<Item = N>) -> Self {
        names.into_iter().fold(self, |detail, name| detail.by(role, name))
    }

    /// The means was asked for this, over the SAD of this digest.
    #[must_use]
    pub const fn asked(mut self, purpose: Purpose, sad: Digest32) -> Self {
        self.sad = Some(sad);
        self.for_purpose(purpose)
    }

    /// The means were asked for this.
    #[must_use]
    pub const fn for_purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// Under this certificate.
    #[must_use]
    pub const fn under(mut self, certificate: Option<Digest32>) -> Self {
        self.certificate = certificate;
        self
    }

    /// Over these hashes.
    #[must_use]
    pub fn over(mut self, algorithm: SignatureAlgorithm, hashes: Vec<Blob>) -> Self {
        (self.algorithm, self.hashes) = (Some(algorithm), hashes);
        self
    }

    /// With this evidence of the SCA's key.
    #[must_use]
    pub const fn with_sca_evidence(mut self, evidence: Option<Digest32>) -> Self {
        self.sca_evidence = evidence;
        self
    }

    /// Of these documents.
    #[must_use]
    pub fn of_documents(mut self, documents: Vec<Blob>) -> Self {
        self.documents = documents;
        self
    }
}

#[cfg(test)]
mod tests;
