//! Place: none. Why a custodian refuses.

use fuin_shared::ids::RootCommitment;
use fuin_shared::log::checkpoint::CheckpointError;

/// A refusal; the share stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustodianError {
    /// The evidence was refused; the text names the step.
    #[error("evidence refused: {0}")]
    Evidence(#[from] fuin_attestation::Refusal),
    /// The custodian has not joined a service.
    #[error("service: this custodian has not joined a service yet; join the one whose manifest names it")]
    NoService,
    /// The custodian has joined another service.
    #[error("service: this custodian belongs to another service; make a new custodian for this one")]
    OtherService,
    /// The manifest does not name this custodian with its present keys.
    #[error("manifest: does not name this custodian with its present keys")]
    NotNamed,
    /// The manifest does not list the image.
    #[error(
        "manifest: does not list the image that this custodian pins; an upgrade begins with a manifest that does"
    )]
    ImageNotListed,
    /// The manifest is older than one that this custodian has seen at work.
    #[error(
        "manifest: version {version} is older than version {seen}, which this custodian has seen at work"
    )]
    OlderManifest {
        /// Version in the evidence.
        version: u64,
        /// Version seen before.
        seen: u64,
    },
    /// Two manifests of one version.
    #[error(
        "manifest: there are two different ones of version {version}: stop, and keep the evidence of both"
    )]
    OtherManifest {
        /// The version.
        version: u64,
    },
    /// The share is sealed for somebody else.
    #[error("share: it is for custodian {0}")]
    OtherCustodian(String),
    /// The share does not open under the custodian's key for this service and commitment.
    #[error("share: does not open with this custodian's key for this service and commitment")]
    ShareOpen,
    /// What was sealed is no share of the root key that the commitment was made over.
    #[error("share: it is not one of the root key of this commitment, with the manifest's threshold")]
    ShareWrong,
    /// There is another share already.
    #[error(
        "share: this custodian holds another share already; set that one aside only if its genesis or rotation came to nothing"
    )]
    ShareHeld,
    /// There is no share.
    #[error("share: this custodian holds none; it is given at genesis")]
    NoShare,
    /// The evidence shows another root key than the one whose share is held.
    #[error(
        "evidence: the enclave works under another root key than the one whose share this custodian holds"
    )]
    OtherRoot,
    /// A root key took over whose share is not held.
    #[error(
        "share: this custodian holds none of root key {0}, which took over since; take the newest copy of the state if there is \
         another one, or else wait: the next rotation gives a share again"
    )]
    Behind(RootCommitment),
    /// Too many shares are set aside.
    #[error(
        "share: too many are set aside, and each may still be needed; they go when evidence shows that a rotation ended"
    )]
    AsideFull,
    /// The evidence shows no rotation for which this could be.
    #[error("evidence: shows no rotation of the root key in which this is due")]
    NoRotation,
    /// Records are sealed under the former root key.
    #[error("evidence: records still need the former root key; keep its share until none does")]
    StillNeeded,
    /// There is no share of a former root key.
    #[error("share: this custodian holds none of a former root key")]
    NoFormer,
    /// The evidence names no ledger.
    #[error("evidence: names no ledger")]
    NoLedger,
    /// The evidence names another ledger than before.
    #[error("evidence: names another ledger than the one this custodian follows")]
    OtherLedger,
    /// The ledger is not known yet.
    #[error("ledger: its key is not known yet; show evidence of the operational enclave first")]
    LedgerUnknown,
    /// The checkpoint is not a good one of the ledger.
    #[error("checkpoint refused: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is older than the newest one seen.
    #[error("checkpoint: size {size} is older than size {seen}, which this custodian has seen")]
    Older {
        /// Size in the refused checkpoint.
        size: u64,
        /// Size seen before.
        seen: u64,
    },
    /// Two roots for one size: the ledger was forked.
    #[error(
        "checkpoint: the ledger has two different heads of size {size}; it was forked: stop, and keep both"
    )]
    Forked {
        /// The size.
        size: u64,
    },
    /// The instance's HPKE key is no P-384 point.
    #[error("seal: the instance's HPKE key is not a P-384 point")]
    Seal,
    /// The octets are not a custodian's state.
    #[error("state: not a custodian's state of this version")]
    State,
    /// Signing failed.
    #[error("sign: the custodian's signing key refused")]
    Sign,
    /// The keys are in a device that is not there.
    #[error("keys: this custodian's are in a device, which must be there")]
    NoDevice,
    /// The device has other keys.
    #[error("keys: the device has others than this custodian's")]
    OtherDevice,
    /// The device's keys cannot be a custodian's.
    #[error("keys: the device must have two different keys on P-384, one that signs and one that derives")]
    DeviceKeys,
    /// The device refused.
    #[error("device: {0}")]
    Device(#[from] crate::device::DeviceError),
}
