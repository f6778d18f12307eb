//! Place: SSA. Manifests on their way to the enclave: all of them at every boot, and a new one while it works.

use super::{Desk, PATIENCE, cbor, refused};
use crate::csc::not_found;
use crate::http::{Refusal, json, read_body};
use crate::server::App;
use crate::store::{Manifests, SharedStore, StoreError};
use axum::extract::Request;
use axum::response::Response;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::ServiceId;
use fuin_shared::manifest::{ManifestChange, ManifestHistory, SignedManifest, service_id};
use fuin_shared::message::{Answer, Command, InstallManifest, Receipt};
use fuin_shared::phase::Phase;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Time before they are brought once more to a boot that did not get them.
const AGAIN: Duration = Duration::from_secs(1);

/// Why a boot does not have its manifests.
#[derive(Debug, thiserror::Error)]
pub enum ManifestsError {
    /// None is kept.
    #[error("no manifest is kept")]
    None,
    /// They cannot be read.
    #[error("the kept manifests cannot be read: {0}")]
    Store(#[from] StoreError),
    /// The enclave, or the way to it.
    #[error("the enclave refuses the kept manifest: {0}")]
    Refused(Fault),
    /// The enclave has another service's.
    #[error("the enclave works for the service {0:?}, whose manifest is not kept here; start it again")]
    Foreign(ServiceId),
}

impl From<Fault> for ManifestsError {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault)
    }
}

/// Gives the kept manifests to the connected enclave, as far as it does not have them: the first one, and each that the
/// ledger adopted. One at a time, so that no share comes between two of them. Done again, it changes nothing.
pub(crate) async fn bring(app: &App) -> Result<Option<ServiceId>, ManifestsError> {
    let _alone = app.bringing.lock().await;
    let kept = app.store.manifests().await?.ok_or(ManifestsError::None)?;
    let Answer::Status(status) = app.relay.call(Command::Status, PATIENCE).await? else {
        return Err(Fault::Malformed.into());
    };
    let service = match status.phase {
        Phase::Booted => install(app, &kept.first).await?,
        // It refuses what follows another service's manifest with the same fault as what it has already.
        Phase::Uninitialized => {
            let service = status.service.ok_or(Fault::Internal)?;
            if kept_service(&kept)? != service {
                return Err(ManifestsError::Foreign(service));
            }
            service
        }
        _ => return Ok(status.service),
    };
    for change in app.store.manifest_changes().await? {
        match app.relay.call(Command::FollowManifest(change), PATIENCE).await {
            Ok(Answer::ManifestFollowed { .. }) => {}
            Ok(_) => return Err(Fault::Malformed.into()),
            // It has this one already; and whoever approved it then may hold another role by now.
            Err(Fault::ManifestForeign | Fault::RoleForbidden) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(Some(service))
}

/// The service that the kept first manifest founded.
fn kept_service(kept: &Manifests) -> Result<ServiceId, Fault> {
    let first: SignedManifest = codec::decode(kept.first.as_slice()).map_err(|_| Fault::ManifestMalformed)?;
    Ok(service_id(first.manifest.as_slice()))
}

/// Gives a first manifest to the enclave.
pub(super) async fn install(app: &App, first: &fuin_shared::bytes::Blob) -> Result<ServiceId, Fault> {
    let command = InstallManifest { first: first.clone(), current: first.clone() };
    match app.relay.call(Command::InstallManifest(command), PATIENCE).await? {
        Answer::ManifestInstalled { service } => Ok(service),
        _ => Err(Fault::Malformed),
    }
}

/// Brings them to every boot that has none.
pub(crate) async fn bring_to_every_boot(app: Arc<App>) {
    let mut newest = app.relay.instance();
    let mut known = None;
    loop {
        let found = newest.wait_for(|found| found.is_some() && *found != known).await.map(|found| *found);
        let Ok(found) = found else { return };
        known = found;
        match bring(&app).await {
            Ok(service) => tracing::info!(service = ?service, "the enclave has its manifest"),
            Err(ManifestsError::None) => {}
            Err(ManifestsError::Refused(fault)) if fault.is_transient() => {
                tracing::warn!(%fault, "the manifests are brought once more");
                tokio::time::sleep(AGAIN).await;
                // The same boot counts as one that has none.
                known = None;
            }
            Err(error) => tracing::error!(%error, "the enclave has no manifest"),
        }
    }
}

/// `GET /ceremony/manifests`: the first one, and every one that followed with its approvals.
pub(super) async fn history(desk: &Desk) -> Result<Response, Refusal> {
    let kept = desk.app.store.manifests().await?.ok_or_else(not_found)?;
    let changes = desk.app.store.manifest_changes().await?;
    Ok(cbor(codec::encode(&ManifestHistory { first: kept.first, changes })))
}

/// `POST /ceremony/change`. The store keeps the manifest with the ledger's event.
pub(super) async fn change(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    let octets = read_body(request, &desk.app.config.limits).await?;
    let change: ManifestChange = codec::decode(&octets)
        .map_err(|_| Refusal::invalid("the body is not a manifest with its approvals"))?;
    match desk.app.relay.call(Command::ChangeManifest(change), PATIENCE).await.map_err(refused)? {
        Answer::ManifestChanged(changed) => {
            let Receipt { index, checkpoint, .. } = changed.receipt;
            Ok(json(&json!({
                "manifest": changed.manifest,
                "version": changed.version,
                "index": index,
                "checkpoint": checkpoint,
            })))
        }
        _ => Err(Refusal::internal(&"the enclave's answer is not to a change of the manifest")),
    }
}

/// Keeps a service's first manifest; one that is kept stays, with those that followed it.
///
/// # Errors
/// [`StoreError::Commit`] if another first manifest is kept.
pub(crate) async fn keep_first(
    store: &SharedStore,
    first: fuin_shared::bytes::Blob,
) -> Result<(), StoreError> {
    match store.manifests().await? {
        Some(kept) if kept.first == first => Ok(()),
        _ => store.put_manifests(Manifests { first: first.clone(), current: first }).await,
    }
}
