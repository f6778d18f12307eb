//! Place: SSA. Members of a JSON body, with the refusals that CSC words for each mistake. `null` is absent, unknown
//! members are ignored, a repeated one is refused.

use super::Refusal;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The members of a request.
#[derive(Debug, Default)]
pub(crate) struct Params(Map<String, Value>);

impl Params {
    /// Parses a body; an empty one is `{}`.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        serde_json::from_slice(body)
            .map_err(|_| Refusal::invalid("The request body is not a JSON object without repeated members"))
    }

    /// The first of these members that is there.
    pub(crate) fn get(&self, names: &[&str]) -> Option<&Value> {
        names.iter().find_map(|name| self.0.get(*name).filter(|value| !value.is_null()))
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, name: &'static str) -> Result<&str, Refusal> {
        self.get(&[name]).and_then(Value::as_str).ok_or_else(|| missing("string", name))
    }

    /// A text that may be there.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        self.get(&[name]).map(|value| value.as_str().ok_or_else(|| not_acceptable(name))).transpose()
    }

    /// A boolean, `false` by default.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, Refusal> {
        self.get(&[name]).map_or(Ok(false), |value| value.as_bool().ok_or_else(|| not_acceptable(name)))
    }
}

/// Absent, or of another JSON type.
pub(crate) fn missing(kind: &str, name: &str) -> Refusal {
    Refusal::invalid(format!("Missing (or invalid type) {kind} parameter {name}"))
}

/// Present but not acceptable.
pub(crate) fn not_acceptable(name: &str) -> Refusal {
    Refusal::invalid(format!("Invalid parameter {name}"))
}

/// A number out of its range.
pub(crate) fn out_of_range(name: &str) -> Refusal {
    Refusal::invalid(format!("Invalid value for parameter {name}"))
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Params;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Params, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("repeated member"));
                    }
                }
                Ok(Params(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_without_repetition_is_taken() {
        assert!(Params::parse(b"").is_ok());
        assert!(Params::parse(b" {\"a\": 1} ").is_ok());
        for body in [&b"[]"[..], b"1", b"{", b"{} {}", b"{\"a\":1,\"a\":2}", b"\xff", b"null"] {
            let refusal = Params::parse(body).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.error), (400, "invalid_request"), "{body:?}");
        }
        let deep = [b"{\"a\":".as_slice(), &b"[".repeat(100_000)].concat();
        assert!(Params::parse(&deep).is_err());
    }

    #[test]
    fn null_is_absent_and_types_are_checked() {
        let params = Params::parse(br#"{"a":null,"b":1,"c":"x","d":true}"#).unwrap();
        assert_eq!(
            params.required_text("a").unwrap_err().description,
            "Missing (or invalid type) string parameter a"
        );
        assert_eq!(
            params.required_text("b").unwrap_err().description,
            "Missing (or invalid type) string parameter b"
        );
        assert_eq!(params.text("a").unwrap(), None);
        assert_eq!(params.text("b").unwrap_err().description, "Invalid parameter b");
        assert_eq!(params.required_text("c").unwrap(), "x");
        assert!(params.flag("d").unwrap());
        assert!(!params.flag("a").unwrap());
        assert!(params.flag("c").is_err());
    }
}
