//! Place: SSA. `GET /ledger/...`: the ledger for people outside (C2SP tlog-tiles, tlog-proof). Nothing here is believed:
//! whoever reads checks signatures and hashes, so the host can only refuse.
//!
//! | path | for | what |
//! |---|---|---|
//! | `/ledger/checkpoint` | everybody | the newest checkpoint, with its cosignatures where there are witnesses |
//! | `/ledger/tile/<L>/<N>[.p/<W>]` | everybody | hashes |
//! | `/ledger/proof/<index>` | everybody | tlog-proof that the entry is in the ledger |
//! | `/ledger/tile/entries/<N>[.p/<W>]` | auditors | entries |
//! | `/ledger/details/<index>` | auditors | sealed details of the entries from there on |

mod auditor;
pub(crate) mod summing;

use crate::csc::{not_found, wrong_verb};
use crate::http::Refusal;
use crate::server::App;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use fuin_shared::log::detail::bundle::{BUNDLE_OCTETS, append_detail};
use fuin_shared::log::tiles::{Tile, TileKind};
use fuin_shared::log::tlog_proof::TlogProof;
use fuin_shared::message::KeptDetail;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// The head moves with each commit.
const SECONDS: HeaderValue = HeaderValue::from_static("public, max-age=2");
/// The same, for one reader.
const SECONDS_PRIVATE: HeaderValue = HeaderValue::from_static("private, max-age=2");
/// A tile never changes: its path has its width.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// An entry bundle never changes either, but no shared cache may hand it to others.
const FOREVER_PRIVATE: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// Serves one path, which must be exactly as specified.
pub(crate) async fn serve(
    app: &App,
    path: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let resource = path.strip_prefix("/ledger/").ok_or_else(not_found)?;
    if *method != Method::GET && *method != Method::HEAD {
        return Err(wrong_verb("GET, HEAD"));
    }
    if resource == "checkpoint" {
        let head = app.store.published().await?;
        return Ok(answer(head.checkpoint.ok_or_else(not_found)?.into_bytes(), TEXT, SECONDS));
    }
    if let Some(index) = resource.strip_prefix("proof/") {
        return proof(app, decimal(index).ok_or_else(not_found)?).await;
    }
    if let Some(first) = resource.strip_prefix("details/") {
        auditor::admit(&app.config.ledger.auditor_token_sha256, headers)?;
        return details(app, decimal(first).ok_or_else(not_found)?).await;
    }
    let tile = Tile::parse(resource).ok_or_else(not_found)?;
    let cache = match tile.kind() {
        TileKind::Hashes(_) => FOREVER,
        TileKind::Entries => {
            auditor::admit(&app.config.ledger.auditor_token_sha256, headers)?;
            FOREVER_PRIVATE
        }
    };
    let octets = app.store.tile(tile).await?.ok_or_else(not_found)?;
    Ok(answer(octets, OCTETS, cache))
}

async fn proof(app: &App, index: u64) -> Result<Response, Refusal> {
    let proof = app.store.proof(index).await?.ok_or_else(not_found)?;
    let path = proof.path.iter().map(|hash| hash.0).collect();
    let proof = TlogProof { extra: None, index, path, checkpoint: proof.checkpoint };
    Ok(answer(proof.to_text().into_bytes(), TEXT, SECONDS))
}

/// As many as fit into an answer; nothing where no entry from there on has one.
async fn details(app: &App, first: u64) -> Result<Response, Refusal> {
    let mut octets = Vec::new();
    for KeptDetail { index, sealed } in app.store.details(first, BUNDLE_OCTETS).await? {
        append_detail(&mut octets, index, sealed.as_slice());
    }
    Ok(answer(octets, OCTETS, SECONDS_PRIVATE))
}

fn answer(body: Vec<u8>, kind: HeaderValue, cache: HeaderValue) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], body).into_response()
}

/// Decimal without sign and leading zero.
fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}
