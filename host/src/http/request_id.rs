//! Place: SSA. The id of a request: the caller's if it is harmless in a log, else a random one.

use super::REQUEST_ID;
use axum::http::{HeaderMap, HeaderValue};

const MAX: usize = 64;

/// The id to log and to answer with.
pub(crate) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let harmless = |value: &&HeaderValue| {
        (1..=MAX).contains(&value.len())
            && value.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    headers.get(REQUEST_ID).filter(harmless).cloned().unwrap_or_else(random)
}

fn random() -> HeaderValue {
    let mut octets = [0u8; 16];
    // An id is no secret; without randomness it is only less useful.
    let _ = getrandom::fill(&mut octets);
    HeaderValue::from_str(&hex::encode(octets)).unwrap_or(HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harmless_id_is_kept_and_another_replaced() {
        let with = |text: &str| HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(text).unwrap())]);
        assert_eq!(request_id(&with("abc-1")), "abc-1");
        for hostile in ["", "a b", "a\"b", &"a".repeat(65)] {
            let id = request_id(&with(hostile));
            assert_ne!(id, hostile);
            assert_eq!(id.len(), 32);
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
