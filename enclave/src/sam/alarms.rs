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
    const fn seen(&mut self, about: AlarmKind) -> &mut Seen {
        match about {
            AlarmKind::WitnessContradiction => &mut self.contradictions,
            AlarmKind::RecordForeign => &mut self.records,
        }
    }

    /// Counts one more.
    pub const fn notice(&mut self, about: AlarmKind) {
        let seen = self.seen(about);
        seen.count = seen.count.saturating_add(1);
    }

    /// An alarm that it is time for now, and how many it is about.
    #[must_use]
    pub fn due(&self, now: Millis) -> Option<(AlarmKind, u32)> {
        let all = [
            (AlarmKind::WitnessContradiction, self.contradictions),
            (AlarmKind::RecordForeign, self.records),
        ];
        let due = |seen: &Seen| seen.count > 0 && seen.last.is_none_or(|last| now >= last.plus(PAUSE));
        all.into_iter().find(|(_, seen)| due(seen)).map(|(about, seen)| (about, seen.count))
    }

    /// The alarm is in the ledger.
    pub const fn told(&mut self, about: AlarmKind, now: Millis) {
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
        assert_eq!(alarms.due(Millis(5)), None);
        alarms.notice(about);
        assert_eq!(alarms.due(Millis(5)), Some((about, 1)));
        // It found no room: the next is about both.
        alarms.notice(about);
        assert_eq!(alarms.due(Millis(6)), Some((about, 2)));
        alarms.told(about, Millis(6));
        (0..1000).for_each(|_| alarms.notice(about));
        assert_eq!(alarms.due(Millis(5 + PAUSE)), None);
        alarms.notice(other);
        assert_eq!(alarms.due(Millis(5 + PAUSE)), Some((other, 1)));
        alarms.told(other, Millis(5 + PAUSE));
        assert_eq!(alarms.due(Millis(6 + PAUSE)), Some((about, 1000)));
    }
}
