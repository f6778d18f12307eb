//! Place: SSA, SAM. What the enclave answers to the host.

use crate::algorithm::KeyAlgorithm;
use crate::bytes::Blob;
use crate::evidence::LedgerIdentity;
use crate::ids::{
    CredentialId, Digest32, InstanceId, MandateId, ManifestHash, MeansId, RootCommitment, ServiceId,
};
use crate::message::{CeremonyStatus, CredentialStatus, GenesisShares, HandedOver, MandateStatus};
use crate::phase::Phase;
use crate::sad::MeansProfile;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// An answer of the enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Answer {
    /// To `Status`.
    Status(Status),
    /// To `InstallManifest`.
    ManifestInstalled {
        /// The service.
        service: ServiceId,
    },
    /// To `GetEvidence`: [`crate::evidence::EvidenceBundle`] in CBOR.
    Evidence(Blob),
    /// To `Genesis`.
    GenesisShares(GenesisShares),
    /// To `ConfirmGenesis`, to the `ProvideShare` that completed the root key, and to `TakeOver`.
    Operational {
        /// The ledger.
        ledger: LedgerIdentity,
        /// Its newest signed checkpoint.
        checkpoint: String,
    },
    /// To `NewEpoch`: all it needs now is the root key.
    EpochPlanned {
        /// Number of the epoch that will begin.
        epoch: u32,
    },
    /// To a `ProvideShare` that was not the last.
    ShareAccepted {
        /// How many more are needed.
        missing: u8,
    },
    /// To `GenerateKey`.
    KeyGenerated(KeyGenerated),
    /// To `LinkEid` and `LinkCert`.
    Linked(Linked),
    /// To `AttestKey`: [`crate::key_statement::KeyAttestation`] in CBOR, without ledger proof.
    KeyAttested(Blob),
    /// To `AuthorizePop` without request information: what the SAM built, to be consented to.
    RequestInfo(Blob),
    /// To `AuthorizePop`: PKCS#10 certification request in DER.
    Request {
        /// The request.
        csr: Blob,
        /// The record's new version.
        version: u64,
        /// Receipt.
        receipt: Receipt,
    },
    /// To `DeleteKey` and `ReportRevocation`.
    Deleted(Receipt),
    /// To `GetChallenge`.
    Challenge(Challenge),
    /// To `Authorize` and `ExtendTransaction`.
    Activation {
        /// Activation token, 32 octets: what CSC calls `SAD`.
        token: Blob,
        /// Unix seconds.
        expires: u64,
        /// Receipt.
        receipt: Receipt,
    },
    /// To `SignHash`, `SignDocument` and `Seal`.
    Signatures {
        /// In the order of the request, ECDSA in DER.
        signatures: Vec<Blob>,
        /// Receipt.
        receipt: Receipt,
    },
    /// To `CeremonyStatus`.
    CeremonyStatus(CeremonyStatus),
    /// To `ProvideRevocation`.
    RevocationTaken,
    /// To `CredentialStatus`, and to whatever suspends: that binds at once, also before its event is released.
    CredentialStatus(CredentialStatus),
    /// To what ends a suspension or a lock.
    Restored(Receipt),
    /// To `FollowManifest`.
    ManifestFollowed {
        /// The manifest that is installed now.
        manifest: ManifestHash,
    },
    /// To `ChangeManifest`.
    ManifestChanged(ManifestChanged),
    /// To `GrantMandate`.
    MandateGranted {
        /// The mandate.
        mandate: MandateId,
        /// Receipt.
        receipt: Receipt,
    },
    /// To `EndMandate`.
    MandateEnded(Receipt),
    /// To `MandateStatus`.
    MandateStatus(MandateStatus),
    /// To `HandOver`.
    HandedOver {
        /// For the other enclave.
        handed: HandedOver,
        /// Receipt.
        receipt: Receipt,
    },
    /// To `RotateRoot`: shares of the new root key, each sealed to its custodian.
    RotationShares(GenesisShares),
    /// To `ConfirmRotation`: records are sealed under the new root key from here on.
    RootRotated {
        /// Its commitment.
        commitment: RootCommitment,
        /// Receipt.
        receipt: Receipt,
    },
    /// To `Rewrap`.
    Rewrapped {
        /// How many of the records that came are sealed anew.
        records: u32,
        /// How many are still to come.
        left: u64,
    },
    /// To `EraseRoot`: the former root key is gone.
    RootErased(Receipt),
}

