//! Place: SSA. Request bodies: bounded in size and time.

use super::Refusal;
use crate::config::LimitsConfig;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use std::time::Duration;
use tokio::time::timeout;

/// The whole body. Its largest size is set on the router.
pub(crate) async fn read_body(request: Request, limits: &LimitsConfig) -> Result<Bytes, Refusal> {
    let read = timeout(Duration::from_millis(limits.body_ms), Bytes::from_request(request, &()));
    let Ok(read) = read.await else {
        return Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "invalid_request",
            "The request body did not arrive in time",
        ));
    };
    read.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request",
            format!("The request body is larger than {} octets", limits.body_octets),
        ),
        _ => Refusal::invalid("The request body cannot be read"),
    })
}
