//! Place: SSA. The host put together: store, relay and HTTP, started and stopped as one.

mod handler;
mod hold;
mod listener;

pub use handler::LOGO_PATH;
pub(crate) use handler::answer;
pub use listener::{Bounds, serve};

use crate::accounts::Accounts;
use crate::ceremony::ManifestsError;
use crate::clock::{SharedClock, SystemClock};
use crate::config::{ConfigError, HostConfig};
use crate::relay::{Endpoint, EndpointError, Relay, RelayListener};
use crate::store::sqlite::SqliteStore;
use crate::store::{SharedStore, StoreError};
use crate::witness::Witnesses;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::ServiceId;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// What every handler needs.
pub(crate) struct App {
    pub(crate) config: HostConfig,
    pub(crate) base_url: String,
    pub(crate) store: SharedStore,
    pub(crate) relay: Relay,
    pub(crate) witnesses: Arc<Witnesses>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) clock: SharedClock,
    /// Places for requests being answered.
    pub(crate) places: Semaphore,
    /// Held while manifests are on their way to the enclave.
    pub(crate) bringing: tokio::sync::Mutex<()>,
}

/// Why the host does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another process uses the data directory.
    #[error("data: another host uses {0}; stop it first, or name another directory")]
    Held(PathBuf),
    /// The data directory cannot be held.
    #[error("data: cannot lock {0}: {1}")]
    Lock(PathBuf, std::io::Error),
    /// The listener for enclaves.
    #[error(transparent)]
    Enclave(#[from] EndpointError),
    /// The HTTP listener.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
}

/// Starts hosts.
pub struct Host;

/// A host that is up. Dropped, it goes on; [`RunningHost::shutdown`] ends it.
pub struct RunningHost {
    local_addr: SocketAddr,
    base_url: String,
    store: SharedStore,
    relay: Relay,
    app: Arc<App>,
    accounts: Arc<Accounts>,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
    ceremony: Option<CeremonyServer>,
    rewrap: JoinHandle<()>,
    summing: JoinHandle<()>,
    revocation: JoinHandle<()>,
    enclaves: JoinHandle<()>,
    /// How long a stop waits for requests in flight.
    patience: Duration,
    /// The data directory is ours as long as this is open.
    _hold: std::fs::File,
}

/// What serves ceremonies.
struct CeremonyServer {
    local_addr: SocketAddr,
    http: JoinHandle<()>,
    installer: JoinHandle<()>,
}

impl Host {
    /// Starts a host with the machine's clock.
    ///
    /// # Errors
    /// [`StartError`], before anything is served.
    pub async fn start(config: HostConfig) -> Result<RunningHost, StartError> {
        Self::start_with_clock(config, Arc::new(SystemClock)).await
    }

