//! Place: none. What waits to be written to one connection: two lanes, so that small frames (replies, credit,
//! refusals) never wait behind many large ones; bounded, so that a host that does not read cannot fill memory.

use crate::platform::dial::Connection;
use crate::runtime::event::Outgoing;
use fuin_shared::frame::{self, MAX_WRITE};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Most frames waiting.
const MAX_FRAMES: usize = 1024;
/// Most octets waiting.
const MAX_OCTETS: usize = 8 << 20;
/// After this many small frames in a row a large one has its turn.
const SMALL_RUN: u32 = 32;

/// Why a frame was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No frame can be this large.
    TooLarge,
    /// The connection is closed; when the outbox was full this closed it.
    Closed,
}

#[derive(Default)]
struct Lanes {
    small: VecDeque<Vec<u8>>,
    large: VecDeque<Vec<u8>>,
    octets: usize,
    run: u32,
    closed: bool,
}

impl Lanes {
    fn frames(&self) -> usize {
        self.small.len() + self.large.len()
    }

    fn crowded(&self) -> bool {
        self.frames() >= MAX_FRAMES / 2 || self.octets >= MAX_OCTETS / 2
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        let large_has_its_turn = self.run >= SMALL_RUN && !self.large.is_empty();
        let small = if large_has_its_turn { None } else { self.small.pop_front() };
        let octets = match small {
            Some(octets) => {
                self.run = self.run.saturating_add(1);
                octets
            }
            None => {
                self.run = 0;
                self.large.pop_front()?
            }
        };
        self.octets = self.octets.saturating_sub(octets.len());
        Some(octets)
    }
}

/// The outbox of one connection.
pub(super) struct Outbox {
    connection: Arc<dyn Connection>,
    lanes: Mutex<Lanes>,
    changed: Condvar,
}

impl Outbox {
    /// An empty one.
    pub(super) fn new(connection: Arc<dyn Connection>) -> Self {
        Self { connection, lanes: Mutex::default(), changed: Condvar::new() }
    }

    /// Takes a frame for writing; never waits.
    pub(super) fn push(&self, frame: &Outgoing) -> Result<(), Refused> {
        let octets = frame::encode(frame).map_err(|_| Refused::TooLarge)?;
        let mut lanes = self.lanes();
        if lanes.closed {
            return Err(Refused::Closed);
        }
        if lanes.frames() >= MAX_FRAMES || lanes.octets + octets.len() > MAX_OCTETS {
            drop(lanes);
            self.close();
            return Err(Refused::Closed);
        }
        lanes.octets += octets.len();
        if octets.len() <= MAX_WRITE {
            lanes.small.push_back(octets)
        } else {
            lanes.large.push_back(octets)
        }
        drop(lanes);
        self.changed.notify_all();
        Ok(())
    }

    /// The next frame to write, with its length; waits for one. None once closed.
    pub(super) fn next(&self) -> Option<Vec<u8>> {
        let mut lanes = self.lanes();
        loop {
            if lanes.closed {
                return None;
            }
            if let Some(octets) = lanes.take() {
                drop(lanes);
                self.changed.notify_all();
                return Some(octets);
            }
            lanes = self.changed.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until the outbox is at most half full, or closed: the reader takes nothing more in before.
    pub(super) fn wait_for_room(&self) {
        let mut lanes = self.lanes();
        while lanes.crowded() && !lanes.closed {
            lanes = self.changed.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the connection; what waits is dropped.
    pub(super) fn close(&self) {
        let mut lanes = self.lanes();
        *lanes = Lanes { closed: true, ..Lanes::default() };
        drop(lanes);
        self.changed.notify_all();
        self.connection.close();
    }

    /// No code panics while it holds the lock, so a poisoned one is whole.
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::frame::{Frame, MAX_FRAME};
    use fuin_shared::message::{Commit, StoreRequest};
    use std::sync::atomic::{AtomicBool, Ordering};

    #[derive(Default)]
    struct Nowhere(AtomicBool);

    impl Connection for Nowhere {
        fn receive(&self, _: &mut [u8]) -> std::io::Result<usize> {
            Ok(0)
        }
        fn send(&self, octets: &[u8]) -> std::io::Result<usize> {
            Ok(octets.len())
        }
        fn close(&self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    fn outbox() -> (Arc<Nowhere>, Outbox) {
        let connection = Arc::new(Nowhere::default());
        (connection.clone(), Outbox::new(connection))
    }

    fn small() -> Outgoing {
        Frame::Credit { id: 1, octets: 1 }
    }

    fn large(octets: usize) -> Outgoing {
        let commit = Commit {
            first: 0,
            entries: vec![vec![0; octets].into()],
            checkpoint: String::new(),
            records: vec![],
        };
        Frame::Request { id: 1, deadline_ms: 1, body: StoreRequest::Commit(commit) }
    }

    #[test]
    fn small_frames_pass_large_ones_but_do_not_starve_them() {
        let (_, outbox) = outbox();
        outbox.push(&large(20_000)).unwrap();
        for _ in 0..100 {
            outbox.push(&small()).unwrap();
        }
        let position = (0..101).position(|_| outbox.next().unwrap().len() > MAX_WRITE);
        assert_eq!(position, Some(SMALL_RUN as usize));
    }

    #[test]
    fn a_full_outbox_closes_its_connection() {
        let (connection, outbox) = outbox();
        for _ in 0..MAX_FRAMES {
            outbox.push(&small()).unwrap();
        }
        assert!(!connection.0.load(Ordering::SeqCst));
        assert_eq!(outbox.push(&small()), Err(Refused::Closed));
        assert!(connection.0.load(Ordering::SeqCst));
        assert_eq!(outbox.next(), None);
        outbox.wait_for_room();
    }

    #[test]
    fn octets_are_bounded_too() {
        let (_, outbox) = outbox();
        let taken = (0..100).take_while(|_| outbox.push(&large(MAX_FRAME - 200)).is_ok()).count();
        assert!(taken > 0 && taken <= MAX_OCTETS / (MAX_FRAME - 200));
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_and_the_connection_lives() {
        let (connection, outbox) = outbox();
        assert_eq!(outbox.push(&large(MAX_FRAME)), Err(Refused::TooLarge));
        assert!(!connection.0.load(Ordering::SeqCst));
        outbox.push(&small()).unwrap();
        assert!(outbox.next().is_some());
    }
}
