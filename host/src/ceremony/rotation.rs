//! Place: SSA. Rotation of the root key: the officers' order, and the custodians' word that their former shares are deleted. Shares
//! and receipts go the way of a genesis.

use super::{Desk, PATIENCE, conflict, refused, status};
use crate::http::{Refusal, json, read_body};
use axum::extract::Request;
use axum::response::Response;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Answer, Command, ConfirmGenesis};
use fuin_shared::rotation::{EraseRoot, RotateRoot, RotationStatus};
use serde_json::{Value, json};

/// `POST /ceremony/rotation`. One that waits for receipts is forgotten with it.
pub(super) async fn order(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    let octets = read_body(request, &desk.app.config.limits).await?;
    let rotate: RotateRoot =
        codec::decode(&octets).map_err(|_| Refusal::invalid("the body is not an approved rotation"))?;
    let _alone = desk.beginning.lock().await;
    match desk.app.relay.call(Command::RotateRoot(rotate), PATIENCE).await.map_err(refused)? {
        Answer::RotationShares(shares) => Ok(json(&json!({ "rootCommitment": shares.commitment }))),
        _ => Err(Refusal::internal(&"the enclave's answer is not to a rotation")),
    }
}

/// A custodian's receipt for a share of the new root key.
pub(super) async fn receipt(desk: &Desk, receipt: Blob) -> Result<Response, Refusal> {
    let confirm = Command::ConfirmRotation(ConfirmGenesis { receipts: vec![receipt] });
    match desk.app.relay.call(confirm, PATIENCE).await {
        Ok(Answer::RootRotated { commitment, .. }) => {
            Ok(json(&json!({ "receiptsMissing": [], "rootCommitment": commitment })))
        }
        Ok(_) => Err(Refusal::internal(&"the enclave's answer is no end of a rotation's beginning")),
        // The receipt was good, unless there is nothing that it could be for.
        Err(Fault::RotationPending) => match status::of_ceremony(desk).await?.rotation {
            Some(rotation) if rotation.shares.is_some() => {
                Ok(json(&json!({ "receiptsMissing": status::names(&rotation.receipts_missing) })))
            }
            _ => Err(conflict("no rotation waits for receipts")),
        },
        Err(fault) => Err(refused(fault)),
    }
}

/// `POST /ceremony/deletion`.
pub(super) async fn deletion(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    let octets = Blob(read_body(request, &desk.app.config.limits).await?.to_vec());
    let erase = Command::EraseRoot(EraseRoot { deletions: vec![octets] });
    match desk.app.relay.call(erase, PATIENCE).await {
        Ok(Answer::RootErased(_)) => Ok(json(&json!({ "missing": 0 }))),
        Ok(_) => Err(Refusal::internal(&"the enclave's answer is not to a deletion")),
        Err(Fault::DeletionsMissing) => {
            let rotation = status::of_ceremony(desk).await?.rotation;
            Ok(json(&json!({ "missing": rotation.map(|rotation| rotation.deletions_missing) })))
        }
        // Enough others have deleted theirs.
        Err(Fault::RotationPending) => Ok(json(&json!({ "missing": 0 }))),
        Err(fault) => Err(refused(fault)),
    }
}

/// How far it is.
pub(super) fn describe(rotation: &RotationStatus) -> Value {
    json!({
        "from": rotation.rotation.from,
        "to": rotation.rotation.to,
        "stage": rotation.rotation.stage.as_str(),
        "receiptsMissing": status::names(&rotation.receipts_missing),
        "recordsLeft": rotation.records_left,
        "deletions": status::names(&rotation.deletions),
        "deletionsMissing": rotation.deletions_missing,
    })
}
