//! Place: SAM. How one manifest follows another (design section 3.3): by the word of the current one's officers, never
//! backwards, and never touching what is fixed for ever.

use super::{Manifest, ManifestError, ReleaseMode, SignedManifest, manifest_hash};
use crate::bytes::Blob;
use crate::codec;
use crate::fault::Fault;
use crate::ids::{ManifestHash, ServiceId, StatementId};
use crate::statement::Body;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// An officer approves that a manifest follows another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestApproval {
    /// The service.
    pub service: ServiceId,
    /// Origin of the ledger that will spend the statement.
    pub ledger: String,
    /// The manifest that is current.
    pub previous: ManifestHash,
    /// The one that is to follow.
    pub manifest: ManifestHash,
    /// Random.
    pub statement: StatementId,
    /// Unix seconds.
    pub not_after: u64,
}

impl Body for ManifestApproval {
    const DOMAIN: &'static str = "fuin/manifest-approval/v1";
}

/// A manifest with the approvals of the officers before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestChange {
    /// [`Manifest`] in CBOR.
    pub manifest: Blob,
    /// [`SignedStatement`] over [`ManifestApproval`], one per officer of the quorum.
    pub approvals: Vec<Blob>,
}

/// The manifests of a service in their order: what a host gives to those who want to see for themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestHistory {
    /// The first [`SignedManifest`], in CBOR: its hash is the service id.
    pub first: Blob,
    /// Those that followed, in their order.
    pub changes: Vec<ManifestChange>,
}

/// A manifest that may follow the current one, as far as that shows without ledger and clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// The manifest.
    pub manifest: Manifest,
    /// Its hash.
    pub hash: ManifestHash,
    /// What the officers said, in the order of the change.
    pub approvals: Vec<ManifestApproval>,
}

impl ManifestChange {
    /// Octets that travel and are kept.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.manifest.0.len() + self.approvals.iter().map(|a| a.0.len() + 8).sum::<usize>()
    }

    /// The manifest as evidence carries it. Who signed it is said by the change that the ledger's event closed.
    #[must_use]
    pub fn as_signed(&self) -> SignedManifest {
        SignedManifest { manifest: self.manifest.clone(), signatures: Vec::new() }
    }

    /// Holds the change against the manifest that is current. That no approval was spent or is too old, and that they
    /// name the right ledger, is for whoever has ledger and clock.
    ///
    /// # Errors
    /// [`Fault::ManifestMalformed`], [`Fault::RoleConflict`], [`Fault::ManifestForeign`]: it is not newer;
    /// [`Fault::ManifestFixed`], [`Fault::WitnessesFixed`]; [`Fault::StatementMalformed`], also for more approvals than
    /// officers, [`Fault::UnknownPerson`], [`Fault::StatementSignature`], [`Fault::StatementForeign`],
    /// [`Fault::StatementSpent`]: an approval;
    /// [`Fault::ManifestSignature`]: the quorum is missing.
    pub fn verify(
        &self,
        service: &ServiceId,
        current: &Manifest,
        current_hash: &ManifestHash,
    ) -> Result<Successor, Fault> {
        let manifest = self.as_signed().parse()?;
        current.check_successor(&manifest)?;
        let hash = manifest_hash(self.manifest.as_slice());
        let ours = |body: &ManifestApproval| {
            body.service == *service && body.previous == *current_hash && body.manifest == hash
        };
        let said = current.officers_say(&self.approvals, ours, |body| body.statement)?;
        let approvals = said.ok_or(Fault::ManifestSignature)?;
        Ok(Successor { manifest, hash, approvals })
    }
}

impl Manifest {
    /// Checks the rules between this manifest and one that is to follow it.
    ///
    /// # Errors
    /// [`ManifestError::NotNewer`], [`ManifestError::Fixed`], [`ManifestError::Witnesses`].
    pub fn check_successor(&self, next: &Self) -> Result<(), ManifestError> {
        let fixed = |holds: bool, text| if holds { Ok(()) } else { Err(ManifestError::Fixed(text)) };
        if next.version <= self.version {
            return Err(ManifestError::NotNewer);
        }
        fixed(next.name == self.name, "name")?;
        fixed(next.development == self.development, "development")?;
        fixed(next.evidence_anchors == self.evidence_anchors, "evidence_anchors")?;
        fixed(next.ledger_prefix == self.ledger_prefix, "ledger_prefix")?;
        fixed(next.share_threshold == self.share_threshold, "share_threshold")?;
        // A new custodian would have no share, and a new key could not open the old one.
        fixed(
            next.custodians.iter().all(|custodian| self.custodians.contains(custodian)),
            "custodians, of whom some may only be taken out",
        )?;
        // Another set takes over under the quorum of both; where nobody cosigns there are no quorums.
        let witnessed = self.release == ReleaseMode::Cosigned;
        if next.release != self.release || (next.witnesses != self.witnesses && !witnessed) {
            return Err(ManifestError::Witnesses);
        }
        Ok(())
    }
}

/// The newest manifest of a history, with its service, once every link holds.
///
/// # Errors
/// [`Fault::ManifestMalformed`], [`Fault::ManifestSignature`] of the first one; those of [`ManifestChange::verify`].
pub fn newest(history: &ManifestHistory) -> Result<(ServiceId, Successor), Fault> {
    let first: SignedManifest =
        codec::decode(history.first.as_slice()).map_err(|_| Fault::ManifestMalformed)?;
    let founder = first.parse()?;
    first.verify_quorum(&founder)?;
    if founder.version != 1 {
        return Err(Fault::ManifestMalformed);
    }
    let service = super::service_id(first.manifest.as_slice());
    let mut newest = Successor { manifest: founder, hash: first.hash(), approvals: Vec::new() };
    for change in &history.changes {
        newest = change.verify(&service, &newest.manifest, &newest.hash)?;
    }
    Ok((service, newest))
}
