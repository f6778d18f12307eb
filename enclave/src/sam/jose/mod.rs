//! Place: SAM. JWS in compact serialization (RFC 7515), as much of it as a `manageProof` and a device key need: two
//! algorithms, a key named by `kid` and looked up by the caller, nothing that the sender may choose beyond that.

mod header;
mod manage;

use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::fault::Fault;
use fuin_shared::key::PublicKey;

use header::{Algorithm, Header};
pub use manage::manage_statement;

/// Longest JWS in octets.
pub const MAX_JWS: usize = 64 * 1024;
/// Longest protected header in octets, decoded.
const MAX_HEADER: usize = 1024;
/// Longest signature in octets, decoded: P-384.
const MAX_SIGNATURE: usize = 96;

/// A JWS whose form was checked; its payload stays closed until the signature holds. Not for `Debug`: an ID token is one.
pub struct CompactJws {
    header: Header,
    /// `BASE64URL(header) || '.' || BASE64URL(payload)`, what is signed (RFC 7515 section 5.2).
    signed: String,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl CompactJws {
    /// Reads three parts of base64url without padding, at most [`MAX_JWS`] octets together.
    ///
    /// The header is JSON with `alg` (ES256 or ES384), `kid` and perhaps `typ`. Any other member is refused, so that
    /// no sender can bring a key (`jwk`, `x5u`), a rule (`crit`) or another reading (`b64`) along.
    ///
    /// # Errors
    /// [`Fault::InvalidProof`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_JWS {
            return Err(Fault::InvalidProof);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Fault::InvalidProof)?;
        let (header, payload) = signed.split_once('.').ok_or(Fault::InvalidProof)?;
        if payload.contains('.') {
            return Err(Fault::InvalidProof);
        }
        let header = Header::parse(&decode(header, MAX_HEADER)?)?;
        Ok(Self {
            header,
            signed: signed.to_owned(),
            payload: decode(payload, MAX_JWS)?,
            signature: decode(signature, MAX_SIGNATURE)?,
        })
    }

    /// Whose key the sender says it is.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.header.kid
    }

    /// Media type, if the sender gave one.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// The payload, once the signature (raw `r || s`, RFC 7518 section 3.4) holds under `key`.
    ///
    /// # Errors
    /// [`Fault::InvalidProof`] when it does not, or when `alg` is not the one of the key's curve.
    pub fn verify(&self, key: &PublicKey) -> Result<&[u8], Fault> {
        let hash = match (self.header.alg, key) {
            (Algorithm::Es256, PublicKey::P256(_)) => HashAlgorithm::Sha256,
            (Algorithm::Es384, PublicKey::P384(_)) => HashAlgorithm::Sha384,
            _ => return Err(Fault::InvalidProof),
        };
        key.verify_raw(hash, self.signed.as_bytes(), &self.signature).map_err(|_| Fault::InvalidProof)?;
        Ok(&self.payload)
    }
}

/// Reads JSON that is an object at the top. Without this check a struct could also be written as an array.
fn object<T: serde::de::DeserializeOwned>(octets: &[u8]) -> Result<T, Fault> {
    match octets.first() {
        Some(b'{') => serde_json::from_slice(octets).map_err(|_| Fault::InvalidProof),
        _ => Err(Fault::InvalidProof),
    }
}

/// Decodes base64url of at most `max` octets; the library refuses padding and loose bits, so a text is the only one.
fn decode(text: &str, max: usize) -> Result<Vec<u8>, Fault> {
    let octets = Base64UrlUnpadded::decode_vec(text).map_err(|_| Fault::InvalidProof)?;
    if octets.len() > max { Err(Fault::InvalidProof) } else { Ok(octets) }
}

#[cfg(test)]
mod tests;
