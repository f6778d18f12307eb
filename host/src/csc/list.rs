//! Place: SSA. credentials/list: in pages on v1, with descriptions on v2.

use super::Version;
use super::credential::{Shown, can_sign, describe};
use crate::http::params::not_acceptable;
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::StoredToken;
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::ids::CredentialId;
use serde_json::{Value, json};

/// Most credentials in one answer on v2, which has no pages.
const MOST: u32 = 10_000;

/// credentials/list. Tokens belong to a user here, so `userID` must not be sent.
pub(super) async fn answer(
    app: &App,
    version: Version,
    caller: &StoredToken,
    params: &Params,
) -> Result<Response, Refusal> {
    if params.get(&["userID"]).is_some() {
        return Err(Refusal::invalid("userID parameter MUST be null"));
    }
    match version {
        Version::V1 => page(app, caller, params).await,
        Version::V2 => whole(app, caller, params).await,
    }
}

async fn page(app: &App, caller: &StoredToken, params: &Params) -> Result<Response, Refusal> {
    let most = app.config.limits.list_page;
    let wanted = match params.get(&["maxResults"]) {
        None => most,
        // A number, also as text; more than there can be is the most.
        Some(value) => value
            .as_f64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
            .filter(|n| *n >= 1.0 && n.fract() == 0.0)
            .map(|n| (n as u32).min(most))
            .ok_or_else(|| not_acceptable("maxResults"))?,
    };
    let after =
        params.get(&["pageToken"]).map(|value| page_token(value).ok_or_else(|| not_acceptable("pageToken")));
    let after = after.transpose()?;
    let mut entries = app.store.credentials_of(&caller.user, after.as_ref(), wanted + 1).await?;
    let more = entries.len() > wanted as usize;
    entries.truncate(wanted as usize);
    let mut answer = json!({ "credentialIDs": entries.iter().map(|e| e.id.as_str()).collect::<Vec<_>>() });
    if let (true, Some(last)) = (more, entries.last()) {
        answer["nextPageToken"] = Base64UrlUnpadded::encode_string(last.id.as_str().as_bytes()).into();
    }
    Ok(json(&answer))
}

/// A page token is the last id of the page before.
fn page_token(value: &Value) -> Option<CredentialId> {
    let octets = Base64UrlUnpadded::decode_vec(value.as_str()?).ok()?;
    CredentialId::new(String::from_utf8(octets).ok()?).ok()
}

async fn whole(app: &App, caller: &StoredToken, params: &Params) -> Result<Response, Refusal> {
    let described = params.flag("credentialInfo")?;
    let only_valid = params.flag("onlyValid")?;
    let shown = described.then(|| Shown::parse(params)).transpose()?;
    let now = app.clock.unix_seconds();
    let mut entries = app.store.credentials_of(&caller.user, None, MOST).await?;
    if only_valid {
        entries.retain(|entry| can_sign(entry, now));
    }
    let mut answer = json!({ "credentialIDs": entries.iter().map(|e| e.id.as_str()).collect::<Vec<_>>() });
    if let Some(shown) = shown {
        let mut infos = Vec::with_capacity(entries.len());
        for entry in &entries {
            let mut object = describe(entry, Version::V2, shown, now)?;
            object["credentialID"] = entry.id.as_str().into();
            infos.push(object);
        }
        answer["credentialInfos"] = infos.into();
    }
    if only_valid {
        answer["onlyValid"] = true.into();
    }
    Ok(json(&answer))
}
