//! Place: SSA. The ceremony: carries officers' and custodians' messages to the enclave, on a loopback listener of its own.
//! The host checks nothing that anybody could rely on: the enclave checks every message, and people check the evidence.
//!
//! | request | carries |
//! |---|---|
//! | `GET /ceremony/status` | how far it is, JSON |
//! | `GET /ceremony/manifest` | the signed manifest, CBOR |
//! | `POST /ceremony/manifest` | a first manifest; kept, and installed at every later boot |
//! | `GET /ceremony/manifests` | the first manifest and all that followed, with their approvals, CBOR |
//! | `POST /ceremony/change` | a manifest that is to follow, with the officers' approvals |
//! | `POST /ceremony/approval` | one officer's approval; with the quorum's last one the genesis begins |
//! | `GET /ceremony/shares` | the sealed shares of a genesis or of a rotation, CBOR |
//! | `POST /ceremony/receipt` | one custodian's receipt |
//! | `POST /ceremony/rotation` | the officers' order that another root key takes over |
//! | `POST /ceremony/deletion` | one custodian's word that the share of the former root key is deleted |
//! | `POST /ceremony/share` | one custodian's share for this boot |
//! | `POST /ceremony/epoch` | a new epoch of the ledger with the officers' approvals, for the boot that waits for shares |
//! | `POST /ceremony/hand-over` | nothing: the root key goes from an older enclave to the newest one |
//! | `POST /attestation` | evidence, as on the public listener |

mod approvals;
mod epoch;
mod hand_over;
mod manifests;
mod messages;
mod rotation;
mod status;

pub use manifests::ManifestsError;
pub(crate) use manifests::{bring, bring_to_every_boot, keep_first};

use crate::csc::{not_found, wrong_verb};
use crate::http::Refusal;
use crate::server::{App, answer};
use approvals::Approvals;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fuin_shared::fault::Fault;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Patience with one command; the last share's answer comes after the replay of the ledger.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the handlers share.
struct Desk {
    app: Arc<App>,
    approvals: Mutex<Approvals>,
    /// Held by the request that may begin a genesis, or a hand-over.
    beginning: tokio::sync::Mutex<()>,
}

/// One handler for all paths, so that every answer is JSON.
pub(crate) fn router(app: Arc<App>) -> Router {
    let limit = DefaultBodyLimit::max(app.config.limits.body_octets);
    let desk = Arc::new(Desk { app, approvals: Mutex::default(), beginning: tokio::sync::Mutex::default() });
    Router::new().fallback(handle).layer(limit).with_state(desk)
}

async fn handle(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    answer(&desk.app, request, |request| route(&desk, request)).await
}

async fn route(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    // No browser has business here: a page that somebody opens on this machine must not speak to it.
    if request.headers().contains_key(header::ORIGIN) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "access_denied",
            "This listener is not for web pages",
        ));
    }
    let path = request.uri().path().to_owned();
    let get = *request.method() == Method::GET;
    let post = *request.method() == Method::POST;
    match path.as_str() {
        "/attestation" => crate::attestation::serve(&desk.app, request).await,
        "/ceremony/status" if get => status::serve(desk).await,
        "/ceremony/manifest" if get => messages::manifest(desk).await,
        "/ceremony/manifests" if get => manifests::history(desk).await,
        "/ceremony/change" if post => manifests::change(desk, request).await,
        "/ceremony/shares" if get => messages::shares(desk).await,
        "/ceremony/manifest" if post => messages::install(desk, request).await,
        "/ceremony/approval" if post => messages::approve(desk, request).await,
        "/ceremony/receipt" if post => messages::receipt(desk, request).await,
        "/ceremony/share" if post => messages::share(desk, request).await,
        "/ceremony/hand-over" if post => hand_over::run(desk).await,
        "/ceremony/rotation" if post => rotation::order(desk, request).await,
        "/ceremony/deletion" if post => rotation::deletion(desk, request).await,
        "/ceremony/epoch" if post => epoch::plan(desk, request).await,
        "/ceremony/manifest" => Err(wrong_verb("GET, POST")),
        "/ceremony/status" | "/ceremony/shares" | "/ceremony/manifests" => Err(wrong_verb("GET")),
        "/ceremony/approval"
        | "/ceremony/receipt"
        | "/ceremony/share"
        | "/ceremony/change"
        | "/ceremony/epoch"
        | "/ceremony/rotation"
        | "/ceremony/deletion"
        | "/ceremony/hand-over" => Err(wrong_verb("POST")),
        _ => Err(not_found()),
    }
}

/// What the enclave, or the way to it, refused.
fn refused(fault: Fault) -> Refusal {
    match fault {
        Fault::Busy => Refusal::busy(),
        Fault::Disconnected => Refusal::unavailable("No enclave is connected"),
        fault if fault.is_transient() => Refusal::unavailable("The enclave does not answer; try again later"),
        fault => Refusal::new(StatusCode::CONFLICT, "refused", format!("the enclave refuses: {fault}")),
    }
}

/// Not now, or not like this.
fn conflict(text: &'static str) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, "refused", text)
}

fn cbor(octets: Vec<u8>) -> Response {
    let mut response = octets.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
