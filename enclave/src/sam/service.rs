//! Place: SAM. The service that an instance works for: its current manifest, checked.

use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{ManifestHash, ServiceId};
use fuin_shared::log::cosignature::CosignedCheckpoint;
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::state::{Adopted, Ended, State, Takeover};
use fuin_shared::log::witness_policy::WitnessSet;
use fuin_shared::manifest::{
    Custodian, Manifest, ManifestApproval, ManifestChange, Measurement, ReleaseMode, SignedManifest,
    service_id,
};
use fuin_shared::message::InstallManifest;
use std::sync::Arc;

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
    /// Manifests of the chain that changed the witnesses.
    changes: Vec<SetChange>,
    /// Custodians under each manifest of the chain, the current one included.
    custodians: Vec<(ManifestHash, Arc<[Custodian]>)>,
}

/// A manifest that named other witnesses than the one before it.
#[derive(Debug, Clone)]
pub struct SetChange {
    manifest: Adopted,
    /// Those before.
    pub retiring: WitnessSet,
    /// Those that take over.
    pub successors: WitnessSet,
}

impl SetChange {
    /// Whether a checkpoint of this ledger, in one of its epochs, bears the quorum of both sets.
    fn cosigned(&self, note: &str, epochs: &[VerifierKey]) -> bool {
        let sets = [&self.retiring, &self.successors];
        epochs.iter().any(|ledger| sets.iter().all(|set| has_quorum(set, note, ledger)))
    }
}

fn has_quorum(set: &WitnessSet, note: &str, ledger: &VerifierKey) -> bool {
    CosignedCheckpoint::open(note, ledger, set.keys())
        .is_ok_and(|cosigned| set.quorum(cosigned.cosignatures()))
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
            custodians: vec![(first.hash(), founder.custodians.clone().into())],
            manifest: founder,
            signed: command.current.clone(),
            changes: Vec::new(),
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
        let mut context = Self {
            service: self.service,
            hash: next.hash,
            manifest: next.manifest,
            signed: codec::encode(&change.as_signed()).into(),
            changes: self.changes.clone(),
            custodians: self.custodians.clone(),
        };
        let same = self.manifest.custodians == context.manifest.custodians;
        let custodians = match self.custodians.last().filter(|_| same) {
            Some((_, custodians)) => Arc::clone(custodians),
            None => context.manifest.custodians.clone().into(),
        };
        context.custodians.push((context.hash, custodians));
        if let (Some(retiring), Some(successors)) = (self.cosigners()?, context.cosigners()?)
            && context.manifest.witnesses != self.manifest.witnesses
        {
            let manifest = Adopted { hash: context.hash, version: context.manifest.version };
            context.changes.push(SetChange { manifest, retiring, successors });
        }
        Ok((context, next.approvals))
    }

    /// The custodians under a manifest of the chain.
    #[must_use]
    pub fn custodians_under(&self, manifest: &ManifestHash) -> Option<&[Custodian]> {
        self.custodians.iter().find(|(hash, _)| hash == manifest).map(|(_, custodians)| &**custodians)
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

    /// Whether the manifest lists the image that runs. A development service takes any: evidence shows both.
    ///
    /// # Errors
    /// [`Fault::ImageNotListed`].
    pub fn check_image(&self, measured: &Measurement) -> Result<(), Fault> {
        let listed = self.manifest.development || self.manifest.measurements.contains(measured);
        if listed { Ok(()) } else { Err(Fault::ImageNotListed) }
    }

    /// The change of the witnesses that came with this very manifest.
    #[must_use]
    pub fn set_change(&self) -> Option<&SetChange> {
        self.changes.last().filter(|change| change.manifest.hash == self.hash)
    }

    /// Holds every change of the witnesses in the chain against the ledger, whose keys in its epochs are given: each must
    /// have been cosigned by both sets, or have come with a new epoch, which goes on from a head that those before cosigned.
    /// The newest one that was not yet is given: until it is, both count (spec/ledger.md, gap 6).
    ///
    /// # Errors
    /// [`Fault::LedgerBroken`].
    pub fn check_witnesses(
        &self,
        state: &State,
        epochs: &[VerifierKey],
    ) -> Result<Option<&SetChange>, Fault> {
        let mut last = None;
        for ((begun, ended), ledger) in state.epochs().begun().iter().zip(state.ended()).zip(epochs) {
            let set = self.witnesses_until(ended)?.ok_or(Fault::LedgerBroken)?;
            // An epoch that nobody cosigned went on from where the one before it had ended.
            if last != Some(&begun.note) && !has_quorum(&set, &begun.note, ledger) {
                return Err(Fault::LedgerBroken);
            }
            last = Some(&begun.note);
        }
        for change in &self.changes {
            match state.witnesses_changed(&change.manifest.hash) {
                Some(Takeover::Epoch) => {}
                Some(Takeover::Cosigned(note)) if change.cosigned(note, epochs) => {}
                None if change.manifest.hash == self.hash => return Ok(Some(change)),
                _ => return Err(Fault::LedgerBroken),
            }
        }
        Ok(None)
    }

    /// Whose cosignatures counted when an epoch ended.
    fn witnesses_until(&self, ended: &Ended) -> Result<Option<WitnessSet>, Fault> {
        let known = |change: &&SetChange| change.manifest.version <= ended.manifest.version;
        Ok(match self.changes.iter().rfind(known) {
            Some(change) if change.manifest == ended.manifest && !ended.took_over => {
                Some(change.retiring.clone())
            }
            Some(change) => Some(change.successors.clone()),
            // None had changed yet.
            None => match self.changes.first() {
                Some(first) => Some(first.retiring.clone()),
                None => self.cosigners()?,
            },
        })
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
