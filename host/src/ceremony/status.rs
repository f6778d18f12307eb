//! Place: SSA. How far the ceremony is, as enclave and store say it. A person believes the evidence, not this.

use super::{Desk, PATIENCE, refused, rotation};
use crate::http::{Refusal, json};
use axum::response::Response;
use fuin_shared::codec;
use fuin_shared::ids::PersonId;
use fuin_shared::manifest::{Manifest, SignedManifest};
use fuin_shared::message::{Answer, CeremonyStatus, Command, RootShares, Status};
use fuin_shared::phase::Phase;
use serde_json::{Value, json};
use std::sync::PoisonError;

/// Serves it.
pub(super) async fn serve(desk: &Desk) -> Result<Response, Refusal> {
    let status = enclave(desk).await?;
    let ceremony = match status.phase {
        Phase::Uninitialized | Phase::Operational => Some(of_ceremony(desk).await?),
        _ => None,
    };
    let manifest = match desk.app.store.manifests().await? {
        Some(kept) => parse(kept.current.as_slice()).map(|(_, manifest)| describe(&manifest)),
        None => None,
    };
    let head = desk.app.store.head().await?;
    // Known as soon as its witnesses are asked: they must be told of it before it is cosigned.
    let asked = desk.app.witnesses.ledger().borrow().clone();
    let approvals = {
        let mut approvals = desk.approvals.lock().unwrap_or_else(PoisonError::into_inner);
        approvals.officers(status.instance, desk.app.clock.unix_seconds())
    };
    let genesis = ceremony.as_ref().and_then(|c| {
        c.genesis.as_ref().map(|genesis| {
            json!({
                "rootCommitment": genesis.commitment,
                "receiptsMissing": names(&c.receipts_missing),
            })
        })
    });
    let boot = ceremony.as_ref().filter(|_| status.phase == Phase::Uninitialized);
    let shares = boot.map(|c| {
        let mut shares = json!({ "from": names(&c.shares), "missing": c.shares_missing, "epoch": c.epoch });
        // Only where there is more than one: for the others it was said.
        if !c.roots.is_empty() {
            shares["roots"] = c.roots.iter().map(of_root).collect();
        }
        shares
    });
    let rotation = ceremony.as_ref().and_then(|c| c.rotation.as_deref()).map(rotation::describe);
    Ok(json(&json!({
        "phase": status.phase.as_str(),
        "instance": status.instance,
        "service": status.service,
        "manifest": manifest,
        "ledger": { "size": head.size, "checkpoint": head.checkpoint, "asked": asked },
        "approvals": names(&approvals),
        "genesis": genesis,
        "shares": shares,
        "rotation": rotation,
    })))
}

fn of_root(root: &RootShares) -> Value {
    json!({
        "rootCommitment": root.commitment,
        "from": names(&root.shares),
        "missing": root.missing,
        "needed": root.needed,
    })
}

/// The enclave's own word.
pub(super) async fn enclave(desk: &Desk) -> Result<Status, Refusal> {
    match desk.app.relay.call(Command::Status, PATIENCE).await.map_err(refused)? {
        Answer::Status(status) => Ok(status),
        _ => Err(Refusal::internal(&"the enclave's answer is no status")),
    }
}

/// What it says of the ceremony.
pub(super) async fn of_ceremony(desk: &Desk) -> Result<CeremonyStatus, Refusal> {
    match desk.app.relay.call(Command::CeremonyStatus, PATIENCE).await.map_err(refused)? {
        Answer::CeremonyStatus(status) => Ok(status),
        _ => Err(Refusal::internal(&"the enclave's answer is no ceremony status")),
    }
}

/// A signed manifest that keeps the rules.
pub(super) fn parse(octets: &[u8]) -> Option<(SignedManifest, Manifest)> {
    let signed: SignedManifest = codec::decode(octets).ok()?;
    let manifest = signed.parse().ok()?;
    Some((signed, manifest))
}

fn describe(manifest: &Manifest) -> Value {
    let officers: Vec<_> = manifest.officers.iter().map(|o| o.id.as_str()).collect();
    let custodians: Vec<_> = manifest.custodians.iter().map(|c| c.id.as_str()).collect();
    json!({
        "name": manifest.name,
        "version": manifest.version,
        "officers": officers,
        "officerQuorum": manifest.officer_quorum,
        "custodians": custodians,
        "shareThreshold": manifest.share_threshold,
    })
}

/// As texts.
pub(super) fn names(people: &[PersonId]) -> Vec<&str> {
    people.iter().map(PersonId::as_str).collect()
}
