//! Place: SSA. Commands that wait for the enclave's answer on one connection.

use super::frames::Ended;
use fuin_shared::fault::Fault;
use fuin_shared::message::Answer;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

type Waiting = oneshot::Sender<Result<Answer, Fault>>;

/// Requests by id. An id is used once.
#[derive(Debug, Default)]
pub(super) struct Requests {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    waiting: HashMap<u64, Waiting>,
    ended: bool,
}

/// A place among the requests; given up when dropped.
pub(super) struct Place<'a> {
    requests: &'a Requests,
    pub(super) id: u64,
    pub(super) answer: oneshot::Receiver<Result<Answer, Fault>>,
}

impl Requests {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete when it is made, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new id; none once the connection has ended.
    pub(super) fn open(&self) -> Result<Place<'_>, Fault> {
        let mut state = self.state();
        if state.ended {
            return Err(Fault::Disconnected);
        }
        let id = state.next;
        state.next += 1;
        let (sender, answer) = oneshot::channel();
        state.waiting.insert(id, sender);
        Ok(Place { requests: self, id, answer })
    }

    /// An answer came. Late ones are dropped; one to a request that was never made ends the connection.
    pub(super) fn answer(&self, id: u64, result: Result<Answer, Fault>) -> Result<(), Ended> {
        let mut state = self.state();
        if id >= state.next {
            return Err(Ended::Rule("answer to a request that was not made"));
        }
        if let Some(waiting) = state.waiting.remove(&id) {
            // The caller may have gone.
            let _ = waiting.send(result);
        }
        Ok(())
    }

    /// The connection ended: whoever waits is told, and nobody waits from now on.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        for (_, waiting) in state.waiting.drain() {
            let _ = waiting.send(Err(Fault::Disconnected));
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.requests.state().waiting.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_to_requests_that_were_made_are_taken() {
        let requests = Requests::default();
        assert!(requests.answer(0, Err(Fault::Busy)).is_err());
        let mut place = requests.open().unwrap();
        assert!(requests.answer(place.id, Err(Fault::Busy)).is_ok());
        assert_eq!(place.answer.try_recv(), Ok(Err(Fault::Busy)));
        assert!(requests.answer(place.id, Err(Fault::Busy)).is_ok(), "late ones are dropped");
        assert!(requests.answer(place.id + 1, Err(Fault::Busy)).is_err());
    }

    #[test]
    fn a_place_given_up_leaves_nothing_behind() {
        let requests = Requests::default();
        drop(requests.open().unwrap());
        assert!(requests.state().waiting.is_empty());
    }

    #[test]
    fn the_end_answers_all() {
        let requests = Requests::default();
        let mut place = requests.open().unwrap();
        requests.end();
        assert_eq!(place.answer.try_recv(), Ok(Err(Fault::Disconnected)));
        assert!(matches!(requests.open(), Err(Fault::Disconnected)));
    }
}
