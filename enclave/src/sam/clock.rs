//! Place: SAM. Trusted time (FPT_STM.1; spec/ledger.md, gap 15): the kernel's clock held against the security module's
//! documents and against the witnesses' cosignatures.
//!
//! Each answer of a source bounds how far the kernel's clock is ahead of the truth. A document's timestamp lies between
//! asking and answering. Of the times of cosignatures at most f are lies: the true time when the checkpoint first left is at
//! most the (f+1)-th smallest, the true time when they came is at least the (f+1)-th largest. A host that delays only makes
//! an interval wider; one that is too wide says nothing.
//!
//! SAM time is the kernel's, clamped into these bounds, and never goes back. Commands wait for a document's time that is at
//! most [`INTERVAL`] old, so that a step of the clock is noticed before anything is decided by it. While sources disagree by
//! more than [`LIMIT`], what depends on time is refused; restrictions go on.

use crate::platform::clock::{Millis, QuorumTime};
use fuin_shared::fault::Fault;
use fuin_shared::log::event::ClockAhead as Ahead;

/// How far the kernel's clock may be off, and sources may disagree, milliseconds.
pub const LIMIT: i64 = 10_000;
/// How long a document's time stands before the next is asked for, milliseconds of the kernel's clock.
pub const INTERVAL: u64 = 10_000;
/// Widest interval that says anything, milliseconds.
pub const WIDEST: i64 = 60_000;
/// How often a doubt is written into the ledger while it lasts, milliseconds of the kernel's clock.
const ALARM: u64 = 60_000;

/// The clock.
#[derive(Debug, Default)]
pub struct TrustedClock {
    /// The kernel's clock at the newest usable document.
    confirmed: Option<Millis>,
    /// The kernel's clock when a document's time was asked for and has not come.
    asked: Option<Millis>,
    /// The security module gave no usable time when it was asked last.
    silent: bool,
    documents: Option<Ahead>,
    witnesses: Option<Ahead>,
    /// SAM time never goes back behind this.
    latest: u64,
    /// The kernel's clock at the newest alarm.
    alarmed: Option<Millis>,
}

