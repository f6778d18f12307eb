//! Place: SSA. credentials/getChallenge: a nonce of the SAM, for a SAD that the signer's device will build.
//!
//! `challenge` is base64url of the CBOR of [`fuin_shared::message::Challenge`], to be taken as it is. The other members
//! repeat parts of it for people.

use super::credential::owned;
use super::enclave::{self, unexpected};
use super::{Version, fault, object_id};
use crate::http::params::{missing, not_acceptable};
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::{KeyStatus, StoredToken};
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::codec;
use fuin_shared::message::{Answer, Command, GetChallenge};
use fuin_shared::sad::Purpose;
use serde_json::json;

/// credentials/getChallenge; on v1 an addition, where `authObjectID` may be absent.
pub(super) async fn answer(
    app: &App,
    version: Version,
    caller: &StoredToken,
    params: &Params,
) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let object = match (version, params.get(&["authObjectID"])) {
        (Version::V1, None) => None,
        (_, value) => Some(value.and_then(|v| v.as_str()).ok_or_else(|| missing("string", "authObjectID"))?),
    };
    let purpose = purpose(params)?;
    let entry = owned(app, caller, id).await?;
    if object.is_some_and(|object| object != object_id(entry.means)) {
        return Err(not_acceptable("authObjectID"));
    }
    if entry.status == KeyStatus::Disabled {
        return Err(fault::disabled());
    }
    let answer = enclave::call(app, &entry.id, |record| {
        Command::GetChallenge(GetChallenge { credential: entry.id.clone(), purpose, record })
    })
    .await
    .map_err(|failed| fault::refusal(version, &entry, failed))?;
    let Answer::Challenge(challenge) = answer else { return Err(unexpected()) };
    Ok(json(&json!({
        "challenge": Base64UrlUnpadded::encode_string(&codec::encode(&challenge)),
        "expires": challenge.expires,
        "instance": challenge.instance.to_string(),
        "meansProfile": entry.means.as_str(),
    })))
}

/// What the SAD will be for: to sign unless said otherwise, which is an addition of ours.
fn purpose(params: &Params) -> Result<Purpose, Refusal> {
    Ok(match params.text("purpose")? {
        None | Some("sign") => Purpose::Sign,
        Some("suspend") => Purpose::Suspend,
        Some("resume") => Purpose::Resume,
        Some("relink") => Purpose::Relink,
        Some("link") => Purpose::Link,
        Some(_) => return Err(not_acceptable("purpose")),
    })
}
