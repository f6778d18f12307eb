//! Place: SAM. Statements that people and machines sign: approvals and shares of the ceremony (signed CBOR),
//! and the `manageProof` of RA/CA clients (JWS whose payload carries the parameters themselves).

use crate::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use crate::bytes::Blob;
use crate::codec;
use crate::fault::Fault;
use crate::ids::{
    CaId, CredentialId, Digest32, InstanceId, ManifestHash, MeansId, PersonId, RootCommitment, ServiceId,
    StatementId, UserId,
};
use crate::key::PublicKey;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// HPKE `info` of a share sealed to its custodian.
pub const SHARE_TO_CUSTODIAN: &[u8] = b"fuin/share-to-custodian/v1";
/// HPKE `info` of a share sealed to an instance.
pub const SHARE_TO_INSTANCE: &[u8] = b"fuin/share-to-instance/v1";
/// HPKE `info` of a root key that one instance seals to another.
pub const ROOT_TO_INSTANCE: &[u8] = b"fuin/root-to-instance/v1";

/// A body that is signed under its own domain.
pub trait Body: Serialize + DeserializeOwned {
    /// Domain separation.
    const DOMAIN: &'static str;
}

/// Who signed these, by their own word; what is no [`SignedStatement`] in CBOR is passed over.
pub fn signers(statements: &[Blob]) -> impl Iterator<Item = PersonId> {
    statements.iter().filter_map(signer)
}

/// Puts a statement among others, in place of the same person's former one.
pub fn put(statements: &mut Vec<Blob>, signed: &SignedStatement) {
    statements.retain(|other| signer(other).as_ref() != Some(&signed.signer));
    statements.push(codec::encode(signed).into());
}

fn signer(statement: &Blob) -> Option<PersonId> {
    codec::decode::<SignedStatement>(statement.as_slice()).ok().map(|signed| signed.signer)
}

/// A signed statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedStatement {
    /// The body in CBOR.
    pub body: Blob,
    /// Who signed.
    pub signer: PersonId,
    /// ECDSA in DER over [`SignedStatement::message`], with the digest that fits the curve.
    pub signature: Blob,
}

impl SignedStatement {
    /// The octets that are signed.
    #[must_use]
    pub fn message<B: Body>(body: &[u8]) -> Vec<u8> {
        let mut out = B::DOMAIN.as_bytes().to_vec();
        out.push(0);
        out.extend_from_slice(body);
        out
    }

    /// The body, once the signature holds under `key`.
    ///
    /// # Errors
    /// [`Fault::StatementSignature`], [`Fault::StatementMalformed`].
    pub fn open<B: Body>(&self, key: &PublicKey) -> Result<B, Fault> {
        key.verify(
            key.statement_hash(),
            &Self::message::<B>(self.body.as_slice()),
            self.signature.as_slice(),
        )
        .map_err(|_| Fault::StatementSignature)?;
        codec::decode(self.body.as_slice()).map_err(|_| Fault::StatementMalformed)
    }
}

/// An officer approves that this instance makes a root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisApproval {
    /// The service.
    pub service: ServiceId,
    /// The boot whose evidence the officer checked.
    pub instance: InstanceId,
    /// Current manifest.
    pub manifest: ManifestHash,
    /// Random.
    pub statement: StatementId,
    /// Unix seconds.
    pub not_after: u64,
}

impl Body for GenesisApproval {
    const DOMAIN: &'static str = "fuin/genesis-approval/v1";
}

/// A custodian confirms that the share is safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareReceipt {
    /// The service.
    pub service: ServiceId,
    /// The boot that made the root key.
    pub instance: InstanceId,
    /// Commitment to the root key.
    pub commitment: RootCommitment,
    /// SHA-256 of the sealed share as received.
    pub share: Digest32,
}

impl Body for ShareReceipt {
    const DOMAIN: &'static str = "fuin/share-receipt/v1";
}

/// A custodian gives the share to a boot whose evidence was checked (design section 3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareStatement {
    /// The service.
    pub service: ServiceId,
    /// The boot that may open the share.
    pub instance: InstanceId,
    /// Current manifest.
    pub manifest: ManifestHash,
    /// Commitment to the root key.
    pub commitment: RootCommitment,
    /// Newest checkpoint (signed note) that the custodian has seen; null before the first.
    pub newest_checkpoint: Option<String>,
    /// SHA-256 of the CBOR of the sealed share that comes with this.
    pub sealed: Digest32,
}

impl Body for ShareStatement {
    const DOMAIN: &'static str = "fuin/share-statement/v1";
}

