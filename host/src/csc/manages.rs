//! Place: SSA. Additions of ours beside the SIP Japan methods `manages/*`: suspend, resume, unlock, relink and
//! changeApprovers on the word of an RA/CA client, order on that of officers.
//!
//! There is no token here: the enclave acts on the signed statement alone, and this only finds the record that it names. What
//! a stranger can do is to have a signature refused.

use super::enclave;
use super::{authorize, fault, standing};
use crate::http::params::{missing, not_acceptable};
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::CatalogueEntry;
use axum::response::Response;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_shared::bytes::Blob;
use fuin_shared::ids::CredentialId;
use fuin_shared::message::{Answer, Command, Manage, Order, Receipt, Relink};
use serde::Deserialize;
use serde_json::json;

/// The methods.
pub(super) const METHODS: [&str; 6] = [
    "manages/suspend",
    "manages/resume",
    "manages/unlock",
    "manages/relink",
    "manages/order",
    "manages/changeApprovers",
];
/// Most orders in one call, and longest order in base64url.
const MAX_ORDERS: usize = 64;
const MAX_ORDER: usize = 4096;

/// One of them.
pub(super) async fn answer(app: &App, name: &str, params: &Params) -> Result<Response, Refusal> {
    if name == "manages/order" {
        return order(app, params).await;
    }
    let proof = params.required_text("manageProof")?;
    let named = named(proof).ok_or_else(|| not_acceptable("manageProof"))?;
    // A proof of one method is of no use for another, whatever the enclave would do with it.
    let fits = match name {
        "manages/relink" => named.action.starts_with("relink"),
        name => name.strip_prefix("manages/") == Some(&named.action),
    };
    if !fits {
        return Err(not_acceptable("manageProof"));
    }
    let entry = entry(app, &named.key, "keyID").await?;
    let evidence = octets(params, "evidence")?;
    let nonce = octets(params, "nonce")?;
    let manage = |record| Manage {
        proof: proof.to_owned(),
        evidence: evidence.clone(),
        record: Some(record),
        nonce: nonce.clone(),
    };
    let registration = octets(params, "registration")?;
    if registration.is_some() != (name == "manages/relink") {
        return Err(missing("string", "registration"));
    }
    let answer = enclave::call(app, &entry.id, |record| match &registration {
        Some(registration) => {
            Command::Relink(Relink { manage: manage(record), registration: registration.clone() })
        }
        None if name == "manages/changeApprovers" => Command::LinkEid(manage(record)),
        None => Command::Hold(manage(record)),
    })
    .await
    .map_err(|failed| fault::manages(&entry, failed))?;
    match answer {
        Answer::Linked(linked) => {
            let attestation = linked.attestation.map(|octets| Base64::encode_string(octets.as_slice()));
            Ok(json(&json!({ "keyAttestation": attestation, "ledgerIndex": linked.receipt.index })))
        }
        Answer::Restored(receipt) => Ok(restored(&receipt)),
        other => standing::told(other),
    }
}

/// Officers' orders; each is a [`fuin_shared::statement::SignedStatement`] in CBOR.
async fn order(app: &App, params: &Params) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let wrong = || missing("array", "orders");
    let values = params.get(&["orders"]).and_then(|value| value.as_array()).ok_or_else(wrong)?;
    if values.is_empty() || values.len() > MAX_ORDERS {
        return Err(wrong());
    }
    let orders = values
        .iter()
        .map(|value| value.as_str().filter(|text| text.len() <= MAX_ORDER).and_then(authorize::decode))
        .collect::<Option<Vec<Blob>>>()
        .ok_or_else(|| not_acceptable("orders"))?;
    let entry = entry(app, id, "credentialID").await?;
    let answer = enclave::call(app, &entry.id, |record| {
        Command::Order(Order { credential: entry.id.clone(), orders: orders.clone(), record })
    })
    .await
    .map_err(|failed| fault::manages(&entry, failed))?;
    match answer {
        Answer::Restored(receipt) => Ok(restored(&receipt)),
        other => standing::told(other),
    }
}

fn restored(receipt: &Receipt) -> Response {
    json(&json!({ "ledgerIndex": receipt.index }))
}

async fn entry(app: &App, id: &str, parameter: &'static str) -> Result<CatalogueEntry, Refusal> {
    let unknown = || not_acceptable(parameter);
    let id = CredentialId::new(id).map_err(|_| unknown())?;
    app.store.credential(&id).await?.ok_or_else(unknown)
}

/// Base64url octets that may be there.
fn octets(params: &Params, name: &'static str) -> Result<Option<Blob>, Refusal> {
    let text = params.text(name)?;
    text.map(|text| authorize::decode(text).ok_or_else(|| not_acceptable(name))).transpose()
}

/// What a proof says that it is for. The enclave believes nothing of this.
struct Named {
    action: String,
    key: String,
}

fn named(proof: &str) -> Option<Named> {
    #[derive(Deserialize)]
    struct Statement {
        action: serde_json::Map<String, serde_json::Value>,
        #[serde(rename = "keyID")]
        key: String,
    }
    let payload = proof.split('.').nth(1)?;
    let statement: Statement = serde_json::from_slice(&Base64UrlUnpadded::decode_vec(payload).ok()?).ok()?;
    let action = statement.action.into_iter().next()?.0;
    Some(Named { action, key: statement.key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_names_its_action_and_key_or_nothing() {
        let proof =
            |payload: &str| format!("e30.{}.AAAA", Base64UrlUnpadded::encode_string(payload.as_bytes()));
        let found = named(&proof(r#"{"action":{"suspend":{}},"keyID":"k1","more":1}"#)).unwrap();
        assert_eq!((found.action.as_str(), found.key.as_str()), ("suspend", "k1"));
        for wrong in ["", "a", "..", "e30.!!.AAAA"] {
            assert!(named(wrong).is_none(), "{wrong}");
        }
        for payload in ["", "[]", "{}", r#"{"action":{},"keyID":"k"}"#, r#"{"action":{"a":{}},"keyID":1}"#] {
            assert!(named(&proof(payload)).is_none(), "{payload}");
        }
    }
}
