//! Place: SSA. The HTTP listener: as many connections as are allowed, and a time limit on the head of every request.
//! A witness listens in the same way.

use crate::config::LimitsConfig;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Pause after the system refused to accept, such as for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Limits of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Most connections at a time; others wait until one has ended.
    pub connections: usize,
    /// Longest wait for the head of a request, and for the next request of a connection.
    pub head: Duration,
    /// Longest life of a connection, whatever it does; none: as long as it asks.
    pub life: Option<Duration>,
}

impl Bounds {
    pub(super) const fn of(limits: &LimitsConfig) -> Self {
        Self { connections: limits.http_connections, head: Duration::from_millis(limits.head_ms), life: None }
    }
}

/// Serves until `stop` turns true, then ends each connection after the request that it is answering.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let mut connections = JoinSet::new();
    let stopped = stop.clone();
    let mut stopping = pin!(stopped_at(&mut stop));
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stopping => break,
            accepted = accept(&listener, &places) => accepted,
        };
        // Those that ended.
        while connections.try_join_next().is_some() {}
        match accepted {
            Some((stream, place)) => {
                let (router, stopped) = (router.clone(), stopped.clone());
                connections.spawn(async move {
                    converse(stream, router, bounds, stopped).await;
                    drop(place);
                });
            }
            None => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    // Never closed.
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::warn!(%error, "cannot accept from the HTTP listener");
            None
        }
    }
}

async fn converse(stream: TcpStream, router: Router, bounds: Bounds, mut stop: watch::Receiver<bool>) {
    // Only slower if it fails.
    let _ = stream.set_nodelay(true);
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.head)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
    );
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopped_at(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = over(bounds.life) => {
            connection.as_mut().graceful_shutdown();
            // Who does not read its answer by then has had its time.
            match tokio::time::timeout(bounds.head, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "HTTP connection ended early");
    }
}

/// Waits for the stop, without keeping a lock on it.
async fn stopped_at(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn over(life: Option<Duration>) {
    match life {
        Some(life) => tokio::time::sleep(life).await,
        None => std::future::pending().await,
    }
}
