//! Place: SSA. Commands about a credential: with its sealed record as the store has it, once more if it was just replaced.

use crate::http::Refusal;
use crate::server::App;
use fuin_shared::fault::Fault;
use fuin_shared::ids::CredentialId;
use fuin_shared::message::{Answer, Command, SealedRecord};

/// How a command about a credential failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// By a refusal of the enclave or the relay.
    Fault(Fault),
    /// In the host's store.
    Store(Refusal),
}

/// Sends the command that `build` makes with the record.
pub(super) async fn call(
    app: &App,
    id: &CredentialId,
    build: impl Fn(SealedRecord) -> Command,
) -> Result<Answer, Failed> {
    match once(app, id, &build).await {
        // Another request changed the record between reading and use.
        Err(Failed::Fault(Fault::RecordStale)) => once(app, id, &build).await,
        other => other,
    }
}

async fn once(
    app: &App,
    id: &CredentialId,
    build: &impl Fn(SealedRecord) -> Command,
) -> Result<Answer, Failed> {
    let record = app.store.record(id).await.map_err(|e| Failed::Store(e.into()))?;
    let record = record.ok_or(Failed::Fault(Fault::RecordMissing))?;
    app.relay.call(build(record), app.config.limits.deadline()).await.map_err(Failed::Fault)
}

/// The enclave answered something else than was asked.
pub(super) fn unexpected() -> Refusal {
    Refusal::internal(&"the enclave's answer is not of the expected kind")
}
