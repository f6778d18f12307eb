//! Place: none. The attestation document: envelope and payload parsed once into types (steps 1 to 9).

use alloc::format;
mod envelope;
mod payload;
mod pcrs;

pub(crate) use envelope::{Envelope, text_hint};
pub use payload::MAX_CABUNDLE;
pub use pcrs::{PCR_COUNT, PcrValue, Pcrs};

use crate::error::{Refusal, Step};

/// Longest document.
pub const MAX_DOCUMENT: usize = 24 * 1024;
/// Longest payload.
pub const MAX_PAYLOAD: usize = 16 * 1024;
/// Octets of an ES384 signature.
pub const SIGNATURE_LENGTH: usize = 96;

/// Which size limits `user_data`, `nonce` and `public_key` have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// The limits AWS's text names: 512, 512 and 1024 octets.
    #[default]
    AwsText,
    /// Only the payload's own limit, as real devices behave.
    Observed,
}

/// A parsed document. Nothing in it is proven yet: [`crate::verify()`] makes claims of it.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// The protected header as received.
    pub(crate) protected: &'a [u8],
    /// The payload as received.
    pub(crate) payload: &'a [u8],
    /// `r || s`.
    pub(crate) signature: &'a [u8; SIGNATURE_LENGTH],
    /// `i-<instance>-enc<id>`; not empty.
    pub module_id: &'a str,
    /// Milliseconds since the epoch; not zero.
    pub timestamp: u64,
    /// The locked registers.
    pub pcrs: Pcrs<'a>,
    /// DER of the leaf certificate.
    pub certificate: &'a [u8],
    /// DER of the other certificates, root first.
    pub(crate) cabundle: payload::Bundle<'a>,
    /// Public key the enclave named.
    pub public_key: Option<&'a [u8]>,
    /// Data the enclave named.
    pub user_data: Option<&'a [u8]>,
    /// Nonce the enclave named.
    pub nonce: Option<&'a [u8]>,
}

impl<'a> Document<'a> {
    /// Parses a document.
    ///
    /// # Errors
    /// A [`Refusal`] of steps 1 to 9, or of step 10 when the bundle has more than [`MAX_CABUNDLE`] entries.
    pub fn parse(octets: &'a [u8], profile: Profile) -> Result<Self, Refusal> {
        if octets.is_empty() || octets.len() > MAX_DOCUMENT {
            return Err(Refusal::new(Step::Length, format!("{} octets", octets.len())));
        }
        let envelope = envelope::Envelope::read(octets)?;
        let fields = payload::read(envelope.payload, profile)?;
        Ok(Self {
            protected: envelope.protected,
            payload: envelope.payload,
            signature: envelope.signature,
            module_id: fields.module_id,
            timestamp: fields.timestamp,
            pcrs: fields.pcrs,
            certificate: fields.certificate,
            cabundle: fields.cabundle,
            public_key: fields.public_key,
            user_data: fields.user_data,
            nonce: fields.nonce,
        })
    }

    /// The certificate bundle, root first; 1 to [`MAX_CABUNDLE`] entries.
    #[must_use]
    pub fn cabundle(&self) -> &[&'a [u8]] {
        self.cabundle.entries()
    }
}

#[cfg(test)]
mod tests;
