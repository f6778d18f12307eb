//! Place: none. Golden vectors: what goes over the wire, into the ledger and under signatures, octet for octet.
//!
//! The file says what was; a difference is a break with every ledger, store and verifier that exists. To change it on
//! purpose: write a decision record, raise the version of the structure, then run this test once with
//! `FUIN_WRITE_WIRE_VECTORS=1`.

mod details;
mod digests;
mod identity;
mod keys;
mod ledger;
mod messages;
mod parts;
mod statements;
mod store;

use fuin_shared::codec;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

/// Whether octets decode to the sample they were made from.
type LeadsBack = Box<dyn Fn(&[u8]) -> bool>;

/// One named string of octets, and how to read it back.
pub struct Vector {
    name: String,
    octets: Vec<u8>,
    leads_back: LeadsBack,
}

impl Vector {
    /// The strict CBOR of a value.
    fn cbor<T>(name: impl Into<String>, value: T) -> Self
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
    {
        let octets = codec::encode(&value);
        Self {
            name: name.into(),
            octets,
            leads_back: Box::new(move |o| codec::decode::<T>(o).as_ref() == Ok(&value)),
        }
    }

    /// Octets that are only compared, such as digests.
    fn octets(name: impl Into<String>, octets: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), octets: octets.into(), leads_back: Box::new(|_| true) }
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Golden {
    about: String,
    vectors: BTreeMap<String, String>,
}

const ABOUT: &str = "Octets in hex. A changed vector needs a decision record in docs/decisions and a new version of its structure; \
                     only then FUIN_WRITE_WIRE_VECTORS=1 cargo test -p fuin-tests --test wire_golden writes this file.";

fn writes_anew() -> bool {
    std::env::var_os("FUIN_WRITE_WIRE_VECTORS").is_some()
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/wire/golden.json")
}

fn all() -> Vec<Vector> {
    [
        messages::vectors(),
        store::vectors(),
        identity::vectors(),
        keys::vectors(),
        ledger::vectors(),
        statements::vectors(),
        digests::vectors(),
        details::vectors(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn golden() -> Golden {
    let text = std::fs::read_to_string(file()).expect("tests/vectors/wire/golden.json can be read");
    serde_json::from_str(&text).expect("golden.json is an object of names and hex")
}

#[test]
fn every_vector_is_what_it_was() {
    let now: BTreeMap<String, String> = all().into_iter().map(|v| (v.name, hex::encode(v.octets))).collect();
    if writes_anew() {
        let mut text =
            serde_json::to_string_pretty(&Golden { about: ABOUT.into(), vectors: now }).expect("plain data");
        text.push('\n');
        std::fs::write(file(), text).expect("golden.json can be written");
        return;
    }
    let golden = golden().vectors;
    for (name, octets) in &now {
        let was = golden
            .get(name)
            .unwrap_or_else(|| panic!("golden.json lacks {name}: add it as the head of this test says"));
        assert_eq!(
            octets, was,
            "{name} has another encoding than it had: this breaks what exists; see the head of this test"
        );
    }
    for name in golden.keys() {
        assert!(
            now.contains_key(name),
            "golden.json has {name}, which no sample makes any more: see the head of this test"
        );
    }
}

#[test]
fn every_vector_leads_back_to_its_value() {
    if writes_anew() {
        return;
    }
    let golden = golden().vectors;
    for vector in all() {
        let Some(octets) = golden.get(&vector.name) else { continue };
        let octets = hex::decode(octets).expect("golden.json holds hex");
        assert!((vector.leads_back)(&octets), "{} of golden.json does not decode to its sample", vector.name);
    }
}

#[test]
fn names_differ() {
    let mut names: Vec<String> = all().into_iter().map(|v| v.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "two samples have one name");
}
