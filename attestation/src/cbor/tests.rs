//! Place: none. Each rule of the reader, and each of its refusals.

use super::{CborError, Integer, Lengths, Reader};
use proptest::prelude::*;

fn reader(input: &[u8]) -> Reader<'_> {
    Reader::new(input, 4)
}

#[test]
fn integers_in_shortest_form() {
    for (octets, value) in [
        (&[0x00][..], 0),
        (&[0x17], 23),
        (&[0x18, 24], 24),
        (&[0x19, 1, 0], 256),
        (&[0x1a, 0, 1, 0, 0], 65_536),
        (&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0], 1 << 32),
        (&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255], u64::MAX),
    ] {
        let mut r = reader(octets);
        assert_eq!(r.unsigned(), Ok(value));
        assert_eq!(r.finish(), Ok(()));
    }
    assert_eq!(reader(&[0x38, 34]).integer(), Ok(Integer::Negative(34)));
    assert_eq!(reader(&[0x01]).integer(), Ok(Integer::Unsigned(1)));
}

#[test]
fn longer_heads_are_refused() {
    for octets in
        [&[0x18, 23][..], &[0x19, 0, 255], &[0x1a, 0, 0, 255, 255], &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255]]
    {
        assert_eq!(reader(octets).unsigned(), Err(CborError::NotMinimal));
    }
    assert_eq!(reader(&[0x58, 1, 0]).bytes(), Err(CborError::NotMinimal));
}

#[test]
fn truncation_and_claimed_lengths_are_refused() {
    assert_eq!(reader(&[]).unsigned(), Err(CborError::Truncated));
    assert_eq!(reader(&[0x19, 1]).unsigned(), Err(CborError::Truncated));
    assert_eq!(reader(&[0x42, 1]).bytes(), Err(CborError::Truncated));
    let huge = [0x5b, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0];
    assert_eq!(reader(&huge).bytes(), Err(CborError::Truncated));
    let mut r = reader(&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255]);
    let mut array = r.array(Lengths::Definite).unwrap();
    assert_eq!(r.next(&mut array), Ok(true));
    assert_eq!(r.unsigned(), Err(CborError::Truncated));
}

#[test]
fn chunked_strings_are_refused() {
    assert_eq!(reader(&[0x5f, 0x41, 0, 0xff]).bytes(), Err(CborError::Chunked));
    assert_eq!(reader(&[0x7f, 0x61, 0x61, 0xff]).text(), Err(CborError::Chunked));
}

#[test]
fn tags_floats_and_simple_values_are_refused() {
    assert_eq!(reader(&[0xc1, 0x00]).unsigned(), Err(CborError::Tag));
    assert_eq!(reader(&[0xd1, 0x80]).optional_tag(18), Err(CborError::Tag));
    assert_eq!(reader(&[0xd2, 0x80]).optional_tag(18), Ok(true));
    assert_eq!(reader(&[0x80]).optional_tag(18), Ok(false));
    assert_eq!(reader(&[0xd8, 18, 0x80]).optional_tag(18), Err(CborError::NotMinimal));
    for octet in [0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xe0] {
        assert_eq!(reader(&[octet, 32, 0, 0, 0, 0, 0, 0, 0]).unsigned(), Err(CborError::Simple));
    }
    assert_eq!(reader(&[0xff]).unsigned(), Err(CborError::Break));
    assert_eq!(reader(&[0x1c]).unsigned(), Err(CborError::Reserved));
    assert_eq!(reader(&[0x1f]).unsigned(), Err(CborError::Reserved));
    assert_eq!(reader(&[0xdf]).optional_tag(18), Err(CborError::Reserved));
}

#[test]
fn wrong_types_and_bad_text_are_refused() {
    assert_eq!(reader(&[0x60]).bytes(), Err(CborError::Type));
    assert_eq!(reader(&[0xf6]).unsigned(), Err(CborError::Type));
    assert_eq!(reader(&[0x61, 0xff]).text(), Err(CborError::Utf8));
    assert_eq!(reader(&[0x80]).map(Lengths::Any).unwrap_err(), CborError::Type);
    assert_eq!(reader(&[0x00]).boolean(), Err(CborError::Type));
    assert_eq!(reader(&[0xf5]).boolean(), Ok(true));
    assert_eq!(reader(&[0xf4]).boolean(), Ok(false));
}

#[test]
fn indefinite_containers_only_where_asked_for() {
    assert_eq!(reader(&[0x9f, 0xff]).array(Lengths::Definite).unwrap_err(), CborError::Indefinite);
    let mut r = reader(&[0xbf, 0x01, 0x02, 0xff]);
    let mut map = r.map(Lengths::Any).unwrap();
    assert_eq!(map.remaining(), None);
    assert_eq!(r.next(&mut map), Ok(true));
    assert_eq!((r.unsigned(), r.unsigned()), (Ok(1), Ok(2)));
    assert_eq!(r.next(&mut map), Ok(false));
    assert_eq!(r.next(&mut map), Ok(false));
    assert_eq!(r.finish(), Ok(()));
    let mut r = reader(&[0xbf]);
    let mut map = r.map(Lengths::Any).unwrap();
    assert_eq!(r.next(&mut map), Err(CborError::Truncated));
}

#[test]
fn depth_is_capped_and_given_back() {
    let mut r = Reader::new(&[0x81, 0x80, 0x80], 1);
    let mut outer = r.array(Lengths::Definite).unwrap();
    assert_eq!(r.next(&mut outer), Ok(true));
    assert_eq!(r.array(Lengths::Definite).unwrap_err(), CborError::Depth);
    let mut r = Reader::new(&[0x80, 0x80], 1);
    for _ in 0..2 {
        let mut array = r.array(Lengths::Definite).unwrap();
        assert_eq!(r.next(&mut array), Ok(false));
    }
}

#[test]
fn trailing_octets_are_counted() {
    let mut r = reader(&[0x00, 1, 2]);
    assert_eq!(r.unsigned(), Ok(0));
    assert_eq!(r.finish(), Err(CborError::Trailing(2)));
}

proptest! {
    /// Whatever is asked of whatever octets: an answer, never a panic, and never more octets than there were.
    #[test]
    fn never_panics(input in proptest::collection::vec(any::<u8>(), 0..64), calls in proptest::collection::vec(0_u8..9, 1..32)) {
        let mut r = reader(&input);
        for call in calls {
            let before = r.rest().len();
            match call {
                0 => drop(r.unsigned()),
                1 => drop(r.integer()),
                2 => drop(r.bytes()),
                3 => drop(r.text()),
                4 => drop(r.optional_null()),
                5 => drop(r.optional_tag(18)),
                6 => drop(r.boolean()),
                7 => if let Ok(mut c) = r.array(Lengths::Any) { let _ = r.next(&mut c); },
                _ => if let Ok(mut c) = r.map(Lengths::Definite) { let _ = r.next(&mut c); },
            }
            prop_assert!(r.rest().len() <= before);
        }
    }
}
