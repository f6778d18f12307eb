//! Place: SSA. Mandates for electronic seals, an extension of ours: `mandates/challenge`, `mandates/grant`,
//! `mandates/end`, `mandates/status`. Everything that decides is signed by approvers, an officer or the SCA, and judged
//! in the enclave; a caller can do no more than carry it. The seals themselves come from signatures/signHash.

use super::credential::owned;
use super::enclave::{self, Failed, unexpected};
use super::{Version, fault};
use crate::http::params::{missing, not_acceptable};
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::{CatalogueEntry, StoredToken};
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::MandateId;
use fuin_shared::message::{
    Answer, Command, EndMandate, EndedBy, GetApproverChallenge, GrantMandate, Receipt, Seal,
};
use fuin_shared::sad::{MAX_EVIDENCE, Purpose};
use fuin_shared::seal::{
    MAX_APPROVERS, MAX_SCA_EVIDENCE, MAX_TERMS, ScaEvidence, SealOrder, SignedOrder, mandate_record,
};
use serde_json::{Value, json};

/// Largest statement of an officer and largest order, octets.
const MAX_SIGNED: usize = 64 * 1024;

/// `mandates/challenge`: a nonce for what one approver signs, and the version of the record that a change of approvers names. As in credentials/getChallenge, `challenge` is base64url of
/// the CBOR of [`fuin_shared::message::Challenge`].
pub(super) async fn challenge(app: &App, caller: &StoredToken, params: &Params) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let approver =
        params.get(&["approver"]).and_then(Value::as_u64).ok_or_else(|| missing("integer", "approver"))?;
    let approver = u32::try_from(approver).map_err(|_| not_acceptable("approver"))?;
    let purpose = match params.required_text("purpose")? {
        "mandate" => Purpose::Mandate,
        "end-mandate" => Purpose::EndMandate,
        "approvers" => Purpose::Approvers,
        // Of whoever comes: any approver that there is stands for the nonce.
        "link" => Purpose::Link,
        _ => return Err(not_acceptable("purpose")),
    };
    let entry = owned(app, caller, id).await?;
    let answer = enclave::call(app, &entry.id, |record| {
        Command::GetApproverChallenge(GetApproverChallenge {
            credential: entry.id.clone(),
            purpose,
            approver,
            record,
        })
    })
    .await
    .map_err(|failed| fault::refusal(Version::V2, &entry, failed))?;
    let Answer::Challenge(challenge) = answer else { return Err(unexpected()) };
    Ok(json(&json!({
        "challenge": encode(&challenge),
        "expires": challenge.expires,
        "instance": challenge.instance.to_string(),
        "meansProfile": challenge.means.map(fuin_shared::sad::MeansProfile::as_str),
        "recordVersion": app.store.record(&entry.id).await?.map(|record| record.version),
    })))
}

/// `mandates/grant`: terms and the approvals of m approvers for a mandate, and what says where the SCA's key lives.
pub(super) async fn grant(app: &App, caller: &StoredToken, params: &Params) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let terms = params.required_text("mandate")?;
    let list =
        params.get(&["approvals"]).and_then(Value::as_array).ok_or_else(|| missing("array", "approvals"))?;
    let terms = decode(terms, MAX_TERMS).ok_or_else(|| not_acceptable("mandate"))?;
    if list.len() > MAX_APPROVERS {
        return Err(not_acceptable("approvals"));
    }
    let approvals: Option<Vec<Blob>> =
        list.iter().map(|value| value.as_str().and_then(|text| decode(text, MAX_EVIDENCE))).collect();
    let approvals = approvals.ok_or_else(|| not_acceptable("approvals"))?;
    let evidence = params.text("scaEvidence")?.map(|text| {
        let octets = decode(text, MAX_SCA_EVIDENCE)?;
        codec::decode::<ScaEvidence>(octets.as_slice()).ok()
    });
    let evidence = evidence.map(|read| read.ok_or_else(|| not_acceptable("scaEvidence"))).transpose()?;
    let entry = owned(app, caller, id).await?;
    let answer = enclave::call(app, &entry.id, |record| {
        Command::GrantMandate(GrantMandate {
            credential: entry.id.clone(),
            terms: terms.clone(),
            approvals: approvals.clone(),
            record,
            evidence: evidence.clone(),
        })
    })
    .await
    .map_err(|failed| fault::refusal(Version::V2, &entry, failed))?;
    let Answer::MandateGranted { mandate, receipt } = answer else { return Err(unexpected()) };
    Ok(json(&json!({ "mandateID": mandate.to_string(), "receipt": encode(&receipt) })))
}

