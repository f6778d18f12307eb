//! Place: none. What a caller asks for. Members have the names of the command line's flags.

use serde::{Deserialize, Serialize};

/// An option that makes no sense; the text names its flag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flag}: {why}")]
pub struct Unusable {
    /// The flag, such as `--nonce`.
    pub flag: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl Unusable {
    /// An error of `flag`.
    pub fn new(flag: &'static str, why: impl ToString) -> Self {
        Self { flag, why: why.to_string() }
    }
}

/// The time of judgement as it is written: Unix seconds as a number or as text, or `archive`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Time {
    /// Unix seconds.
    Seconds(u64),
    /// `archive` (the document's own time) or Unix seconds in digits.
    Text(String),
}

/// What the octets are to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A document or a service's bundle.
    #[default]
    Evidence,
    /// A key attestation.
    Key,
}

/// The options. An absent member is a flag that was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// `evidence` (default) or `key`; the command line has a subcommand for it.
    pub kind: Kind,
    /// One root certificate in PEM; the vendors' roots when absent.
    pub root: Option<String>,
    /// The time of judgement. There is no clock here: it must be given.
    pub at: Option<Time>,
    /// The caller's nonce in hexadecimal.
    pub nonce: Option<String>,
    /// `text` (default) or `observed`.
    pub profile: Option<String>,
    /// Expected registers, each `N=HEX`.
    pub pcr: Vec<String>,
    /// Expected registers from the content of a `release.json`.
    pub release: Option<serde_json::Value>,
    /// Most seconds that the evidence may be old.
    pub max_age: Option<u64>,
    /// Expected service id in hexadecimal.
    pub service: Option<String>,
    /// The weakest release mode that will do: `durable` or `cosigned` (default).
    pub min_release: Option<String>,
    /// The public key that is asked about (key statements): SubjectPublicKeyInfo in DER or its SHA-256, in hexadecimal.
    pub spki: Option<String>,
    /// Accept an enclave in debug mode.
    pub allow_debug: bool,
    /// Accept a development service.
    pub allow_development: bool,
    /// Only ask whether the evidence is authentic.
    pub authentic_only: bool,
}

impl Options {
    /// Reads options from JSON.
    ///
    /// # Errors
    /// [`Unusable`] when it is not JSON, has an unknown member or one of another type.
    pub fn from_json(text: &[u8]) -> Result<Self, Unusable> {
        // The derived reader would take a list of members by their position, too.
        if text.trim_ascii_start().first() != Some(&b'{') {
            return Err(Unusable::new("options", "must be a JSON object"));
        }
        serde_json::from_slice(text).map_err(|error| Unusable::new("options", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_as_the_flags() {
        let options = Options::from_json(
            br#"{"at": 5, "authentic-only": true, "min-release": "durable", "pcr": ["0=00"]}"#,
        )
        .unwrap();
        assert_eq!(options.at, Some(Time::Seconds(5)));
        assert!(options.authentic_only && !options.allow_debug);
        assert_eq!((options.min_release.as_deref(), options.pcr.len()), (Some("durable"), 1));
    }

    #[test]
    fn unknown_members_and_other_types_are_refused() {
        for text in
            [&b"{\"nonse\": \"00\"}"[..], b"{\"nonce\": 1}", b"[]", b"", b"{\"allow-debug\": \"yes\"}"]
        {
            assert_eq!(Options::from_json(text).unwrap_err().flag, "options");
        }
    }
}