/// See [`crate::message::Command::Status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Phase.
    pub phase: Phase,
    /// This boot.
    pub instance: InstanceId,
    /// The service, once a manifest is installed.
    pub service: Option<ServiceId>,
    /// Size of the ledger, once recovered.
    pub ledger_size: Option<u64>,
}

/// See [`crate::message::Command::GenerateKey`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyGenerated {
    /// `keyID`, later `credentialID`.
    pub key: CredentialId,
    /// DER SubjectPublicKeyInfo.
    pub spki: Blob,
    /// Its algorithm.
    pub algorithm: KeyAlgorithm,
    /// The record's version.
    pub version: u64,
    /// [`crate::key_statement::KeyAttestation`] in CBOR, without ledger proof; null when the security module gave no
    /// document: ask again with [`crate::message::Command::AttestKey`].
    pub attestation: Option<Blob>,
    /// Receipt.
    pub receipt: Receipt,
}

/// See [`crate::message::Command::LinkEid`], [`crate::message::Command::LinkCert`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linked {
    /// The record's new version.
    pub version: u64,
    /// After linkEid: [`crate::key_statement::KeyAttestation`] in CBOR, without ledger proof.
    pub attestation: Option<Blob>,
    /// Receipt.
    pub receipt: Receipt,
}

/// See [`crate::message::Command::GetChallenge`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// Nonce for the SAD.
    pub nonce: Blob,
    /// This boot.
    pub instance: InstanceId,
    /// Unix seconds after which the nonce is refused.
    pub expires: u64,
    /// The credential's means; none before linkEid.
    pub means: Option<MeansProfile>,
    /// WebAuthn rpId and raw credential id of the linked passkey; none before linkEid.
    pub passkey: Option<PasskeyHint>,
    /// Which means of another kind to ask; absent before linkEid, and for passkeys.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::manifest::present")]
    pub hint: Option<MeansHint>,
}

/// Which means to ask, of the kinds that are no passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum MeansHint {
    /// A device key.
    DeviceKey {
        /// Its [`crate::sad::device_key_fingerprint`].
        key: Digest32,
    },
    /// The signer's authentication certificate.
    X509 {
        /// Entry of the manifest under which it was linked.
        issuer: MeansId,
    },
    /// The signer's account at an OpenID provider.
    Oidc {
        /// Entry of the manifest under which it was linked.
        provider: MeansId,
    },
    /// PIN and one-time password.
    PinTotp {
        /// [`crate::sad::pin_totp_digest`] of what was linked, by which the signer's device knows the generator.
        registration: Digest32,
    },
}

/// Which passkey to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyHint {
    /// rpId.
    pub relying_party: String,
    /// Raw credential id.
    pub credential_id: Blob,
}

/// Shows that an event is in the ledger, and opens it for whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Index of the event.
    pub index: u64,
    /// [`crate::log::event::Event`] in CBOR.
    pub event: Blob,
    /// Salts that open hashes in the event, in their order.
    pub salts: Vec<Blob>,
    /// Signed checkpoint that covers it.
    pub checkpoint: String,
}

/// See [`crate::message::Command::ChangeManifest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestChanged {
    /// The manifest that is current now.
    pub manifest: ManifestHash,
    /// Its version.
    pub version: u64,
    /// Receipt.
    pub receipt: Receipt,
}
