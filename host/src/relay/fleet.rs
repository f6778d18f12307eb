//! Place: SSA. Which connections there are, and which instance is the newest.

use super::connection::Connection;
use fuin_shared::fault::Fault;
use fuin_shared::ids::InstanceId;
use fuin_shared::message::Lane;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, watch};

/// How many instances without a connection are remembered, so that a superseded one that dials again stays superseded.
const REMEMBERED: usize = 64;

/// All connections that said `Hello`.
pub(super) struct Fleet {
    state: Mutex<State>,
    current: watch::Sender<Option<InstanceId>>,
}

#[derive(Default)]
struct State {
    connections: Vec<Arc<Connection>>,
    /// In the order in which they first dialled.
    seen: Vec<InstanceId>,
}

impl Default for Fleet {
    fn default() -> Self {
        Self { state: Mutex::default(), current: watch::Sender::new(None) }
    }
}

impl Fleet {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn current(&self) -> watch::Receiver<Option<InstanceId>> {
        self.current.subscribe()
    }

    pub(super) fn add(&self, connection: Arc<Connection>) {
        let mut state = self.state();
        let instance = connection.instance();
        if !state.seen.contains(&instance) {
            state.seen.push(instance);
            let surplus = state.seen.len().saturating_sub(REMEMBERED);
            let State { connections, seen } = &mut *state;
            let mut forgotten = 0;
            seen.retain(|id| {
                let keep = forgotten >= surplus
                    || *id == instance
                    || connections.iter().any(|c| c.instance() == *id);
                forgotten += usize::from(!keep);
                keep
            });
        }
        state.connections.push(connection);
        self.publish(&state);
    }

    pub(super) fn remove(&self, connection: &Arc<Connection>) {
        let mut state = self.state();
        state.connections.retain(|c| !Arc::ptr_eq(c, connection));
        self.publish(&state);
    }

    fn publish(&self, state: &State) {
        let newest = state.newest();
        self.current.send_if_modified(|current| {
            let changed = *current != newest;
            *current = newest;
            changed
        });
    }

    /// Those connected, the newest first.
    pub(super) fn instances(&self) -> Vec<InstanceId> {
        self.state().by_age().collect()
    }

    /// The connection of this instance, or else of the newest, that has most room in a lane, and a place on it.
    pub(super) fn pick(
        &self,
        wanted: Option<&InstanceId>,
        lane: Lane,
    ) -> Result<(Arc<Connection>, OwnedSemaphorePermit), Fault> {
        let state = self.state();
        let wanted = wanted.copied().or_else(|| state.newest()).ok_or(Fault::Disconnected)?;
        let connection = state
            .connections
            .iter()
            .filter(|c| c.instance() == wanted)
            .max_by_key(|c| c.room(lane))
            .ok_or(Fault::Disconnected)?;
        let permit = connection.reserve(lane).ok_or(Fault::Busy)?;
        Ok((Arc::clone(connection), permit))
    }
}

impl State {
    /// Among those connected, the one that first dialled last.
    fn newest(&self) -> Option<InstanceId> {
        self.by_age().next()
    }

    /// Those connected; the one that first dialled last comes first.
    fn by_age(&self) -> impl Iterator<Item = InstanceId> {
        let connected = |id: &&InstanceId| self.connections.iter().any(|c| c.instance() == **id);
        self.seen.iter().rev().filter(connected).copied()
    }
}
