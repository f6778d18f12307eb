//! Place: SAM. The service that an instance works for: its current manifest, checked.

use crate::ledger::state::Adopted;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{ManifestHash, ServiceId};
use fuin_shared::log::witness_policy::WitnessSet;
use fuin_shared::manifest::{
    Manifest, ManifestApproval, ManifestChange, ReleaseMode, SignedManifest, service_id,
};
use fuin_shared::message::InstallManifest;

/// The manifest in force.
#[derive(Debug, Clone)]
pub struct ServiceContext {
    /// The service.
    pub service: ServiceId,
    /// Hash of the current manifest.
    pub hash: ManifestHash,
    /// The current manifest.
    pub manifest: Manifest,
    /// As signed, for the evidence bundle.
    pub signed: Blob,
}

impl ServiceContext {
    /// Checks what the host offers at boot.
    ///
    /// The first manifest; those that the ledger has adopted follow it one by one ([`ServiceContext::succeed`]). That the
    /// last of them is the ledger's newest is checked when the ledger has been replayed. The first one may have ended long
    /// ago; what an ended one does not allow is in the table of [`super::roles`].
    ///
    /// # Errors
    /// [`Fault::ManifestMalformed`], [`Fault::ManifestSignature`], [`Fault::ManifestForeign`], [`Fault::RoleConflict`].
    pub fn install(command: &InstallManifest) -> Result<Self, Fault> {
        let first: SignedManifest =
            codec::decode(command.first.as_slice()).map_err(|_| Fault::ManifestMalformed)?;
        let founder = first.parse()?;
        first.verify_quorum(&founder)?;
        if founder.version != 1 {
            return Err(Fault::ManifestMalformed);
        }
        if command.current != command.first {
            return Err(Fault::ManifestForeign);
        }
        Ok(Self {
            service: service_id(first.manifest.as_slice()),
            hash: first.hash(),
            manifest: founder,
            signed: command.current.clone(),
        })
    }

    /// Whether this is the manifest that founded the service.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.hash.0 == self.service.0
    }

    /// The manifest that follows this one, with what its officers said; see [`ManifestChange::verify`].
    ///
    /// # Errors
    /// As there.
    pub fn succeed(&self, change: &ManifestChange) -> Result<(Self, Vec<ManifestApproval>), Fault> {
        let next = change.verify(&self.service, &self.manifest, &self.hash)?;
        let context = Self {
            service: self.service,
            hash: next.hash,
            manifest: next.manifest,
            signed: codec::encode(&change.as_signed()).into(),
        };
        Ok((context, next.approvals))
    }

    /// Holds the manifest that the host brought against the newest that the ledger has adopted.
    ///
    /// # Errors
    /// [`Fault::ManifestOutdated`], [`Fault::ManifestNotAdopted`]; [`Fault::LedgerBroken`] without any.
    pub fn check_adopted(&self, adopted: Option<Adopted>) -> Result<(), Fault> {
        match adopted {
            None => Err(Fault::LedgerBroken),
            Some(adopted) if adopted.hash == self.hash => Ok(()),
            Some(adopted) if adopted.version > self.manifest.version => Err(Fault::ManifestOutdated),
            Some(_) => Err(Fault::ManifestNotAdopted),
        }
    }

    /// Whose cosignatures results wait for; none where they are released when they are durable.
    ///
    /// # Errors
    /// [`Fault::ManifestMalformed`], which the manifest's check excludes.
    pub fn cosigners(&self) -> Result<Option<WitnessSet>, Fault> {
        match (self.manifest.release, &self.manifest.witnesses) {
            (ReleaseMode::Durable, _) => Ok(None),
            (ReleaseMode::Cosigned, Some(policy)) => {
                policy.check().map(Some).map_err(|_| Fault::ManifestMalformed)
            }
            (ReleaseMode::Cosigned, None) => Err(Fault::ManifestMalformed),
        }
    }
}
