//! Place: none. An existing PDF, read with bounds and refused when an update after it could not be sound.

use crate::pades::PadesError;
use lopdf::xref::XrefType;
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};

/// Largest PDF taken, in octets.
pub const MAX_PDF: usize = 64 * 1024 * 1024;
/// Largest single stream that is decompressed while reading (object and cross-reference streams only).
const MAX_DECOMPRESSED: usize = 32 * 1024 * 1024;
/// Largest object number (ISO 32000-1, Annex C).
const MAX_OBJECT_NUMBER: u32 = 8_388_607;

/// A PDF as it lies on disk, with its objects.
pub(crate) struct Source<'a> {
    octets: &'a [u8],
    document: Document,
    catalog: ObjectId,
}

impl<'a> Source<'a> {
    /// Reads `octets`.
    ///
    /// # Errors
    /// [`PadesError`] when it is too large, no PDF, encrypted, or its cross-reference data is damaged.
    pub(crate) fn read(octets: &'a [u8]) -> Result<Self, PadesError> {
        if octets.len() > MAX_PDF {
            return Err(PadesError::TooLarge { size: octets.len(), limit: MAX_PDF });
        }
        if !octets.starts_with(b"%PDF-") {
            return Err(PadesError::NotAPdf);
        }
        let document = load(octets)?;
        if document.was_encrypted() || document.is_encrypted() {
            return Err(PadesError::Encrypted);
        }
        // A repaired table is the reader's guess; other readers guess otherwise and would see another document.
        if document.xref_recovery.is_some() || document.xref_start == 0 || document.xref_start >= octets.len()
        {
            return Err(PadesError::DamagedXref);
        }
        let catalog = document
            .trailer
            .get(b"Root")
            .and_then(Object::as_reference)
            .map_err(|_| PadesError::malformed("the trailer names no catalog (/Root)"))?;
        if !matches!(document.objects.get(&catalog), Some(Object::Dictionary(_))) {
            return Err(PadesError::malformed("the catalog (/Root) is missing or not a dictionary"));
        }
        Ok(Self { octets, document, catalog })
    }

    /// The file.
    pub(crate) const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Offset of the newest cross-reference section.
    pub(crate) const fn xref_start(&self) -> usize {
        self.document.xref_start
    }

    /// Whether that section is a stream; an update uses the same kind (ISO 32000-2, 7.5.8.4).
    pub(crate) const fn uses_xref_streams(&self) -> bool {
        matches!(self.document.reference_table.cross_reference_type, XrefType::CrossReferenceStream)
    }

    /// The newest trailer.
    pub(crate) const fn trailer(&self) -> &Dictionary {
        &self.document.trailer
    }

    /// The first object number that is certainly unused.
    pub(crate) fn first_free_number(&self) -> Result<u32, PadesError> {
        let highest =
            self.document.objects.keys().map(|id| id.0).max().unwrap_or(0).max(self.document.max_id);
        let size = self.document.trailer.get(b"Size").and_then(Object::as_i64).unwrap_or(0);
        let size =
            u32::try_from(size).map_err(|_| PadesError::malformed("/Size of the trailer is out of range"))?;
        let first = highest.checked_add(1).map(|n| n.max(size));
        // Leaves room for the few objects of an update.
        first
            .filter(|n| *n < MAX_OBJECT_NUMBER - 64)
            .ok_or_else(|| PadesError::malformed("object numbers exceed the limit of the format"))
    }

    /// Identifier of the catalog.
    pub(crate) const fn catalog_id(&self) -> ObjectId {
        self.catalog
    }

    /// The catalog.
    pub(crate) fn catalog(&self) -> Result<&Dictionary, PadesError> {
        self.dictionary_at(self.catalog, "catalog")
    }

    /// Identifier of the page with this number, counted from 1.
    pub(crate) fn page(&self, number: u32) -> Result<ObjectId, PadesError> {
        let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        let found = index.and_then(|index| self.document.page_iter().nth(index));
        found.ok_or_else(|| PadesError::NoSuchPage { page: number, pages: self.document.page_iter().count() })
    }

    /// The object behind `object`, which may be a reference; `null` when it leads nowhere.
    pub(crate) fn resolve<'b>(&'b self, object: &'b Object) -> &'b Object {
        self.document.dereference(object).map_or(&Object::Null, |(_, target)| target)
    }

    /// The value of `key`, resolved; `null` when absent.
    pub(crate) fn value<'b>(&'b self, dictionary: &'b Dictionary, key: &[u8]) -> &'b Object {
        dictionary.get(key).map_or(&Object::Null, |object| self.resolve(object))
    }

    /// The dictionary with this identifier, named `what` in an error.
    pub(crate) fn dictionary_at(&self, id: ObjectId, what: &'static str) -> Result<&Dictionary, PadesError> {
        match self.document.objects.get(&id) {
            Some(Object::Dictionary(dictionary)) => Ok(dictionary),
            _ => Err(PadesError::Malformed(format!(
                "{what} {} {} R is missing or not a dictionary",
                id.0, id.1
            ))),
        }
    }
}

/// Runs the reader. A panic in it is a fault of the reader on a hostile file, and must not end the process that signs.
fn load(octets: &[u8]) -> Result<Document, PadesError> {
    let options = LoadOptions { max_decompressed_size: Some(MAX_DECOMPRESSED), ..LoadOptions::default() };
    let outcome = std::panic::catch_unwind(|| Document::load_mem_with_options(octets, options));
    match outcome {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword)) => Err(PadesError::Encrypted),
        Ok(Err(error)) => Err(PadesError::Malformed(error.to_string())),
        Err(_) => Err(PadesError::malformed("the reader gave up on it")),
    }
}
