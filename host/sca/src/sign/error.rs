//! Place: none. Why nothing was signed.

use crate::csc::CscClientError;
use crate::seal::ReceiptError;
use fuin_ades::cades::CadesError;
use fuin_ades::pades::PadesError;
use fuin_attestation::ScaRefusal;
use fuin_sic::SicError;

/// Nothing was signed, or nothing that may be used.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The service refused or was not reached.
    #[error(transparent)]
    Service(#[from] CscClientError),
    /// The SIC refused.
    #[error(transparent)]
    Sic(#[from] SicError),
    /// The eID means did not answer.
    #[error("eID means: {0}")]
    Means(String),
    /// What the service says of the credential cannot be used.
    #[error("credential {credential}: {reason}")]
    Credential {
        /// Which.
        credential: String,
        /// Why.
        reason: &'static str,
    },
    /// What the service says of a seal is of something else.
    #[error(transparent)]
    SealReceipt(#[from] ReceiptError),
    /// The manifest refuses the key with which a program would order seals.
    #[error("the SCA's key: {}", .0.as_ref().map_or_else(no_evidence, ToString::to_string))]
    ScaKey(Option<ScaRefusal>),
    /// The PDF cannot be signed.
    #[error(transparent)]
    Pdf(#[from] PadesError),
    /// The CMS cannot be built.
    #[error("signature")]
    Cms(#[from] CadesError),
    /// The service signed, but does not show that its ledger says so.
    #[error("the receipt of the {event}: {reason}; tell the service's auditors")]
    Receipt {
        /// Of which event.
        event: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No random octets.
    #[error("random source of this machine")]
    Entropy(#[from] getrandom::Error),
}

fn no_evidence() -> String {
    "the manifest asks for evidence of where it lives (`--sca-evidence`), and there is none".to_owned()
}
