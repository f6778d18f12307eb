//! Place: SSA, SAM. What the host asks of the enclave. Each request says which refusals to expect.

use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::bytes::Blob;
use crate::ids::{CredentialId, MandateId};
use crate::manifest::ManifestChange;
use crate::message::{
    ConfirmGenesis, CredentialQuestion, EndMandate, Genesis, GetApproverChallenge, GrantMandate, HandOver,
    Order, ProvideShare, Relink, Seal, SealedRecord, Suspend, TakeOver,
};
use crate::new_epoch::NewEpoch;
use crate::rotation::{EraseRoot, Rewrap, RotateRoot};
use crate::sad::Purpose;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A request of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Command {
    /// Phase and identity. Allowed in every phase.
    Status,
    /// Names the service. Phase `Booted`. Faults: 300, 301, 302, 303.
    InstallManifest(InstallManifest),
    /// Evidence bundle. Phases `Uninitialized` to `Operational`. Faults: 100, 900.
    GetEvidence(GetEvidence),
    /// Makes a root key. Phase `Uninitialized`. Faults: 350 to 355.
    Genesis(Genesis),
    /// Custodians' receipts, some or all: good ones are kept, and 358 says that any is missing; all of them end the
    /// genesis. Phase `Uninitialized`. Faults: 350, 351, 352, 355, 358.
    ConfirmGenesis(ConfirmGenesis),
    /// A custodian's share; the last one needed starts recovery. A refused one changes nothing for others. Phase
    /// `Uninitialized`. Faults: 350 to 352, 354 to 357, 800 to 803.
    ProvideShare(ProvideShare),
    /// Makes a key pair (`manages/generateKey`). Faults: 306, 310, 421, 427, 430, 433.
    GenerateKey(Manage),
    /// Links the means (`manages/linkEid`). Faults: 400 to 403, 420, 421, 425, 500 to 506, 600 to 606.
    LinkEid(Manage),
    /// Signs a certification request (`manages/authorize`). Faults: 400 to 403, 420 to 422, 424, 426, 428, 500 to 606.
    AuthorizePop(Manage),
    /// Links the certificate (`manages/linkCert`). Faults: 400 to 403, 420 to 424, 429, 431, 432.
    LinkCert(Manage),
    /// Destroys the key (`manages/deleteKey`). Faults: 400 to 403, 420, 421, 500 to 606.
    DeleteKey(Manage),
    /// A nonce for a SAD. Faults: 400 to 403, 420, 706.
    GetChallenge(GetChallenge),
    /// Evidence of authorization for an activation token. Faults: 400 to 403, 500 to 620, 706.
    Authorize(Authorize),
    /// The key statement of a key again, under a new document. Faults: 400 to 403, 900.
    AttestKey(AttestKey),
    /// Signs hashes under an activation token. Faults: 400 to 403, 431, 700 to 707, 800 to 804.
    SignHash(SignHash),
    /// A new activation token for what is left of another, which ends. Faults: 400 to 403, 700 to 704, 706, 804.
    ExtendTransaction(ExtendTransaction),
    /// How far genesis or provisioning is, and the rotation of a root key. Phases `Uninitialized` and `Operational`.
    CeremonyStatus,
    /// Signs documents under an activation token of hash type `document`: the SAM reads the bytes to be signed and hashes
    /// them itself. Faults: 101, 400 to 403, 431, 700 to 712, 800 to 804.
    SignDocument(SignDocument),
    /// A revocation list for X.509 means. Faults: 433, 530, 535.
    ProvideRevocation(ProvideRevocation),
    /// Suspends a credential on the signer's word. Faults: 400 to 403, 420, 500 to 606.
    Suspend(Suspend),
    /// Suspends, resumes or unlocks a credential on the RA client's word. Faults: 400 to 403, 420, 421, 433, 500 to 606.
    Hold(Manage),
    /// Suspends or releases a credential on the officers' word. Faults: 350 to 355, 400 to 403, 420.
    Order(Order),
    /// Puts a new means in the place of the signer's. Faults: 400 to 403, 420, 421, 425, 500 to 606, 706.
    Relink(Relink),
    /// How a credential stands. Faults: 400 to 403.
    CredentialStatus(CredentialQuestion),
    /// A manifest that the ledger has adopted, the next after the one that is installed: at each boot the host brings
    /// them all, in their order, before any share. Phase `Uninitialized`. Faults: 300, 301, 303 to 306, 350 to 352, 354,
    /// 355.
    FollowManifest(ManifestChange),
    /// Makes a manifest current. Phase `Operational`, also under a manifest that has ended. Faults: 110, 300 to 306, 310,
    /// 350 to 355, 804.
    ChangeManifest(ManifestChange),
    /// A nonce for a SAD of one approver of a seal credential. Faults: 400 to 403, 420, 440, 441.
    GetApproverChallenge(GetApproverChallenge),
    /// Grants a mandate for seals. Faults: 400 to 403, 420, 431, 433, 440 to 443, 500 to 608, 704, 706, 720.
    GrantMandate(GrantMandate),
    /// Seals hashes under a mandate, on an order of its SCA. Faults: 400 to 403, 431, 440, 442, 607, 703, 704, 706, 707,
    /// 720 to 729, 800 to 804.
    Seal(Seal),
    /// Ends a mandate, on the word of one approver or one officer. Faults: 350 to 355, 400 to 403, 440, 500 to 608, 721,
    /// 722.
    EndMandate(EndMandate),
    /// How far a mandate is used. Fault: 721.
    MandateStatus(MandateId),
    /// Destroys the key of a credential whose certificate its CA has revoked. Whoever has the list may bring it: it proves
    /// itself. Faults: 400 to 403, 420, 434.
    ReportRevocation(ReportRevocation),
    /// Hands the root key to another enclave of the same service, under an event, and ends this one. Phase `Operational`.
    /// Faults: 307, 352, 359, 360, 800 to 804, 904.
    HandOver(HandOver),
    /// Takes the root key from another enclave of the same service, and starts recovery. Phase `Uninitialized`. Faults:
    /// 350 to 352, 356, 359, 360, 904; of the recovery 308, 361, 800 to 803.
    TakeOver(TakeOver),
    /// The shares that follow begin a new epoch; the last one given counts. Phase `Uninitialized`. Faults: 300 to 306, 350 to
    /// 355, 362 to 365, 801, 802.
    NewEpoch(alloc::boxed::Box<NewEpoch>),
    /// Makes a new root key, on the word of the officers' quorum; nothing depends on it before its event. Phase
    /// `Operational`. Faults: 307, 350 to 355, 366, 368.
    RotateRoot(RotateRoot),
    /// Custodians' receipts for their shares of the new root key, as [`Command::ConfirmGenesis`]; all of them end the
    /// making, and with the event records are sealed under the new one. Phase `Operational`. Faults: 350 to 352, 354, 355,
    /// 367, 804.
    ConfirmRotation(ConfirmGenesis),
    /// Seals records of the former root key under the new one. What is no more under the former one is left as it is. Phase
    /// `Operational`. Faults: 101, 367, 402, 804.
    Rewrap(Rewrap),
    /// Custodians' word that they deleted their shares of the former root key, some or all: good ones are kept, and 370 says
    /// that more are needed; enough of them erase it. Phase `Operational`. Faults: 350 to 352, 354, 355, 367, 369, 370, 804.
    EraseRoot(EraseRoot),
}