/// `mandates/end`: on the word of one approver (`approval`) or one officer (`statement`).
pub(super) async fn end(app: &App, caller: &StoredToken, params: &Params) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let mandate = mandate_id(params)?;
    let by = match (params.text("approval")?, params.text("statement")?) {
        (Some(text), None) => {
            EndedBy::Approver(decode(text, MAX_EVIDENCE).ok_or_else(|| not_acceptable("approval"))?)
        }
        (None, Some(text)) => {
            EndedBy::Officer(decode(text, MAX_SIGNED).ok_or_else(|| not_acceptable("statement"))?)
        }
        _ => return Err(Refusal::invalid("Either approval or statement must be present")),
    };
    let entry = owned(app, caller, id).await?;
    let answer = enclave::call(app, &entry.id, |record| {
        Command::EndMandate(EndMandate { credential: entry.id.clone(), mandate, by: by.clone(), record })
    })
    .await
    .map_err(|failed| fault::refusal(Version::V2, &entry, failed))?;
    let Answer::MandateEnded(receipt) = answer else { return Err(unexpected()) };
    Ok(json(&json!({ "mandateID": mandate.to_string(), "receipt": encode(&receipt) })))
}

/// `mandates/status`: what is spent of a mandate, and the number that its next order must bear.
pub(super) async fn status(app: &App, caller: &StoredToken, params: &Params) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let mandate = mandate_id(params)?;
    let entry = owned(app, caller, id).await?;
    let answer = app.relay.call(Command::MandateStatus(mandate), app.config.limits.deadline()).await;
    let answer = answer.map_err(|f| fault::refusal(Version::V2, &entry, Failed::Fault(f)))?;
    let Answer::MandateStatus(status) = answer else { return Err(unexpected()) };
    Ok(json(&json!({
        "mandateID": mandate.to_string(),
        "count": status.count,
        "used": status.used,
        "nextNumber": status.next_number,
        "notBefore": status.not_before,
        "notAfter": status.not_after,
        "ended": status.ended,
    })))
}

/// An order in the place of a SAD: base64url of the CBOR of [`SignedOrder`]; it is longer than any activation token.
pub(super) fn order(text: &str) -> Option<(SignedOrder, SealOrder)> {
    let signed: SignedOrder = codec::decode(decode(text, MAX_SIGNED)?.as_slice()).ok()?;
    let order = codec::decode(signed.order.as_slice()).ok()?;
    Some((signed, order))
}

/// Carries an order to the SAM.
pub(super) async fn seal(
    app: &App,
    entry: &CatalogueEntry,
    signed: &SignedOrder,
    order: &SealOrder,
) -> Result<(Vec<Blob>, Receipt), Refusal> {
    let failed = |failed| fault::refusal(Version::V2, entry, failed);
    let mandate = app.store.record(&mandate_record(&order.mandate)).await?;
    let mandate = mandate.ok_or_else(|| failed(Failed::Fault(Fault::MandateUnknown)))?;
    let order: Blob = codec::encode(signed).into();
    let answer = enclave::call(app, &entry.id, |record| {
        Command::Seal(Seal {
            credential: entry.id.clone(),
            order: order.clone(),
            record,
            mandate: mandate.clone(),
        })
    })
    .await
    .map_err(failed)?;
    let Answer::Signatures { signatures, receipt } = answer else { return Err(unexpected()) };
    Ok((signatures, receipt))
}

fn mandate_id(params: &Params) -> Result<MandateId, Refusal> {
    params.required_text("mandateID")?.parse().map_err(|_| not_acceptable("mandateID"))
}

/// Base64url of CBOR.
pub(super) fn encode<T: serde::Serialize>(value: &T) -> String {
    Base64UrlUnpadded::encode_string(&codec::encode(value))
}

/// Base64url, with or without padding, of at most `most` octets.
fn decode(text: &str, most: usize) -> Option<Blob> {
    let text = text.trim_end_matches('=');
    if text.len() > most.div_ceil(3) * 4 {
        return None;
    }
    Base64UrlUnpadded::decode_vec(text).ok().map(Blob)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
    use fuin_shared::ids::ServiceId;

    #[test]
    fn an_order_is_told_from_an_activation_token() {
        let order = SealOrder {
            version: fuin_shared::seal::VERSION,
            service: ServiceId([1; 32]),
            mandate: MandateId([2; 16]),
            number: 1,
            expires: 1,
            hashes: vec![vec![3; 32].into()],
            hash_algorithm: HashAlgorithm::Sha256,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
        };
        let signed = SignedOrder { order: codec::encode(&order).into(), signature: vec![4; 70].into() };
        let text = encode(&signed);
        assert_eq!(super::order(&text), Some((signed, order)));
        assert_eq!(super::super::token::decode(&text), None);
        assert_eq!(super::order(&Base64UrlUnpadded::encode_string(&[7; 32])), None);
        assert_eq!(super::order(&"A".repeat(MAX_SIGNED * 2)), None);
        assert_eq!(super::order("!"), None);
    }
}
