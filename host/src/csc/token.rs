//! Place: SSA. The activation token on the wire: what CSC calls the SAD, in base64url.

use crate::server::App;
use base64ct::{Base64UrlUnpadded, Encoding};
use fuin_shared::bytes::Blob;
use serde_json::{Map, Value};

/// Octets of an activation token.
const TOKEN: usize = 32;

/// Base64url, with or without padding.
pub(super) fn decode(text: &str) -> Option<Blob> {
    let octets = Base64UrlUnpadded::decode_vec(text.trim_end_matches('=')).ok()?;
    (octets.len() == TOKEN).then_some(Blob(octets))
}

/// Members of the answer that carries one.
pub(super) fn activation(app: &App, token: &Blob, expires: u64) -> Map<String, Value> {
    let left = expires.saturating_sub(app.clock.unix_seconds());
    let token = Base64UrlUnpadded::encode_string(token.as_slice());
    Map::from_iter([("SAD".to_owned(), token.into()), ("expiresIn".to_owned(), left.into())])
}
