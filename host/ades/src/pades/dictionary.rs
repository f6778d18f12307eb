//! Place: none. The signature dictionary (ISO 32000-2, 12.8.1; entries of EN 319 142-1, 6.3).

use super::{PadesError, SignatureOptions};
use crate::pdf::syntax::{write_hex_string, write_name};
use crate::pdf::text;
use std::ops::Range;

/// Room for `[0 a b c]` with numbers of up to ten digits.
const BYTE_RANGE_WIDTH: usize = 40;

/// A signature dictionary whose byte range and contents are still empty.
pub(super) struct Unsigned {
    pub(super) body: Vec<u8>,
    pub(super) places: Places,
}

/// Where the empty places are, counted from the start of the body.
pub(super) struct Places {
    /// The byte range's array.
    pub(super) byte_range: Range<usize>,
    /// The contents with their angle brackets: what the byte range leaves out.
    pub(super) contents: Range<usize>,
}

/// Writes the dictionary.
pub(super) fn write(options: &SignatureOptions) -> Result<Unsigned, PadesError> {
    let mut body =
        b"<</Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/ByteRange ".to_vec();
    let byte_range = place(&mut body, BYTE_RANGE_WIDTH, b' ');
    body.extend_from_slice(b"\n/Contents ");
    let start = body.len();
    body.push(b'<');
    place(&mut body, options.reserved * 2, b'0');
    body.push(b'>');
    let contents = start..body.len();
    let date = text::date(text::moment(options.signing_time)?);
    entry(&mut body, b"M", date.as_bytes());
    let texts = [
        (&b"Name"[..], &options.signer_name),
        (&b"Reason"[..], &options.reason),
        (&b"Location"[..], &options.location),
        (&b"ContactInfo"[..], &options.contact),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            entry(&mut body, key, &text::text_string(value));
        }
    }
    body.extend_from_slice(b"\n>>");
    Ok(Unsigned { body, places: Places { byte_range, contents } })
}

fn place(body: &mut Vec<u8>, width: usize, filler: u8) -> Range<usize> {
    let start = body.len();
    body.resize(start + width, filler);
    start..body.len()
}

fn entry(body: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    body.push(b'\n');
    write_name(body, key);
    body.push(b' ');
    write_hex_string(body, value);
}
