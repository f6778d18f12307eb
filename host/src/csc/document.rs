//! Place: SSA. `POST /signatures/document`: signatures under an activation token of hash type `document`. It is no method
//! of CSC, whose signDoc has the service build the signature: here the client's SCA builds it, and the SAM reads what it
//! signs (docs/decisions/0017-the-sam-reads-what-it-signs-for-a-document.md).

use super::credential::owned;
use super::enclave::{self, unexpected};
use super::{Version, bearer, fault, hashes, receipt, sign, wrong_verb};
use crate::http::params::{missing, not_acceptable};
use crate::http::{Params, Refusal, json, read_body};
use crate::server::App;
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use base64ct::{Base64, Encoding};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::message::{
    Answer, Command, MAX_SIGNED_ATTRIBUTES, MAX_SIGNING_INPUT, SignDocument, ToBeSigned,
};
use serde_json::{Map, Value};

/// What the list is called.
const LIST: &str = "toBeSigned";

/// Serves `{"credentialID", "SAD", "toBeSigned": [{"cms": base64} or {"jws": base64}], "signAlgo",
/// "hashAlgorithmOID" (optional)}`: `cms` is the DER of signed attributes with the tag SET OF, `jws` a signing input. The
/// answer is that of signHash, `withReceipt` too. A bearer token is needed as for every method of CSC v2.
pub(crate) async fn serve(app: &App, request: Request) -> Result<Response, Refusal> {
    if *request.method() != Method::POST {
        return Err(wrong_verb("POST"));
    }
    let headers = request.headers().clone();
    let body = read_body(request, &app.config.limits).await?;
    let caller = bearer::caller(app, Version::V2, &headers).await?;
    let params = Params::parse(&body)?;

    let id = params.required_text("credentialID")?;
    let token = params.required_text("SAD")?;
    let list = params.get(&[LIST]).and_then(Value::as_array).ok_or_else(|| missing("array", LIST))?;
    let sign_algorithm = params.required_text("signAlgo")?;
    if list.is_empty() {
        return Err(Refusal::invalid("Empty toBeSigned array"));
    }
    let to_be_signed: Vec<ToBeSigned> = list.iter().map(element).collect::<Result<_, _>>()?;
    hashes::algorithm(&params, Version::V2)?;
    let signature_algorithm =
        SignatureAlgorithm::from_oid(sign_algorithm).ok_or_else(|| not_acceptable("signAlgo"))?;
    sign::parameters(&params)?;
    let with_receipt = receipt::wanted(&params)?;

    let entry = owned(app, &caller, id).await?;
    if !entry.key_algorithm.signature_algorithms().contains(&signature_algorithm) {
        return Err(not_acceptable("signAlgo"));
    }
    let token = super::token::decode(token).ok_or_else(|| not_acceptable("SAD"))?;
    let answer = enclave::call(app, &entry.id, |record| {
        Command::SignDocument(SignDocument {
            credential: entry.id.clone(),
            token: token.clone(),
            to_be_signed: to_be_signed.clone(),
            hash_algorithm: Some(signature_algorithm.hash()),
            signature_algorithm,
            record,
        })
    })
    .await
    .map_err(|failed| fault::refusal(Version::V2, &entry, failed))?;
    let Answer::Signatures { signatures, receipt } = answer else { return Err(unexpected()) };
    if signatures.len() != to_be_signed.len() {
        return Err(unexpected());
    }
    let signatures: Vec<String> = signatures.iter().map(|s| Base64::encode_string(s.as_slice())).collect();
    let mut answer = Map::from_iter([("signatures".to_owned(), signatures.into())]);
    receipt::add(app, with_receipt, receipt, &mut answer).await;
    Ok(json(&answer.into()))
}

/// An object with one member of two.
fn element(value: &Value) -> Result<ToBeSigned, Refusal> {
    let wrong = || not_acceptable(LIST);
    let members = value.as_object().filter(|members| members.len() == 1).ok_or_else(wrong)?;
    let (name, value) = members.iter().next().ok_or_else(wrong)?;
    let octets = Base64::decode_vec(value.as_str().ok_or_else(wrong)?).map_err(|_| wrong())?;
    let (made, largest): (fn(Blob) -> ToBeSigned, usize) = match name.as_str() {
        "cms" => (ToBeSigned::Cms, MAX_SIGNED_ATTRIBUTES),
        "jws" => (ToBeSigned::Jws, MAX_SIGNING_INPUT),
        _ => return Err(wrong()),
    };
    if octets.len() > largest { Err(wrong()) } else { Ok(made(octets.into())) }
}
