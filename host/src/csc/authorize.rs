//! Place: SSA. credentials/authorize: carries the signer's evidence of authorization to the SAM, and the SAM's
//! activation token back as what CSC calls the SAD.

use super::credential::owned;
use super::enclave::{self, unexpected};
use super::{Version, fault, hashes, object_id, receipt, token};
use crate::http::params::{missing, out_of_range};
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::{KeyStatus, StoredToken};
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::bytes::Blob;
use fuin_shared::message::{Answer, Authorize, Command};
use fuin_shared::sad::MAX_EVIDENCE;
use serde_json::Value;

/// credentials/authorize.
pub(super) async fn answer(
    app: &App,
    version: Version,
    caller: &StoredToken,
    params: &Params,
) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let count = number_of_signatures(params)?;
    let values = hashes::array(params, version, version.hashes())?;
    let factor = factor(params, version)?;

    let count = count.ok_or_else(|| out_of_range("numSignatures"))?;
    let algorithm = hashes::algorithm(params, version)?;
    let digests = hashes::decode(values, version.hashes())?;
    hashes::check_lengths(&digests, algorithm)?;
    let with_receipt = receipt::wanted(params)?;

    let entry = owned(app, caller, id).await?;
    if count > entry.multisign {
        return Err(fault::too_many());
    }
    // Every signature has its hash, or nobody could know what is authorized.
    if usize::try_from(count).is_ok_and(|count| count != digests.len()) {
        return Err(out_of_range("numSignatures"));
    }
    if entry.status == KeyStatus::Disabled {
        return Err(fault::disabled());
    }
    let ours = factor.filter(|factor| factor.object.is_none_or(|object| object == object_id(entry.means)));
    let evidence =
        ours.and_then(|factor| decode(factor.value)).ok_or_else(|| fault::wrong_factor(version))?;
    let answer = enclave::call(app, &entry.id, |record| {
        Command::Authorize(Authorize {
            credential: entry.id.clone(),
            evidence: evidence.clone(),
            hashes: Some(digests.clone()),
            hash_algorithm: algorithm,
            count,
            record,
        })
    })
    .await
    .map_err(|failed| fault::refusal(version, &entry, failed))?;
    let Answer::Activation { token, expires, receipt } = answer else { return Err(unexpected()) };
    let mut answer = token::activation(app, &token, expires);
    receipt::add(app, with_receipt, receipt, &mut answer).await;
    Ok(json(&answer.into()))
}

/// `numSignatures`, also as text. `None` if it is less than 1; a huge one is as good as the largest.
fn number_of_signatures(params: &Params) -> Result<Option<u32>, Refusal> {
    let wrong = || missing("integer", "numSignatures");
    let value = params.get(&["numSignatures"]).ok_or_else(wrong)?;
    let number = match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_u64().map(|_| i64::MAX)).ok_or_else(wrong)?
        }
        Value::String(text) => text.parse().map_err(|_| wrong())?,
        _ => return Err(wrong()),
    };
    Ok((number >= 1).then(|| u32::try_from(number).unwrap_or(u32::MAX)))
}

/// What the signer's device made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Factor<'a> {
    /// For which authentication object; on v1 there is no choice.
    object: Option<&'a str>,
    value: &'a str,
}

/// `OTP` on v1, the one `authData` value on v2; each version takes the other's form too. `None` if there is something,
/// but not the one value.
fn factor(params: &Params, version: Version) -> Result<Option<Factor<'_>>, Refusal> {
    let one_time = params.get(&["OTP"]);
    let data = params.get(&["authData"]);
    match (version, one_time, data) {
        (Version::V1, Some(value), _) | (Version::V2, Some(value), None) => {
            let value = value.as_str().ok_or_else(|| missing("string", "OTP"))?;
            Ok(Some(Factor { object: None, value }))
        }
        (Version::V1, None, Some(value)) | (Version::V2, _, Some(value)) => authentication_data(value),
        (Version::V1, None, None) => Err(missing("string", "OTP")),
        (Version::V2, None, None) => Err(missing("array", "authData")),
    }
}

fn authentication_data(value: &Value) -> Result<Option<Factor<'_>>, Refusal> {
    let wrong = || missing("array", "authData");
    let elements = value.as_array().ok_or_else(wrong)?;
    let mut found = Vec::new();
    for element in elements {
        let object = element.as_object().ok_or_else(wrong)?;
        let id = object.get("id").and_then(Value::as_str).ok_or_else(wrong)?;
        found.push((id, object.get("value").and_then(Value::as_str)));
    }
    Ok(match found.as_slice() {
        [(id, value)] => value.map(|value| Factor { object: Some(id), value }),
        _ => None,
    })
}

/// Base64url, with or without padding.
fn decode(text: &str) -> Option<Blob> {
    let text = text.trim_end_matches('=');
    if text.len() > MAX_EVIDENCE.div_ceil(3) * 4 {
        return None;
    }
    Base64UrlUnpadded::decode_vec(text).ok().map(Blob)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn params(value: Value) -> Params {
        Params::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn numbers_are_read_as_clients_send_them() {
        let read = |value: Value| number_of_signatures(&params(json!({ "numSignatures": value })));
        assert_eq!(read(json!(3)).unwrap(), Some(3));
        assert_eq!(read(json!("3")).unwrap(), Some(3));
        assert_eq!(read(json!(0)).unwrap(), None);
        assert_eq!(read(json!(-1)).unwrap(), None);
        assert_eq!(read(json!(u64::MAX)).unwrap(), Some(u32::MAX));
        for wrong in [json!(null), json!(1.5), json!("x"), json!(""), json!(true), json!([1])] {
            let refusal = read(wrong).unwrap_err();
            assert_eq!(refusal.description, "Missing (or invalid type) integer parameter numSignatures");
        }
    }

    #[test]
    fn each_version_takes_the_others_factor() {
        let otp = params(json!({ "OTP": "abc" }));
        let data = params(json!({ "authData": [{ "id": "passkey", "value": "abc" }] }));
        for version in [Version::V1, Version::V2] {
            assert_eq!(factor(&otp, version).unwrap(), Some(Factor { object: None, value: "abc" }));
            let passkey = Factor { object: Some("passkey"), value: "abc" };
            assert_eq!(factor(&data, version).unwrap(), Some(passkey));
        }
        for (version, text) in [
            (Version::V1, "Missing (or invalid type) string parameter OTP"),
            (Version::V2, "Missing (or invalid type) array parameter authData"),
        ] {
            assert_eq!(factor(&params(json!({})), version).unwrap_err().description, text);
        }
        assert!(factor(&params(json!({ "OTP": 1 })), Version::V1).is_err());
        assert!(factor(&params(json!({ "authData": "x" })), Version::V2).is_err());
        assert!(factor(&params(json!({ "authData": [1] })), Version::V2).is_err());
        let one = json!({ "id": "passkey", "value": "x" });
        for other in [json!([]), json!([one, one]), json!([{ "id": "passkey" }])] {
            assert_eq!(factor(&params(json!({ "authData": other })), Version::V2).unwrap(), None);
        }
    }

    #[test]
    fn evidence_is_base64url_of_bounded_length() {
        assert_eq!(decode("-_8"), Some(Blob(vec![0xfb, 0xff])));
        assert_eq!(decode("-_8="), Some(Blob(vec![0xfb, 0xff])));
        assert_eq!(decode("+/8"), None);
        assert_eq!(decode(&"A".repeat(MAX_EVIDENCE * 2)), None);
    }
}
