//! Place: SSA. Streams that the enclave opened, and how much of each it has room for.

use super::frames::Ended;
use fuin_shared::stream::Sender;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// One stream's credit.
#[derive(Debug, Default)]
pub(super) struct Credit {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    sender: Sender,
    ended: bool,
}

impl Credit {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a piece may be sent, and says how long it may be; `None` when the connection has ended.
    pub(super) async fn allowance(&self) -> Option<usize> {
        loop {
            {
                let state = self.state();
                match (state.ended, state.sender.allowance()) {
                    (true, _) => return None,
                    (false, 0) => {}
                    (false, octets) => return Some(octets),
                }
            }
            // A grant between the check and here leaves a permit.
            self.changed.notified().await;
        }
    }

    pub(super) fn sent(&self, octets: usize) {
        self.state().sender.sent(octets);
    }
}

/// Open streams by request id.
#[derive(Debug, Default)]
pub(super) struct Streams {
    open: Mutex<HashMap<u64, Arc<Credit>>>,
}

impl Streams {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Credit>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, id: u64) -> Arc<Credit> {
        let credit = Arc::new(Credit::default());
        self.open().insert(id, Arc::clone(&credit));
        credit
    }

    pub(super) fn finish(&self, id: u64) {
        self.open().remove(&id);
    }

    /// The enclave granted credit. For a stream that has just ended it comes late, and does nothing.
    pub(super) fn grant(&self, id: u64, octets: u32) -> Result<(), Ended> {
        let Some(credit) = self.open().get(&id).cloned() else { return Ok(()) };
        credit.state().sender.grant(octets).map_err(|_| Ended::Rule("more credit than a window"))?;
        credit.changed.notify_one();
        Ok(())
    }

    /// The connection ended.
    pub(super) fn end(&self) {
        for (_, credit) in self.open().drain() {
            credit.state().ended = true;
            credit.changed.notify_one();
        }
    }
}
