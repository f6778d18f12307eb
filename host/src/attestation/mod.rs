//! Place: SSA. `POST /attestation`: evidence of the enclave, and `POST /attestation/key`: its statement about a key. Both are
//! carried as they are. Whoever asks checks them; the host's word about them is worth nothing.

mod key;

pub(crate) use key::serve as serve_key;

use crate::csc::wrong_verb;
use crate::http::params::not_acceptable;
use crate::http::{Params, Refusal, json, read_body};
use crate::server::App;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, InstanceId};
use fuin_shared::message::{Answer, Command, GetEvidence};
use serde_json::json;

/// Header that names the instance where the answer is the bundle alone.
const INSTANCE: &str = "x-fuin-instance";

/// Serves `{"nonce": base64url of 8 to 64 octets (optional), "credentialID": text (optional)}`. The answer is
/// `{"bundle": base64 of the bundle's CBOR, "instance": hex}`; with `Accept: application/cbor` or
/// `application/octet-stream` the bundle alone.
///
/// There is one enclave, which holds every credential, so a well-formed `credentialID` changes nothing here.
pub(crate) async fn serve(app: &App, request: Request) -> Result<Response, Refusal> {
    if *request.method() != Method::POST {
        return Err(wrong_verb("POST"));
    }
    let raw = wants_octets(request.headers());
    let body = read_body(request, &app.config.limits).await?;
    let params = Params::parse(&body)?;
    let nonce = nonce_of(&params)?;
    if let Some(id) = params.text("credentialID")? {
        CredentialId::new(id).map_err(|_| not_acceptable("credentialID"))?;
    }
    let command = Command::GetEvidence(GetEvidence { nonce });
    let (instance, answer) =
        app.relay.call_instance(command, app.config.limits.deadline()).await.map_err(refusal)?;
    let Answer::Evidence(bundle) = answer else {
        return Err(Refusal::internal(&"the enclave's answer is not evidence"));
    };
    Ok(answer_with("bundle", raw, instance, bundle))
}

/// The octets alone, or base64 in the member of this name.
fn answer_with(member: &str, raw: Option<&'static str>, instance: InstanceId, content: Blob) -> Response {
    match raw {
        Some(kind) => octets(kind, instance, content),
        None => json(&json!({
            member: Base64::encode_string(content.as_slice()),
            "instance": instance.to_string(),
        })),
    }
}

/// The optional parameter `nonce`.
fn nonce_of(params: &Params) -> Result<Option<Blob>, Refusal> {
    params.text("nonce")?.map(|text| nonce(text).ok_or_else(|| not_acceptable("nonce"))).transpose()
}

/// Base64url, with or without padding, of 8 to 64 octets.
fn nonce(text: &str) -> Option<Blob> {
    let octets = Base64UrlUnpadded::decode_vec(text.trim_end_matches('=')).ok()?;
    (8..=64).contains(&octets.len()).then_some(Blob(octets))
}

/// The media type, if the caller wants the bundle alone.
fn wants_octets(headers: &HeaderMap) -> Option<&'static str> {
    let accept = headers.get(header::ACCEPT)?.to_str().ok()?;
    accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()).find_map(
        |kind| match kind {
            "application/cbor" => Some("application/cbor"),
            "application/octet-stream" => Some("application/octet-stream"),
            _ => None,
        },
    )
}

fn octets(kind: &'static str, instance: InstanceId, bundle: Blob) -> Response {
    let mut response = (StatusCode::OK, bundle.0).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(instance) = HeaderValue::from_str(&instance.to_string()) {
        headers.insert(INSTANCE, instance);
    }
    response
}

fn refusal(fault: Fault) -> Refusal {
    tracing::info!(fault = fault.number(), "no evidence");
    match fault {
        Fault::Busy => Refusal::busy(),
        Fault::Malformed => not_acceptable("nonce"),
        fault if fault.is_transient() => Refusal::unavailable("The enclave does not answer; try again later"),
        _ => Refusal::unavailable("The enclave has no evidence to show now"),
    }
}
