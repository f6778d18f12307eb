//! Place: SSA. Request bodies: bounded in size and time.

use super::Refusal;
use crate::config::LimitsConfig;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use std::time::Duration;
use tokio::time::timeout;

/// The whole body. Its largest size is set on the router; one that says to be larger is refused before it comes.
pub(crate) async fn read_body(request: Request, limits: &LimitsConfig) -> Result<Bytes, Refusal> {
    let too_large = || {
        let text = format!("The request body is larger than {} octets", limits.body_octets);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", text)
    };
    if usize::try_from(request.body().size_hint().lower()).map_or(true, |said| said > limits.body_octets) {
        return Err(too_large());
    }
    let read = timeout(Duration::from_millis(limits.body_ms), Bytes::from_request(request, &()));
    let Ok(read) = read.await else {
        return Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "invalid_request",
            "The request body did not arrive in time",
        ));
    };
    read.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Refusal::invalid("The request body cannot be read"),
    })
}
