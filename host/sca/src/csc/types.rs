//! Place: none. Requests and answers of the API as JSON (CSC API v2, sections 11.4 to 11.10).

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

#[derive(Serialize)]
pub(super) struct Empty {}

#[derive(Deserialize)]
pub(super) struct Login {
    pub(super) access_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List {
    #[serde(rename = "credentialIDs")]
    pub(super) credential_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InfoRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    pub(super) certificates: &'a str,
    pub(super) auth_info: bool,
}

/// `key` of `credentials/info`.
#[derive(Debug, Clone, Deserialize)]
pub struct KeyInfo {
    /// `enabled` or `disabled`.
    pub status: String,
    /// Object identifiers of signature algorithms, the natural one first.
    pub algo: Vec<String>,
    /// Bits.
    pub len: u32,
    /// Object identifier of the curve.
    pub curve: Option<String>,
}

/// `cert` of `credentials/info`.
#[derive(Debug, Clone, Deserialize)]
pub struct CertificateInfo {
    /// Base64 DER, end entity first.
    #[serde(default)]
    pub certificates: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct AuthObject {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Auth {
    #[serde(default)]
    pub(super) objects: Option<Vec<AuthObject>>,
}

/// Answer of `credentials/info`.
#[derive(Debug, Clone, Deserialize)]
pub struct CredentialInfo {
    /// The key.
    pub key: KeyInfo,
    /// The certificate.
    pub cert: CertificateInfo,
    #[serde(default)]
    pub(super) auth: Auth,
    /// `"1"` or `"2"`.
    #[serde(rename = "SCAL")]
    pub scal: Option<String>,
    /// Most signatures of one authorization.
    pub multisign: u32,
    /// Our addition.
    #[serde(default)]
    fuin: serde_json::Value,
}

impl CredentialInfo {
    /// How the credential stands; none while the service cannot ask its enclave.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        Standing::deserialize(&self.fuin).ok()
    }

    /// Identifier of the authentication object that answers a challenge.
    #[must_use]
    pub fn challenge_object(&self) -> Option<&str> {
        let objects = self.auth.objects.as_deref()?;
        objects.iter().find(|o| o.kind == "ChallengeResponse").map(|o| o.id.as_str())
    }

    /// Identifier of the authentication object for orders under a mandate, which only seal credentials have.
    #[must_use]
    pub fn mandate_object(&self) -> Option<&str> {
        let objects = self.auth.objects.as_deref()?;
        objects.iter().find(|o| o.kind == "SealOrder").map(|o| o.id.as_str())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChallengeRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    #[serde(rename = "authObjectID")]
    pub(super) auth_object_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) purpose: Option<&'a str>,
}

#[derive(Deserialize)]
pub(super) struct ChallengeAnswer {
    pub(super) challenge: String,
    #[serde(rename = "recordVersion", default)]
    pub(super) record_version: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct AuthData<'a> {
    pub(super) id: &'a str,
    pub(super) value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SuspendRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    pub(super) auth_data: [AuthData<'a>; 1],
}

/// State of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It can be used.
    Active,
    /// Somebody stopped it.
    Suspended,
    /// Its means is locked.
    Locked,
    /// It has no certificate.
    Inactive,
}

impl State {
    /// As the service says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Locked => "locked",
            Self::Inactive => "inactive",
        }
    }
}

/// How a credential stands, as the service says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// State.
    pub state: State,
    /// Whether a suspension that binds already is still to be made lasting.
    pub pending: bool,
    /// Running number, among the credential's events, of the officers' suspension; their release names it.
    pub officers_event: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct OrderRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    pub(super) orders: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Released {
    pub(super) ledger_index: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizeRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    pub(super) num_signatures: usize,
    pub(super) hashes: Vec<String>,
    #[serde(rename = "hashAlgorithmOID")]
    pub(super) hash_algorithm: String,
    pub(super) auth_data: [AuthData<'a>; 1],
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(super) with_receipt: bool,
}

#[derive(Deserialize)]
pub(super) struct AuthorizeAnswer {
    #[serde(rename = "SAD")]
    pub(super) sad: String,
    pub(super) receipt: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignHashRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    #[serde(rename = "SAD")]
    pub(super) sad: &'a str,
    pub(super) hashes: Vec<String>,
    #[serde(rename = "hashAlgorithmOID")]
    pub(super) hash_algorithm: String,
    pub(super) sign_algo: String,
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(super) with_receipt: bool,
}

/// One element of `toBeSigned`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ToBeSignedElement {
    Cms(String),
    Jws(String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignDocumentRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    #[serde(rename = "SAD")]
    pub(super) sad: &'a str,
    pub(super) to_be_signed: Vec<ToBeSignedElement>,
    pub(super) sign_algo: String,
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(super) with_receipt: bool,
}

#[derive(Deserialize)]
pub(super) struct SignHashAnswer {
    pub(super) signatures: Vec<String>,
    pub(super) receipt: Option<String>,
}

/// What `credentials/authorize` gave.
#[derive(Debug)]
pub struct Activated {
    /// Activation token: what CSC calls the SAD.
    pub token: Zeroizing<String>,
    /// Receipt of the event, where it was asked for. Nothing of it is verified.
    pub receipt: Option<String>,
}

/// What `signatures/signHash` gave.
#[derive(Debug)]
pub struct SignedHashes {
    /// ECDSA signatures in DER, in the order of the hashes.
    pub signatures: Vec<Vec<u8>>,
    /// Receipt of the event, where it was asked for. Nothing of it is verified.
    pub receipt: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SealAnswer {
    pub(super) signatures: Vec<String>,
    #[serde(rename = "sealReceipt")]
    pub(super) receipt: String,
}

#[derive(Serialize)]
pub(super) struct ApproverChallengeRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    pub(super) approver: u32,
    pub(super) purpose: &'a str,
}

#[derive(Serialize)]
pub(super) struct ChangeRequest<'a> {
    #[serde(rename = "manageProof")]
    pub(super) proof: &'a str,
    pub(super) evidence: String,
}

#[derive(Serialize)]
pub(super) struct GrantRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    pub(super) mandate: &'a str,
    pub(super) approvals: Vec<String>,
    #[serde(rename = "scaEvidence", skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<String>,
}

#[derive(Serialize)]
pub(super) struct EndRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    #[serde(rename = "mandateID")]
    pub(super) mandate: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) statement: Option<String>,
}

#[derive(Serialize)]
pub(super) struct MandateRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    #[serde(rename = "mandateID")]
    pub(super) mandate: &'a str,
}

#[derive(Deserialize)]
pub(super) struct MandateAnswer {
    #[serde(rename = "mandateID")]
    pub(super) mandate: String,
    pub(super) receipt: String,
}

/// Answer of `mandates/status`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MandateStatusAnswer {
    /// Most seals.
    pub count: u32,
    /// Seals that are spent.
    pub used: u32,
    /// Running number that the next order must bear.
    pub next_number: u64,
    /// Unix seconds.
    pub not_before: u64,
    /// Unix seconds.
    pub not_after: u64,
    /// Whether it was ended before its time.
    pub ended: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EvidenceRequest<'a> {
    pub(super) nonce: &'a str,
    #[serde(rename = "credentialID", skip_serializing_if = "Option::is_none")]
    pub(super) credential_id: Option<&'a str>,
}

#[derive(Deserialize)]
pub(super) struct EvidenceAnswer {
    pub(super) bundle: String,
}

#[derive(Deserialize)]
pub(super) struct KeyAnswer {
    pub(super) attestation: String,
}

#[derive(Default, Deserialize)]
pub(super) struct ErrorAnswer {
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) error_description: String,
}
