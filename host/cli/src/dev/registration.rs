//! Place: none. The development RA: signs the `manageProof` of each step and sends it through the host's relay.

use super::founding::{AUTHORITY, RA_CLIENT};
use super::keys::DevKey;
use crate::ceremony::officer::statement_id;
use crate::installation::now;
use anyhow::{Context as _, bail};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use fuin_host::RunningHost;
use fuin_shared::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{CaId, CredentialId, Digest32, ServiceId, UserId};
use fuin_shared::message::{
    Answer, Challenge, Command, GetApproverChallenge, GetChallenge, GetEvidence, KeyGenerated, Manage,
    SealedRecord,
};
use fuin_shared::sad::{AuthorizationEvidence, LinkSubject, MeansProfile, Purpose};
use fuin_shared::seal::{ApproverEvidence, ApproverRegistration};
use fuin_shared::statement::{ManageAction, ManageStatement};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use zeroize::Zeroizing;

const PATIENCE: Duration = Duration::from_secs(60);
/// Life of a proof, seconds.
const PROOF: u64 = 300;

/// A new means, as the RA saw it.
pub enum Shown<'a> {
    /// A passkey.
    Passkey {
        /// Its rpId.
        relying_party: &'a str,
        /// Names its registration.
        registration: Digest32,
    },
    /// A device key with this fingerprint.
    DeviceKey(Digest32),
    /// A PIN with one-time passwords, by the name that the signer's device gave it.
    PinTotp(Digest32),
}

/// The RA.
pub struct DevRegistration<'a> {
    /// The host, for its relay and its store.
    pub host: &'a RunningHost,
    /// Proof key.
    pub key: &'a DevKey,
    /// The service.
    pub service: ServiceId,
    /// Origin of its ledger.
    pub origin: String,
    /// Key of identity digests.
    pub identity_key: Zeroizing<[u8; 32]>,
}

