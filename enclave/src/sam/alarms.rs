//! Place: SAM. Alarms: what is wrong around the enclave becomes an event, so that auditors see it and the host cannot take it
//! back. Whoever causes them can do so as often as they like, so their rate is bounded and the rest is counted.

use crate::platform::clock::Millis;
use fuin_shared::log::event::AlarmKind;

/// Shortest time between two alarms of one kind, milliseconds.
const PAUSE: u64 = 60_000;

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// Since the last alarm.
    count: u32,
    last: Option<Millis>,
}

/// What was noticed and not yet told.
#[derive(Debug, Default)]
pub struct Alarms {
    contradictions: Seen,
    records: Seen,
}

impl Alarms {
    fn seen(&mut self, about: AlarmKind) -> &mut Seen {
        match about {
            AlarmKind::WitnessContradiction => &mut self.contradictions,
            AlarmKind::RecordForeign => &mut self.records,
        }
    }

    /// Counts one more; how many an alarm now would be about, if it is time for one.
    pub fn notice(&mut self, about: AlarmKind, now: Millis) -> Option<u32> {
        let seen = self.seen(about);
        seen.count = seen.count.saturating_add(1);
        let due = seen.last.is_none_or(|last| now >= last.plus(PAUSE));
        due.then_some(seen.count)
    }

    /// The alarm is in the ledger.
    pub fn told(&mut self, about: AlarmKind, now: Millis) {
        *self.seen(about) = Seen { count: 0, last: Some(now) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_pace_and_nothing_is_lost() {
        let mut alarms = Alarms::default();
        let (about, other) = (AlarmKind::RecordForeign, AlarmKind::WitnessContradiction);
        assert_eq!(alarms.notice(about, Millis(5)), Some(1));
        // It found no room: the next is about both.
        assert_eq!(alarms.notice(about, Millis(6)), Some(2));
        alarms.told(about, Millis(6));
        for n in 0..1000 {
            assert_eq!(alarms.notice(about, Millis(7 + n)), None);
        }
        assert_eq!(alarms.notice(other, Millis(8)), Some(1));
        assert_eq!(alarms.notice(about, Millis(5 + PAUSE)), None);
        assert_eq!(alarms.notice(about, Millis(6 + PAUSE)), Some(1002));
    }
}
