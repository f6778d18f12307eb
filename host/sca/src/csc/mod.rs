//! Place: SIC, SSA's client. CSC API v2 over HTTP, and the service's evidence endpoint.

mod client;
mod error;
mod mandates;
mod orders;
mod types;

pub use client::{CscClient, evidence_text};
pub use error::CscClientError;
pub use mandates::{EndedBy, MandateStatusAnswer};
pub use types::{Activated, CertificateInfo, CredentialInfo, KeyInfo, SignedHashes, Standing, State};
