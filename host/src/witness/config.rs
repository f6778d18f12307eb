//! Place: SSA. A witness as the configuration names it.

use fuin_shared::log::cosignature::WitnessKey;
use serde::{Deserialize, Serialize};

/// Longest URL.
const MAX_URL: usize = 1024;

/// `[[witnesses]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// Submission prefix, `http://...` without a trailing slash; `/add-checkpoint` follows.
    pub url: String,
    /// Verifier key of its cosignatures, a C2SP vkey.
    pub vkey: String,
}

impl WitnessConfig {
    /// The key, if both fields can work.
    ///
    /// # Errors
    /// Field and remedy.
    pub(crate) fn check(&self) -> Result<WitnessKey, (&'static str, &'static str)> {
        let plain = reqwest::Url::parse(&self.url).is_ok_and(|url| {
            url.scheme() == "http"
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if !plain || self.url.ends_with('/') || self.url.len() > MAX_URL {
            return Err(("witnesses.url", "give an http URL without a trailing slash"));
        }
        WitnessKey::parse(&self.vkey)
            .map_err(|_| ("witnesses.vkey", "give the vkey that the witness shows, of type cosignature/v1"))
    }
}
