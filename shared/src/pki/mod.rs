//! Place: none. Strict X.509: certificates, and RFC 5280 validation of a supplied, ordered chain.
//!
//! | module | what it holds |
//! |---|---|
//! | [`certificate`] | one certificate, bounded, exact DER, version 3 |
//! | [`extension`] | its extensions, each at most once, the known ones decoded |
//! | [`name`] | distinguished names as RFC 4514 text |
//! | [`signature`] | signature algorithm identifiers, verification by SubjectPublicKeyInfo |
//! | [`crl`] | one complete certificate revocation list, and who signed it |
//! | [`path`] | RFC 5280 section 6 over a chain that somebody supplied |

pub mod certificate;
pub mod crl;
pub mod extension;
pub mod name;
pub mod path;
pub mod signature;

#[cfg(test)]
pub(crate) mod forge;

pub use certificate::{Certificate, CertificateError};
pub use crl::{CrlError, RevocationList};
pub use path::{PathError, ValidPath, validate};
