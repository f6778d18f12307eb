//! Property: whatever the file, there is an answer and never a panic; and what is answered with a signature can be read again.

mod support;

use fuin_ades::pades::{PadesError, SignatureOptions, prepare};
use lopdf::Document;
use proptest::prelude::*;
use support::{DOCUMENTS, SIGNING_TIME, document};

/// Snippets that change what a reader does.
const WORDS: [&[u8]; 16] = [
    b"/Prev 0",
    b"/Size 4294967295",
    b"/Size -1",
    b"/Kids[2 0 R]",
    b"/AcroForm 1 0 R",
    b"/Fields[1 0 R]",
    b"/Encrypt 1 0 R",
    b"/Length 99999999999",
    b"/W[8 8 8]",
    b"/Index[0 4294967295]",
    b"/Predictor 12",
    b"<<<<<<",
    b"[[[[[[",
    b"9999999999 0 R",
    b"endobj",
    b"startxref\n0\n%%EOF",
];

#[derive(Debug, Clone)]
enum Change {
    Octet(prop::sample::Index, u8),
    Word(prop::sample::Index, usize),
    Cut(prop::sample::Index, usize),
    End(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, octet)| Change::Octet(at, octet)),
        4 => (any::<prop::sample::Index>(), 0..WORDS.len()).prop_map(|(at, word)| Change::Word(at, word)),
        2 => (any::<prop::sample::Index>(), 1..2000_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        1 => any::<prop::sample::Index>().prop_map(Change::End),
    ]
}

/// Applies a change, mostly to the structure: streams are most of a file and interest nobody here.
fn apply(pdf: &mut Vec<u8>, places: &[usize], change: &Change) {
    let at = |index: &prop::sample::Index| places.get(index.index(places.len())).copied().unwrap_or(0);
    match change {
        Change::Octet(index, octet) => {
            if let Some(place) = pdf.get_mut(at(index)) {
                *place = *octet;
            }
        }
        Change::Word(index, word) => {
            let (start, word) = (at(index).min(pdf.len()), WORDS[*word]);
            let end = (start + word.len()).min(pdf.len());
            pdf.splice(start..end, word.iter().copied());
        }
        Change::Cut(index, length) => {
            let start = at(index).min(pdf.len());
            let end = (start + length).min(pdf.len());
            pdf.drain(start..end);
        }
        Change::End(index) => pdf.truncate(at(index)),
    }
}

/// Offsets outside of streams.
fn structure(pdf: &[u8]) -> Vec<usize> {
    let mut inside = false;
    let mut places = Vec::new();
    for place in 0..pdf.len() {
        let rest = &pdf[place..];
        if rest.starts_with(b"endstream") {
            inside = false;
        } else if rest.starts_with(b"stream") {
            inside = true;
        }
        if !inside {
            places.push(place);
        }
    }
    places
}

fn answer(pdf: &[u8], field: Option<&str>) -> Result<(), PadesError> {
    let options =
        SignatureOptions { field_name: field.map(str::to_owned), ..SignatureOptions::new(SIGNING_TIME) };
    let prepared = prepare(pdf, &options)?;
    let signed = prepared.embed(b"\x30\x00")?;
    assert!(signed.starts_with(pdf));
    let again = Document::load_mem(&signed).expect("what was prepared can be read");
    assert!(again.xref_recovery.is_none(), "and its cross-reference data as written");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_pdfs_never_panic(which in 0..3_usize, changes in prop::collection::vec(change(), 1..6), named in any::<bool>()) {
        let mut pdf = document(DOCUMENTS[which]);
        let places = structure(&pdf);
        for change in &changes {
            apply(&mut pdf, &places, change);
        }
        let _ = answer(&pdf, named.then_some("Inspector"));
    }

    #[test]
    fn arbitrary_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..4000)) {
        let _ = answer(&octets, None);
        let _ = answer(&[b"%PDF-1.7\n", octets.as_slice()].concat(), None);
    }
}

#[test]
fn every_cut_of_a_document_is_answered() {
    let pdf = document("contract-object-streams.pdf");
    for end in (0..pdf.len()).step_by(997) {
        assert!(answer(&pdf[..end], None).is_err(), "cut at {end}");
    }
}

#[test]
fn unchanged_documents_are_answered_with_a_signature() {
    for name in DOCUMENTS {
        assert_eq!(answer(&document(name), None), Ok(()), "{name}");
    }
}

#[test]
fn deep_nesting_is_answered() {
    let mut pdf = b"%PDF-1.7\n1 0 obj\n".to_vec();
    pdf.extend(std::iter::repeat_n(b'[', 200_000));
    pdf.extend(b"\nendobj\nxref\n0 2\n0000000000 65535 f\r\n0000000009 00000 n\r\ntrailer\n<</Size 2/Root 1 0 R>>\nstartxref\n200025\n%%EOF");
    assert!(answer(&pdf, None).is_err());
}
