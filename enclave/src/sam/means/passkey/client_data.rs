//! Place: SAM. `clientDataJSON` (WebAuthn section 5.8.1): what the browser says of the ceremony.

use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Longest client data in octets.
const MAX_CLIENT_DATA: usize = 4096;

/// Which of the two ceremonies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Ceremony {
    /// Registration.
    #[serde(rename = "webauthn.create")]
    Create,
    /// Assertion.
    #[serde(rename = "webauthn.get")]
    Get,
}

/// The members that are checked. Members unknown here are let through, as the standard demands of a reader: browsers
/// add some to keep readers honest. A duplicate of a known member is refused.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientData {
    #[serde(rename = "type")]
    ceremony: Ceremony,
    challenge: String,
    origin: String,
    cross_origin: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    top_origin: bool,
    token_binding: Option<TokenBinding>,
}

#[derive(Debug, Deserialize)]
struct TokenBinding {
    status: String,
}

/// True for a member that is there, whatever it holds (null as well).
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl ClientData {
    /// Reads one JSON object in UTF-8 without byte order mark.
    pub(super) fn parse(octets: &[u8]) -> Result<Self, Fault> {
        // A struct could also be read from a JSON array, hence the look at the first octet.
        if octets.len() > MAX_CLIENT_DATA || octets.first() != Some(&b'{') {
            return Err(Fault::AssertionMalformed);
        }
        serde_json::from_slice(octets).map_err(|_| Fault::AssertionMalformed)
    }

    /// Steps 7 to 10 of section 7.1, 11 to 14 of section 7.2.
    pub(super) fn check(
        &self,
        ceremony: Ceremony,
        challenge: &Digest32,
        origins: &[String],
    ) -> Result<(), Fault> {
        if self.ceremony != ceremony {
            return Err(Fault::AssertionMalformed);
        }
        if self.challenge != Base64UrlUnpadded::encode_string(challenge.as_ref()) {
            return Err(Fault::AssertionChallenge);
        }
        let framed = self.cross_origin == Some(true) || self.top_origin;
        if framed || !origins.contains(&self.origin) {
            return Err(Fault::AssertionOrigin);
        }
        // Token binding that was in use cannot be compared: the TLS connection does not end here.
        if self.token_binding.as_ref().is_some_and(|t| t.status != "supported") {
            return Err(Fault::AssertionMalformed);
        }
        Ok(())
    }
}
