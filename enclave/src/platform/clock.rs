//! Place: none. Time, as the state machine is told it: a reading that grows. What it is worth is judged by
//! [`crate::sam::clock`].

use fuin_shared::fault::Fault;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

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

/// Reads the machine's clock, which may have been put anywhere.
pub type Reading = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// The machine's clock, kept from going back and from standing still: one that was put back would never ask whether it is right.
pub struct SystemClock {
    reading: Reading,
    /// The latest time that was taken from a reading, and when.
    anchor: Mutex<(Instant, Millis)>,
}

impl SystemClock {
    /// Starts the clock.
    ///
    /// # Errors
    /// [`Fault::Clock`] when the machine's time is before 2025.
    pub fn new(reading: Reading) -> Result<Self, Fault> {
        let clock = Self { reading, anchor: Mutex::new((Instant::now(), Millis(0))) };
        if clock.now() < EARLIEST { Err(Fault::Clock) } else { Ok(clock) }
    }

    /// The time at `now`, given this lower bound: what was known, counted on, or the bound.
    fn advance(&self, now: Instant, bound: Millis) -> Millis {
        // Whoever panicked with it left a pair that is whole.
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, time) = *anchor;
        let passed = u64::try_from(now.saturating_duration_since(then).as_millis()).unwrap_or(u64::MAX);
        let counted = time.plus(passed);
        if bound > counted {
            *anchor = (now, bound);
        }
        counted.max(bound)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        // A machine before 1970 reads as zero, which is no bound.
        let since_epoch = (self.reading)().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.advance(Instant::now(), Millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn clock() -> (SystemClock, Instant) {
        let clock = SystemClock::new(Box::new(SystemTime::now)).unwrap();
        let begin = Instant::now();
        *clock.anchor.lock().unwrap() = (begin, Millis(5_000));
        (clock, begin)
    }

    #[test]
    fn time_never_goes_back_nor_stands_still() {
        let (clock, begin) = clock();
        let at = |seconds, reading| clock.advance(begin + Duration::from_secs(seconds), Millis(reading));
        assert_eq!(at(0, 5_000), Millis(5_000));
        assert_eq!(at(1, 6_500), Millis(6_500), "put forward");
        assert_eq!(at(2, 1_000), Millis(7_500), "put back");
        assert_eq!(at(60, 1_000), Millis(65_500));
        assert_eq!(at(61, u64::MAX), Millis(u64::MAX), "put as far as there is");
        assert_eq!(at(62, 0), Millis(u64::MAX));
    }

    #[test]
    fn the_clock_of_a_machine_may_be_put_anywhere() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicU64, Ordering};
        let seconds = Arc::new(AtomicU64::new(EARLIEST.seconds() + 1000));
        let shown = Arc::clone(&seconds);
        let reading = move || UNIX_EPOCH + Duration::from_secs(shown.load(Ordering::SeqCst));
        let clock = SystemClock::new(Box::new(reading.clone())).unwrap();
        let begin = clock.now();
        seconds.store(0, Ordering::SeqCst);
        assert!(clock.now() >= begin);
        assert!(matches!(SystemClock::new(Box::new(reading)), Err(Fault::Clock)));
        assert!(matches!(
            SystemClock::new(Box::new(|| UNIX_EPOCH - Duration::from_secs(1))),
            Err(Fault::Clock)
        ));
    }

    #[test]
    fn units() {
        assert_eq!(Millis(1_999).seconds(), 1);
        assert_eq!(Millis::from_seconds(2), Millis(2_000));
        assert_eq!(Millis(u64::MAX).plus(1), Millis(u64::MAX));
    }
}