/// See [`Command::InstallManifest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallManifest {
    /// The first [`crate::manifest::SignedManifest`], in CBOR: its hash is the service id.
    pub first: Blob,
    /// The current one; the same octets while there is only one.
    pub current: Blob,
}

/// See [`Command::GetEvidence`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetEvidence {
    /// The caller's nonce, 8 to 64 octets.
    pub nonce: Option<Blob>,
}

/// A command of the key life cycle: the parameters are in the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manage {
    /// `manageProof`: compact JWS over [`crate::statement::ManageStatement`].
    pub proof: String,
    /// [`crate::sad::AuthorizationEvidence`] in CBOR, where the signer must take part.
    pub evidence: Option<Blob>,
    /// The key's record as the host has it; none for generateKey.
    pub record: Option<SealedRecord>,
    /// The client's nonce for the document that binds the key statement, 8 to 64 octets; generateKey and linkEid only.
    pub nonce: Option<Blob>,
}

/// See [`Command::AttestKey`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestKey {
    /// The key.
    pub key: CredentialId,
    /// Its record.
    pub record: SealedRecord,
    /// The caller's nonce, 8 to 64 octets.
    pub nonce: Option<Blob>,
}

/// See [`Command::GetChallenge`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetChallenge {
    /// The credential (or key).
    pub credential: CredentialId,
    /// What the SAD will be for.
    pub purpose: Purpose,
    /// Its record.
    pub record: SealedRecord,
}

