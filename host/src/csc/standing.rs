//! Place: SSA. How a credential stands, as the enclave says it; and credentials/suspend, by which signers suspend their own.

use super::authorize::{evidence, factor};
use super::credential::owned;
use super::enclave::{self, unexpected};
use super::{Version, fault};
use crate::http::{Params, Refusal, with_status};
use crate::server::App;
use crate::store::{CatalogueEntry, StoredToken};
use axum::http::StatusCode;
use axum::response::Response;
use fuin_shared::log::event::Holder;
use fuin_shared::message::{Answer, Command, CredentialQuestion, CredentialStatus, Suspend};
use serde_json::{Value, json};
use std::time::Duration;

/// How long credentials/info waits for the enclave.
const PATIENCE: Duration = Duration::from_secs(2);

/// credentials/suspend: an addition of ours. 202 until the suspension's event is released; it binds at once.
pub(super) async fn suspend(
    app: &App,
    version: Version,
    caller: &StoredToken,
    params: &Params,
) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let factor = factor(params, version)?;
    let entry = owned(app, caller, id).await?;
    let evidence = evidence(factor, &entry).ok_or_else(|| fault::wrong_factor(version))?;
    let answer = enclave::call(app, &entry.id, |record| {
        Command::Suspend(Suspend { credential: entry.id.clone(), evidence: evidence.clone(), record })
    })
    .await
    .map_err(|failed| fault::refusal(version, &entry, failed))?;
    told(answer)
}

/// The answer to whatever suspends.
pub(super) fn told(answer: Answer) -> Result<Response, Refusal> {
    let Answer::CredentialStatus(status) = answer else { return Err(unexpected()) };
    let code = if status.pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok(with_status(code, &shown(&status)))
}

/// What the enclave says of a credential; none while it cannot be asked.
pub(super) async fn of(app: &App, entry: &CatalogueEntry) -> Option<CredentialStatus> {
    let asked = enclave::call(app, &entry.id, |record| {
        Command::CredentialStatus(CredentialQuestion { credential: entry.id.clone(), record })
    });
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Answer::CredentialStatus(status))) => Some(status),
        _ => None,
    }
}

/// As JSON.
pub(super) fn shown(status: &CredentialStatus) -> Value {
    let state = if !status.suspended.is_empty() {
        "suspended"
    } else if status.locked {
        "locked"
    } else if status.active {
        "active"
    } else {
        "inactive"
    };
    let by = status.suspended.iter().map(|holder| match holder {
        Holder::Signer => "signer",
        Holder::Ra => "ra",
        Holder::Officer => "officer",
    });
    let mut shown =
        json!({ "state": state, "suspendedBy": by.collect::<Vec<_>>(), "pending": status.pending });
    if let Some(event) = status.officers_event {
        shown["officersEvent"] = event.into();
    }
    shown
}
