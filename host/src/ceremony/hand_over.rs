//! Place: SSA. Hand-over: the newest enclave gets the root key from an older one that is operational, without custodians. The
//! host only carries; each of the two verifies the other's evidence.

use super::manifests::{self, ManifestsError};
use super::messages::not_brought;
use super::{Desk, PATIENCE, conflict, refused};
use crate::http::{Refusal, json};
use axum::http::StatusCode;
use axum::response::Response;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Answer, Command, GetEvidence, HandOver, Status, TakeOver};
use fuin_shared::phase::Phase;
use serde_json::json;

/// `POST /ceremony/hand-over`.
pub(super) async fn run(desk: &Desk) -> Result<Response, Refusal> {
    let _alone = desk.beginning.lock().await;
    let mut instances = desk.app.relay.instances().into_iter();
    let taker = instances.next().ok_or_else(|| refused(Fault::Disconnected))?;
    // It must have every manifest that was adopted, or the other would refuse it.
    match manifests::bring(&desk.app).await {
        Ok(_) | Err(ManifestsError::None) => {}
        Err(error) => return Err(not_brought(error)),
    }
    if status(desk, &taker).await?.phase != Phase::Uninitialized {
        return Err(conflict("the newest enclave does not wait for a root key; start one beside it"));
    }
    let mut giver = None;
    for instance in instances {
        // One that has just gone is none.
        if status(desk, &instance).await.is_ok_and(|status| status.phase == Phase::Operational) {
            giver = Some(instance);
            break;
        }
    }
    let giver =
        giver.ok_or_else(|| conflict("no other enclave is operational; custodians give their shares"))?;

    // Both before the hand-over: the one that gives shows no evidence afterwards.
    let of_taker = evidence(desk, &taker, &giver).await?;
    let of_giver = evidence(desk, &giver, &taker).await?;
    let give = Command::HandOver(HandOver { evidence: of_taker });
    let (handed, receipt) = match desk.app.relay.call_to(&giver, give, PATIENCE).await {
        Ok(Answer::HandedOver { handed, receipt }) => (handed, receipt),
        Ok(_) => return Err(Refusal::internal(&"the enclave's answer is no hand-over")),
        // It may have ended, and its answer with the root key is lost.
        Err(Fault::Deadline | Fault::Disconnected) => {
            return Err(Refusal::unavailable(
                "the former enclave does not answer; if it has ended, custodians give their shares",
            ));
        }
        Err(fault) => return Err(refused(fault)),
    };
    tracing::info!(?giver, ?taker, index = receipt.index, "handed over");
    let take = Command::TakeOver(TakeOver { evidence: of_giver, handed });
    match desk.app.relay.call_to(&taker, take, PATIENCE).await {
        Ok(Answer::Operational { ledger, checkpoint }) => Ok(json(&json!({
            "giver": giver, "taker": taker, "ledger": ledger, "checkpoint": checkpoint
        }))),
        Ok(_) => Err(Refusal::internal(&"the enclave's answer does not end a hand-over")),
        Err(fault) => Err(Refusal::new(
            StatusCode::CONFLICT,
            "refused",
            format!(
                "the former enclave has ended, but the new one did not take over: {fault}; custodians give their shares"
            ),
        )),
    }
}

async fn call(desk: &Desk, instance: &InstanceId, command: Command) -> Result<Answer, Refusal> {
    desk.app.relay.call_to(instance, command, PATIENCE).await.map_err(refused)
}

async fn status(desk: &Desk, instance: &InstanceId) -> Result<Status, Refusal> {
    match call(desk, instance, Command::Status).await? {
        Answer::Status(status) => Ok(status),
        _ => Err(Refusal::internal(&"the enclave's answer is no status")),
    }
}

/// Evidence of one, for the other, whose name is the nonce.
async fn evidence(desk: &Desk, of: &InstanceId, reader: &InstanceId) -> Result<Blob, Refusal> {
    let nonce = Some(Blob::from(reader.as_ref()));
    match call(desk, of, Command::GetEvidence(GetEvidence { nonce })).await? {
        Answer::Evidence(bundle) => Ok(bundle),
        _ => Err(Refusal::internal(&"the enclave's answer is no evidence")),
    }
}
