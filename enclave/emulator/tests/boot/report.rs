//! Place: none. What the probe reports.

use std::collections::BTreeMap;
use std::io::Read;

use aws_nitro_enclaves_nsm_api::api::Response;
use ciborium::Value;

pub struct Report(BTreeMap<String, Value>);

impl Report {
    pub fn read(stream: &mut impl Read) -> Self {
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut octets = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut octets).unwrap();
        let entries: Vec<(String, Value)> = ciborium::from_reader(octets.as_slice()).unwrap();
        Self(entries.into_iter().collect())
    }

    /// The response to the request of this name.
    pub fn get(&self, name: &str) -> Response {
        self.0.get(name).unwrap_or_else(|| panic!("nothing about {name:?}")).deserialized().unwrap()
    }
}
