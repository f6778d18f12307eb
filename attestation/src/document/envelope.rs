//! Place: none. COSE_Sign1: tag, array of four, headers, payload, signature (steps 2 to 5).

use super::{MAX_PAYLOAD, SIGNATURE_LENGTH};
use crate::cbor::{CborError, Integer, Lengths, Reader};
use crate::error::{Refusal, Step};
use alloc::format;
use alloc::string::ToString;

/// CBOR tag of COSE_Sign1.
const TAG_SIGN1: u64 = 18;
/// Header label `alg`.
const ALG: Integer = Integer::Unsigned(1);
/// ES384 is -35.
const ES384: Integer = Integer::Negative(34);

/// The parts of the envelope as received.
pub(crate) struct Envelope<'a> {
    pub(crate) protected: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) signature: &'a [u8; SIGNATURE_LENGTH],
}

impl<'a> Envelope<'a> {
    pub(crate) fn read(octets: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(octets, 2);
        reader.optional_tag(TAG_SIGN1).map_err(envelope)?;
        let mut array = reader.array(Lengths::Definite).map_err(|error| hint(octets, error))?;
        if array.remaining() != Some(4) {
            return Err(Refusal::new(Step::Envelope, "the array does not have four elements"));
        }
        let mut element = |reader: &mut Reader<'a>| reader.next(&mut array).map_err(envelope);
        element(&mut reader)?;
        let protected = reader.bytes().map_err(envelope)?;
        element(&mut reader)?;
        let unprotected = reader.map(Lengths::Definite).map_err(envelope)?;
        if unprotected.remaining() != Some(0) {
            return Err(Refusal::new(Step::Unprotected, ""));
        }
        element(&mut reader)?;
        let payload = reader.bytes().map_err(envelope)?;
        element(&mut reader)?;
        let signature = reader.bytes().map_err(envelope)?;
        reader.finish().map_err(envelope)?;

        check_protected(protected)?;
        if payload.is_empty() || payload.len() > MAX_PAYLOAD {
            return Err(Refusal::new(Step::Sizes, format!("payload of {} octets", payload.len())));
        }
        let signature = signature
            .try_into()
            .map_err(|_| Refusal::new(Step::Sizes, format!("signature of {} octets", signature.len())))?;
        Ok(Self { protected, payload, signature })
    }
}

fn check_protected(protected: &[u8]) -> Result<(), Refusal> {
    let refuse = |error: CborError| Refusal::new(Step::Protected, error.to_string());
    let mut reader = Reader::new(protected, 1);
    let mut map = reader.map(Lengths::Definite).map_err(refuse)?;
    if map.remaining() != Some(1) {
        return Err(Refusal::new(Step::Protected, "not exactly one entry"));
    }
    reader.next(&mut map).map_err(refuse)?;
    if reader.integer().map_err(refuse)? != ALG {
        return Err(Refusal::new(Step::Protected, "the entry is not alg"));
    }
    if reader.integer().map_err(refuse)? != ES384 {
        return Err(Refusal::new(Step::Protected, "alg is not ES384 (-35)"));
    }
    reader.finish().map_err(refuse)
}

fn envelope(error: CborError) -> Refusal {
    Refusal::new(Step::Envelope, error.to_string())
}

/// The first item is no array: say so when the octets are a text encoding of a document.
fn hint(octets: &[u8], error: CborError) -> Refusal {
    match text_hint(octets) {
        Some(what) => Refusal::new(Step::Envelope, what),
        None => envelope(error),
    }
}

/// What to do with octets that are text, where binary is expected.
pub(crate) fn text_hint(octets: &[u8]) -> Option<&'static str> {
    let first = octets.get(..64).unwrap_or(octets).trim_ascii_start();
    let text = |allowed: fn(&u8) -> bool| {
        first.len() >= 16 && first.iter().all(|octet| allowed(octet) || octet.is_ascii_whitespace())
    };
    if text(u8::is_ascii_hexdigit) {
        Some("this is hexadecimal text, evidence is binary: decode it first, for example with `xxd -r -p`")
    } else if text(|octet| octet.is_ascii_alphanumeric() || b"+/-_=".contains(octet)) {
        Some("this is base64 text, evidence is binary: decode it first, for example with `base64 -d`")
    } else if first.starts_with(b"{\"") {
        Some(
            "this is JSON, evidence is binary: take the member that holds it and decode that with `base64 -d`",
        )
    } else {
        None
    }
}
