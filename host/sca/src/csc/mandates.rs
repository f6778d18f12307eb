//! Place: none. The client's part of mandates and seals, an extension of ours to CSC API v2.

use super::client::{CscClient, base64_all, evidence_text};
use super::error::CscClientError;
use super::types::{
    ApproverChallengeRequest, ChallengeAnswer, EndRequest, GrantRequest, MandateAnswer, MandateRequest,
    SealAnswer, SignHashRequest,
};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_shared::codec;
use fuin_shared::ids::{CredentialId, MandateId};
use fuin_shared::message::{Challenge, Receipt};
use fuin_shared::sad::{AuthorizationEvidence, Purpose};
use fuin_shared::seal::{ScaEvidence, SealOrder, SignedOrder};
use fuin_shared::statement::SignedStatement;

pub use super::types::MandateStatusAnswer;

/// On whose word a mandate is ended.
#[derive(Debug)]
pub enum EndedBy<'a> {
    /// An approver's.
    Approver(&'a AuthorizationEvidence),
    /// An officer's.
    Officer(&'a SignedStatement),
}

impl CscClient {
    /// `mandates/challenge`, for the end of a mandate or for a mandate.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn approver_challenge(
        &self,
        id: &CredentialId,
        approver: u32,
        purpose: Purpose,
    ) -> Result<Challenge, CscClientError> {
        let method = "mandates/challenge";
        let purpose = if purpose == Purpose::EndMandate { "end-mandate" } else { "mandate" };
        let request = ApproverChallengeRequest { credential_id: id.as_str(), approver, purpose };
        let answer: ChallengeAnswer = self.call(method, &request).await?;
        cbor(method, "challenge", &answer.challenge)
    }

    /// `mandates/grant`.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn grant_mandate(
        &self,
        id: &CredentialId,
        terms: &[u8],
        approvals: &[AuthorizationEvidence],
        evidence: Option<&ScaEvidence>,
    ) -> Result<(MandateId, Receipt), CscClientError> {
        let method = "mandates/grant";
        let request = GrantRequest {
            credential_id: id.as_str(),
            mandate: &Base64UrlUnpadded::encode_string(terms),
            approvals: approvals.iter().map(evidence_text).collect(),
            evidence: evidence.map(|given| Base64UrlUnpadded::encode_string(&given.to_bytes())),
        };
        let answer: MandateAnswer = self.call(method, &request).await?;
        let wrong = CscClientError::Answer { method, field: "mandateID", reason: "is not a mandate's" };
        let mandate = answer.mandate.parse().map_err(|_| wrong)?;
        Ok((mandate, cbor(method, "receipt", &answer.receipt)?))
    }

    /// `mandates/end`.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn end_mandate(
        &self,
        id: &CredentialId,
        mandate: &MandateId,
        by: EndedBy<'_>,
    ) -> Result<Receipt, CscClientError> {
        let method = "mandates/end";
        let (approval, statement) = match by {
            EndedBy::Approver(evidence) => (Some(evidence_text(evidence)), None),
            EndedBy::Officer(statement) => {
                (None, Some(Base64UrlUnpadded::encode_string(&codec::encode(statement))))
            }
        };
        let mandate = mandate.to_string();
        let request = EndRequest { credential_id: id.as_str(), mandate: &mandate, approval, statement };
        let answer: MandateAnswer = self.call(method, &request).await?;
        cbor(method, "receipt", &answer.receipt)
    }

    /// `mandates/status`.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn mandate_status(
        &self,
        id: &CredentialId,
        mandate: &MandateId,
    ) -> Result<MandateStatusAnswer, CscClientError> {
        let mandate = mandate.to_string();
        self.call("mandates/status", &MandateRequest { credential_id: id.as_str(), mandate: &mandate }).await
    }

    /// `signatures/signHash` with an order as the SAD: seals in DER, in the order of the hashes, and the receipt.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn seal(
        &self,
        id: &CredentialId,
        signed: &SignedOrder,
        order: &SealOrder,
    ) -> Result<(Vec<Vec<u8>>, Receipt), CscClientError> {
        let method = "signatures/signHash";
        let request = SignHashRequest {
            credential_id: id.as_str(),
            sad: &Base64UrlUnpadded::encode_string(&codec::encode(signed)),
            hashes: base64_all(&order.hashes),
            hash_algorithm: order.hash_algorithm.oid().to_string(),
            sign_algo: order.signature_algorithm.oid().to_string(),
            with_receipt: false,
        };
        let answer: SealAnswer = self.call(method, &request).await?;
        let wrong = |reason| CscClientError::Answer { method, field: "signatures", reason };
        if answer.signatures.len() != order.hashes.len() {
            return Err(wrong("are not as many as the hashes"));
        }
        let seals: Result<_, _> = answer.signatures.iter().map(|s| Base64::decode_vec(s)).collect();
        Ok((seals.map_err(|_| wrong("are not base64"))?, cbor(method, "sealReceipt", &answer.receipt)?))
    }
}

/// Base64url of CBOR.
fn cbor<T: serde::Serialize + serde::de::DeserializeOwned>(
    method: &'static str,
    field: &'static str,
    text: &str,
) -> Result<T, CscClientError> {
    let wrong = |reason| CscClientError::Answer { method, field, reason };
    let octets = Base64UrlUnpadded::decode_vec(text).map_err(|_| wrong("is not base64url"))?;
    codec::decode(&octets).map_err(|_| wrong("is not in the form of this service"))
}
