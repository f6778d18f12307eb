//! Place: SAM. The protected header of a JWS.

use fuin_shared::fault::Fault;
use serde::Deserialize;

/// Longest `kid` and `typ` in octets.
const MAX_TEXT: usize = 64;

/// Signature algorithms that are taken (RFC 7518 section 3.4); each goes with one curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
}

/// All members that are taken. A duplicate or foreign member ends the reading.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// Algorithm.
    pub(super) alg: Algorithm,
    /// Names the key.
    pub(super) kid: String,
    /// Media type, for callers that demand one.
    pub(super) typ: Option<String>,
}

impl Header {
    pub(super) fn parse(octets: &[u8]) -> Result<Self, Fault> {
        let header: Self = super::object(octets)?;
        let long = header.kid.len() > MAX_TEXT || header.typ.as_ref().is_some_and(|t| t.len() > MAX_TEXT);
        if header.kid.is_empty() || long {
            return Err(Fault::InvalidProof);
        }
        Ok(header)
    }
}
