//! Place: SSA. Accepts enclaves' connections, as many as are allowed.

use super::endpoint::{Bound, Octets};
use super::{Endpoint, EndpointError, Relay, connection};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How long, and how much, is read from a connection that ends, so that it is not closed with unread octets:
/// a vsock backend of the emulation does not survive that.
const DRAIN: Duration = Duration::from_millis(250);
const DRAIN_OCTETS: usize = 4 << 20;
/// Pause after the system refused to accept, such as for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound listener for enclaves.
pub struct RelayListener {
    bound: Bound,
    endpoint: Endpoint,
}

impl RelayListener {
    /// Binds. A stale socket is replaced; the directory of a socket must be closed to others.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub async fn bind(endpoint: Endpoint) -> Result<Self, EndpointError> {
        Ok(Self { bound: endpoint.bind().await?, endpoint })
    }

    /// Serves connections until [`Relay::stop`], then ends them all.
    pub async fn run(self, relay: Relay) {
        let shared = relay.shared;
        let mut stop = shared.stop.subscribe();
        let places = Arc::new(Semaphore::new(shared.limits.enclave_connections));
        let mut tasks = JoinSet::new();
        tracing::info!(endpoint = %self.endpoint, "waiting for enclaves");
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = self.bound.accept() => accepted,
            };
            // Those that ended.
            while tasks.try_join_next().is_some() {}
            match accepted {
                Ok(stream) => match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => {
                        let shared = Arc::clone(&shared);
                        tasks.spawn(async move {
                            connection::run(stream, shared).await;
                            drop(place);
                        });
                    }
                    Err(_) => {
                        tracing::warn!("an enclave connection over the limit was closed");
                        let frame = shared.limits.frame();
                        tasks.spawn(async move { close(stream, frame).await });
                    }
                },
                Err(error) => {
                    tracing::warn!(%error, "cannot accept from the enclave listener");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        while tasks.join_next().await.is_some() {}
    }
}

/// Ends a connection: says so to the peer, reads what it had sent, then closes.
pub(super) async fn close(mut stream: impl Octets, patience: Duration) {
    let _ = tokio::time::timeout(patience, stream.shutdown()).await;
    let drain = async {
        let mut buffer = vec![0; 16 * 1024];
        let mut total = 0;
        while let Ok(n) = stream.read(&mut buffer).await {
            total += n;
            if n == 0 || total > DRAIN_OCTETS {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN, drain).await;
}
