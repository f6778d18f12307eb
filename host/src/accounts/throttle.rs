//! Place: SSA. Wrong passwords per user name within a window, in bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most names remembered. When full, names whose window is over are forgotten, then the oldest.
const MAX_NAMES: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Window {
    since: u64,
    failures: u32,
}

/// Counts failures.
#[derive(Debug)]
pub(super) struct Throttle {
    most: u32,
    seconds: u64,
    windows: Mutex<HashMap<String, Window>>,
}

impl Throttle {
    pub(super) fn new(most: u32, seconds: u64) -> Self {
        Self { most, seconds, windows: Mutex::default() }
    }

    /// Whether this name has failed too often.
    pub(super) fn is_closed(&self, name: &str, now: u64) -> bool {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.get(name).is_some_and(|w| self.is_open_window(w, now) && w.failures >= self.most)
    }

    /// Counts a failure.
    pub(super) fn count(&self, name: &str, now: u64) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MAX_NAMES && !windows.contains_key(name) {
            windows.retain(|_, w| self.is_open_window(w, now));
            if windows.len() >= MAX_NAMES
                && let Some(oldest) =
                    windows.iter().min_by_key(|(_, w)| w.since).map(|(name, _)| name.clone())
            {
                windows.remove(&oldest);
            }
        }
        let window = windows.entry(name.to_owned()).or_insert(Window { since: now, failures: 0 });
        if !self.is_open_window(window, now) {
            *window = Window { since: now, failures: 0 };
        }
        window.failures = window.failures.saturating_add(1);
    }

    fn is_open_window(&self, window: &Window, now: u64) -> bool {
        now.saturating_sub(window.since) < self.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_closes_after_its_failures_and_opens_with_the_next_window() {
        let throttle = Throttle::new(2, 60);
        throttle.count("a", 100);
        assert!(!throttle.is_closed("a", 100));
        throttle.count("a", 159);
        assert!(throttle.is_closed("a", 159));
        assert!(!throttle.is_closed("b", 159));
        assert!(!throttle.is_closed("a", 160));
        throttle.count("a", 160);
        assert!(!throttle.is_closed("a", 160));
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::new(1, 60);
        for n in 0..MAX_NAMES as u64 + 10 {
            throttle.count(&n.to_string(), n / 1000);
        }
        assert!(throttle.windows.lock().unwrap().len() <= MAX_NAMES);
        assert!(throttle.is_closed(&(MAX_NAMES + 9).to_string(), 10));
    }
}
