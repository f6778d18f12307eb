//! Place: none. Time, as the state machine is told it: a reading that grows. What it is worth is judged by
//! [`crate::sam::clock`].

use fuin_shared::fault::Fault;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// 2025-01-01T00:00:00Z: a machine that says it is earlier has no clock.
const EARLIEST: Millis = Millis(1_735_689_600_000);

/// Milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// Unix seconds, rounded down.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// The instant at these Unix seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// This instant and `milliseconds` more.
    #[must_use]
    pub const fn plus(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// What a quorum's cosignatures say of the time, Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuorumTime {
    /// When the checkpoint that they cover first left, by the kernel's clock.
    pub sent: Millis,
    /// It was this late at the most when the checkpoint left: the (f+1)-th smallest time.
    pub smallest: u64,
    /// It was this late at the least when the cosignatures came: the (f+1)-th largest time.
    pub largest: u64,
}

impl QuorumTime {
    /// Of the times of different witnesses, `faults` of whom may lie; none if there are no more than that.
    #[must_use]
    pub fn of(sent: Millis, mut times: Vec<u64>, faults: usize) -> Option<Self> {
        times.sort_unstable();
        let smallest = *times.get(faults)?;
        let largest = *times.get(times.len().checked_sub(faults + 1)?)?;
        Some(Self { sent, smallest, largest })
    }
}

/// Something that knows the time.
pub trait Clock: Send + Sync {
    /// The time; never earlier than any time told before.
    fn now(&self) -> Millis;
}

/// The machine's clock, kept from going back.
#[derive(Debug)]
pub struct SystemClock {
    latest: AtomicU64,
}

impl SystemClock {
    /// Starts the clock.
    ///
    /// # Errors
    /// [`Fault::Clock`] when the machine's time is before 2025.
    pub fn new() -> Result<Self, Fault> {
        let clock = Self { latest: AtomicU64::new(0) };
        if clock.now() < EARLIEST { Err(Fault::Clock) } else { Ok(clock) }
    }

    /// From now on the time is at least `bound`: for a time that comes from a better source, such as the
    /// timestamp of an evidence document.
    pub fn not_before(&self, bound: Millis) {
        self.latest.fetch_max(bound.0, Ordering::AcqRel);
    }

    fn advance(&self, reading: Millis) -> Millis {
        Millis(self.latest.fetch_max(reading.0, Ordering::AcqRel).max(reading.0))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        // A machine before 1970 reads as zero, which `advance` turns into the latest time known.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.advance(Millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back() {
        let clock = SystemClock { latest: AtomicU64::new(0) };
        assert_eq!(clock.advance(Millis(5)), Millis(5));
        assert_eq!(clock.advance(Millis(3)), Millis(5));
        assert_eq!(clock.advance(Millis(6)), Millis(6));
    }

    #[test]
    fn a_bound_from_elsewhere_holds() {
        let clock = SystemClock::new().unwrap();
        let bound = clock.now().plus(1_000_000_000);
        clock.not_before(bound);
        assert!(clock.now() >= bound);
        clock.not_before(Millis(1));
        assert!(clock.now() >= bound);
    }

    #[test]
    fn units() {
        assert_eq!(Millis(1_999).seconds(), 1);
        assert_eq!(Millis::from_seconds(2), Millis(2_000));
        assert_eq!(Millis(u64::MAX).plus(1), Millis(u64::MAX));
    }
}
