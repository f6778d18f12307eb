//! Place: SSA. What all of HTTP here has in common: refusals in JSON, bounded bodies, request ids.

mod body;
pub(crate) mod params;
mod refusal;
mod request_id;

pub(crate) use body::read_body;
pub(crate) use params::Params;
pub(crate) use refusal::Refusal;
pub(crate) use request_id::request_id;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// Carries the id under which the logs know a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// 200 with JSON that nobody may cache.
pub(crate) fn json(value: &Value) -> Response {
    with_status(StatusCode::OK, value)
}

/// JSON that nobody may cache.
pub(crate) fn with_status(status: StatusCode, value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, value.to_string()).into_response()
}
