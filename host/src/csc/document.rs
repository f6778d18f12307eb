//! Place: SSA. `POST /signatures/document`: signatures under an activation token of hash type `document`. It is no method
//! of CSC, whose signDoc has the service build the signature: here the client's SCA builds it, and the SAM reads what it
//! signs (docs/decisions/0017-the-sam-reads-what-it-signs-for-a-document.md).

use super::sign::{self, Call};
use super::{Version, bearer, receipt, wrong_verb};
use crate::http::params::{missing, not_acceptable};
use crate::http::{Params, Refusal, read_body};
use crate::server::App;
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use base64ct::{Base64, Encoding};
use fuin_shared::bytes::Blob;
use fuin_shared::message::{Command, MAX_SIGNED_ATTRIBUTES, MAX_SIGNING_INPUT, SignDocument, ToBeSigned};
use serde_json::Value;

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
    let algorithm = sign::algorithm(&params, Version::V2, sign_algorithm)?;
    let call = Call {
        version: Version::V2,
        caller: &caller,
        id,
        token,
        algorithm,
        wanted: to_be_signed.len(),
        receipt: receipt::wanted(&params)?,
    };
    sign::carry(app, call, |credential, token, record| {
        Command::SignDocument(SignDocument {
            credential,
            token,
            to_be_signed: to_be_signed.clone(),
            hash_algorithm: Some(algorithm.hash()),
            signature_algorithm: algorithm,
            record,
        })
    })
    .await
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
