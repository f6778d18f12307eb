//! Place: none. What earlier signatures of the document forbid (ISO 32000-2, 12.8.2.2 DocMDP and 12.8.2.4 FieldMDP), by
//! their words or because whatever is appended would change what they cover.

use super::PadesError;
use super::form::Form;
use crate::pdf::source::Source;
use lopdf::{Dictionary, Object};

/// Refuses a signature in the field `name` when an earlier one would turn invalid by it.
pub(super) fn check(source: &Source<'_>, form: &Form, name: &str) -> Result<(), PadesError> {
    let certification = match source.value(source.catalog()?, b"Perms") {
        Object::Dictionary(permissions) => Some(source.value(permissions, b"DocMDP")),
        _ => None,
    };
    let signed = form
        .fields()
        .iter()
        .filter(|field| field.is_signature)
        .map(|field| source.value(&field.entries, b"V"));
    for signature in certification.into_iter().chain(signed) {
        if let Object::Dictionary(signature) = signature {
            check_signature(source, signature, name)?;
        }
    }
    Ok(())
}

fn check_signature(source: &Source<'_>, signature: &Dictionary, name: &str) -> Result<(), PadesError> {
    if !ends_within(source, signature) {
        return Err(PadesError::Forbidden(
            "an earlier signature claims octets beyond the end of the file (/ByteRange), so whatever is appended would change it".to_owned(),
        ));
    }
    let Object::Array(references) = source.value(signature, b"Reference") else { return Ok(()) };
    for reference in references {
        let Object::Dictionary(reference) = source.resolve(reference) else { continue };
        let Object::Dictionary(parameters) = source.value(reference, b"TransformParams") else { continue };
        // /P 1: no change at all. DocMDP knows it since PDF 1.5, FieldMDP since 2.0.
        if matches!(source.value(parameters, b"P"), Object::Integer(1)) {
            return Err(PadesError::Forbidden("an earlier signature certifies it with no changes allowed, so no further signature can be added".to_owned()));
        }
        let is_field_lock =
            matches!(source.value(reference, b"TransformMethod"), Object::Name(m) if m == b"FieldMDP");
        if is_field_lock && locks(source, parameters, name) {
            return Err(PadesError::Forbidden(format!("an earlier signature locks the field {name:?}")));
        }
    }
    Ok(())
}

/// Whether no part of the `/ByteRange` goes beyond the file. Other nonsense in it is nothing that an update changes.
fn ends_within(source: &Source<'_>, signature: &Dictionary) -> bool {
    let Object::Array(range) = source.value(signature, b"ByteRange") else { return true };
    let numbers: Vec<i64> = range.iter().filter_map(|n| source.resolve(n).as_i64().ok()).collect();
    numbers.chunks_exact(2).all(|part| {
        let end = part.iter().fold(0_i64, |sum, n| sum.saturating_add(*n));
        usize::try_from(end).is_ok_and(|end| end <= source.octets().len()) || end < 0
    })
}

/// Whether a FieldMDP covers the field.
fn locks(source: &Source<'_>, parameters: &Dictionary, name: &str) -> bool {
    let listed = || match source.value(parameters, b"Fields") {
        Object::Array(fields) => fields.iter().any(|field| {
            let field = lopdf::decode_text_string(source.resolve(field)).unwrap_or_default();
            // A lock on a field is one on everything below it.
            name == field || name.strip_prefix(field.as_str()).is_some_and(|rest| rest.starts_with('.'))
        }),
        _ => false,
    };
    match source.value(parameters, b"Action") {
        Object::Name(action) if action == b"All" => true,
        Object::Name(action) if action == b"Include" => listed(),
        Object::Name(action) if action == b"Exclude" => !listed(),
        _ => false,
    }
}
