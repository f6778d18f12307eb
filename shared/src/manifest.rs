//! Place: SAM. The manifest: who may do what in this service, under the officers' signatures (design section 3.3).

mod auditors;
mod holders;
pub mod means;
mod officers;
pub mod seals;
mod succession;
#[cfg(test)]
mod tests;

pub use auditors::Auditor;
pub use holders::Holder;
pub use succession::{ManifestApproval, ManifestChange, ManifestHistory, Successor, newest};

use crate::algorithm::SignatureAlgorithm;
use crate::bytes::Blob;
use crate::codec;
use crate::evidence::Pcr;
use crate::fault::Fault;
use crate::ids::{CaId, ManifestHash, PersonId, RaClientId, ServiceId};
use crate::key::Spki;
use crate::log::witness_policy::WitnessPolicy;
use crate::role::Role;
use alloc::string::String;
use alloc::vec::Vec;
use means::MeansPolicy;
use seals::SealPolicy;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Largest manifest in octets.
pub const MAX_MANIFEST: usize = 64 * 1024;
/// Most hashes of one SAD: of more, nobody could read the receipt, which has a salt for each.
pub const MAX_HASHES: u32 = 2048;
/// Events between two snapshots, where the manifest says nothing.
pub const SNAPSHOT_EVENTS: u32 = 65_536;
const MAX_LIST: usize = 64;

/// When a result may leave the enclave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum ReleaseMode {
    /// When its event is durable at the host.
    Durable,
    /// When its event is cosigned by the witness quorum.
    Cosigned,
}

/// Measurement of an accepted image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Whole image.
    pub pcr0: Pcr,
    /// Kernel, command line, first ramdisk.
    pub pcr1: Pcr,
    /// Application.
    pub pcr2: Pcr,
}

/// An officer: signs manifests and approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// Name.
    pub id: PersonId,
    /// Signing key.
    pub key: Spki,
}

/// A person of the provider who configures nothing and reads nothing: an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Name.
    pub id: PersonId,
    /// Key that signs the person's statements.
    pub key: Spki,
}

/// A share custodian.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custodian {
    /// Name.
    pub id: PersonId,
    /// Key that signs receipts and share statements.
    pub signing: Spki,
    /// HPKE public key, DHKEM(P-384): 97 octets, uncompressed point.
    pub sealing: Blob,
}

/// A relying party under which an RA/CA client registers passkeys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelyingParty {
    /// WebAuthn rpId.
    pub id: String,
    /// Origins that may ask for assertions.
    pub origins: Vec<String>,
}

/// An RA/CA client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaClient {
    /// Name.
    pub id: RaClientId,
    /// Key of its `manageProof`.
    pub proof_key: Spki,
    /// CAs it may enrol for.
    pub authorities: Vec<CaId>,
    /// Relying parties of its signers' passkeys.
    pub relying_parties: Vec<RelyingParty>,
}

/// A certification authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Name (`caID`).
    pub id: CaId,
    /// Anchors: certificates in DER.
    pub anchors: Vec<Blob>,
}

/// An algorithm and the time until which it may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlgorithmPolicy {
    /// The algorithm.
    pub algorithm: SignatureAlgorithm,
    /// Unix seconds of its end.
    pub until: u64,
}

/// Limits. Each is a number of things or of seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most hashes in one SAD and in one signing call.
    pub hashes: u32,
    /// Longest life of a SAD and its activation token, seconds.
    pub activation_seconds: u32,
    /// Life of a challenge, seconds.
    pub challenge_seconds: u32,
    /// Live activations of one credential.
    pub activations_per_credential: u32,
    /// Live activations in all.
    pub activations: u32,
    /// Credentials of one signer.
    pub credentials_per_signer: u32,
    /// Events after which a snapshot is due; absent for [`SNAPSHOT_EVENTS`].
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub snapshot_events: Option<u32>,
}

impl Limits {
    /// Events after which a snapshot is due.
    #[must_use]
    pub fn snapshot_events(&self) -> u64 {
        self.snapshot_events.unwrap_or(SNAPSHOT_EVENTS).into()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hashes: 100,
            activation_seconds: 300,
            challenge_seconds: 300,
            activations_per_credential: 16,
            activations: 10_000,
            credentials_per_signer: 64,
            snapshot_events: None,
        }
    }
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// 1 for the first, more for each that follows.
    pub version: u64,
    /// Name of the service, for people; fixed for ever.
    pub name: String,
    /// Whether the service is for development; fixed for ever.
    pub development: bool,
    /// Unix seconds after which the enclave refuses to work under it.
    pub not_after: u64,
    /// Anchors of the evidence, DER; fixed for ever.
    pub evidence_anchors: Vec<Blob>,
    /// Accepted images.
    pub measurements: Vec<Measurement>,
    /// Officers.
    pub officers: Vec<Officer>,
    /// How many officers must sign.
    pub officer_quorum: u8,
    /// Share custodians.
    pub custodians: Vec<Custodian>,
    /// How many shares make the root key.
    pub share_threshold: u8,
    /// RA/CA clients.
    pub ra_clients: Vec<RaClient>,
    /// Certification authorities.
    pub authorities: Vec<Authority>,
    /// When results are released.
    pub release: ReleaseMode,
    /// Algorithms with their ends.
    pub algorithms: Vec<AlgorithmPolicy>,
    /// Limits.
    pub limits: Limits,
    /// Prefix of the ledger's origin, such as a domain and path.
    pub ledger_prefix: String,
    /// Witnesses of the ledger; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub witnesses: Option<WitnessPolicy>,
    /// Issuers of other eID means than passkeys; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub means: Option<MeansPolicy>,
    /// System operators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<Staff>,
    /// System auditors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auditors: Vec<Auditor>,
    /// What is asked of the keys of programs that order seals; absent where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub seals: Option<SealPolicy>,
}

