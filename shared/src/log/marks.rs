//! Place: none. What an event says to somebody who cannot open it: whose it is, what it spends, what it allows.
//!
//! A new kind of event gets its arm in each of these, so that nobody outside overlooks it.

use super::event::{CredentialMark, EventBody};
use crate::ids::StatementId;

impl EventBody {
    /// Name of the kind, as it is encoded.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Genesis { .. } => "genesis",
            Self::Boot { .. } => "boot",
            Self::KeyGenerated { .. } => "key-generated",
            Self::MeansLinked { .. } => "means-linked",
            Self::PopSigned { .. } => "pop-signed",
            Self::CertificateLinked { .. } => "certificate-linked",
            Self::KeyDestroyed { .. } => "key-destroyed",
            Self::Authorized { .. } => "authorized",
            Self::Signed { .. } => "signed",
            Self::TransactionExtended { .. } => "transaction-extended",
            Self::DocumentsSigned { .. } => "documents-signed",
            Self::ClockDoubted { .. } => "clock-doubted",
            Self::AuthorizationFailed { .. } => "authorization-failed",
            Self::AttemptDebited { .. } => "attempt-debited",
            Self::CredentialSuspended { .. } => "credential-suspended",
            Self::CredentialResumed { .. } => "credential-resumed",
            Self::OfficersReleased { .. } => "officers-released",
            Self::CredentialUnlocked { .. } => "credential-unlocked",
            Self::MeansRelinked { .. } => "means-relinked",
            Self::ManifestAdopted { .. } => "manifest-adopted",
            Self::ApproversSet { .. } => "approvers-set",
            Self::SealPopSigned { .. } => "seal-pop-signed",
            Self::MandateGranted { .. } => "mandate-granted",
            Self::Sealed { .. } => "sealed",
            Self::MandateEnded { .. } => "mandate-ended",
            Self::SealResumed { .. } => "seal-resumed",
            Self::KeyRevoked { .. } => "key-revoked",
            Self::WitnessesChanged { .. } => "witnesses-changed",
            Self::Alarm { .. } => "alarm",
            Self::HandedOver { .. } => "handed-over",
            Self::EpochBegun { .. } => "epoch-begun",
            Self::RootRotated { .. } => "root-rotated",
            Self::RecordsRewrapped { .. } => "records-rewrapped",
            Self::RootUnused { .. } => "root-unused",
            Self::RootErased { .. } => "root-erased",
            Self::Snapshot { .. } => "snapshot",
        }
    }

    /// The credential, if it is an event of one.
    #[must_use]
    pub const fn credential(&self) -> Option<&CredentialMark> {
        match self {
            Self::Genesis { .. }
            | Self::Boot { .. }
            | Self::ClockDoubted { .. }
            | Self::ManifestAdopted { .. }
            | Self::WitnessesChanged { .. }
            | Self::Alarm { .. }
            | Self::HandedOver { .. }
            | Self::EpochBegun { .. }
            | Self::RootRotated { .. }
            | Self::RecordsRewrapped { .. }
            | Self::RootUnused { .. }
            | Self::RootErased { .. }
            | Self::Snapshot { .. } => None,
            Self::KeyGenerated { credential, .. }
            | Self::MeansLinked { credential, .. }
            | Self::PopSigned { credential, .. }
            | Self::CertificateLinked { credential, .. }
            | Self::KeyDestroyed { credential, .. }
            | Self::Authorized { credential, .. }
            | Self::Signed { credential, .. }
            | Self::TransactionExtended { credential, .. }
            | Self::DocumentsSigned { credential, .. }
            | Self::AuthorizationFailed { credential, .. }
            | Self::AttemptDebited { credential, .. }
            | Self::CredentialSuspended { credential, .. }
            | Self::CredentialResumed { credential, .. }
            | Self::OfficersReleased { credential, .. }
            | Self::CredentialUnlocked { credential, .. }
            | Self::MeansRelinked { credential, .. }
            | Self::ApproversSet { credential, .. }
            | Self::SealPopSigned { credential, .. }
            | Self::MandateGranted { credential, .. }
            | Self::Sealed { credential, .. }
            | Self::MandateEnded { credential, .. }
            | Self::SealResumed { credential, .. }
            | Self::KeyRevoked { credential, .. } => Some(credential),
        }
    }

    /// Whether the credential's own record is made or sealed with it.
    #[must_use]
    pub const fn reseals(&self) -> bool {
        matches!(
            self,
            Self::KeyGenerated { .. }
                | Self::MeansLinked { .. }
                | Self::PopSigned { .. }
                | Self::CertificateLinked { .. }
                | Self::MeansRelinked { .. }
                | Self::ApproversSet { .. }
                | Self::SealPopSigned { .. }
        )
    }

    /// Whether the credential's key is destroyed with it.
    #[must_use]
    pub const fn destroys(&self) -> bool {
        matches!(self, Self::KeyDestroyed { .. } | Self::KeyRevoked { .. })
    }

    /// Statements that it spends.
    #[must_use]
    pub fn spends(&self) -> &[StatementId] {
        match self {
            Self::Genesis { approvals, .. }
            | Self::ManifestAdopted { approvals, .. }
            | Self::EpochBegun { approvals, .. }
            | Self::RootRotated { approvals, .. } => approvals,
            Self::RootErased { deletions, .. } => deletions,
            Self::CredentialSuspended { statements, .. } | Self::OfficersReleased { statements, .. } => {
                statements
            }
            Self::KeyGenerated { statement, .. }
            | Self::MeansLinked { statement, .. }
            | Self::PopSigned { statement, .. }
            | Self::CertificateLinked { statement, .. }
            | Self::KeyDestroyed { statement, .. }
            | Self::CredentialResumed { statement, .. }
            | Self::CredentialUnlocked { statement, .. }
            | Self::MeansRelinked { statement, .. }
            | Self::ApproversSet { statement, .. }
            | Self::SealPopSigned { statement, .. }
            | Self::SealResumed { statement, .. } => core::slice::from_ref(statement),
            Self::MandateEnded { statement, .. } => statement.as_slice(),
            Self::Boot { .. }
            | Self::Authorized { .. }
            | Self::Signed { .. }
            | Self::TransactionExtended { .. }
            | Self::DocumentsSigned { .. }
            | Self::ClockDoubted { .. }
            | Self::AuthorizationFailed { .. }
            | Self::AttemptDebited { .. }
            | Self::MandateGranted { .. }
            | Self::Sealed { .. }
            | Self::KeyRevoked { .. }
            | Self::WitnessesChanged { .. }
            | Self::Alarm { .. }
            | Self::HandedOver { .. }
            | Self::RecordsRewrapped { .. }
            | Self::RootUnused { .. }
            | Self::Snapshot { .. } => &[],
        }
    }

    /// Signatures that it allows.
    #[must_use]
    pub const fn allows(&self) -> u32 {
        match self {
            Self::Authorized { count, .. } | Self::MandateGranted { count, .. } => *count,
            _ => 0,
        }
    }

    /// Signatures and seals that were made, the certification request not counted.
    #[must_use]
    pub const fn signatures(&self) -> u32 {
        match self {
            Self::Signed { count, .. } | Self::DocumentsSigned { count, .. } | Self::Sealed { count, .. } => {
                *count
            }
            _ => 0,
        }
    }
}
