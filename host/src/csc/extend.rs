//! Place: SSA. credentials/extendTransaction: another activation token for what is left of a transaction. The standard
//! lets a client name new hashes here; the SAM takes only those that the signer authorized, so that others get an error.

use super::credential::owned;
use super::enclave::{self, unexpected};
use super::{Version, fault, hashes, receipt};
use crate::http::params::not_acceptable;
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::StoredToken;
use axum::response::Response;
use fuin_shared::message::{Answer, Command, ExtendTransaction};

/// credentials/extendTransaction.
pub(super) async fn answer(
    app: &App,
    version: Version,
    caller: &StoredToken,
    params: &Params,
) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let token = params.required_text("SAD")?;
    let named = params.get(&["hashes", "hash"]).is_some();
    let values = if named { Some(hashes::array(params, version, version.hashes())?) } else { None };
    let algorithm = hashes::algorithm(params, version)?;
    let digests = values.map(|values| hashes::decode(values, version.hashes())).transpose()?;
    if let Some(digests) = &digests {
        hashes::check_lengths(digests, algorithm)?;
    }
    params.text("clientData")?;
    let with_receipt = receipt::wanted(params)?;

    let entry = owned(app, caller, id).await?;
    let token = super::token::decode(token).ok_or_else(|| not_acceptable("SAD"))?;
    let answer = enclave::call(app, &entry.id, |record| {
        Command::ExtendTransaction(ExtendTransaction {
            credential: entry.id.clone(),
            token: token.clone(),
            hashes: digests.clone(),
            hash_algorithm: algorithm,
            record,
        })
    })
    .await
    .map_err(|failed| fault::refusal(version, &entry, failed))?;
    let Answer::Activation { token, expires, receipt } = answer else { return Err(unexpected()) };
    let mut answer = super::token::activation(app, &token, expires);
    receipt::add(app, with_receipt, receipt, &mut answer).await;
    Ok(json(&answer.into()))
}