impl DevRegistration<'_> {
    /// The CA that it enrols for.
    pub fn authority() -> anyhow::Result<CaId> {
        Ok(CaId::new(AUTHORITY)?)
    }

    /// Whom a key is linked to: user, CA, and the keyed digest over the identity attributes.
    pub fn subject(&self, user: &UserId, name: &str) -> anyhow::Result<LinkSubject> {
        link_subject(&self.identity_key, user, name)
    }

    /// `manages/generateKey`.
    pub async fn generate_key(
        &self,
        user: &UserId,
        key_algorithm: KeyAlgorithm,
        multisign: u32,
        subject: &str,
    ) -> anyhow::Result<KeyGenerated> {
        let action = ManageAction::GenerateKey {
            user: user.clone(),
            authority: Self::authority()?,
            key_algorithm,
            multisign,
            subject: Some(subject.to_owned()),
        };
        let proof = self.proof(action, None)?;
        let command = Command::GenerateKey(Manage { proof, evidence: None, record: None, nonce: None });
        match self.call(command).await.context("generateKey")? {
            Answer::KeyGenerated(generated) => Ok(generated),
            _ => bail!("generateKey: unexpected answer"),
        }
    }

    /// `manages/linkEid`: the key statement, bound by a document that answers `nonce`.
    pub async fn link_eid(
        &self,
        key: &CredentialId,
        identity: Digest32,
        shown: Shown<'_>,
        evidence: &AuthorizationEvidence,
        nonce: &[u8],
    ) -> anyhow::Result<Blob> {
        let action = match shown {
            Shown::Passkey { relying_party, registration } => ManageAction::LinkEid {
                means: MeansProfile::Passkey,
                identity,
                relying_party: relying_party.to_owned(),
                registration,
            },
            Shown::DeviceKey(key) => ManageAction::LinkDeviceKey { identity, key },
            Shown::PinTotp(registration) => ManageAction::LinkPinTotp { identity, registration },
        };
        let mut manage = self.manage(action, key, Some(evidence)).await?;
        manage.nonce = Some(nonce.into());
        match self.call(Command::LinkEid(manage)).await.context("linkEid")? {
            Answer::Linked(linked) => linked.attestation.context("linkEid: no key statement came"),
            _ => bail!("linkEid: unexpected answer"),
        }
    }

    /// `manages/authorize` without request information: what the SAM would sign.
    pub async fn request_info(
        &self,
        key: &CredentialId,
        algorithm: SignatureAlgorithm,
    ) -> anyhow::Result<Blob> {
        let action = ManageAction::AuthorizePop { request_info: None, signature_algorithm: algorithm };
        let manage = self.manage(action, key, None).await?;
        match self.call(Command::AuthorizePop(manage)).await.context("authorize")? {
            Answer::RequestInfo(info) => Ok(info),
            _ => bail!("authorize: unexpected answer"),
        }
    }

    /// `manages/authorize`: the certification request, with the signer's consent to this information.
    pub async fn authorize(
        &self,
        key: &CredentialId,
        info: Blob,
        algorithm: SignatureAlgorithm,
        consent: &AuthorizationEvidence,
    ) -> anyhow::Result<Vec<u8>> {
        let action = ManageAction::AuthorizePop { request_info: Some(info), signature_algorithm: algorithm };
        let manage = self.manage(action, key, Some(consent)).await?;
        match self.call(Command::AuthorizePop(manage)).await.context("authorize")? {
            Answer::Request { csr, .. } => Ok(csr.0),
            _ => bail!("authorize: unexpected answer"),
        }
    }

    /// `manages/linkCert`.
    pub async fn link_cert(&self, key: &CredentialId, certificates: Vec<Blob>) -> anyhow::Result<()> {
        let manage = self.manage(ManageAction::LinkCert { certificates }, key, None).await?;
        match self.call(Command::LinkCert(manage)).await.context("linkCert")? {
            Answer::Linked(_) => Ok(()),
            _ => bail!("linkCert: unexpected answer"),
        }
    }

    /// A nonce for the signer's SAD.
    pub async fn challenge(&self, key: &CredentialId, purpose: Purpose) -> anyhow::Result<Challenge> {
        let record = self.record(key).await?;
        let command = Command::GetChallenge(GetChallenge { credential: key.clone(), purpose, record });
        match self.call(command).await.context("challenge")? {
            Answer::Challenge(challenge) => Ok(challenge),
            _ => bail!("challenge: unexpected answer"),
        }
    }

    /// Evidence of the enclave that answers `nonce`.
    pub async fn evidence(&self, nonce: &[u8]) -> anyhow::Result<Vec<u8>> {
        let command = Command::GetEvidence(GetEvidence { nonce: Some(nonce.into()) });
        match self.call(command).await.context("evidence")? {
            Answer::Evidence(bundle) => Ok(bundle.0),
            _ => bail!("evidence: unexpected answer"),
        }
    }

    /// `manages/generateKey` for seals of an organization.
    pub async fn generate_seal_key(
        &self,
        user: &UserId,
        key_algorithm: KeyAlgorithm,
        subject: &str,
    ) -> anyhow::Result<KeyGenerated> {
        let (authority, subject) = (Self::authority()?, subject.to_owned());
        let action = ManageAction::GenerateSealKey { user: user.clone(), authority, key_algorithm, subject };
        let proof = self.proof(action, None)?;
        let command = Command::GenerateKey(Manage { proof, evidence: None, record: None, nonce: None });
        match self.call(command).await.context("generateKey")? {
            Answer::KeyGenerated(generated) => Ok(generated),
            _ => bail!("generateKey: unexpected answer"),
        }
    }

    /// `manages/linkEid` of a seal key's approvers: the key statement, bound by a document that answers `nonce`.
    pub async fn enrol_approvers(
        &self,
        key: &CredentialId,
        approvers: Vec<ApproverRegistration>,
        threshold: u8,
        evidence: &ApproverEvidence,
        nonce: &[u8],
    ) -> anyhow::Result<Blob> {
        let action = ManageAction::EnrolApprovers { approvers, threshold };
        let mut manage = self.manage_by(action, key, Some(codec::encode(evidence).into())).await?;
        manage.nonce = Some(nonce.into());
        match self.call(Command::LinkEid(manage)).await.context("linkEid")? {
            Answer::Linked(linked) => linked.attestation.context("linkEid: no key statement came"),
            _ => bail!("linkEid: unexpected answer"),
        }
    }

    /// `manages/authorize` of a seal key, with the approvers' consent.
    pub async fn authorize_by_approvers(
        &self,
        key: &CredentialId,
        info: Blob,
        algorithm: SignatureAlgorithm,
        consent: &ApproverEvidence,
    ) -> anyhow::Result<Vec<u8>> {
        let action = ManageAction::AuthorizePop { request_info: Some(info), signature_algorithm: algorithm };
        let manage = self.manage_by(action, key, Some(codec::encode(consent).into())).await?;
        match self.call(Command::AuthorizePop(manage)).await.context("authorize")? {
            Answer::Request { csr, .. } => Ok(csr.0),
            _ => bail!("authorize: unexpected answer"),
        }
    }

    /// A nonce for an approver's SAD.
    pub async fn approver_challenge(
        &self,
        key: &CredentialId,
        purpose: Purpose,
        approver: u32,
    ) -> anyhow::Result<Challenge> {
        let record = self.record(key).await?;
        let request = GetApproverChallenge { credential: key.clone(), purpose, approver, record };
        match self.call(Command::GetApproverChallenge(request)).await.context("challenge")? {
            Answer::Challenge(challenge) => Ok(challenge),
            _ => bail!("challenge: unexpected answer"),
        }
    }

    async fn call(&self, command: Command) -> anyhow::Result<Answer> {
        Ok(self.host.relay().call(command, PATIENCE).await?)
    }

    async fn record(&self, key: &CredentialId) -> anyhow::Result<SealedRecord> {
        self.host.store().record(key).await?.with_context(|| format!("the host has no record of key {key}"))
    }

    async fn manage(
        &self,
        action: ManageAction,
        key: &CredentialId,
        evidence: Option<&AuthorizationEvidence>,
    ) -> anyhow::Result<Manage> {
        self.manage_by(action, key, evidence.map(|e| codec::encode(e).into())).await
    }

    async fn manage_by(
        &self,
        action: ManageAction,
        key: &CredentialId,
        evidence: Option<Blob>,
    ) -> anyhow::Result<Manage> {
        let record = self.record(key).await?;
        let proof = self.proof(action, Some((key, record.version)))?;
        Ok(Manage { proof, evidence, record: Some(record), nonce: None })
    }

    /// Compact JWS over the statement.
    fn proof(&self, action: ManageAction, target: Option<(&CredentialId, u64)>) -> anyhow::Result<String> {
        manage_proof(self.key, self.service, &self.origin, action, target)
    }
}

