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
            Self::HandedOver { .. } => "handed-over",
        }
    }

    /// The credential, if it is an event of one.
    #[must_use]
    pub const fn credential(&self) -> Option<&CredentialMark> {
        match self {
            Self::Genesis { .. } | Self::Boot { .. } | Self::HandedOver { .. } => None,
            Self::KeyGenerated { credential, .. }
            | Self::MeansLinked { credential, .. }
            | Self::PopSigned { credential, .. }
            | Self::CertificateLinked { credential, .. }
            | Self::KeyDestroyed { credential, .. }
            | Self::Authorized { credential, .. }
            | Self::Signed { credential, .. }
            | Self::TransactionExtended { credential, .. } => Some(credential),
        }
    }

    /// Statements that it spends.
    #[must_use]
    pub fn spends(&self) -> &[StatementId] {
        match self {
            Self::Genesis { approvals, .. } => approvals,
            Self::KeyGenerated { statement, .. }
            | Self::MeansLinked { statement, .. }
            | Self::PopSigned { statement, .. }
            | Self::CertificateLinked { statement, .. }
            | Self::KeyDestroyed { statement, .. } => core::slice::from_ref(statement),
            Self::Boot { .. }
            | Self::Authorized { .. }
            | Self::Signed { .. }
            | Self::TransactionExtended { .. }
            | Self::HandedOver { .. } => &[],
        }
    }

    /// Signatures that it allows.
    #[must_use]
    pub const fn allows(&self) -> u32 {
        match self {
            Self::Authorized { count, .. } => *count,
            _ => 0,
        }
    }

    /// Signatures that were made, the certification request not counted.
    #[must_use]
    pub const fn signatures(&self) -> u32 {
        match self {
            Self::Signed { count, .. } => *count,
            _ => 0,
        }
    }
}
