//! Place: none. Strict CBOR (RFC 8949): typed, no unknown field, and the same octets again on re-encoding.
//!
//! Re-encoding refuses what the CBOR library lets pass: longer heads, indefinite lengths, trailing octets.

use alloc::vec::Vec;
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// Deepest nesting that is read.
const DEPTH: usize = 24;
/// Octets that are read at a time where they are secret.
const SCRATCH: usize = 4096;

/// The octets are not the one encoding of the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Not CBOR of the expected type, or with an unknown field.
    #[error("not the expected CBOR structure")]
    Malformed,
    /// The structure could have been written in another way, or octets follow it.
    #[error("CBOR is not in its one encoding")]
    NotCanonical,
}

/// The one encoding of `value`.
#[must_use]
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    // Invariant: types of this crate serialize without error, and a Vec takes every write.
    ciborium::into_writer(value, &mut out).expect("plain data into memory");
    out
}

/// The one encoding of a `value` that holds secrets; erased when dropped. It leaves no copies behind as long as it fits into
/// `room` octets.
#[must_use]
pub fn encode_secret<T: Serialize + ?Sized>(value: &T, room: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(room));
    // Invariant: as in `encode`.
    ciborium::into_writer(value, &mut *out).expect("plain data into memory");
    out
}

/// Reads exactly one value from all of `octets`.
///
/// # Errors
/// [`CodecError`] when it is not the one encoding of a `T`.
pub fn decode<T: Serialize + DeserializeOwned>(octets: &[u8]) -> Result<T, CodecError> {
    let value: T =
        ciborium::de::from_reader_with_recursion_limit(octets, DEPTH).map_err(|_| CodecError::Malformed)?;
    if encode(&value) == octets { Ok(value) } else { Err(CodecError::NotCanonical) }
}

/// As [`decode`], of octets that hold secrets: what is copied on the way is erased.
///
/// # Errors
/// As [`decode`].
pub fn decode_secret<T: Serialize + DeserializeOwned>(octets: &[u8]) -> Result<T, CodecError> {
    // A buffer of our own: the library would leave its own as it is.
    let mut scratch = Zeroizing::new([0; SCRATCH]);
    let value: T = ciborium::de::from_reader_with_buffer(octets, scratch.as_mut_slice())
        .map_err(|_| CodecError::Malformed)?;
    // The one encoding is never longer than what was read.
    let again = encode_secret(&value, octets.len());
    if again.as_slice() == octets { Ok(value) } else { Err(CodecError::NotCanonical) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        a: u8,
        b: Option<u8>,
    }

    #[test]
    fn refuses_everything_but_the_one_encoding() {
        let good = encode(&Pair { a: 1, b: None });
        assert_eq!(decode::<Pair>(&good), Ok(Pair { a: 1, b: None }));
        let mut trailing = good.clone();
        trailing.push(0);
        assert_eq!(decode::<Pair>(&trailing), Err(CodecError::NotCanonical));
        // {"a": 1 in two octets, "b": null}
        assert_eq!(decode::<Pair>(b"\xa2\x61a\x18\x01\x61b\xf6"), Err(CodecError::NotCanonical));
        // indefinite map
        assert_eq!(decode::<Pair>(b"\xbf\x61a\x01\x61b\xf6\xff"), Err(CodecError::NotCanonical));
        // other order
        assert_eq!(decode::<Pair>(b"\xa2\x61b\xf6\x61a\x01"), Err(CodecError::NotCanonical));
        // unknown and duplicate fields
        assert_eq!(decode::<Pair>(b"\xa3\x61a\x01\x61b\xf6\x61c\x01"), Err(CodecError::Malformed));
        assert_eq!(decode::<Pair>(b"\xa3\x61a\x01\x61a\x01\x61b\xf6"), Err(CodecError::Malformed));
    }

    #[test]
    fn secrets_are_read_as_strictly() {
        let good = encode(&Pair { a: 1, b: None });
        assert_eq!(decode_secret::<Pair>(&good), Ok(Pair { a: 1, b: None }));
        assert_eq!(decode_secret::<Pair>(b"\xa2\x61a\x18\x01\x61b\xf6"), Err(CodecError::NotCanonical));
        assert_eq!(decode_secret::<Pair>(b"\xa2\x61a\x01\x61b\xf6\x00"), Err(CodecError::NotCanonical));
        let unknown = b"\xa3\x61a\x01\x61b\xf6\x61c\x01";
        assert_eq!(decode_secret::<Pair>(unknown), Err(CodecError::Malformed));
    }

    #[test]
    fn a_claimed_gigabyte_allocates_nothing() {
        assert!(decode::<crate::bytes::Blob>(b"\x5a\x40\x00\x00\x00abc").is_err());
    }
}
