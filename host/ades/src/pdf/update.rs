//! Place: none. An incremental update (ISO 32000-2, 7.5.6): the old octets stay, new objects and a cross-reference section follow.

use super::source::Source;
use super::syntax::{write_dictionary, write_object};
use crate::pades::PadesError;
use lopdf::{Dictionary, Object, ObjectId, StringFormat};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Widths of a cross-reference stream's fields: type, offset, generation.
const WIDTHS: [i64; 3] = [1, 4, 2];

/// Objects to be added or replaced.
pub(crate) struct Update<'a> {
    source: &'a Source<'a>,
    bodies: BTreeMap<ObjectId, Vec<u8>>,
    next_number: u32,
}

/// The updated file.
pub(crate) struct Written {
    /// All of it.
    pub(crate) octets: Vec<u8>,
    /// Where the body of each new object starts (after `n g obj` and the line end).
    pub(crate) bodies: BTreeMap<ObjectId, usize>,
}

impl<'a> Update<'a> {
    /// An empty update of `source`.
    pub(crate) fn new(source: &'a Source<'a>) -> Result<Self, PadesError> {
        Ok(Self { source, bodies: BTreeMap::new(), next_number: source.first_free_number()? })
    }

    /// An unused object number.
    pub(crate) fn allocate(&mut self) -> ObjectId {
        let id = (self.next_number, 0);
        // An update has a handful of objects and `first_free_number` leaves room for them.
        self.next_number = self.next_number.saturating_add(1);
        id
    }

    /// Adds or replaces an object.
    pub(crate) fn put(&mut self, id: ObjectId, object: &Object) -> Result<(), PadesError> {
        let mut body = Vec::new();
        write_object(&mut body, object)?;
        self.bodies.insert(id, body);
        Ok(())
    }

    /// Adds or replaces a dictionary.
    pub(crate) fn put_dictionary(&mut self, id: ObjectId, dictionary: &Dictionary) -> Result<(), PadesError> {
        let mut body = Vec::new();
        write_dictionary(&mut body, dictionary)?;
        self.bodies.insert(id, body);
        Ok(())
    }

    /// Adds an uncompressed stream.
    pub(crate) fn put_stream(
        &mut self,
        id: ObjectId,
        mut dictionary: Dictionary,
        content: &[u8],
    ) -> Result<(), PadesError> {
        self.bodies.insert(id, stream(&mut dictionary, content)?);
        Ok(())
    }

    /// Adds an object that is already written.
    pub(crate) fn put_written(&mut self, id: ObjectId, body: Vec<u8>) {
        self.bodies.insert(id, body);
    }

    /// Writes it all.
    pub(crate) fn finish(mut self) -> Result<Written, PadesError> {
        let added: usize = self.bodies.values().map(|body| body.len() + 64).sum();
        let mut octets = Vec::with_capacity(self.source.octets().len() + added + 1024);
        octets.extend_from_slice(self.source.octets());
        if !octets.ends_with(b"\n") {
            octets.push(b'\n');
        }
        let mut positions = BTreeMap::new();
        let mut bodies = BTreeMap::new();
        for (id, body) in std::mem::take(&mut self.bodies) {
            positions.insert(id, octets.len());
            octets.extend_from_slice(format!("{} {} obj\n", id.0, id.1).as_bytes());
            bodies.insert(id, octets.len());
            octets.extend_from_slice(&body);
            octets.extend_from_slice(b"\nendobj\n");
        }
        let start = octets.len();
        if self.source.uses_xref_streams() {
            self.xref_stream(&mut octets, &mut positions)?;
        } else {
            self.xref_table(&mut octets, &positions)?;
        }
        octets.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        Ok(Written { octets, bodies })
    }

    /// A cross-reference table with its trailer.
    fn xref_table(
        &self,
        octets: &mut Vec<u8>,
        positions: &BTreeMap<ObjectId, usize>,
    ) -> Result<(), PadesError> {
        octets.extend_from_slice(b"xref\n");
        for run in runs(positions) {
            let Some(((first, _), _)) = run.first() else { continue };
            octets.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
            for ((_, generation), position) in &run {
                octets.extend_from_slice(format!("{position:010} {generation:05} n\r\n").as_bytes());
            }
        }
        octets.extend_from_slice(b"trailer\n");
        write_dictionary(octets, &self.trailer(self.next_number, octets)?)?;
        octets.push(b'\n');
        Ok(())
    }