/// An operational enclave hands the root key to another one, whose evidence it checked (design section 3.5). Signed by its
/// instance key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOverStatement {
    /// The service.
    pub service: ServiceId,
    /// The boot that hands over.
    pub giver: InstanceId,
    /// The boot that may open what comes with this.
    pub taker: InstanceId,
    /// Current manifest of both.
    pub manifest: ManifestHash,
    /// Commitment to the root key.
    pub commitment: RootCommitment,
    /// Signed checkpoint that covers the event of the hand-over, which is the last one under it.
    pub checkpoint: String,
    /// SHA-256 of the CBOR of the sealed root key.
    pub sealed: Digest32,
}

impl Body for HandOverStatement {
    const DOMAIN: &'static str = "fuin/hand-over/v1";
}

/// Associated data of a root key that is sealed to an instance.
#[must_use]
pub fn root_aad(service: &ServiceId, commitment: &RootCommitment, taker: &InstanceId) -> Vec<u8> {
    codec::encode(&(service, commitment, taker))
}

/// What officers order of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialOrderKind {
    /// Suspend it; one officer is enough.
    Suspend,
    /// End the officers' suspension; that takes their quorum.
    Release,
}

/// An officer's order about one credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialOrder {
    /// The service.
    pub service: ServiceId,
    /// Origin of the ledger that will spend the statement.
    pub ledger: String,
    /// The credential.
    pub credential: CredentialId,
    /// What is ordered.
    pub order: CredentialOrderKind,
    /// With `release`: which suspension is to end, [`crate::message::CredentialStatus::officers_event`]. Null with `suspend`.
    pub suspension: Option<u64>,
    /// Random.
    pub statement: StatementId,
    /// Unix seconds.
    pub not_after: u64,
}

impl Body for CredentialOrder {
    const DOMAIN: &'static str = "fuin/credential-order/v1";
}

/// Something sealed with HPKE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HpkeSealed {
    /// Encapsulated key.
    pub encapsulated: Blob,
    /// Ciphertext.
    pub ciphertext: Blob,
}

/// A share sealed to its custodian; associated data are [`share_aad`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodianShare {
    /// Whose.
    pub custodian: PersonId,
    /// The share, sealed under `info` [`SHARE_TO_CUSTODIAN`].
    pub sealed: HpkeSealed,
}

/// Associated data of a sealed share, to custodian and to instance alike.
#[must_use]
pub fn share_aad(service: &ServiceId, commitment: &RootCommitment, custodian: &PersonId) -> Vec<u8> {
    codec::encode(&(service, commitment, custodian))
}

/// Payload of a `manageProof` (JSON, ES256 or ES384 by the RA/CA client's proof key, `kid` = client id).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ManageStatement {
    /// The service, hex.
    pub service: ServiceId,
    /// Origin of the ledger that will spend the statement.
    pub ledger: String,
    /// What is to be done, with its parameters.
    pub action: ManageAction,
    /// The key, for all but generateKey.
    #[serde(rename = "keyID")]
    pub key: Option<CredentialId>,
    /// Version that the key's record must have.
    pub version: Option<u64>,
    /// Random, hex.
    pub statement: StatementId,
    /// Unix seconds.
    pub not_after: u64,
}