/// Whom a key is linked to, by the RA's key of identity digests.
pub fn link_subject(identity_key: &[u8; 32], user: &UserId, name: &str) -> anyhow::Result<LinkSubject> {
    let digest = Sha256::new()
        .chain_update(b"fuin/dev-identity/v1\0")
        .chain_update(identity_key)
        .chain_update(name)
        .finalize();
    Ok(LinkSubject {
        user: user.clone(),
        authority: DevRegistration::authority()?,
        identity: Digest32(digest.into()),
    })
}

/// A statement of the RA as a compact JWS; `target` is a key, with the version of its record.
pub fn manage_proof(
    key: &DevKey,
    service: ServiceId,
    origin: &str,
    action: ManageAction,
    target: Option<(&CredentialId, u64)>,
) -> anyhow::Result<String> {
    let statement = ManageStatement {
        service,
        ledger: origin.to_owned(),
        action,
        key: target.map(|(key, _)| key.clone()),
        version: target.map(|(_, version)| version),
        statement: statement_id()?,
        not_after: now() + PROOF,
    };
    let header = json!({ "alg": "ES384", "kid": RA_CLIENT }).to_string();
    let payload = serde_json::to_string(&statement)?;
    let encode = |octets: &[u8]| Base64UrlUnpadded::encode_string(octets);
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
    let signature = encode(&key.sign_raw(signed.as_bytes())?);
    Ok(format!("{signed}.{signature}"))
}
