//! Place: SSA. signatures/signHash: carries hashes and activation token to the SAM, and signatures back; or the order of an
//! SCA, and seals back. What it shares with the call for documents is here too.

use super::credential::owned;
use super::enclave::{self, unexpected};
use super::{Version, fault, hashes, mandates, receipt};
use crate::http::params::{missing, not_acceptable};
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::{CatalogueEntry, StoredToken};
use axum::response::Response;
use base64ct::{Base64, Encoding};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::CredentialId;
use fuin_shared::message::{Answer, Command, SealedRecord, SignHash};
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
    let algorithm = algorithm(params, version, sign_algorithm)?;
    params.text("clientData")?;
    if version == Version::V2 && !matches!(params.text("operationMode")?, None | Some("S")) {
        return Err(not_acceptable("operationMode"));
    }
    hashes::check_lengths(&digests, Some(algorithm.hash()))?;
    let with_receipt = receipt::wanted(params)?;
    if let Some((signed, order)) = mandates::order(token) {
        // The enclave acts on the order alone; a body that says something else is the caller's mistake.
        if order.hashes != digests || order.signature_algorithm != algorithm {
            return Err(Refusal::invalid("Hash is not authorized by the SAD"));
        }
        let entry = able(app, caller, id, algorithm).await?;
        let (signatures, receipt) = mandates::seal(app, &entry, &signed, &order).await?;
        let mut answer = made(digests.len(), &signatures)?;
        // What the organization's report is made of; always there.
        answer.insert("sealReceipt".into(), mandates::encode(&receipt).into());
        receipt::add(app, with_receipt, receipt, &mut answer).await;
        return Ok(json(&answer.into()));
    }
    let call = Call { version, caller, id, token, algorithm, wanted: digests.len(), receipt: with_receipt };
    carry(app, call, |credential, token, record| {
        Command::SignHash(SignHash {
            credential,
            token,
            hashes: digests.clone(),
            hash_algorithm: Some(algorithm.hash()),
            signature_algorithm: algorithm,
            record,
        })
    })
    .await
}

/// The signature algorithm of a call. It names the digest; one that is named besides must be known, and decides nothing.
pub(super) fn algorithm(params: &Params, version: Version, oid: &str) -> Result<SignatureAlgorithm, Refusal> {
    hashes::algorithm(params, version)?;
    let algorithm = SignatureAlgorithm::from_oid(oid).ok_or_else(|| not_acceptable("signAlgo"))?;
    parameters(params)?;
    Ok(algorithm)
}

/// What every signing call has, once it is read.
pub(super) struct Call<'a> {
    pub(super) version: Version,
    pub(super) caller: &'a StoredToken,
    /// `credentialID`.
    pub(super) id: &'a str,
    /// `SAD`.
    pub(super) token: &'a str,
    pub(super) algorithm: SignatureAlgorithm,
    /// How many signatures there must be.
    pub(super) wanted: usize,
    /// Whether a receipt is to come with them.
    pub(super) receipt: bool,
}

/// Carries a call to the SAM, and signatures back.
pub(super) async fn carry(
    app: &App,
    call: Call<'_>,
    command: impl Fn(CredentialId, Blob, SealedRecord) -> Command,
) -> Result<Response, Refusal> {
    let entry = able(app, call.caller, call.id, call.algorithm).await?;
    let token = super::token::decode(call.token).ok_or_else(|| not_acceptable("SAD"))?;
    let answer = enclave::call(app, &entry.id, |record| command(entry.id.clone(), token.clone(), record))
        .await
        .map_err(|failed| fault::refusal(call.version, &entry, failed))?;
    let Answer::Signatures { signatures, receipt } = answer else { return Err(unexpected()) };
    let mut answer = made(call.wanted, &signatures)?;
    receipt::add(app, call.receipt, receipt, &mut answer).await;
    Ok(json(&answer.into()))
}

/// The caller's credential, if its key makes signatures of this algorithm.
async fn able(
    app: &App,
    caller: &StoredToken,
    id: &str,
    algorithm: SignatureAlgorithm,
) -> Result<CatalogueEntry, Refusal> {
    let entry = owned(app, caller, id).await?;
    let can = entry.key_algorithm.signature_algorithms().contains(&algorithm);
    if can { Ok(entry) } else { Err(not_acceptable("signAlgo")) }
}

/// The signatures of an answer.
fn made(wanted: usize, signatures: &[Blob]) -> Result<Map<String, Value>, Refusal> {
    if signatures.len() != wanted {
        return Err(unexpected());
    }
    let signatures: Vec<String> = signatures.iter().map(|s| Base64::encode_string(s.as_slice())).collect();
    Ok(Map::from_iter([("signatures".to_owned(), signatures.into())]))
}

/// ECDSA has none; an empty text is what some clients send for none.
fn parameters(params: &Params) -> Result<(), Refusal> {
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
