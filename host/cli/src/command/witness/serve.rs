//! Place: none. `fuin witness serve`: the two resources of C2SP tlog-witness over HTTP.

use crate::dev::stop::StopSignal;
use crate::file;
use crate::installation::now;
use crate::outcome::Failure;
use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use fuin_shared::log::add_checkpoint::MAX_BODY;
use fuin_witness::{Witness, WitnessError};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

const TEXT: &str = "text/plain; charset=utf-8";

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
}

/// Serves until SIGINT or SIGTERM.
pub async fn run(args: Args) -> Result<(), Failure> {
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let witness = Arc::new(Witness::open(&args.dir)?);
    let mut stop = StopSignal::new()?;
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("--listen {}", args.listen))?;
    let address = listener.local_addr().context("the listener's address")?;
    if let Some(path) = &args.address_file {
        file::write(path, format!("{address}\n").as_bytes(), file::PUBLIC)?;
    }
    println!("witness {} serving on http://{address}", witness.key().name());
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{id}/checkpoint", get(checkpoint))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(witness);
    axum::serve(listener, router)
        .with_graceful_shutdown(async move { stop.wait().await })
        .await
        .context("the listener")?;
    Ok(())
}

/// Files are written before the answer: that is work for a thread that may wait.
async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    let work = move || {
        let answer = witness.add_checkpoint(&body, now());
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

async fn checkpoint(State(witness): State<Arc<Witness>>, Path(id): Path<String>) -> Response {
    match tokio::task::spawn_blocking(move || witness.checkpoint(&id, now())).await {
        Ok(Ok(Some(note))) => ([(header::CONTENT_TYPE, TEXT)], note).into_response(),
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
