//! Place: none. The verification time, always an argument, and how refusals show a time.

use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use core::time::Duration;

/// At which time evidence is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// At this time, in Unix seconds. The age of the document can be judged.
    Unix(u64),
    /// At the document's own time: proves only that it was signed then, and must never unlock anything.
    Archive,
}

impl At {
    /// Seconds at which certificates are judged, for a document of `timestamp` milliseconds.
    pub(crate) fn seconds(self, timestamp: u64) -> u64 {
        match self {
            Self::Unix(seconds) => seconds,
            Self::Archive => timestamp / 1000,
        }
    }
}

/// A window for the age of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Most seconds a document may be old.
    pub max_age: u64,
    /// Most seconds a document may lie in the future.
    pub skew: u64,
}

impl Default for Window {
    /// A cached document may be five minutes old; clocks may differ by one.
    fn default() -> Self {
        Self { max_age: 360, skew: 60 }
    }
}

impl Window {
    /// Every age: for callers who judge none.
    pub const UNBOUNDED: Self = Self { max_age: u64::MAX, skew: u64::MAX };

    /// Whether `time` lies in the window around `now` (Unix seconds); both ends are in it.
    #[must_use]
    pub fn holds(self, time: u64, now: u64) -> bool {
        time <= now.saturating_add(self.skew) && time.saturating_add(self.max_age) >= now
    }
}

/// A time in Unix seconds for a reader, such as `2023-09-18T15:03:30Z`.
#[must_use]
pub fn utc(seconds: u64) -> String {
    der::DateTime::from_unix_duration(Duration::from_secs(seconds))
        .map_or_else(|_| format!("second {seconds}"), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archive_takes_the_documents_own_second() {
        assert_eq!(At::Archive.seconds(1_695_049_410_860), 1_695_049_410);
        assert_eq!(At::Archive.seconds(u64::MAX), u64::MAX / 1000);
        assert_eq!(At::Unix(7).seconds(u64::MAX), 7);
    }

    #[test]
    fn window_is_closed_at_both_ends() {
        let window = Window { max_age: 100, skew: 10 };
        for (time, holds) in [(900, true), (899, false), (1000, true), (1010, true), (1011, false)] {
            assert_eq!(window.holds(time, 1000), holds, "{time}");
        }
        // Nothing overflows at the ends of the range.
        assert!(!window.holds(u64::MAX, 1000));
        assert!(!window.holds(0, u64::MAX));
        assert!(window.holds(u64::MAX, u64::MAX));
        assert!(Window::UNBOUNDED.holds(0, u64::MAX) && Window::UNBOUNDED.holds(u64::MAX, 0));
    }

    #[test]
    fn times_for_readers() {
        assert_eq!(utc(1_695_049_410), "2023-09-18T15:03:30Z");
        assert_eq!(utc(u64::MAX), format!("second {}", u64::MAX));
    }
}
