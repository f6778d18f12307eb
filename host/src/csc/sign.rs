//! Place: SSA. signatures/signHash: carries hashes and activation token to the SAM, and signatures back; or the order of an
//! SCA, and seals back.

use super::credential::owned;
use super::enclave::{self, unexpected};
use super::{Version, fault, hashes, mandates, receipt};
use crate::http::params::{missing, not_acceptable};
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::StoredToken;
use axum::response::Response;
use base64ct::{Base64, Encoding};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::message::{Answer, Command, SignHash};
use serde_json::{Map, Value};

/// signatures/signHash. In both versions a refusal calls the list `hash`.
pub(super) async fn answer(
    app: &App,
    version: Version,
    caller: &StoredToken,
    params: &Params,
) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let token = params.required_text("SAD")?;
    let values = hashes::array(params, version, "hash")?;
    let sign_algorithm = params.required_text("signAlgo")?;

    let digests = hashes::decode(values, "hash")?;
    // The signature algorithm names the digest; one that is named besides must be known, and decides nothing.
    hashes::algorithm(params, version)?;
    let signature_algorithm =
        SignatureAlgorithm::from_oid(sign_algorithm).ok_or_else(|| not_acceptable("signAlgo"))?;
    parameters(params)?;
    params.text("clientData")?;
    if version == Version::V2 && !matches!(params.text("operationMode")?, None | Some("S")) {
        return Err(not_acceptable("operationMode"));
    }
    hashes::check_lengths(&digests, Some(signature_algorithm.hash()))?;
    let with_receipt = receipt::wanted(params)?;

    let entry = owned(app, caller, id).await?;
    if !entry.key_algorithm.signature_algorithms().contains(&signature_algorithm) {
        return Err(not_acceptable("signAlgo"));
    }
    if let Some((signed, order)) = mandates::order(token) {
        // The enclave acts on the order alone; a body that says something else is the caller's mistake.
        if order.hashes != digests || order.signature_algorithm != signature_algorithm {
            return Err(Refusal::invalid("Hash is not authorized by the SAD"));
        }
        let (signatures, receipt) = mandates::seal(app, &entry, &signed, &order).await?;
        let mut answer = made(&digests, &signatures)?;
        // What the organization's report is made of; always there.
        answer.insert("sealReceipt".into(), mandates::encode(&receipt).into());
        receipt::add(app, with_receipt, receipt, &mut answer).await;
        return Ok(json(&answer.into()));
    }
    let token = super::token::decode(token).ok_or_else(|| not_acceptable("SAD"))?;
    let answer = enclave::call(app, &entry.id, |record| {
        Command::SignHash(SignHash {
            credential: entry.id.clone(),
            token: token.clone(),
            hashes: digests.clone(),
            hash_algorithm: Some(signature_algorithm.hash()),
            signature_algorithm,
            record,
        })
    })
    .await
    .map_err(|failed| fault::refusal(version, &entry, failed))?;
    let Answer::Signatures { signatures, receipt } = answer else { return Err(unexpected()) };
    let mut answer = made(&digests, &signatures)?;
    receipt::add(app, with_receipt, receipt, &mut answer).await;
    Ok(json(&answer.into()))
}

/// The signatures of an answer.
fn made(digests: &[Blob], signatures: &[Blob]) -> Result<Map<String, Value>, Refusal> {
    if signatures.len() != digests.len() {
        return Err(unexpected());
    }
    let signatures: Vec<String> = signatures.iter().map(|s| Base64::encode_string(s.as_slice())).collect();
    Ok(Map::from_iter([("signatures".to_owned(), signatures.into())]))
}

/// ECDSA has none; an empty text is what some clients send for none.
pub(super) fn parameters(params: &Params) -> Result<(), Refusal> {
    match params
        .get(&["signAlgoParams"])
        .map(|value| value.as_str().ok_or_else(|| missing("string", "signAlgoParams")))
    {
        None => Ok(()),
        Some(Ok("")) => Ok(()),
        Some(Ok(_)) => Err(not_acceptable("signAlgoParams")),
        Some(Err(refusal)) => Err(refusal),
    }
}