fn millis(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn seconds(value: u64) -> i64 {
    millis(value.saturating_mul(1000))
}

impl TrustedClock {
    /// Whether a document's time is new enough to decide by.
    #[must_use]
    pub fn is_confirmed(&self, kernel: Millis) -> bool {
        self.confirmed.is_some_and(|at| at.0.abs_diff(kernel.0) <= INTERVAL)
    }

    /// Whether a document's time is to be asked for now; then it is under way.
    pub fn ask(&mut self, kernel: Millis) -> bool {
        let first = self.asked.is_none();
        self.asked.get_or_insert(kernel);
        first
    }

    /// Takes a document's timestamp, or that there is none.
    pub fn told(&mut self, kernel: Millis, result: Result<Millis, Fault>) {
        let Some(asked) = self.asked.take() else { return };
        let ahead = result.ok().map(|time| Ahead {
            least: millis(asked.0).saturating_sub(millis(time.0)),
            most: millis(kernel.0).saturating_sub(millis(time.0)),
        });
        // A clock that went back meanwhile makes an interval that is none.
        match ahead.filter(|ahead| (0..=WIDEST).contains(&ahead.most.saturating_sub(ahead.least))) {
            Some(ahead) => {
                self.documents = Some(ahead);
                self.confirmed = Some(kernel);
                self.silent = false;
            }
            None => {
                self.confirmed = None;
                self.silent = true;
            }
        }
    }

    /// Takes the times of a quorum's cosignatures.
    pub fn cosigned(&mut self, kernel: Millis, quorum: QuorumTime) {
        let ahead = Ahead {
            // Witnesses give whole seconds, rounded down.
            least: millis(quorum.sent.0).saturating_sub(seconds(quorum.smallest.saturating_add(1))),
            most: millis(kernel.0).saturating_sub(seconds(quorum.largest)),
        };
        if ahead.most.saturating_sub(ahead.least) <= WIDEST {
            self.witnesses = Some(ahead);
        }
    }

    /// What all sources together say; nothing before the first answer.
    #[must_use]
    pub fn ahead(&self) -> Option<Ahead> {
        let all = [self.documents, self.witnesses];
        all.into_iter()
            .flatten()
            .reduce(|a, b| Ahead { least: a.least.max(b.least), most: a.most.min(b.most) })
    }

    /// The kernel's clock, clamped into the bounds.
    #[must_use]
    pub fn clamped(&self, kernel: Millis) -> Millis {
        let correction =
            self.ahead().map_or(0, |Ahead { least, most }| 0_i64.clamp(least.min(most), least.max(most)));
        Millis(kernel.0.saturating_add_signed(correction.saturating_neg()))
    }

    /// Whether no time is within what all sources say. What witnesses said before a step of the clock is such a case.
    fn contradict(&self) -> bool {
        self.ahead().is_some_and(|Ahead { least, most }| least.saturating_sub(most) > LIMIT)
    }

    /// SAM time. Without a document's time that is new enough, and while sources contradict each other, it stands still: it goes
    /// into the ledger, which later boots must be able to take up.
    pub fn now(&mut self, kernel: Millis) -> Millis {
        if self.latest == 0 || (self.is_confirmed(kernel) && !self.contradict()) {
            self.latest = self.latest.max(self.clamped(kernel).0);
        }
        Millis(self.latest)
    }

    /// Refuses while the time is in doubt.
    ///
    /// # Errors
    /// [`Fault::ClockDoubt`].
    pub fn check(&mut self, kernel: Millis) -> Result<(), Fault> {
        let now = self.now(kernel);
        if self.silent {
            return Err(Fault::ClockDoubt);
        }
        let Some(Ahead { least, most }) = self.ahead() else { return Ok(()) };
        let contradict = self.contradict();
        let kernel_off = least > LIMIT || most < -LIMIT;
        // SAM time that ran ahead with a clock that was put back since.
        let ran_ahead = millis(now.0).saturating_sub(millis(self.clamped(kernel).0)) > LIMIT;
        if contradict || kernel_off || ran_ahead { Err(Fault::ClockDoubt) } else { Ok(()) }
    }

    /// Whether this doubt is to be written into the ledger now: the first, and again while it lasts. The event also brings
    /// new times of witnesses.
    #[must_use]
    pub fn alarm_is_due(&self, kernel: Millis) -> bool {
        self.alarmed.is_none_or(|at| at.0.abs_diff(kernel.0) >= ALARM)
    }

    /// The doubt was written.
    pub fn alarmed(&mut self, kernel: Millis) {
        self.alarmed = Some(kernel);
    }

    /// The doubt is over.
    pub fn calm(&mut self) {
        self.alarmed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T: u64 = 1_800_000_000_000;

    fn told(clock: &mut TrustedClock, kernel: u64, document: u64) -> Result<(), Fault> {
        assert!(clock.ask(Millis(kernel)));
        assert!(!clock.ask(Millis(kernel)), "one at a time");
        clock.told(Millis(kernel + 5), Ok(Millis(document)));
        clock.check(Millis(kernel + 5))
    }

    fn quorum(sent: u64, times: &[u64], faults: usize) -> QuorumTime {
        QuorumTime::of(Millis(sent), times.to_vec(), faults).unwrap()
    }

    #[test]
    fn sources_that_agree_leave_the_kernels_time() {
        let mut clock = TrustedClock::default();
        assert_eq!(told(&mut clock, T, T + 2), Ok(()));
        clock.cosigned(Millis(T + 100), quorum(T + 10, &[T / 1000], 0));
        assert_eq!(clock.check(Millis(T + 100)), Ok(()));
        assert_eq!(clock.now(Millis(T + 100)), Millis(T + 100));
    }

    #[test]
    fn the_limit_is_where_it_is_said() {
        for (off, expected) in [
            (LIMIT, Ok(())),
            (LIMIT + 1, Err(Fault::ClockDoubt)),
            (-LIMIT - 5, Ok(())),
            (-LIMIT - 6, Err(Fault::ClockDoubt)),
        ] {
            let mut clock = TrustedClock::default();
            assert_eq!(told(&mut clock, T, T.saturating_add_signed(-off)), expected, "{off}");
        }
    }

    #[test]
    fn small_differences_are_corrected_and_time_never_goes_back() {
        let mut clock = TrustedClock::default();
        told(&mut clock, T, T - 4_000).unwrap();
        assert_eq!(clock.now(Millis(T + 5)), Millis(T + 5 - 4_000));
        told(&mut clock, T + 1_000, T + 1_000 - 9_000).unwrap();
        assert_eq!(clock.now(Millis(T + 1_005)), Millis(T + 5 - 4_000), "it waits");
        told(&mut clock, T + 8_000, T + 8_000).unwrap();
        assert_eq!(clock.now(Millis(T + 8_005)), Millis(T + 8_005));
    }

    #[test]
    fn a_clock_put_forward_takes_no_time_with_it() {
        let mut clock = TrustedClock::default();
        told(&mut clock, T, T).unwrap();
        clock.cosigned(Millis(T + 200), quorum(T + 100, &[T / 1000], 0));
        let before = clock.now(Millis(T + 200));
        // The document knows better at once, the witnesses speak of the clock of before.
        let forward = 3_600_000;
        assert_eq!(told(&mut clock, T + 300 + forward, T + 300), Err(Fault::ClockDoubt));
        assert_eq!(clock.now(Millis(T + 400 + forward)), before);
        // A newer word of theirs is of the clock as it is.
        clock.cosigned(Millis(T + 600 + forward), quorum(T + 500 + forward, &[T / 1000], 0));
        let now = clock.now(Millis(T + 600 + forward));
        assert!(now >= before && now <= Millis(T + 5_000), "{now:?}");
        assert_eq!(clock.check(Millis(T + 600 + forward)), Err(Fault::ClockDoubt));
    }

    #[test]
    fn time_stands_still_without_a_document() {
        let mut clock = TrustedClock::default();
        told(&mut clock, T, T).unwrap();
        assert_eq!(clock.now(Millis(T + 5 + INTERVAL)), Millis(T + 5 + INTERVAL));
        assert_eq!(clock.now(Millis(T + 6 + INTERVAL)), Millis(T + 5 + INTERVAL));
        assert_eq!(clock.now(Millis(T + 3_600_000)), Millis(T + 5 + INTERVAL));
        assert!(clock.ask(Millis(T + 3_600_000)));
        clock.told(Millis(T + 3_600_000), Err(Fault::Nsm));
        assert_eq!(clock.check(Millis(T + 3_600_000)), Err(Fault::ClockDoubt));
        assert_eq!(told(&mut clock, T + 3_600_001, T + 3_600_001), Ok(()));
    }

    #[test]
    fn answers_that_took_too_long_or_no_time_at_all_say_nothing() {
        let mut clock = TrustedClock::default();
        assert!(clock.ask(Millis(T)));
        clock.told(Millis(T + WIDEST.unsigned_abs() + 1), Ok(Millis(T)));
        assert!(!clock.is_confirmed(Millis(T)));
        assert!(clock.ask(Millis(T)));
        clock.told(Millis(T - 1), Ok(Millis(T)));
        assert_eq!((clock.ahead(), clock.is_confirmed(Millis(T))), (None, false));
        clock.told(Millis(T), Ok(Millis(T)));
        assert_eq!(clock.ahead(), None, "nobody asked");
        let late = Millis(T + WIDEST.unsigned_abs() + 2_000);
        clock.cosigned(late, quorum(T, &[T / 1000], 0));
        assert_eq!(clock.ahead(), None);
    }

    #[test]
    fn up_to_f_witnesses_lie_without_effect() {
        let now = T / 1000;
        for lie in [1, now - 86_400, now + 86_400, u64::MAX / 4] {
            for place in 0..4 {
                let mut times = vec![now; 4];
                times[place] = lie;
                let mut clock = TrustedClock::default();
                clock.cosigned(Millis(T + 200), quorum(T, &times, 1));
                assert_eq!(clock.check(Millis(T + 200)), Ok(()), "{lie}");
                let ahead = clock.ahead().unwrap();
                assert!(ahead.least <= 0 && ahead.most >= 0);
            }
        }
        assert_eq!(QuorumTime::of(Millis(T), vec![now], 1), None);
        assert_eq!(QuorumTime::of(Millis(T), Vec::new(), 0), None);
    }

    #[test]
    fn witnesses_who_disagree_with_each_other_are_a_doubt() {
        let now = T / 1000;
        let mut clock = TrustedClock::default();
        clock.cosigned(Millis(T + 200), quorum(T, &[now - 100, now], 0));
        assert_eq!(clock.check(Millis(T + 200)), Err(Fault::ClockDoubt));
        clock.cosigned(Millis(T + 400), quorum(T + 300, &[now, now], 0));
        assert_eq!(clock.check(Millis(T + 400)), Ok(()));
    }

    #[test]
    fn alarms_come_once_and_again_while_it_lasts() {
        let mut clock = TrustedClock::default();
        // One that found no room is due still.
        assert!(clock.alarm_is_due(Millis(T)) && clock.alarm_is_due(Millis(T)));
        let mut alarm = |at: u64| {
            let due = clock.alarm_is_due(Millis(T + at));
            if due {
                clock.alarmed(Millis(T + at));
            }
            due
        };
        assert_eq!([0, 1, ALARM - 1, ALARM].map(&mut alarm), [true, false, false, true]);
        clock.calm();
        assert!(clock.alarm_is_due(Millis(T + ALARM + 1)));
    }

    proptest! {
        /// Whatever the true offset, honest sources never contradict the truth, and their bounds hold it.
        #[test]
        fn bounds_hold_the_truth(
            offset in -100_000_000i64..100_000_000,
            delays in proptest::collection::vec(0u64..5_000, 3),
            wait in 0u64..5_000,
        ) {
            let kernel = |truth: u64| Millis(truth.saturating_add_signed(offset));
            let end = T + 15_000 + wait;
            let mut clock = TrustedClock::default();
            let times = delays.iter().scan(T, |at, delay| { *at += delay; Some(*at / 1000) }).collect();
            clock.cosigned(kernel(end), QuorumTime::of(kernel(T), times, 0).unwrap());
            prop_assert!(clock.ask(kernel(T)));
            clock.told(kernel(T + wait), Ok(Millis(T + wait / 2)));
            let ahead = clock.ahead().unwrap();
            prop_assert!(ahead.least <= offset && offset <= ahead.most);
        }

        #[test]
        fn sam_time_never_goes_back(steps in proptest::collection::vec((any::<u32>(), any::<u32>()), 1..40)) {
            let mut clock = TrustedClock::default();
            let mut last = Millis(0);
            for (kernel, document) in steps {
                let kernel = Millis(T + u64::from(kernel));
                if clock.ask(kernel) {
                    clock.told(kernel, Ok(Millis(T + u64::from(document))));
                }
                let now = clock.now(kernel);
                prop_assert!(now >= last);
                last = now;
            }
        }
    }
}
