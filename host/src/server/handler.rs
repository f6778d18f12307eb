//! Place: SSA. Every HTTP request: its id, its place in the bounded crowd, its path, its line in the log.

use super::App;
use crate::csc::{self, Version, not_found, wrong_verb};
use crate::http::{Refusal, json, request_id, with_status};
use crate::{attestation, http, ledger};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fuin_shared::message::{Answer, Command};
use fuin_shared::phase::Phase;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// Where the default logo is.
pub const LOGO_PATH: &str = "/logo.png";
static LOGO: &[u8] = include_bytes!("../../assets/logo.png");

/// How long `/readyz` waits for the enclave.
const READY: Duration = Duration::from_secs(5);

/// One handler for all paths: so every answer is JSON, and a doubled slash does no harm.
pub(super) fn router(app: Arc<App>) -> Router {
    let limit = DefaultBodyLimit::max(app.config.limits.body_octets);
    Router::new().fallback(handle).layer(limit).with_state(app)
}

async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    answer(&app, request, |request| route(&app, request)).await
}

/// Answers a request by its route, with its id, its place in the bounded crowd and its line in the log.
pub(crate) async fn answer<F>(app: &App, request: Request, route: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Result<Response, Refusal>>,
{
    let id = request_id(request.headers());
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
    );
    async move {
        let began = Instant::now();
        let answer = match app.places.try_acquire() {
            Ok(_place) => route(request).await,
            Err(_) => Err(Refusal::unavailable("Too many requests at once; try again later")),
        };
        let mut response = answer.unwrap_or_else(|refusal| {
            tracing::info!(error = refusal.error, description = %refusal.description, "refused");
            refusal.into_response(app.config.limits.retry_after_seconds)
        });
        response.headers_mut().insert(http::REQUEST_ID, id);
        tracing::info!(
            status = response.status().as_u16(),
            ms = began.elapsed().as_millis() as u64,
            "answered"
        );
        response
    }
    .instrument(span)
    .await
}

async fn route(app: &App, request: Request) -> Result<Response, Refusal> {
    let path = request.uri().path().to_owned();
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    match segments.as_slice() {
        ["csc", version, method @ ..] => {
            let version = Version::named(version).ok_or_else(not_found)?;
            csc::serve(app, version, &method.join("/"), request).await
        }
        ["attestation"] => attestation::serve(app, request).await,
        ["attestation", "key"] => attestation::serve_key(app, request).await,
        ["revocation"] => csc::revocation::serve(app, request).await,
        ["signatures", "document"] => csc::document::serve(app, request).await,
        ["ledger", ..] => {
            let (parts, _) = request.into_parts();
            ledger::serve(app, &path, &parts.method, &parts.headers).await
        }
        [name @ ("healthz" | "readyz" | "logo.png")] => {
            if *request.method() != Method::GET && *request.method() != Method::HEAD {
                return Err(wrong_verb("GET, HEAD"));
            }
            match *name {
                "healthz" => Ok(json(&json!({ "status": "ok" }))),
                "readyz" => Ok(ready(app).await),
                _ => Ok(logo()),
            }
        }
        _ => Err(not_found()),
    }
}

/// Ready means that an enclave is connected, answers, and serves signers.
async fn ready(app: &App) -> Response {
    match app.relay.call(Command::Status, READY).await {
        Ok(Answer::Status(status)) => {
            let ready = status.phase == Phase::Operational;
            let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let instance = status.instance.to_string();
            with_status(
                code,
                &json!({ "ready": ready, "phase": status.phase.as_str(), "instance": instance }),
            )
        }
        Ok(_) => with_status(StatusCode::SERVICE_UNAVAILABLE, &json!({ "ready": false })),
        Err(fault) => {
            with_status(StatusCode::SERVICE_UNAVAILABLE, &json!({ "ready": false, "reason": fault.text() }))
        }
    }
}

fn logo() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("image/png"))], LOGO).into_response()
}
