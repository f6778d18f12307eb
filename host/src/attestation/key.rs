//! Place: SSA. `POST /attestation/key`: the key statement of a credential, with a proof that the ledger binds it.

use super::{answer_with, nonce_of, refusal, wants_octets};
use crate::csc::wrong_verb;
use crate::http::params::not_acceptable;
use crate::http::{Params, Refusal, read_body};
use crate::server::App;
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::CredentialId;
use fuin_shared::key_statement::{KeyAttestation, key_digest};
use fuin_shared::message::{Answer, AttestKey, Command};

/// Serves `{"credentialID": text, "nonce": base64url of 8 to 64 octets (optional)}`. The answer is `{"attestation": base64
/// of the [`KeyAttestation`]'s CBOR, "instance": hex}`, or with `Accept: application/cbor` the octets alone.
///
/// No token is asked for: the statement holds a random identifier, digests and the name of the CA.
pub(crate) async fn serve(app: &App, request: Request) -> Result<Response, Refusal> {
    if *request.method() != Method::POST {
        return Err(wrong_verb("POST"));
    }
    let raw = wants_octets(request.headers());
    let body = read_body(request, &app.config.limits).await?;
    let params = Params::parse(&body)?;
    let id = params.text("credentialID")?.and_then(|text| CredentialId::new(text).ok());
    let id = id.ok_or_else(|| not_acceptable("credentialID"))?;
    let nonce = nonce_of(&params)?;
    let internal = |error: crate::store::StoreError| Refusal::internal(&error);
    let record = app.store.record(&id).await.map_err(internal)?;
    let record = record.ok_or_else(|| not_acceptable("credentialID"))?;
    let command = Command::AttestKey(AttestKey { key: id, record, nonce });
    let (instance, answer) =
        app.relay.call_instance(command, app.config.limits.deadline()).await.map_err(refusal)?;
    let Answer::KeyAttested(octets) = answer else {
        return Err(Refusal::internal(&"the enclave's answer is not a key statement"));
    };
    let mut attestation: KeyAttestation =
        codec::decode(octets.as_slice()).map_err(|error| Refusal::internal(&error))?;
    let digest = key_digest(attestation.key.as_slice());
    if let Some(index) = app.store.key_statement_event(&digest).await.map_err(internal)? {
        attestation.ledger = app.store.proof(index).await.map_err(internal)?;
    }
    Ok(answer_with("attestation", raw, instance, Blob(codec::encode(&attestation))))
}
