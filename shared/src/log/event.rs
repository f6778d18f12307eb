//! Place: SAM. Ledger events: deterministic CBOR without secrets or personal data (design section 5).
//!
//! Subjects are keyed pseudonyms; hashes of what only the signer should recognise are salted, and the receipt opens them.

mod parts;

pub use parts::{AlarmKind, ApproverUse, ClockAhead, CredentialMark, Holder, RecordMark, Rewrapped};

use crate::bytes::Blob;
use crate::evidence::LedgerIdentity;
use crate::ids::{
    Digest32, InstanceId, LedgerId, MandateId, ManifestHash, RootCommitment, ServiceId, StatementId, Subject,
};
use crate::manifest::present;
use crate::sad::Purpose;
use crate::seal::Rate;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of [`Event`].
pub const VERSION: u8 = 1;
/// Largest entry of a ledger (C2SP tlog-tiles).
pub const MAX_ENTRY: usize = 65_535;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// [`VERSION`].
    pub version: u8,
    /// SAM time, Unix milliseconds.
    pub time: u64,
    /// What happened.
    pub body: EventBody,
    /// Hash of its sealed detail ([`super::detail`]); absent where the manifest has no auditor with a sealing key.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub detail: Option<Digest32>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum EventBody {
    /// First event of a ledger.
    Genesis {
        /// The service.
        service: ServiceId,
        /// The first manifest.
        manifest: ManifestHash,
        /// Random identifier of the ledger.
        ledger: LedgerId,
        /// Shard.
        shard: u32,
        /// Epoch.
        epoch: u32,
        /// Commitment to the root key.
        commitment: RootCommitment,
        /// Approvals that it spent.
        approvals: Vec<StatementId>,
    },
    /// An enclave took the ledger over.
    Boot {
        /// Random.
        nonce: Digest32,
        /// The boot.
        instance: InstanceId,
        /// Current manifest.
        manifest: ManifestHash,
        /// Size of the ledger that it found.
        size: u64,
        /// Root of the ledger that it found.
        root: Digest32,
    },
    /// A key pair was made for a signer.
    KeyGenerated {
        /// The key.
        credential: CredentialMark,
        /// The signer: keyed pseudonym of (RA client, userID).
        signer: Subject,
        /// Its record.
        record: RecordMark,
        /// Digest of the key statement.
        attests: Digest32,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// The signer's means was linked.
    MeansLinked {
        /// The key.
        credential: CredentialMark,
        /// Its record.
        record: RecordMark,
        /// Digest of the key statement.
        attests: Digest32,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// A certification request was signed.
    PopSigned {
        /// The key.
        credential: CredentialMark,
        /// Its record, with the counter down by one.
        record: RecordMark,
        /// Salted hash of the certification request information.
        request_info: Digest32,
        /// Counter of the means after this use.
        means_counter: u32,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// The certificate was linked; the credential is active.
    CertificateLinked {
        /// The credential.
        credential: CredentialMark,
        /// Its record.
        record: RecordMark,
        /// Keyed hash of the certificate's issuer and serial.
        certificate: Subject,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// The key was destroyed: tombstone.
    KeyDestroyed {
        /// The credential.
        credential: CredentialMark,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// A SAD was accepted.
    Authorized {
        /// The credential.
        credential: CredentialMark,
        /// Salted hash of the SAD digest.
        sad: Digest32,
        /// Signatures it allows.
        count: u32,
        /// Counter of the means after this use.
        means_counter: u32,
    },
    /// A signing call was answered.
    Signed {
        /// The credential.
        credential: CredentialMark,
        /// Salted hash of the certificate.
        certificate: Digest32,
        /// Number of signatures.
        count: u32,
        /// RFC 6962 root of the salted hashes, in the order of the call.
        hashes: Digest32,
    },
    /// An activation token was replaced by another for the same permissions.
    TransactionExtended {
        /// The credential.
        credential: CredentialMark,
        /// Permissions that were left.
        left: u32,
    },
    /// A signing call for documents was answered.
    DocumentsSigned {
        /// The credential.
        credential: CredentialMark,
        /// Salted hash of the certificate.
        certificate: Digest32,
        /// Number of signatures.
        count: u32,
        /// RFC 6962 root of the salted digests of the documents, in the order of the call.
        documents: Digest32,
        /// RFC 6962 root of the salted hashes that were signed, in the same order and under the same salts.
        hashes: Digest32,
    },
    /// The CA has revoked the certificate; the key was destroyed: tombstone.
    KeyRevoked {
        /// The credential.
        credential: CredentialMark,
        /// SHA-256 of the list that says so.
        list: Digest32,
    },
    /// Alarm: the time is in doubt, and what depends on it is stopped.
    ClockDoubted {
        /// The kernel's clock, Unix milliseconds.
        kernel: u64,
        /// What the sources say together; null when none has said anything.
        ahead: Option<ClockAhead>,
    },
    /// The means' answer over a SAD was refused.
    AuthorizationFailed {
        /// The credential.
        credential: CredentialMark,
        /// What the SAD was for.
        purpose: Purpose,
        /// Number of the fault.
        fault: u16,
    },
    /// An answer that can be a guess is about to be compared; what came of it follows in another event.
    AttemptDebited {
        /// The credential.
        credential: CredentialMark,
        /// Such answers since the last one that held, with this one.
        attempts: u32,
    },
    /// The credential was suspended.
    CredentialSuspended {
        /// The credential.
        credential: CredentialMark,
        /// On whose word.
        by: Holder,
        /// Counter of the means after this use, where the word is the signer's.
        means_counter: Option<u32>,
        /// Statements that this spends; the signer's word is none.
        statements: Vec<StatementId>,
    },
    /// The suspension by signer and RA client ended, on the word of both.
    CredentialResumed {
        /// The credential.
        credential: CredentialMark,
        /// Counter of the means after this use.
        means_counter: u32,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// The officers' suspension ended, on the word of their quorum.
    OfficersReleased {
        /// The credential.
        credential: CredentialMark,
        /// Statements that this spends.
        statements: Vec<StatementId>,
    },
    /// A locked means may answer again. What it must answer is as before.
    CredentialUnlocked {
        /// The credential.
        credential: CredentialMark,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// Another means of the same kind took the place of the signer's, on that one's word.
    MeansRelinked {
        /// The credential.
        credential: CredentialMark,
        /// Its record.
        record: RecordMark,
        /// Digest of the key statement.
        attests: Digest32,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// A manifest was adopted: it is current from the release of this event on, and at every later boot.
    ManifestAdopted {
        /// The manifest.
        manifest: ManifestHash,
        /// Its version.
        version: u64,
        /// Approvals that it spent.
        approvals: Vec<StatementId>,
    },
    /// Something is wrong around the enclave. At most one of each kind a minute.
    Alarm {
        /// What.
        about: AlarmKind,
        /// How often since the last alarm of this kind and boot.
        count: u32,
    },
    /// The witnesses of the newest manifest took over: both quorums cosigned a head with its adoption in it.
    WitnessesChanged {
        /// The manifest that names them.
        manifest: ManifestHash,
        /// That checkpoint with the lines of both sets, a note.
        checkpoint: String,
    },
    /// The approvers of a seal key were linked or changed. From then on the key makes seals, and never a signature.
    ApproversSet {
        /// The key.
        credential: CredentialMark,
        /// Its record.
        record: RecordMark,
        /// Digest of the key statement.
        attests: Digest32,
        /// Former approvers who signed the change; none the first time.
        approvals: Vec<ApproverUse>,
        /// Numbers of the approvers from now on, in rising order.
        approvers: Vec<u32>,
        /// How many must sign.
        threshold: u8,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// The certification request of a seal key was signed.
    SealPopSigned {
        /// The key.
        credential: CredentialMark,
        /// Its record, with the counter down by one.
        record: RecordMark,
        /// Salted hash of the certification request information.
        request_info: Digest32,
        /// Approvers who consented.
        approvals: Vec<ApproverUse>,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// A mandate was granted.
    MandateGranted {
        /// The seal credential.
        credential: CredentialMark,
        /// The mandate.
        mandate: MandateId,
        /// Its record.
        record: RecordMark,
        /// Most seals.
        count: u32,
        /// Unix seconds of the first moment.
        not_before: u64,
        /// Unix seconds after the last moment.
        not_after: u64,
        /// Most seals of any interval.
        rate: Rate,
        /// Approvers who signed it.
        approvals: Vec<ApproverUse>,
    },
    /// An order of an SCA was accepted: its number and its seals are spent, and the seals may be made.
    Sealed {
        /// The seal credential.
        credential: CredentialMark,
        /// The mandate.
        mandate: MandateId,
        /// Running number of the order.
        number: u64,
        /// Salted hash of the certificate.
        certificate: Digest32,
        /// Number of seals.
        count: u32,
        /// RFC 6962 root of the salted hashes, in the order of the call.
        hashes: Digest32,
    },
    /// A mandate was ended.
    MandateEnded {
        /// The seal credential.
        credential: CredentialMark,
        /// The mandate.
        mandate: MandateId,
        /// The approver who ended it, if one did.
        approval: Option<ApproverUse>,
        /// The officer's statement that this spends, if an officer did.
        statement: Option<StatementId>,
    },
    /// The suspension of a seal credential by its RA client ended, on the word of that client and of the approvers.
    SealResumed {
        /// The seal credential.
        credential: CredentialMark,
        /// Approvers who agreed.
        approvals: Vec<ApproverUse>,
        /// Statement that this spends.
        statement: StatementId,
    },
    /// The root key was handed to another enclave of this service, and with it the ledger: nothing follows but a boot.
    HandedOver {
        /// The boot that had it.
        giver: InstanceId,
        /// The boot that may open it.
        taker: InstanceId,
        /// Current manifest of both.
        manifest: ManifestHash,
    },
    /// A quorum of witnesses was lost, and on the word of the officers' quorum an enclave took the ledger over under
    /// another key and origin: in the place of a boot. The one exit from there (spec/ledger.md, gap 4).
    EpochBegun {
        /// Number of the epoch that begins.
        epoch: u32,
        /// Random.
        nonce: Digest32,
        /// The boot.
        instance: InstanceId,
        /// The manifest that is current from then on, whose witnesses cosign.
        manifest: ManifestHash,
        /// Its version.
        version: u64,
        /// Size of the ledger that it found.
        size: u64,
        /// Root of the ledger that it found.
        root: Digest32,
        /// Origin and vkey before.
        predecessor: LedgerIdentity,
        /// Origin and vkey from then on.
        ledger: LedgerIdentity,
        /// The last head that a quorum of the witnesses before cosigned, with their lines: a note.
        checkpoint: String,
        /// Consistency proof from that head to the ledger that it found.
        growth: Vec<Digest32>,
        /// Approvals that it spent: of the epoch, and of the manifest if that is another.
        approvals: Vec<StatementId>,
    },
    /// Another root key took over, whose shares are with all its custodians: every seal that follows is under it. What was
    /// sealed before is still under the former one.
    RootRotated {
        /// Commitment to the former one.
        from: RootCommitment,
        /// Commitment to the one that took over.
        to: RootCommitment,
        /// Current manifest, whose custodians have the shares.
        manifest: ManifestHash,
        /// What does not change with the root key, sealed under the one that took over: ledger key and pseudonym key.
        carried: Blob,
        /// Approvals that it spent.
        approvals: Vec<StatementId>,
    },
    /// Records that were under the former root key are sealed anew, and nothing else about them changed: no version, and no
    /// running number.
    RecordsRewrapped {
        /// Which.
        records: Vec<Rewrapped>,
    },
    /// No record is sealed under the former root key any more; no boot needs it.
    RootUnused {
        /// Its commitment.
        commitment: RootCommitment,
    },
    /// What the events before this one add up to: a boot may begin from there (spec/ledger.md, gap 18).
    Snapshot {
        /// How many there are.
        size: u64,
        /// Digest of the state after them ([`super::state`]).
        state: Digest32,
    },
    /// So many custodians deleted their shares of the former root key that the others cannot bring it back.
    RootErased {
        /// Its commitment.
        commitment: RootCommitment,
        /// Their statements that this spends.
        deletions: Vec<StatementId>,
    },
}

/// Salted hash: SHA-256 under its own domain.
#[must_use]
pub fn salted(salt: &[u8], value: &[u8]) -> Digest32 {
    Digest32(
        Sha256::new()
            .chain_update(b"fuin/salted/v1\0")
            .chain_update((salt.len() as u64).to_be_bytes())
            .chain_update(salt)
            .chain_update(value)
            .finalize()
            .into(),
    )
}
