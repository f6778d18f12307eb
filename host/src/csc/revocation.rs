//! Place: SSA. `POST /revocation`: the list of a CA that revokes a credential's certificate, carried to the SAM, which
//! destroys the key. The list proves itself, so nobody is asked who brings it.

use super::enclave::{self, unexpected};
use super::{Version, fault, wrong_verb};
use crate::http::params::not_acceptable;
use crate::http::{Params, Refusal, json, read_body};
use crate::server::App;
use crate::store::KeyStatus;
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use base64ct::{Base64, Encoding};
use fuin_shared::bytes::Blob;
use fuin_shared::ids::CredentialId;
use fuin_shared::message::{Answer, Command, ReportRevocation};
use serde_json::json;

/// Serves `{"credentialID", "list": base64 of the DER}`. The answer is `{"destroyed": true, "event": index}`.
pub(crate) async fn serve(app: &App, request: Request) -> Result<Response, Refusal> {
    if *request.method() != Method::POST {
        return Err(wrong_verb("POST"));
    }
    let body = read_body(request, &app.config.limits).await?;
    let params = Params::parse(&body)?;
    let unknown = || not_acceptable("credentialID");
    let id = CredentialId::new(params.required_text("credentialID")?).map_err(|_| unknown())?;
    let list = Base64::decode_vec(params.required_text("list")?).map_err(|_| not_acceptable("list"))?;
    let list = Blob(list);
    let mut entry = app.store.credential(&id).await?.ok_or_else(unknown)?;
    let answer = enclave::call(app, &id, |record| {
        let (credential, list) = (id.clone(), list.clone());
        Command::ReportRevocation(ReportRevocation { credential, list, record })
    })
    .await
    .map_err(|failed| fault::refusal(Version::V2, &entry, failed))?;
    let Answer::Deleted(receipt) = answer else { return Err(unexpected()) };
    entry.status = KeyStatus::Disabled;
    app.store.put_credential(entry).await?;
    Ok(json(&json!({ "destroyed": true, "event": receipt.index })))
}