/// See [`Command::Authorize`]. What the CSC request says must agree with the SAD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorize {
    /// The credential.
    pub credential: CredentialId,
    /// [`crate::sad::AuthorizationEvidence`] in CBOR.
    pub evidence: Blob,
    /// Hashes of the request, if it had any: the same multiset as in the SAD.
    pub hashes: Option<Vec<Blob>>,
    /// Its `hashAlgorithmOID`, if it had one.
    pub hash_algorithm: Option<HashAlgorithm>,
    /// Its `numSignatures`.
    pub count: u32,
    /// The credential's record.
    pub record: SealedRecord,
}

/// See [`Command::ProvideRevocation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvideRevocation {
    /// Complete certificate revocation list in DER, at most [`crate::pki::crl::MAX_CRL`] octets.
    pub list: Blob,
    /// DER certificates: the list's issuer, then those above it up to an anchor of the manifest's means.
    pub issuer: Vec<Blob>,
}

/// See [`Command::SignHash`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignHash {
    /// The credential.
    pub credential: CredentialId,
    /// Activation token, 32 octets.
    pub token: Blob,
    /// Hashes to sign, in the order in which signatures are wanted.
    pub hashes: Vec<Blob>,
    /// Digest named by the request, if any.
    pub hash_algorithm: Option<HashAlgorithm>,
    /// Signature algorithm named by the request.
    pub signature_algorithm: SignatureAlgorithm,
    /// The credential's record.
    pub record: SealedRecord,
}

/// Bytes to be signed for one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum ToBeSigned {
    /// CMS: the signed attributes in DER with the tag SET OF (RFC 5652 section 5.4), at most [`MAX_SIGNED_ATTRIBUTES`].
    Cms(Blob),
    /// JWS: the signing input (RFC 7515 section 5.1), at most [`MAX_SIGNING_INPUT`].
    Jws(Blob),
}

/// Most octets of the signed attributes of one document.
pub const MAX_SIGNED_ATTRIBUTES: usize = 16 * 1024;
/// Most octets of the JWS signing input of one document.
pub const MAX_SIGNING_INPUT: usize = 256 * 1024;

/// See [`Command::SignDocument`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignDocument {
    /// The credential.
    pub credential: CredentialId,
    /// Activation token, 32 octets.
    pub token: Blob,
    /// What to sign, in the order in which signatures are wanted.
    pub to_be_signed: Vec<ToBeSigned>,
    /// Digest named by the request, if any.
    pub hash_algorithm: Option<HashAlgorithm>,
    /// Signature algorithm named by the request.
    pub signature_algorithm: SignatureAlgorithm,
    /// The credential's record.
    pub record: SealedRecord,
}

/// See [`Command::ReportRevocation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportRevocation {
    /// The credential.
    pub credential: CredentialId,
    /// The CA's certificate revocation list in DER.
    pub list: Blob,
    /// The credential's record.
    pub record: SealedRecord,
}

/// See [`Command::ExtendTransaction`]. Nothing in it can add to what the signer authorized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtendTransaction {
    /// The credential.
    pub credential: CredentialId,
    /// Activation token, 32 octets.
    pub token: Blob,
    /// Hashes of the request, if it had any: each must be left.
    pub hashes: Option<Vec<Blob>>,
    /// Digest named by the request, if any.
    pub hash_algorithm: Option<HashAlgorithm>,
    /// The credential's record.
    pub record: SealedRecord,
}
