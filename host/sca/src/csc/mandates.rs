//! Place: none. The client's part of mandates and seals, an extension of ours to CSC API v2.

use super::client::{CscClient, base64_all, evidence_text};
use super::error::CscClientError;
use super::types::{
    ApproverChallengeRequest, ChallengeAnswer, ChangeRequest, EndRequest, GrantRequest, MandateAnswer,
    MandateRequest, Released, SealAnswer, SignHashRequest,
};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_shared::codec;
use fuin_shared::ids::{CredentialId, MandateId};
use fuin_shared::message::{Challenge, Receipt};
use fuin_shared::sad::{AuthorizationEvidence, Purpose};
use fuin_shared::seal::{ApproverEvidence, ScaEvidence, SealOrder, SignedOrder};
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
    /// `mandates/challenge`.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn approver_challenge(
        &self,
        id: &CredentialId,
        approver: u32,
        purpose: Purpose,
    ) -> Result<Challenge, CscClientError> {
        Ok(self.asked(id, approver, purpose).await?.0)
    }

    /// `mandates/challenge` for a change of approvers, with the version of the credential's record that it will change.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn change_challenge(
        &self,
        id: &CredentialId,
        approver: u32,
        purpose: Purpose,
    ) -> Result<(Challenge, u64), CscClientError> {
        let (challenge, version) = self.asked(id, approver, purpose).await?;
        let missing = || CscClientError::Answer {
            method: "mandates/challenge",
            field: "recordVersion",
            reason: "is missing",
        };
        Ok((challenge, version.ok_or_else(missing)?))
    }

    async fn asked(
        &self,
        id: &CredentialId,
        approver: u32,
        purpose: Purpose,
    ) -> Result<(Challenge, Option<u64>), CscClientError> {
        let method = "mandates/challenge";
        let purpose = match purpose {
            Purpose::EndMandate => "end-mandate",
            Purpose::Approvers => "approvers",
            Purpose::Link => "link",
            _ => "mandate",
        };
        let request = ApproverChallengeRequest { credential_id: id.as_str(), approver, purpose };
        let answer: ChallengeAnswer = self.call(method, &request).await?;
        Ok((cbor(method, "challenge", &answer.challenge)?, answer.record_version))
    }

    /// `manages/changeApprovers`: the RA's statement with the former approvers' word and the registrations of those who come;
    /// gives the index of the ledger's entry.
    ///
    /// # Errors
    /// [`CscClientError`].
    pub async fn change_approvers(
        &self,
        proof: &str,
        evidence: &ApproverEvidence,
    ) -> Result<u64, CscClientError> {
        let evidence = Base64UrlUnpadded::encode_string(&codec::encode(evidence));
        let request = ChangeRequest { proof, evidence };
        let changed: Released = self.call("manages/changeApprovers", &request).await?;
        Ok(changed.ledger_index)
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
