//! Place: SSA. A new epoch on its way to the boot for which officers approved it; the shares that follow begin it.

use super::manifests::{self, ManifestsError};
use super::messages::not_brought;
use super::{Desk, PATIENCE, refused};
use crate::http::{Refusal, json, read_body};
use axum::extract::Request;
use axum::response::Response;
use fuin_shared::codec;
use fuin_shared::message::{Answer, Command};
use fuin_shared::new_epoch::NewEpoch;
use serde_json::json;

/// `POST /ceremony/epoch`.
pub(super) async fn plan(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    let octets = read_body(request, &desk.app.config.limits).await?;
    let epoch: NewEpoch = codec::decode(&octets)
        .map_err(|_| Refusal::invalid("the body is not a new epoch with its approvals"))?;
    // What is brought afterwards would undo it.
    match manifests::bring(&desk.app).await {
        Ok(_) | Err(ManifestsError::None) => {}
        Err(error) => return Err(not_brought(error)),
    }
    let command = Command::NewEpoch(Box::new(epoch));
    match desk.app.relay.call(command, PATIENCE).await.map_err(refused)? {
        Answer::EpochPlanned { epoch } => Ok(json(&json!({ "epoch": epoch }))),
        _ => Err(Refusal::internal(&"the enclave's answer is not to a new epoch")),
    }
}
