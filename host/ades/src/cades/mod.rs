//! Place: none. CAdES baseline B attributes (EN 319 122-1) and the CMS `SignedData` (RFC 5652) around them.
//!
//! The signed attributes are the three that a PAdES baseline signature requires: content-type, message-digest and
//! signing-certificate-v2 (RFC 5035). There is no signing-time attribute: EN 319 142-1 puts the claimed time into the PDF.

mod assemble;
mod attributes;
mod certificate;
mod ess;
mod verify;

pub use assemble::assemble;
pub use attributes::SignedAttributes;

/// Most certificates that a signature carries.
pub const MAX_CHAIN: usize = 16;
/// Largest certificate taken, in octets of DER.
pub const MAX_CERTIFICATE: usize = 64 * 1024;

/// Why a CMS signature cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CadesError {
    /// The digest does not have the length of its algorithm.
    #[error("document digest: {found} octets given, the algorithm makes {expected}")]
    DigestLength {
        /// Octets that the algorithm makes.
        expected: usize,
        /// Octets that were given.
        found: usize,
    },
    /// A certificate is not one, or not in strict DER.
    #[error("certificate {position} of the chain: {reason}")]
    Certificate {
        /// Position in the chain, the signer's is 0.
        position: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The chain is empty, too long, or does not start with the certificate the attributes name.
    #[error("certificate chain: {0}")]
    Chain(&'static str),
    /// The signature algorithm's digest differs from that of the signed attributes.
    #[error(
        "signature algorithm: its digest differs from the one of the signed attributes; use ECDSA with the same digest"
    )]
    AlgorithmMismatch,
    /// The certificate's key cannot have made such a signature.
    #[error("certificate key: {0}")]
    UnsupportedKey(String),
    /// The signature value is not a DER `ECDSA-Sig-Value`, or does not verify.
    #[error("signature value: {0}; nothing was built")]
    Signature(&'static str),
    /// The structure could not be encoded.
    #[error("encoding the CMS structure: {0}")]
    Encoding(String),
}

impl From<der::Error> for CadesError {
    fn from(error: der::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}
