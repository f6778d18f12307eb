//! Place: none. The signature field (ISO 32000-2, 12.7.5.5): which one, and what is written into it.

use super::form::{Field, Form};
use super::{Appearance, PadesError};
use crate::pdf::source::Source;
use crate::pdf::text;
use crate::pdf::update::Update;
use lopdf::{Dictionary, Object, ObjectId, StringFormat};
use std::collections::HashSet;

/// Annotation flags `Print` and `Locked`.
const WIDGET_FLAGS: i64 = 4 + 128;

/// The field that takes the signature.
pub(super) enum Target {
    /// An empty one of the document.
    Existing {
        /// Its full name.
        name: String,
        /// Its object.
        id: ObjectId,
    },
    /// One to be made.
    New {
        /// Its name.
        name: String,
    },
}

impl Target {
    /// Name of the field.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Existing { name, .. } | Self::New { name } => name,
        }
    }
}

/// Finds the field that `wanted` names, or a free name.
pub(super) fn choose(form: &Form, wanted: Option<&str>) -> Result<Target, PadesError> {
    let Some(wanted) = wanted else {
        let taken: HashSet<&str> = form.fields().iter().map(|field| field.name.as_str()).collect();
        // One more candidate than there are fields, so one of them is free.
        let mut candidates = (1..=form.fields().len() + 1).map(|n| format!("Signature{n}"));
        let free = candidates.find(|name| !taken.contains(name.as_str()));
        return free
            .map(|name| Target::New { name })
            .ok_or_else(|| PadesError::malformed("no free field name"));
    };
    match form.fields().iter().find(|field| field.name == wanted) {
        Some(field) => existing(field),
        None if wanted.contains('.') => Err(PadesError::Option {
            option: "field_name",
            reason: "a dot separates names of nested fields, and the document has no such field".to_owned(),
        }),
        None => Ok(Target::New { name: wanted.to_owned() }),
    }
}

fn existing(field: &Field) -> Result<Target, PadesError> {
    let refuse = |reason| Err(PadesError::Field { name: field.name.clone(), reason });
    if !field.is_signature {
        return refuse("is not a signature field");
    }
    if !matches!(field.entries.get(b"V"), Err(_) | Ok(Object::Null)) {
        return refuse("is signed already");
    }
    if field.entries.has(b"Lock") || field.entries.has(b"SV") {
        return refuse("carries conditions for its signature (/Lock or /SV), which are not supported");
    }
    match field.id {
        Some(id) => Ok(Target::Existing { name: field.name.clone(), id }),
        None => refuse("is not an object of its own"),
    }
}

/// Puts the signature into an empty field.
pub(super) fn fill(
    source: &Source<'_>,
    update: &mut Update<'_>,
    field: ObjectId,
    signature: ObjectId,
) -> Result<(), PadesError> {
    let mut entries = source.dictionary_at(field, "signature field")?.clone();
    entries.set("V", Object::Reference(signature));
    update.put_dictionary(field, &entries)
}

/// A new field, which is its own widget annotation.
pub(super) fn widget(
    name: &str,
    signature: ObjectId,
    page: ObjectId,
    appearance: &Appearance,
    normal: Option<ObjectId>,
) -> Dictionary {
    let rect = match appearance {
        Appearance::Invisible => [0.0; 4],
        Appearance::Visible { rect } => *rect,
    };
    let mut entries = Dictionary::new();
    entries.set("Type", Object::Name(b"Annot".to_vec()));
    entries.set("Subtype", Object::Name(b"Widget".to_vec()));
    entries.set("FT", Object::Name(b"Sig".to_vec()));
    entries.set("T", Object::String(text::text_string(name), StringFormat::Hexadecimal));
    entries.set("V", Object::Reference(signature));
    entries.set("P", Object::Reference(page));
    entries.set("F", Object::Integer(WIDGET_FLAGS));
    entries.set("Rect", Object::Array(rect.map(Object::Real).to_vec()));
    if let Some(normal) = normal {
        let mut states = Dictionary::new();
        states.set("N", Object::Reference(normal));
        entries.set("AP", Object::Dictionary(states));
    }
    entries
}
