//! Place: SSA. A refusal as clients get it: always JSON with `error` and `error_description` (CSC section 8).

use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::borrow::Cow;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) description: Cow<'static, str>,
    /// `Retry-After` is sent.
    pub(crate) retry: bool,
    /// `WWW-Authenticate`.
    pub(crate) challenge: Option<&'static str>,
    /// `Allow`.
    pub(crate) allow: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(
        status: StatusCode,
        error: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, error, description: description.into(), retry: false, challenge: None, allow: None }
    }

    /// 400 `invalid_request`.
    pub(crate) fn invalid(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// 429: this much at once is not served.
    pub(crate) fn busy() -> Self {
        let text = "Too much is in flight; try again later";
        Self { retry: true, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", text) }
    }

    /// 503: not served now.
    pub(crate) fn unavailable(description: &'static str) -> Self {
        Self {
            retry: true,
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description)
        }
    }

    /// 500: a fault of ours. The reason is in the log only.
    pub(crate) fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "internal error");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "The server met an unexpected condition")
    }

    /// The response; `retry_after` in seconds.
    pub(crate) fn into_response(self, retry_after: u32) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut response = super::with_status(self.status, &body).into_response();
        let headers = response.headers_mut();
        if self.retry {
            headers.insert(header::RETRY_AFTER, retry_after.into());
        }
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store failed");
        Self::unavailable("The service cannot reach its store")
    }
}
