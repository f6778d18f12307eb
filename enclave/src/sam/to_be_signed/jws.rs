//! Place: SAM. The signing input of a JWS (RFC 7515 section 5.1): a closed list of header members, every one of them
//! checked. The document is the payload, or what `sigD` names by its digest (TS 119 182-1 clause 5.2.8).

use super::Signer;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use der::DateTime;
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::message::MAX_SIGNING_INPUT;
use serde::{Deserialize, Deserializer};

/// Most octets of a protected header, decoded: a chain of certificates fits.
const MAX_HEADER: usize = 64 * 1024;
/// Mechanism of `sigD` that names documents by their digests.
const BY_HASH: &str = "http://uri.etsi.org/19182/ObjectIdByURIHash";

/// All members that are taken. A duplicate or foreign member ends the reading, and so does null.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(default, rename = "x5t#S256", deserialize_with = "present")]
    thumbprint: Option<String>,
    #[serde(default, rename = "x5c", deserialize_with = "present")]
    chain: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<u64>,
    #[serde(default, rename = "sigT", deserialize_with = "present")]
    time: Option<String>,
    #[serde(default, deserialize_with = "present")]
    b64: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<Vec<String>>,
    #[serde(default, rename = "sigD", deserialize_with = "present")]
    detached: Option<Detached>,
}

/// `sigD`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Detached {
    #[serde(rename = "mId")]
    mechanism: String,
    #[serde(rename = "pars")]
    references: Vec<String>,
    #[serde(rename = "hashM")]
    hash: String,
    #[serde(rename = "hashV")]
    digests: Vec<String>,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Digest of the document that the signing input carries.
///
/// # Errors
/// As [`super::read`].
pub(super) fn document(input: &[u8], signer: &Signer<'_>) -> Result<Vec<u8>, Fault> {
    if input.len() > MAX_SIGNING_INPUT {
        return Err(Fault::TooLarge);
    }
    let dot = input.iter().position(|octet| *octet == b'.').ok_or(Fault::ToBeSignedMalformed)?;
    let (header, payload) = input.split_at(dot);
    let payload = payload.get(1..).unwrap_or_default();
    let header = parse(header)?;
    if header.alg != name(signer).ok_or(Fault::AlgorithmNotAllowed)? {
        return Err(Fault::AlgorithmNotAllowed);
    }
    if header.typ.as_deref().is_some_and(|typ| !matches!(typ, "JOSE" | "jose")) {
        return Err(Fault::ToBeSignedContent);
    }
    check_certificate(&header, signer)?;
    if let Some(seconds) = header.iat {
        signer.check_time(seconds)?;
    }
    if let Some(text) = &header.time {
        signer.check_time(seconds(text).ok_or(Fault::ToBeSignedMalformed)?)?;
    }
    check_critical(&header)?;
    let encoded = header.b64 != Some(false);
    match &header.detached {
        Some(detached) => {
            // Without base64url the digest is the document's own, and the payload is empty (TS 119 182-1, 5.2.8.3.3).
            if encoded || !payload.is_empty() {
                return Err(Fault::ToBeSignedContent);
            }
            by_hash(detached, signer.hash())
        }
        // Nothing may stand for the document of somebody else's choice.
        None if payload.is_empty() => Err(Fault::ToBeSignedContent),
        None if encoded => Ok(signer.hash().digest(&base64url(payload)?)),
        None => Ok(signer.hash().digest(payload)),
    }
}

fn parse(encoded: &[u8]) -> Result<Header, Fault> {
    let octets = base64url(encoded)?;
    // A struct could also be written as an array.
    if octets.len() > MAX_HEADER || octets.first() != Some(&b'{') {
        return Err(Fault::ToBeSignedMalformed);
    }
    serde_json::from_slice(&octets).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Fault::ToBeSignedContent,
        _ => Fault::ToBeSignedMalformed,
    })
}

/// Base64url without padding; the library refuses loose bits, so a text is the only one.
fn base64url(text: &[u8]) -> Result<Vec<u8>, Fault> {
    let text = std::str::from_utf8(text).map_err(|_| Fault::ToBeSignedMalformed)?;
    Base64UrlUnpadded::decode_vec(text).map_err(|_| Fault::ToBeSignedMalformed)
}

/// The JWS name of the algorithm (RFC 7518 section 3.4); ECDSA goes with one digest for each curve there.
fn name(signer: &Signer<'_>) -> Option<&'static str> {
    match (signer.key, signer.algorithm) {
        (KeyAlgorithm::EcdsaP256, SignatureAlgorithm::EcdsaSha256) => Some("ES256"),
        (KeyAlgorithm::EcdsaP384, SignatureAlgorithm::EcdsaSha384) => Some("ES384"),
        _ => None,
    }
}

/// By its SHA-256, by itself and its issuers, or both; never by neither.
fn check_certificate(header: &Header, signer: &Signer<'_>) -> Result<(), Fault> {
    let wrong = Fault::ToBeSignedCertificate;
    if header.thumbprint.is_none() && header.chain.is_none() {
        return Err(Fault::ToBeSignedContent);
    }
    if let Some(text) = &header.thumbprint {
        let expected = HashAlgorithm::Sha256.digest(signer.certificate()?);
        if base64url(text.as_bytes())? != expected {
            return Err(wrong);
        }
    }
    if let Some(texts) = &header.chain {
        let linked = signer.chain.get(..texts.len()).filter(|linked| !linked.is_empty()).ok_or(wrong)?;
        for (text, certificate) in texts.iter().zip(linked) {
            let named = Base64::decode_vec(text).map_err(|_| Fault::ToBeSignedMalformed)?;
            if Blob(named) != *certificate {
                return Err(wrong);
            }
        }
    }
    Ok(())
}

/// What is critical is said to be: `b64` (RFC 7797 section 6) and `sigD` (TS 119 182-1 clause 5.1.9), and nothing else.
fn check_critical(header: &Header) -> Result<(), Fault> {
    let mut named: Vec<&str> = header.crit.iter().flatten().map(String::as_str).collect();
    named.sort_unstable();
    let mut expected = Vec::new();
    if header.b64.is_some() {
        expected.push("b64");
    }
    if header.detached.is_some() {
        expected.push("sigD");
    }
    let empty = header.crit.as_ref().is_some_and(Vec::is_empty);
    if named == expected && !empty { Ok(()) } else { Err(Fault::ToBeSignedContent) }
}

/// The one digest that `sigD` names.
fn by_hash(detached: &Detached, hash: HashAlgorithm) -> Result<Vec<u8>, Fault> {
    let known = match hash {
        HashAlgorithm::Sha256 => "S256",
        HashAlgorithm::Sha384 => "S384",
        HashAlgorithm::Sha512 => "S512",
    };
    let ([_], [digest]) = (detached.references.as_slice(), detached.digests.as_slice()) else {
        return Err(Fault::ToBeSignedContent);
    };
    if detached.mechanism != BY_HASH || detached.hash != known {
        return Err(Fault::ToBeSignedContent);
    }
    base64url(digest.as_bytes())
}

/// Unix seconds of a `sigT`: RFC 3339 in UTC without fractions.
fn seconds(text: &str) -> Option<u64> {
    let time: DateTime = text.parse().ok()?;
    Some(time.unix_duration().as_secs())
}
