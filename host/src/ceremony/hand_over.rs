//! Place: SSA. Hand-over: the newest enclave gets the root key from an older one that is operational, without custodians. The
//! host only carries; each of the two verifies the other's evidence.

use super::{Desk, PATIENCE, conflict, refused};
use crate::http::{Refusal, json};
use axum::response::Response;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Answer, Command, GetEvidence, HandOver, Status, TakeOver};
use fuin_shared::phase::Phase;
use serde_json::json;

/// `POST /ceremony/hand-over`.
pub(super) async fn run(desk: &Desk) -> Result<Response, Refusal> {
    // Two at once would put two events into the ledger for one enclave.
    let _alone = desk.beginning.lock().await;
    let mut instances = desk.app.relay.instances().into_iter();
    let taker = instances.next().ok_or_else(|| refused(Fault::Disconnected))?;
    if status(desk, &taker).await?.phase != Phase::Uninitialized {
        return Err(conflict("the newest enclave does not wait for a root key; start one beside the other"));
    }
    let mut giver = None;
    for instance in instances {
        // One that has just gone is none.
        if status(desk, &instance).await.is_ok_and(|status| status.phase == Phase::Operational) {
            giver = Some(instance);
            break;
        }
    }
    let giver = giver.ok_or_else(|| conflict("no other enclave is operational; custodians give their shares"))?;

    let evidence = evidence(desk, &taker, &giver).await?;
    let given = call(desk, &giver, Command::HandOver(HandOver { evidence })).await?;
    let Answer::HandedOver { handed, .. } = given else {
        return Err(Refusal::internal(&"the enclave's answer is no hand-over"));
    };
    let evidence = self::evidence(desk, &giver, &taker).await?;
    match call(desk, &taker, Command::TakeOver(TakeOver { evidence, handed })).await? {
        Answer::Operational { ledger, checkpoint } => Ok(json(&json!({
            "giver": giver, "taker": taker, "ledger": ledger, "checkpoint": checkpoint
        }))),
        _ => Err(Refusal::internal(&"the enclave's answer does not end a hand-over")),
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
