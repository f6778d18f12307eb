//! Place: none. `fuin witness serve`: the two resources of C2SP tlog-witness over HTTP.

use crate::dev::stop::StopSignal;
use crate::file;
use crate::installation::now;
use crate::outcome::Failure;
use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use fuin_host::server::Bounds;
use fuin_shared::log::add_checkpoint::{MAX_BODY, TEXT_TYPE};
use fuin_witness::{Witness, WitnessError};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Life of a connection, in times of `--timeout`.
const LIFE: u32 = 12;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of the witness.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Where to listen; port 0 takes a free one. TLS is a proxy's.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Writes the address into this file once it listens.
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,
    /// Most connections at a time; more wait for their turn.
    #[arg(long, value_name = "N", default_value = "64", value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Seconds for the head of a request, and again for its body. A connection lives twelve times as long.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u8).range(1..=60))]
    timeout: u8,
}

/// What the handlers need.
struct Serving {
    witness: Witness,
    patience: Duration,
}

/// Serves until SIGINT or SIGTERM.
pub async fn run(args: Args) -> Result<(), Failure> {
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let patience = Duration::from_secs(args.timeout.into());
    let serving = Arc::new(Serving { witness: Witness::open(&args.dir)?, patience });
    let mut wish = StopSignal::new()?;
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("--listen {}", args.listen))?;
    let address = listener.local_addr().context("the listener's address")?;
    if let Some(path) = &args.address_file {
        file::write(path, format!("{address}\n").as_bytes(), file::PUBLIC)?;
    }
    println!("witness {} serving on http://{address}", serving.witness.key().name());
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{id}/checkpoint", get(checkpoint))
        .with_state(serving);
    let bounds = Bounds {
        connections: args.connections.into(),
        head: patience,
        life: Some(patience.saturating_mul(LIFE)),
    };
    let stop = watch::Sender::new(false);
    let mut served = tokio::spawn(fuin_host::server::serve(listener, router, bounds, stop.subscribe()));
    wish.wait().await;
    stop.send_replace(true);
    // A client that never finishes must not keep the witness up. What is recorded stays so.
    if tokio::time::timeout(patience, &mut served).await.is_err() {
        served.abort();
    }
    Ok(())
}

/// Files are written before the answer: that is work for a thread that may wait.
async fn add_checkpoint(State(serving): State<Arc<Serving>>, body: Body) -> Response {
    let body = match tokio::time::timeout(serving.patience, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return (StatusCode::BAD_REQUEST, "the body is too large, or broke off\n").into_response();
        }
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the body took too long\n").into_response(),
    };
    let work = move || {
        let answer = serving.witness.add_checkpoint(&body, now());
        if let Ok(answer) = &answer {
            tracing::info!(status = answer.status(), "add-checkpoint");
        }
        answer
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(answer)) => {
            let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, answer.content_type())], answer.body()).into_response()
        }
        failed => broken(failed.ok().and_then(Result::err)),
    }
}

async fn checkpoint(State(serving): State<Arc<Serving>>, Path(id): Path<String>) -> Response {
    match tokio::task::spawn_blocking(move || serving.witness.checkpoint(&id, now())).await {
        Ok(Ok(Some(note))) => ([(header::CONTENT_TYPE, TEXT_TYPE)], note).into_response(),
        Ok(Ok(None)) => (StatusCode::NOT_FOUND, "unknown origin, or nothing seen yet\n").into_response(),
        failed => broken(failed.ok().and_then(Result::err)),
    }
}

/// The operator reads why; whoever asked need not.
fn broken(error: Option<WitnessError>) -> Response {
    match error {
        Some(error) => tracing::error!("{error}"),
        None => tracing::error!("the work did not end"),
    }
    (StatusCode::INTERNAL_SERVER_ERROR, "the witness cannot cosign now\n").into_response()
}