    /// Starts a host: opens the store, listens for enclaves, then for clients.
    ///
    /// # Errors
    /// [`StartError`], before anything is served.
    pub async fn start_with_clock(config: HostConfig, clock: SharedClock) -> Result<RunningHost, StartError> {
        config.check()?;
        let endpoint = Endpoint::parse(&config.enclave)?;
        let store: SharedStore = Arc::new(SqliteStore::open(&config.data).await?);
        let locked = hold::take(&config.data).map_err(|e| StartError::Lock(config.data.clone(), e))?;
        let hold = locked.ok_or_else(|| StartError::Held(config.data.clone()))?;
        let (listener, local_addr) = bind(config.listen).await?;
        let ceremony = match &config.ceremony {
            Some(ceremony) => Some(bind(ceremony.listen).await?),
            None => None,
        };
        let enclaves = RelayListener::bind(endpoint).await?;

        let witnesses = Arc::new(Witnesses::new(&config.witnesses, Arc::clone(&store))?);
        let relay = Relay::new(Arc::clone(&store), Arc::clone(&witnesses), &config.limits);
        let accounts = Arc::new(Accounts::new(Arc::clone(&store), Arc::clone(&clock), &config.limits));
        let patience = config.limits.deadline();
        let base_url = config.external_url.clone().unwrap_or_else(|| format!("http://{local_addr}"));
        let app = Arc::new(App {
            places: Semaphore::new(config.limits.requests),
            base_url: base_url.clone(),
            store: Arc::clone(&store),
            relay: relay.clone(),
            witnesses,
            accounts: Arc::clone(&accounts),
            clock,
            config,
            bringing: tokio::sync::Mutex::new(()),
        });

        let revocation = tokio::spawn(crate::revocation::bring(app.config.revocation.clone(), relay.clone()));
        let rewrap = tokio::spawn(crate::rewrap::watch(Arc::clone(&store), relay.clone()));
        let summing = tokio::spawn(crate::ledger::summing::watch(Arc::clone(&store)));
        let stop = watch::Sender::new(false);
        let bounds = Bounds::of(&app.config.limits);
        let enclaves = tokio::spawn(enclaves.run(relay.clone()));
        let ceremony = ceremony.map(|(listener, local_addr)| {
            let router = crate::ceremony::router(Arc::clone(&app));
            tracing::info!(%local_addr, "ceremonies are served");
            CeremonyServer {
                local_addr,
                http: tokio::spawn(serve(listener, router, bounds, stop.subscribe())),
                installer: tokio::spawn(crate::ceremony::bring_to_every_boot(Arc::clone(&app))),
            }
        });
        let router = handler::router(Arc::clone(&app));
        let http = tokio::spawn(serve(listener, router, bounds, stop.subscribe()));
        tracing::info!(%local_addr, %base_url, "host is up");
        Ok(RunningHost {
            local_addr,
            base_url,
            store,
            relay,
            app,
            accounts,
            stop,
            http,
            ceremony,
            revocation,
            rewrap,
            summing,
            enclaves,
            patience,
            _hold: hold,
        })
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |e| StartError::Listen(address, e);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let local_addr = listener.local_addr().map_err(failed)?;
    Ok((listener, local_addr))
}

impl RunningHost {
    /// Where HTTP is served.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Where ceremonies are served, if they are.
    #[must_use]
    pub fn ceremony_addr(&self) -> Option<SocketAddr> {
        self.ceremony.as_ref().map(|ceremony| ceremony.local_addr)
    }

    /// Base URL for clients, without `/csc` and without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The way to the enclave.
    #[must_use]
    pub const fn relay(&self) -> &Relay {
        &self.relay
    }

    /// The ledger's witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &Witnesses {
        &self.app.witnesses
    }

    /// The store: catalogue, manifests, ledger.
    #[must_use]
    pub const fn store(&self) -> &SharedStore {
        &self.store
    }

    /// Keeps the service's first manifest.
    ///
    /// # Errors
    /// [`StoreError::Commit`](crate::store::StoreError::Commit) if that of another service is kept.
    pub async fn keep_manifest(&self, first: Blob) -> Result<(), crate::store::StoreError> {
        crate::ceremony::keep_first(&self.store, first).await
    }

    /// Gives the kept manifests to the connected enclave, as far as it does not have them; says which service it works for.
    ///
    /// # Errors
    /// [`ManifestsError`].
    pub async fn bring_manifests(&self) -> Result<Option<ServiceId>, ManifestsError> {
        crate::ceremony::bring(&self.app).await
    }

    /// Users and tokens.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Stops: takes no new request, answers those in flight, ends the enclave's connections, closes the store.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        self.revocation.abort();
        self.rewrap.abort();
        self.summing.abort();
        if let Some(ceremony) = self.ceremony {
            // Whoever waits for a replay of the ledger can ask again.
            ceremony.http.abort();
            ceremony.installer.abort();
        }
        // A client that never finishes its request must not keep the host up.
        let mut http = self.http;
        if tokio::time::timeout(self.patience, &mut http).await.is_err() {
            tracing::warn!("requests in flight were cut off");
            http.abort();
        }
        self.relay.stop();
        if let Err(error) = self.enclaves.await {
            tracing::error!(%error, "enclave listener did not end well");
        }
        self.store.close().await;
        tracing::info!("host is down");
    }
}
