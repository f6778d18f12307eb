//! Place: SSA. Each message of a ceremony on its way to the enclave.

use super::manifests::{self, ManifestsError};
use super::{Desk, PATIENCE, cbor, conflict, refused, rotation, status};
use crate::csc::not_found;
use crate::http::{Refusal, json, read_body};
use axum::extract::Request;
use axum::response::Response;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::PersonId;
use fuin_shared::manifest::{Manifest, service_id};
use fuin_shared::message::{Answer, Command, ConfirmGenesis, Genesis, ProvideShare};
use fuin_shared::phase::Phase;
use fuin_shared::statement::{GenesisApproval, SignedStatement};
use serde_json::json;
use std::sync::{MutexGuard, PoisonError};

/// `GET /ceremony/manifest`.
pub(super) async fn manifest(desk: &Desk) -> Result<Response, Refusal> {
    Ok(cbor(desk.app.store.manifests().await?.ok_or_else(not_found)?.current.0))
}

/// `GET /ceremony/shares`.
pub(super) async fn shares(desk: &Desk) -> Result<Response, Refusal> {
    let status = status::of_ceremony(desk).await?;
    let of_rotation = status.rotation.and_then(|rotation| rotation.shares);
    let shares = status.genesis.or(of_rotation);
    let shares = shares.ok_or_else(|| conflict("neither a genesis nor a rotation waits for receipts"))?;
    Ok(cbor(codec::encode(&shares)))
}

/// `POST /ceremony/manifest`: kept once the enclave has it.
pub(super) async fn install(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    let octets = Blob(read_body(request, &desk.app.config.limits).await?.to_vec());
    let (signed, _) = status::parse(octets.as_slice())
        .ok_or_else(|| Refusal::invalid("the body is not a signed manifest"))?;
    let service = service_id(signed.manifest.as_slice());
    let kept = desk.app.store.manifests().await?;
    if kept.as_ref().is_some_and(|kept| kept.first != octets) {
        return Err(conflict("this host keeps another service's manifest"));
    }
    let seen = status::enclave(desk).await?;
    if seen.phase != Phase::Booted && seen.service != Some(service) {
        return Err(conflict("this boot of the enclave works for another service; start it again"));
    }
    match (kept, seen.phase) {
        (Some(_), Phase::Booted) => drop(manifests::bring(&desk.app).await.map_err(not_brought)?),
        (None, Phase::Booted) => drop(manifests::install(&desk.app, &octets).await.map_err(refused)?),
        _ => {}
    }
    manifests::keep_first(&desk.app.store, octets).await?;
    Ok(json(&json!({ "service": service })))
}

pub(super) fn not_brought(error: ManifestsError) -> Refusal {
    match error {
        ManifestsError::Refused(fault) => refused(fault),
        ManifestsError::Store(error) => error.into(),
        ManifestsError::None => conflict("no manifest is installed"),
        ManifestsError::Foreign(_) => {
            conflict("this boot of the enclave works for another service; start it again")
        }
    }
}

/// `POST /ceremony/approval`. The last one of the quorum begins the genesis.
pub(super) async fn approve(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    let octets = Blob(read_body(request, &desk.app.config.limits).await?.to_vec());
    let manifest = kept_manifest(desk).await?;
    let (officer, body) = read_approval(&octets, &manifest)?;
    // Two at once would begin two, and the second would make the first one's shares worthless.
    let _alone = desk.beginning.lock().await;
    let seen = status::enclave(desk).await?;
    if body.instance != seen.instance {
        return Err(conflict("the approval is for another boot of the enclave; look at its evidence again"));
    }
    if desk.app.store.head().await?.size > 0 {
        return Err(conflict("this host has a ledger, so genesis is over; custodians give their shares"));
    }
    if status::of_ceremony(desk).await?.genesis.is_some() {
        return Err(conflict(
            "a genesis is under way and waits for receipts; start the enclave again to begin another",
        ));
    }
    let now = desk.app.clock.unix_seconds();
    let (statements, given) = {
        let mut approvals = approvals(desk);
        approvals.put(officer.clone(), octets, &body, now);
        (approvals.statements(), approvals.officers(seen.instance, now))
    };
    let needed = usize::from(manifest.officer_quorum).saturating_sub(given.len());
    let commitment = if needed > 0 {
        None
    } else {
        let begun = desk.app.relay.call(Command::Genesis(Genesis { approvals: statements }), PATIENCE).await;
        match begun {
            Ok(Answer::GenesisShares(shares)) => {
                approvals(desk).clear();
                Some(shares.commitment)
            }
            Ok(_) => return Err(Refusal::internal(&"the enclave's answer is no genesis")),
            Err(fault) => {
                // The ones before it were not refused.
                approvals(desk).remove(&officer);
                return Err(refused(fault));
            }
        }
    };
    Ok(json(&json!({
        "approvals": status::names(&given),
        "missing": needed,
        "rootCommitment": commitment,
    })))
}

