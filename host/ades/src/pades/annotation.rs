//! Place: none. Puts a widget into the list of a page's annotations (ISO 32000-2, 12.5.2).

use super::PadesError;
use crate::pdf::source::Source;
use crate::pdf::update::Update;
use lopdf::{Object, ObjectId};

/// Adds `widget` to `page`.
pub(super) fn add(
    source: &Source<'_>,
    update: &mut Update<'_>,
    page: ObjectId,
    widget: ObjectId,
) -> Result<(), PadesError> {
    let entries = source.dictionary_at(page, "page")?;
    let kept = entries.get(b"Annots").ok();
    let mut list = match kept.map_or(&Object::Null, |kept| source.resolve(kept)) {
        Object::Array(list) => list.clone(),
        Object::Null => Vec::new(),
        _ => return Err(PadesError::malformed("the page's annotations (/Annots) are not a list")),
    };
    list.push(Object::Reference(widget));
    match kept {
        Some(Object::Reference(id)) => update.put(*id, &Object::Array(list)),
        _ => {
            let mut entries = entries.clone();
            entries.set("Annots", Object::Array(list));
            update.put_dictionary(page, &entries)
        }
    }
}