/// A member that is there must have a value: null would be a second encoding of its absence.
pub(crate) fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Why a manifest is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not the one encoding of a manifest.
    #[error("manifest is malformed")]
    Malformed,
    /// A rule that every manifest keeps is broken; the text says which.
    #[error("manifest: {0}")]
    Rule(&'static str),
    /// Too few officers' signatures.
    #[error("manifest lacks the officers' quorum")]
    Quorum,
    /// Somebody holds two roles that must not be held together.
    #[error("manifest: the same name or key stands for {first} and for {second}")]
    Conflict {
        /// One.
        first: Role,
        /// The other.
        second: Role,
    },
    /// Not newer than the one that it is to follow.
    #[error("manifest: version must be greater than that of the current one")]
    NotNewer,
    /// It changes what is fixed for ever; the text says what.
    #[error("manifest changes what is fixed for ever: {0}")]
    Fixed(&'static str),
    /// It changes the release mode, or witnesses that nothing waits for.
    #[error("manifest changes the release mode, or names witnesses where no result waits for them")]
    Witnesses,
}

impl From<ManifestError> for Fault {
    fn from(error: ManifestError) -> Self {
        match error {
            ManifestError::Malformed | ManifestError::Rule(_) => Self::ManifestMalformed,
            ManifestError::Quorum => Self::ManifestSignature,
            ManifestError::Conflict { .. } => Self::RoleConflict,
            ManifestError::NotNewer => Self::ManifestForeign,
            ManifestError::Fixed(_) => Self::ManifestFixed,
            ManifestError::Witnesses => Self::WitnessesFixed,
        }
    }
}

impl Manifest {
    /// Checks the rules that hold for every manifest.
    ///
    /// # Errors
    /// [`ManifestError::Rule`].
    pub fn check(&self) -> Result<(), ManifestError> {
        let rule = |holds: bool, text| if holds { Ok(()) } else { Err(ManifestError::Rule(text)) };
        rule(self.version >= 1, "version must be at least 1")?;
        rule(!self.name.is_empty() && self.name.len() <= 128, "name must have 1 to 128 octets")?;
        rule(
            [
                self.evidence_anchors.len(),
                self.measurements.len(),
                self.officers.len(),
                self.custodians.len(),
                self.ra_clients.len(),
                self.authorities.len(),
                self.algorithms.len(),
                self.operators.len(),
                self.auditors.len(),
            ]
            .iter()
            .all(|n| *n <= MAX_LIST),
            "no list may have more than 64 entries",
        )?;
        rule(!self.evidence_anchors.is_empty(), "evidence_anchors must not be empty")?;
        rule(
            within(self.officer_quorum, self.officers.len()),
            "officer_quorum must be 1 to the number of officers",
        )?;
        rule(
            within(self.share_threshold, self.custodians.len()),
            "share_threshold must be 1 to the number of custodians",
        )?;
        rule(unique(self.officers.iter().map(|o| &o.id)), "officers must differ")?;
        rule(unique(self.custodians.iter().map(|c| &c.id)), "custodians must differ")?;
        rule(unique(self.ra_clients.iter().map(|c| &c.id)), "ra_clients must differ")?;
        rule(unique(self.operators.iter().map(|o| &o.id)), "operators must differ")?;
        rule(unique(self.auditors.iter().map(|a| &a.id)), "auditors must differ")?;
        rule(unique(self.authorities.iter().map(|a| &a.id)), "authorities must differ")?;
        rule(
            self.release == ReleaseMode::Cosigned || self.development,
            "release durable needs development true",
        )?;
        rule(
            self.release == ReleaseMode::Durable || self.witnesses.is_some(),
            "release cosigned needs witnesses",
        )?;
        if let Some(witnesses) = &self.witnesses {
            rule(
                witnesses.check().is_ok(),
                "witnesses must differ, and the threshold be above half of them and of those that may fail",
            )?;
        }
        if let Some(means) = &self.means {
            means.check().map_err(ManifestError::Rule)?;
        }
        if let Some(seals) = &self.seals {
            seals.check().map_err(ManifestError::Rule)?;
        }
        rule(
            !self.ledger_prefix.is_empty()
                && self.ledger_prefix.len() <= 128
                && self.ledger_prefix.chars().all(|c| c.is_ascii_graphic() && c != '+'),
            "ledger_prefix must be 1 to 128 graphic ASCII characters without a plus",
        )?;
        for holder in self.holders() {
            rule(holder.key.key().is_ok(), "every key must be P-256 or P-384 SubjectPublicKeyInfo")?;
        }
        self.check_roles()?;
        self.check_auditors()?;
        for client in &self.ra_clients {
            rule(
                client.authorities.iter().all(|id| self.authority(id).is_some()),
                "an RA client names a caID that is not listed",
            )?;
        }
        if let Some(means) = &self.means {
            rule(
                means.clients().all(|id| self.ra_client(id).is_some()),
                "means.x509 or means.providers names a client that is not among ra_clients",
            )?;
        }
        rule((1..=MAX_HASHES).contains(&self.limits.hashes), "limits.hashes must be 1 to 2048")?;
        rule(self.limits.snapshot_events() >= 16, "limits.snapshot_events must be 16 or more")?;
        Ok(())
    }

    /// The officer of this name.
    #[must_use]
    pub fn officer(&self, id: &PersonId) -> Option<&Officer> {
        self.officers.iter().find(|o| &o.id == id)
    }

    /// The custodian of this name.
    #[must_use]
    pub fn custodian(&self, id: &PersonId) -> Option<&Custodian> {
        self.custodians.iter().find(|c| &c.id == id)
    }

    /// The RA/CA client of this name.
    #[must_use]
    pub fn ra_client(&self, id: &RaClientId) -> Option<&RaClient> {
        self.ra_clients.iter().find(|c| &c.id == id)
    }

    /// The CA of this name.
    #[must_use]
    pub fn authority(&self, id: &CaId) -> Option<&Authority> {
        self.authorities.iter().find(|a| &a.id == id)
    }

    /// Whether `algorithm` may be used at `now` (Unix seconds).
    #[must_use]
    pub fn allows(&self, algorithm: SignatureAlgorithm, now: u64) -> bool {
        self.algorithms.iter().any(|p| p.algorithm == algorithm && now < p.until)
    }
}

fn within(k: u8, n: usize) -> bool {
    k >= 1 && usize::from(k) <= n
}

fn unique<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = alloc::collections::BTreeSet::new();
    items.into_iter().all(|item| seen.insert(item))
}

