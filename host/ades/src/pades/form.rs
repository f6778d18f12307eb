//! Place: none. The interactive form (ISO 32000-2, 12.7.3) of a document, and the changes a signature makes to it.

use super::PadesError;
use crate::pdf::source::Source;
use crate::pdf::update::Update;
use lopdf::{Dictionary, Object, ObjectId};
use std::collections::HashSet;

/// `SignaturesExist` and `AppendOnly`.
const SIG_FLAGS: i64 = 3;
/// Deepest nesting of fields.
const MAX_DEPTH: usize = 32;
/// Most fields.
const MAX_FIELDS: usize = 20_000;
/// Longest full name of a field, in octets. With the number of fields it bounds what a hostile form can make us hold.
const MAX_NAME: usize = 4096;

/// The form with all its fields.
pub(super) struct Form {
    place: Place,
    entries: Dictionary,
    fields: Vec<Field>,
}

/// Where the form dictionary is kept.
enum Place {
    Absent,
    InCatalog,
    Indirect(ObjectId),
}

/// A field, named in full.
pub(super) struct Field {
    /// Names from the root, joined with dots.
    pub(super) name: String,
    /// Its object; a field that is not an indirect object cannot be updated alone.
    pub(super) id: Option<ObjectId>,
    /// Its own entries.
    pub(super) entries: Dictionary,
    /// Whether it is a signature field, by itself or through its parents.
    pub(super) is_signature: bool,
}

impl Form {
    /// Reads the form.
    pub(super) fn read(source: &Source<'_>) -> Result<Self, PadesError> {
        let (place, entries) = match source.catalog()?.get(b"AcroForm") {
            Err(_) | Ok(Object::Null) => (Place::Absent, Dictionary::new()),
            Ok(Object::Dictionary(entries)) => (Place::InCatalog, entries.clone()),
            Ok(Object::Reference(id)) => {
                (Place::Indirect(*id), source.dictionary_at(*id, "form (/AcroForm)")?.clone())
            }
            Ok(_) => return Err(PadesError::malformed("the form (/AcroForm) is not a dictionary")),
        };
        if entries.has(b"XFA") {
            return Err(PadesError::Unsupported(
                "it has an XFA form, which a signature would not cover as seen; flatten the form first",
            ));
        }
        let mut walk = Walk { source, seen: HashSet::new(), found: Vec::new() };
        if let Object::Array(fields) = source.value(&entries, b"Fields") {
            for field in fields {
                walk.visit(field, "", false, 0)?;
            }
        }
        let fields = walk.found;
        Ok(Self { place, entries, fields })
    }

    /// All fields.
    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Adds a field at the root.
    pub(super) fn add_field(
        mut self,
        source: &Source<'_>,
        update: &mut Update<'_>,
        field: ObjectId,
    ) -> Result<(), PadesError> {
        let mut list = match source.value(&self.entries, b"Fields") {
            Object::Array(list) => list.clone(),
            _ => Vec::new(),
        };
        list.push(Object::Reference(field));
        match self.entries.get(b"Fields") {
            Ok(Object::Reference(id)) => update.put(*id, &Object::Array(list))?,
            _ => self.entries.set("Fields", Object::Array(list)),
        }
        self.mark_signed(source, update)
    }

    /// Sets the signature flags and writes the form.
    pub(super) fn mark_signed(
        mut self,
        source: &Source<'_>,
        update: &mut Update<'_>,
    ) -> Result<(), PadesError> {
        let flags = source.value(&self.entries, b"SigFlags").as_i64().unwrap_or(0);
        self.entries.set("SigFlags", Object::Integer(flags | SIG_FLAGS));
        let mut catalog = source.catalog()?.clone();
        match self.place {
            Place::Indirect(id) => return update.put_dictionary(id, &self.entries),
            Place::InCatalog => catalog.set("AcroForm", Object::Dictionary(self.entries)),
            Place::Absent => {
                let id = update.allocate();
                update.put_dictionary(id, &self.entries)?;
                catalog.set("AcroForm", Object::Reference(id));
            }
        }
        update.put_dictionary(source.catalog_id(), &catalog)
    }
}

/// A walk over the tree of fields that ends on any input: no object is visited twice.
struct Walk<'a> {
    source: &'a Source<'a>,
    seen: HashSet<ObjectId>,
    found: Vec<Field>,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        object: &Object,
        parent: &str,
        inherited: bool,
        depth: usize,
    ) -> Result<(), PadesError> {
        if depth > MAX_DEPTH {
            return Err(PadesError::malformed("form fields are nested too deeply"));
        }
        let id = object.as_reference().ok();
        if id.is_some_and(|id| !self.seen.insert(id)) {
            return Err(PadesError::malformed("a form field appears twice in the tree of fields"));
        }
        let source = self.source;
        let Object::Dictionary(entries) = source.resolve(object) else { return Ok(()) };
        let is_signature = match source.value(entries, b"FT") {
            Object::Name(kind) => kind == b"Sig",
            _ => inherited,
        };
        let own = match source.value(entries, b"T") {
            title @ Object::String(_, _) => lopdf::decode_text_string(title).unwrap_or_default(),
            // A kid without a name of its own is a widget of its parent.
            _ if depth > 0 => return Ok(()),
            _ => String::new(),
        };
        let name = if parent.is_empty() { own } else { format!("{parent}.{own}") };
        if name.len() > MAX_NAME || self.found.len() >= MAX_FIELDS {
            return Err(PadesError::Unsupported("its form has too many fields, or names that are too long"));
        }
        if let Object::Array(kids) = source.value(entries, b"Kids") {
            for kid in kids {
                self.visit(kid, &name, is_signature, depth + 1)?;
            }
        }
        self.found.push(Field { name, id, entries: entries.clone(), is_signature });
        Ok(())
    }
}