    /// A cross-reference stream, which is an object itself and lists itself.
    fn xref_stream(
        &mut self,
        octets: &mut Vec<u8>,
        positions: &mut BTreeMap<ObjectId, usize>,
    ) -> Result<(), PadesError> {
        let id = self.allocate();
        positions.insert(id, octets.len());
        let mut index = Vec::new();
        let mut rows = Vec::new();
        for run in runs(positions) {
            let Some(((first, _), _)) = run.first() else { continue };
            let length = i64::try_from(run.len()).map_err(|_| PadesError::malformed("too many objects"))?;
            index.extend([Object::Integer(i64::from(*first)), Object::Integer(length)]);
            for ((_, generation), position) in &run {
                let position =
                    u32::try_from(*position).map_err(|_| PadesError::malformed("the file is too long"))?;
                rows.push(1);
                rows.extend(position.to_be_bytes());
                rows.extend(generation.to_be_bytes());
            }
        }
        let mut dictionary = self.trailer(self.next_number, octets)?;
        dictionary.set("Type", Object::Name(b"XRef".to_vec()));
        dictionary.set("W", Object::Array(WIDTHS.map(Object::Integer).to_vec()));
        dictionary.set("Index", Object::Array(index));
        octets.extend_from_slice(format!("{} 0 obj\n", id.0).as_bytes());
        octets.extend(stream(&mut dictionary, &rows)?);
        octets.extend_from_slice(b"\nendobj\n");
        Ok(())
    }

    /// The entries that every newest trailer needs. `written` is the file so far.
    fn trailer(&self, size: u32, written: &[u8]) -> Result<Dictionary, PadesError> {
        let previous = i64::try_from(self.source.xref_start()).map_err(|_| PadesError::DamagedXref)?;
        let mut trailer = Dictionary::new();
        trailer.set("Size", Object::Integer(i64::from(size)));
        trailer.set("Prev", Object::Integer(previous));
        trailer.set("Root", Object::Reference(self.source.catalog_id()));
        if let Ok(info @ Object::Reference(_)) = self.source.trailer().get(b"Info") {
            trailer.set("Info", info.clone());
        }
        if let Object::Array(id) = self.source.value(self.source.trailer(), b"ID")
            && let [first @ Object::String(_, _), Object::String(_, _)] = id.as_slice()
        {
            // The second part names this version of the file (14.4); taken from its content, so that equal input gives equal output.
            let second = Sha256::digest(written).iter().take(16).copied().collect();
            let second = Object::String(second, StringFormat::Hexadecimal);
            trailer.set("ID", Object::Array(vec![first.clone(), second]));
        }
        Ok(trailer)
    }
}

/// Body of a stream object.
fn stream(dictionary: &mut Dictionary, content: &[u8]) -> Result<Vec<u8>, PadesError> {
    let length = i64::try_from(content.len()).map_err(|_| PadesError::malformed("a stream is too long"))?;
    dictionary.set("Length", Object::Integer(length));
    let mut body = Vec::new();
    write_dictionary(&mut body, dictionary)?;
    body.extend_from_slice(b"\nstream\n");
    body.extend_from_slice(content);
    body.extend_from_slice(b"\nendstream");
    Ok(body)
}

/// Groups objects into runs of consecutive numbers.
fn runs(positions: &BTreeMap<ObjectId, usize>) -> Vec<Vec<(ObjectId, usize)>> {
    let mut runs: Vec<Vec<(ObjectId, usize)>> = Vec::new();
    for (id, position) in positions {
        let follows = runs
            .last()
            .and_then(|run| run.last())
            .is_some_and(|(last, _)| last.0.checked_add(1) == Some(id.0));
        match runs.last_mut() {
            Some(run) if follows => run.push((*id, *position)),
            _ => runs.push(vec![(*id, *position)]),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_consecutive_numbers() {
        let positions = BTreeMap::from([((3, 0), 10), ((4, 1), 20), ((7, 0), 30)]);
        let runs = runs(&positions);
        assert_eq!(runs, [vec![((3, 0), 10), ((4, 1), 20)], vec![((7, 0), 30)]]);
    }
}
