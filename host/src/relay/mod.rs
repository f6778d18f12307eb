//! Place: SSA. Connections that enclaves dialled, and requests over them in both directions.
//!
//! An enclave keeps several connections; each begins with its `Hello`. Commands go to the newest instance (those of a
//! hand-over to a named one), by the connection with most room; when there is none, the answer is a fault at once: nothing
//! waits in a queue that has no end.

mod connection;
mod credit;
mod endpoint;
mod fleet;
mod frames;
mod listener;
mod outbox;
mod requests;
mod serve;

pub use endpoint::{Endpoint, EndpointError};
pub use listener::RelayListener;

use crate::config::LimitsConfig;
use crate::store::SharedStore;
use crate::witness::Witnesses;
use fleet::Fleet;
use fuin_shared::fault::Fault;
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Answer, Command};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The way to the enclave. Clones share it.
#[derive(Clone)]
pub struct Relay {
    shared: Arc<Shared>,
}

/// What all connections have in common.
pub(crate) struct Shared {
    store: SharedStore,
    witnesses: Arc<Witnesses>,
    limits: LimitsConfig,
    fleet: Fleet,
    /// Turns true once, when the host stops.
    stop: watch::Sender<bool>,
}

impl Relay {
    /// A relay without connections; [`RelayListener::run`] brings them.
    #[must_use]
    pub fn new(store: SharedStore, witnesses: Arc<Witnesses>, limits: &LimitsConfig) -> Self {
        let shared = Shared {
            store,
            witnesses,
            limits: limits.clone(),
            fleet: Fleet::default(),
            stop: watch::Sender::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sends a command to the newest enclave and waits for its answer, at most until `deadline` from now.
    ///
    /// # Errors
    /// The enclave's refusal; or of the relay itself [`Fault::Disconnected`] (no enclave, or its connection broke),
    /// [`Fault::Busy`] (as much in flight as is allowed), [`Fault::Deadline`], [`Fault::TooLarge`].
    pub async fn call(&self, command: Command, deadline: Duration) -> Result<Answer, Fault> {
        self.call_instance(command, deadline).await.map(|(_, answer)| answer)
    }

    /// Like [`Relay::call`], and says which instance answered.
    ///
    /// # Errors
    /// As [`Relay::call`].
    pub async fn call_instance(
        &self,
        command: Command,
        deadline: Duration,
    ) -> Result<(InstanceId, Answer), Fault> {
        let (connection, _permit) = self.shared.fleet.pick(None, command.lane())?;
        let answer = connection.ask(command, deadline).await?;
        Ok((connection.instance(), answer))
    }

    /// Like [`Relay::call`], to this instance and no other.
    ///
    /// # Errors
    /// As [`Relay::call`].
    pub async fn call_to(
        &self,
        instance: &InstanceId,
        command: Command,
        deadline: Duration,
    ) -> Result<Answer, Fault> {
        let (connection, _permit) = self.shared.fleet.pick(Some(instance), command.lane())?;
        connection.ask(command, deadline).await
    }

    /// All connected instances, the newest first.
    #[must_use]
    pub fn instances(&self) -> Vec<InstanceId> {
        self.shared.fleet.instances()
    }

    /// The newest connected instance, and each change of it.
    #[must_use]
    pub fn instance(&self) -> watch::Receiver<Option<InstanceId>> {
        self.shared.fleet.current()
    }

    /// Ends the listener and all connections; commands in flight fail with [`Fault::Disconnected`].
    pub fn stop(&self) {
        self.shared.stop.send_replace(true);
    }
}