/// The actions of the SIP Japan extension and those that we add; an action of its own for each kind of means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum ManageAction {
    /// Make a key pair.
    #[serde(rename_all = "camelCase")]
    GenerateKey {
        /// The signer.
        #[serde(rename = "userID")]
        user: UserId,
        /// CA that will certify the key.
        #[serde(rename = "caID")]
        authority: CaId,
        /// Key algorithm.
        key_algorithm: KeyAlgorithm,
        /// Most signatures of one SAD.
        multisign: u32,
        /// RFC 4514 name that request and certificate must carry.
        subject: Option<String>,
    },
    /// Link the signer's means.
    #[serde(rename_all = "camelCase")]
    LinkEid {
        /// Kind of means: a passkey.
        means: crate::sad::MeansProfile,
        /// Keyed digest over identity attributes, hex.
        identity: Digest32,
        /// WebAuthn rpId, one of the client's.
        relying_party: String,
        /// [`crate::sad::registration_digest`] of the registration that the client saw made, hex. Without it a host
        /// could put a means of its own in the signer's place.
        registration: Digest32,
    },
    /// Sign one certification request.
    #[serde(rename_all = "camelCase")]
    AuthorizePop {
        /// Certification request information in DER (PKCS#10), base64url; null asks the SAM to build it.
        request_info: Option<Blob>,
        /// Signature algorithm of the request.
        signature_algorithm: SignatureAlgorithm,
    },
    /// Link the issued certificate.
    #[serde(rename_all = "camelCase")]
    LinkCert {
        /// DER certificates, end entity first, base64url.
        certificates: Vec<Blob>,
    },
    /// Destroy the key.
    DeleteKey {},
    /// Link the signer's device key.
    #[serde(rename_all = "camelCase")]
    LinkDeviceKey {
        /// Keyed digest over identity attributes, hex.
        identity: Digest32,
        /// [`crate::sad::device_key_fingerprint`] of the key that the client saw, hex.
        key: Digest32,
    },
    /// Link the signer's authentication certificate.
    #[serde(rename_all = "camelCase")]
    LinkX509 {
        /// Keyed digest over identity attributes, hex.
        identity: Digest32,
        /// Entry of the manifest whose anchors the certificate leads to.
        issuer: MeansId,
        /// [`crate::sad::x509_digest`] of the certificate that the client saw, hex.
        certificate: Digest32,
    },
    /// Link the signer's account at an OpenID provider.
    #[serde(rename_all = "camelCase")]
    LinkOidc {
        /// Keyed digest over identity attributes, hex.
        identity: Digest32,
        /// Entry of the manifest.
        provider: MeansId,
        /// [`crate::sad::id_token_digest`] of the token that the client saw, hex.
        token: Digest32,
    },
    /// Link a PIN with one-time passwords.
    #[serde(rename_all = "camelCase")]
    LinkPinTotp {
        /// Keyed digest over identity attributes, hex.
        identity: Digest32,
        /// [`crate::sad::pin_totp_digest`], which the signer's device showed to the client, hex.
        registration: Digest32,
    },
    /// Suspend the credential.
    Suspend {},
    /// End the suspension by signer or client, on the signer's authorization.
    Resume {},
    /// Let a locked means answer again.
    Unlock {},
    /// Put another passkey in the place of the linked one, on the linked one's authorization.
    #[serde(rename_all = "camelCase")]
    RelinkPasskey {
        /// WebAuthn rpId, one of the client's.
        relying_party: String,
        /// As for linkEid, hex.
        registration: Digest32,
    },
    /// Put another device key in the place of the linked one, on the linked one's authorization.
    #[serde(rename_all = "camelCase")]
    RelinkDeviceKey {
        /// As for linking one, hex.
        key: Digest32,
    },
    /// Put another PIN with one-time passwords in the place of the linked one, on the linked one's authorization.
    #[serde(rename_all = "camelCase")]
    RelinkPinTotp {
        /// As for linking one, hex.
        registration: Digest32,
    },
    /// Put another authentication certificate in the place of the linked one, on the linked one's authorization.
    #[serde(rename_all = "camelCase")]
    RelinkX509 {
        /// As for linking one.
        issuer: MeansId,
        /// As for linking one, hex.
        certificate: Digest32,
    },
    /// Put another account at an OpenID provider in the place of the linked one, on the linked one's authorization.
    #[serde(rename_all = "camelCase")]
    RelinkOidc {
        /// As for linking one.
        provider: MeansId,
        /// As for linking one, hex.
        token: Digest32,
    },
    /// Make a key pair for seals of a legal person.
    #[serde(rename_all = "camelCase")]
    GenerateSealKey {
        /// The organization.
        #[serde(rename = "userID")]
        user: UserId,
        /// CA that will certify the key.
        #[serde(rename = "caID")]
        authority: CaId,
        /// Key algorithm.
        key_algorithm: KeyAlgorithm,
        /// RFC 4514 name with organizationIdentifier that request and certificate must carry.
        subject: String,
    },
    /// Link the means of a seal key's approvers.
    #[serde(rename_all = "camelCase")]
    EnrolApprovers {
        /// The approvers, numbered from 1.
        approvers: Vec<crate::seal::ApproverRegistration>,
        /// How many must sign.
        threshold: u8,
    },
    /// Change the approvers of a seal key. So many of those that there are must sign it as was needed before.
    #[serde(rename_all = "camelCase")]
    ChangeApprovers {
        /// Numbers of those who stay.
        keep: Vec<u32>,
        /// Those who come, numbered from the first number never used.
        approvers: Vec<crate::seal::ApproverRegistration>,
        /// How many must sign from then on.
        threshold: u8,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
    use alloc::vec;

    #[test]
    fn a_second_statement_of_a_person_takes_the_place_of_the_first() {
        let signed = |signer: &str, signature: u8| SignedStatement {
            body: vec![1].into(),
            signer: PersonId::new(signer).unwrap(),
            signature: vec![signature; 8].into(),
        };
        let mut statements = vec![vec![0xff].into()];
        for (signer, signature) in [("ada", 1), ("ben", 2), ("ada", 3)] {
            put(&mut statements, &signed(signer, signature));
        }
        let names: Vec<_> = signers(&statements).map(|signer| signer.as_str().to_owned()).collect();
        assert_eq!(names, ["ben", "ada"]);
        assert_eq!(statements.last(), Some(&codec::encode(&signed("ada", 3)).into()));
    }

    #[test]
    fn a_statement_opens_only_under_its_own_domain() {
        assert_ne!(
            SignedStatement::message::<ShareReceipt>(b"x"),
            SignedStatement::message::<GenesisApproval>(b"x")
        );
    }
}
