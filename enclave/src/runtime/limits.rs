//! Place: none. Bounds of the runtime.

use fuin_shared::message::{LANE_PLACES, WAITING_PLACES};
use std::time::Duration;

/// Every bound of the runtime; the defaults suit production.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most commands of one connection that wait for their answer; more are refused as busy. Default 64.
    pub in_flight: usize,
    /// Most commands of one connection that wait in each lane beside that ([`fuin_shared::message::Lane::BESIDE`]). Default 8.
    pub beside: usize,
    /// Answers of one connection that wait for the ledger although their commands gave their places up. Default 512.
    pub waiting: usize,
    /// Longest time for the rest of a frame that has begun. Default 10 s.
    pub partial_frame: Duration,
    /// Longest silence of a connection; after a third of it the enclave asks the host for a sign of life. Default 60 s.
    pub silence: Duration,
    /// Longest single write. Default 30 s.
    pub write: Duration,
    /// Longest wait for the host's answer to a request of the enclave, or for the next piece of a stream. Default 30 s.
    pub answer: Duration,
    /// Wait before a lost connection is dialled again, doubled with each failure. Default 100 ms.
    pub first_wait: Duration,
    /// Longest such wait. Default 5 s.
    pub longest_wait: Duration,
    /// Time after which the random generator gets a new seed. Default 10 min.
    pub reseed: Duration,
    /// Wait before a source of entropy that did not answer is asked again. Default 10 s.
    pub reseed_again: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 64,
            beside: LANE_PLACES,
            waiting: WAITING_PLACES,
            partial_frame: Duration::from_secs(10),
            silence: Duration::from_secs(60),
            write: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(5),
            reseed: Duration::from_secs(600),
            reseed_again: Duration::from_secs(10),
        }
    }
}
