//! Place: none. Writes PDF objects (ISO 32000-2, 7.3).

use crate::pades::PadesError;
use lopdf::{Dictionary, Object, ObjectId};

/// Deepest nesting written; the reader's own limit is of the same size.
const MAX_DEPTH: usize = 256;

/// Appends `object`.
///
/// # Errors
/// [`PadesError::Malformed`] for what has no written form: a number that is not finite, a direct stream, nesting without end.
pub(crate) fn write_object(out: &mut Vec<u8>, object: &Object) -> Result<(), PadesError> {
    write_nested(out, object, 0)
}

/// Appends a dictionary.
///
/// # Errors
/// As [`write_object`].
pub(crate) fn write_dictionary(out: &mut Vec<u8>, dictionary: &Dictionary) -> Result<(), PadesError> {
    write_entries(out, dictionary, 0)
}

fn write_nested(out: &mut Vec<u8>, object: &Object, depth: usize) -> Result<(), PadesError> {
    if depth > MAX_DEPTH {
        return Err(PadesError::malformed("objects are nested too deeply"));
    }
    match object {
        Object::Null => out.extend_from_slice(b"null"),
        Object::Boolean(true) => out.extend_from_slice(b"true"),
        Object::Boolean(false) => out.extend_from_slice(b"false"),
        Object::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Object::Real(number) if number.is_finite() => out.extend_from_slice(number.to_string().as_bytes()),
        Object::Real(_) => return Err(PadesError::malformed("a number is out of range")),
        Object::Name(name) => write_name(out, name),
        Object::String(octets, _) => write_hex_string(out, octets),
        Object::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                write_nested(out, item, depth + 1)?;
            }
            out.push(b']');
        }
        Object::Dictionary(dictionary) => write_entries(out, dictionary, depth)?,
        Object::Reference(id) => write_reference(out, *id),
        Object::Stream(_) => return Err(PadesError::malformed("a stream stands where it cannot")),
    }
    Ok(())
}

fn write_entries(out: &mut Vec<u8>, dictionary: &Dictionary, depth: usize) -> Result<(), PadesError> {
    out.extend_from_slice(b"<<");
    for (key, value) in dictionary {
        write_name(out, key);
        out.push(b' ');
        write_nested(out, value, depth + 1)?;
        out.push(b'\n');
    }
    out.extend_from_slice(b">>");
    Ok(())
}

/// Appends a name, with `#xx` for whatever is not a regular character (7.3.5).
pub(crate) fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for octet in name {
        match octet {
            b'#' | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%' => {
                hex(out, b"#", *octet)
            }
            b'!'..=b'~' => out.push(*octet),
            _ => hex(out, b"#", *octet),
        }
    }
}

/// Appends a string in its hexadecimal form, which needs no escapes.
pub(crate) fn write_hex_string(out: &mut Vec<u8>, octets: &[u8]) {
    out.push(b'<');
    for octet in octets {
        hex(out, b"", *octet);
    }
    out.push(b'>');
}

/// Appends `n g R`.
fn write_reference(out: &mut Vec<u8>, (number, generation): ObjectId) {
    out.extend_from_slice(format!("{number} {generation} R").as_bytes());
}

fn hex(out: &mut Vec<u8>, prefix: &[u8], octet: u8) {
    out.extend_from_slice(prefix);
    out.extend_from_slice(format!("{octet:02X}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use lopdf::StringFormat;

    fn written(object: &Object) -> String {
        let mut out = Vec::new();
        write_object(&mut out, object).expect("writable");
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn every_kind_has_its_form() {
        assert_eq!(written(&Object::Null), "null");
        assert_eq!(written(&Object::Boolean(true)), "true");
        assert_eq!(written(&Object::Integer(-7)), "-7");
        assert_eq!(written(&Object::Real(595.276)), "595.276");
        assert_eq!(written(&Object::Real(1.0e-7)), "0.0000001");
        assert_eq!(written(&Object::Name(b"A B#/\xff".to_vec())), "/A#20B#23#2F#FF");
        assert_eq!(written(&Object::String(b"(\\)".to_vec(), StringFormat::Literal)), "<285C29>");
        assert_eq!(written(&Object::Reference((12, 3))), "12 3 R");
        assert_eq!(written(&Object::Array(vec![1.into(), Object::Null])), "[1 null]");
        let mut dictionary = Dictionary::new();
        dictionary.set("K", 1);
        assert_eq!(written(&Object::Dictionary(dictionary)), "<</K 1\n>>");
    }

    #[test]
    fn a_number_that_is_not_finite_is_refused() {
        assert!(write_object(&mut Vec::new(), &Object::Real(f32::INFINITY)).is_err());
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let mut object = Object::Null;
        for _ in 0..1000 {
            object = Object::Array(vec![object]);
        }
        assert!(write_object(&mut Vec::new(), &object).is_err());
    }
}
