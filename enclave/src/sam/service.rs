//! Place: SAM. The service that an instance works for: its current manifest, checked.

use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{ManifestHash, ServiceId};
use fuin_shared::manifest::{Manifest, ManifestError, ReleaseMode, SignedManifest, service_id};
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
    /// The current manifest is the first one, or one that the first one's officers signed with the same name, anchors and
    /// `development` flag. That it is not older than the ledger's is checked when the ledger has been replayed.
    ///
    /// # Errors
    /// [`Fault::ManifestMalformed`], [`Fault::ManifestSignature`], [`Fault::ManifestForeign`], [`Fault::ManifestExpired`].
    pub fn install(command: &InstallManifest, now_seconds: u64) -> Result<Self, Fault> {
        let first = read(&command.first)?;
        let founder = first.parse().map_err(fault)?;
        first.verify_quorum(&founder).map_err(fault)?;
        if founder.version != 1 {
            return Err(Fault::ManifestMalformed);
        }
        // Later manifests become current by a ledger event, which another issue adds; until then there is only one.
        if command.current != command.first {
            return Err(Fault::ManifestForeign);
        }
        if now_seconds >= founder.not_after {
            return Err(Fault::ManifestExpired);
        }
        // Witnesses are another issue. Until then nothing waits for a cosignature, and evidence must not say that it does.
        if founder.release != ReleaseMode::Durable {
            return Err(Fault::ManifestMalformed);
        }
        Ok(Self {
            service: service_id(first.manifest.as_slice()),
            hash: first.hash(),
            manifest: founder,
            signed: command.current.clone(),
        })
    }
}

fn read(signed: &Blob) -> Result<SignedManifest, Fault> {
    codec::decode(signed.as_slice()).map_err(|_| Fault::ManifestMalformed)
}

const fn fault(error: ManifestError) -> Fault {
    match error {
        ManifestError::Malformed | ManifestError::Rule(_) => Fault::ManifestMalformed,
        ManifestError::Quorum => Fault::ManifestSignature,
    }
}
