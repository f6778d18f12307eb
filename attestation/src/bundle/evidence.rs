//! Place: none. Evidence whose parts belong together. Only [`super::verify_bundle`] makes it.

use crate::appraise::Appraisal;
use crate::verify::Claims;
use fuin_shared::evidence::{EvidenceStatement, InstanceKeys, LedgerEpoch, LedgerIdentity, Purpose};
use fuin_shared::ids::{InstanceId, ManifestHash, RootCommitment, ServiceId};
use fuin_shared::manifest::{Manifest, ReleaseMode};
use fuin_shared::phase::Phase;
use fuin_shared::rotation::RootRotation;

/// Verified evidence of a service.
#[derive(Clone, Debug)]
pub struct VerifiedEvidence {
    claims: Claims,
    statement: EvidenceStatement,
    manifest: Manifest,
    manifest_hash: ManifestHash,
    verified: Appraisal,
}

impl VerifiedEvidence {
    pub(super) fn new(
        claims: Claims,
        statement: EvidenceStatement,
        manifest: Manifest,
        manifest_hash: ManifestHash,
        verified: Appraisal,
    ) -> Self {
        Self { claims, statement, manifest, manifest_hash, verified }
    }

    /// What the platform's document says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What the enclave stated.
    #[must_use]
    pub fn statement(&self) -> &EvidenceStatement {
        &self.statement
    }

    /// The current manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its hash.
    #[must_use]
    pub fn manifest_hash(&self) -> ManifestHash {
        self.manifest_hash
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> ServiceId {
        self.statement.service
    }

    /// What the evidence is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.statement.purpose
    }

    /// Phase when the document was made.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.statement.phase
    }

    /// Keys of this boot of the enclave.
    #[must_use]
    pub fn instance(&self) -> &InstanceKeys {
        &self.statement.instance
    }

    /// Name of these keys.
    #[must_use]
    pub fn instance_id(&self) -> InstanceId {
        self.statement.instance.id()
    }

    /// The ledger, once there is one.
    #[must_use]
    pub fn ledger(&self) -> Option<&LedgerIdentity> {
        self.statement.ledger.as_ref()
    }

    /// The epoch of the ledger, if it is not in its first one: then there is a break in it, which no witness saw.
    #[must_use]
    pub fn epoch(&self) -> Option<&LedgerEpoch> {
        self.statement.epoch.as_ref()
    }

    /// The rotation of the root key that is under way.
    #[must_use]
    pub fn rotation(&self) -> Option<RootRotation> {
        self.statement.rotation
    }

    /// Commitment to the root key, once there is one.
    #[must_use]
    pub fn root_commitment(&self) -> Option<RootCommitment> {
        self.statement.root_commitment
    }

    /// When results are released: as stated, else as the manifest says.
    #[must_use]
    pub fn release(&self) -> ReleaseMode {
        self.statement.release.unwrap_or(self.manifest.release)
    }

    /// Whether the service is for development, for ever.
    #[must_use]
    pub fn development(&self) -> bool {
        self.manifest.development
    }

    /// What verification itself checked, left out and noticed.
    #[must_use]
    pub fn verified(&self) -> &Appraisal {
        &self.verified
    }
}