/// `POST /ceremony/receipt`.
pub(super) async fn receipt(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    let octets = Blob(read_body(request, &desk.app.config.limits).await?.to_vec());
    if status::enclave(desk).await?.phase == Phase::Operational {
        return rotation::receipt(desk, octets).await;
    }
    let confirm = ConfirmGenesis { receipts: vec![octets] };
    match desk.app.relay.call(Command::ConfirmGenesis(confirm), PATIENCE).await {
        Ok(Answer::Operational { ledger, checkpoint }) => Ok(json(&json!({
            "receiptsMissing": [], "ledger": ledger, "checkpoint": checkpoint
        }))),
        Ok(_) => Err(Refusal::internal(&"the enclave's answer is no end of a genesis")),
        // The receipt was good, unless there is nothing that it could be for.
        Err(Fault::GenesisPending) => {
            let status = status::of_ceremony(desk).await?;
            if status.genesis.is_none() {
                return Err(conflict("no genesis is under way"));
            }
            Ok(json(&json!({ "receiptsMissing": status::names(&status.receipts_missing) })))
        }
        Err(fault) => Err(refused(fault)),
    }
}

/// `POST /ceremony/share`.
pub(super) async fn share(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    let octets = read_body(request, &desk.app.config.limits).await?;
    let share: ProvideShare =
        codec::decode(&octets).map_err(|_| Refusal::invalid("the body is not a share with its statement"))?;
    // The last share halts a boot that lacks a manifest which the ledger adopted: none goes out before all are there.
    match manifests::bring(&desk.app).await {
        Ok(_) | Err(ManifestsError::None) => {}
        Err(error) => {
            tracing::warn!(%error, "a share is kept back");
            return Err(not_brought(error));
        }
    }
    match desk.app.relay.call(Command::ProvideShare(share), PATIENCE).await.map_err(refused)? {
        Answer::ShareAccepted { missing } => Ok(json(&json!({ "missing": missing }))),
        Answer::Operational { ledger, checkpoint } => {
            Ok(json(&json!({ "missing": 0, "ledger": ledger, "checkpoint": checkpoint })))
        }
        _ => Err(Refusal::internal(&"the enclave's answer is not to a share")),
    }
}

async fn kept_manifest(desk: &Desk) -> Result<Manifest, Refusal> {
    let kept = desk.app.store.manifests().await?;
    let parsed = kept.as_ref().and_then(|kept| status::parse(kept.current.as_slice()));
    parsed.map(|(_, manifest)| manifest).ok_or_else(|| conflict("no manifest is installed"))
}

/// Read here only to know whose it is: what is not an officer's would stand in the way of the others.
fn read_approval(octets: &Blob, manifest: &Manifest) -> Result<(PersonId, GenesisApproval), Refusal> {
    let malformed = |_| Refusal::invalid("the body is not a signed approval");
    let signed: SignedStatement = codec::decode(octets.as_slice()).map_err(malformed)?;
    let officer = manifest.officer(&signed.signer).ok_or_else(|| conflict("the signer is no officer"))?;
    let key = officer.key.key().map_err(|_| conflict("the manifest has an unusable key"))?;
    let body = signed.open(&key).map_err(refused)?;
    Ok((officer.id.clone(), body))
}

fn approvals(desk: &Desk) -> MutexGuard<'_, super::Approvals> {
    desk.approvals.lock().unwrap_or_else(PoisonError::into_inner)
}