/// Hash that names a manifest: SHA-256 of its octets under its own domain.
#[must_use]
pub fn manifest_hash(manifest: &[u8]) -> ManifestHash {
    ManifestHash(Sha256::new().chain_update(b"fuin/manifest/v1\0").chain_update(manifest).finalize().into())
}

/// The service that a first manifest founds.
#[must_use]
pub fn service_id(first_manifest: &[u8]) -> ServiceId {
    ServiceId(manifest_hash(first_manifest).0)
}

/// One officer's signature over [`SignedManifest::message`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerSignature {
    /// Who.
    pub officer: PersonId,
    /// ECDSA in DER, with the digest that fits the officer's curve.
    pub signature: Blob,
}

/// A manifest's octets with the officers' signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedManifest {
    /// [`Manifest`] in CBOR.
    pub manifest: Blob,
    /// Signatures.
    pub signatures: Vec<OfficerSignature>,
}

impl SignedManifest {
    /// The octets that officers sign.
    #[must_use]
    pub fn message(manifest: &[u8]) -> Vec<u8> {
        let mut out = b"fuin/manifest-signature/v1\0".to_vec();
        out.extend_from_slice(manifest_hash(manifest).as_ref());
        out
    }

    /// Hash of the manifest.
    #[must_use]
    pub fn hash(&self) -> ManifestHash {
        manifest_hash(self.manifest.as_slice())
    }

    /// Parses the manifest and checks its rules, without the signatures.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn parse(&self) -> Result<Manifest, ManifestError> {
        if self.manifest.0.len() > MAX_MANIFEST {
            return Err(ManifestError::Malformed);
        }
        let manifest: Manifest =
            codec::decode(self.manifest.as_slice()).map_err(|_| ManifestError::Malformed)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Checks that the quorum of `authority`'s officers signed this manifest.
    ///
    /// # Errors
    /// [`ManifestError::Quorum`].
    pub fn verify_quorum(&self, authority: &Manifest) -> Result<(), ManifestError> {
        let message = Self::message(self.manifest.as_slice());
        let mut signed = alloc::collections::BTreeSet::new();
        for entry in self.signatures.iter().take(MAX_LIST) {
            let Some(officer) = authority.officer(&entry.officer) else { continue };
            let Ok(key) = officer.key.key() else { continue };
            if key.verify(key.statement_hash(), &message, entry.signature.as_slice()).is_ok() {
                signed.insert(&officer.id);
            }
        }
        if signed.len() >= usize::from(authority.officer_quorum) {
            Ok(())
        } else {
            Err(ManifestError::Quorum)
        }
    }
}
