//! Place: SSA. Hashes of a request: digests in base64, compared as octets from here on.

use super::Version;
use crate::http::params::{missing, not_acceptable};
use crate::http::{Params, Refusal};
use base64ct::{Base64, Encoding};
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use serde_json::Value;
use std::borrow::Cow;

/// The array, under the name of either version. `name` is the one that a refusal gives.
pub(super) fn array<'a>(params: &'a Params, version: Version, name: &str) -> Result<&'a [Value], Refusal> {
    let names = match version {
        Version::V1 => ["hash", "hashes"],
        Version::V2 => ["hashes", "hash"],
    };
    let found = params.get(&names).and_then(Value::as_array).ok_or_else(|| missing("array", name))?;
    if found.is_empty() { Err(Refusal::invalid("Empty hash array")) } else { Ok(found) }
}

/// The digests in an array.
pub(super) fn decode(values: &[Value], name: &str) -> Result<Vec<Blob>, Refusal> {
    let wrong = || Refusal::invalid(format!("Invalid Base64 {name} string parameter"));
    values
        .iter()
        .map(|value| {
            let text = value.as_str().ok_or_else(wrong)?;
            // Some web applications percent-encode base64 inside JSON.
            let text = percent_decoded(text).ok_or_else(wrong)?;
            Base64::decode_vec(&text).map(Blob).map_err(|_| wrong())
        })
        .collect()
}

/// The digest algorithm, if the request names one, under the name of either version.
pub(super) fn algorithm(params: &Params, version: Version) -> Result<Option<HashAlgorithm>, Refusal> {
    let names = match version {
        Version::V1 => ["hashAlgo", "hashAlgorithmOID"],
        Version::V2 => ["hashAlgorithmOID", "hashAlgo"],
    };
    let Some(value) = params.get(&names) else { return Ok(None) };
    let name = version.hash_algorithm();
    let text = value.as_str().ok_or_else(|| missing("string", name))?;
    HashAlgorithm::from_oid(text).map(Some).ok_or_else(|| not_acceptable(name))
}

/// Each digest must be as long as the algorithm's; where none is named, as long as some algorithm's, and all alike.
pub(super) fn check_lengths(hashes: &[Blob], algorithm: Option<HashAlgorithm>) -> Result<(), Refusal> {
    let octets = match algorithm {
        Some(algorithm) => algorithm.octets(),
        None => hashes.first().map_or(0, |hash| hash.0.len()),
    };
    let known = HashAlgorithm::ALL.iter().any(|a| a.octets() == octets);
    if known && hashes.iter().all(|hash| hash.0.len() == octets) {
        Ok(())
    } else {
        Err(Refusal::invalid("Invalid digest value length"))
    }
}

fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(text.into());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let octet = u8::from_str_radix(after.get(..2)?, 16).ok().filter(u8::is_ascii)?;
        out.push(char::from(octet));
        rest = after.get(2..)?;
    }
    out.push_str(rest);
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn percent_encoded_elements_are_read() {
        let digest = vec![0xfb; 32];
        let plain = Base64::encode_string(&digest);
        let escaped = plain.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
        assert_ne!(plain, escaped);
        for text in [plain, escaped] {
            assert_eq!(decode(&[json!(text)], "hash").unwrap(), [Blob(digest.clone())]);
        }
        for wrong in ["%", "%3", "%3G", "%FF", "%+1", "é%3D"] {
            assert!(decode(&[json!(wrong)], "hash").is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_must_fit() {
        let of = |lengths: &[usize]| lengths.iter().map(|n| Blob(vec![0; *n])).collect::<Vec<_>>();
        assert!(check_lengths(&of(&[32, 32]), Some(HashAlgorithm::Sha256)).is_ok());
        assert!(check_lengths(&of(&[48]), None).is_ok());
        for (lengths, algorithm) in [
            (&[31][..], None),
            (&[32, 48], None),
            (&[20], None),
            (&[0], None),
            (&[48], Some(HashAlgorithm::Sha256)),
            (&[32, 33], Some(HashAlgorithm::Sha256)),
        ] {
            assert!(check_lengths(&of(lengths), algorithm).is_err(), "{lengths:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_decoded_or_refused(text in any::<String>()) {
            let _ = decode(&[json!(text)], "hash");
        }
    }
}
