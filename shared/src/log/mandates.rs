//! Place: SAM, none. Approvers and mandates as the events make them: who approves, what a mandate still allows. The enclave's
//! fold and the auditor's keep the same ones. Counters, running numbers and rates live here and nowhere else, so that
//! neither a restart nor the host brings a spent seal back.

use super::RuleBroken;
use crate::fault::Fault;
use crate::ids::Subject;
use crate::log::event::{ApproverUse, RecordMark};
use crate::seal::Rate;
use alloc::collections::{BTreeMap, VecDeque};
use serde::{Deserialize, Serialize};

/// The approvers of a seal credential, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvers {
    /// How many must sign.
    threshold: u8,
    /// Last counter of each one's means.
    counters: BTreeMap<u32, u32>,
    /// First number that was never given to anybody.
    next: u32,
}

impl Approvers {
    /// The approvers after `former`: numbers are not given twice, who stays keeps the counter.
    ///
    /// # Errors
    /// [`RuleBroken`].
    pub fn follow(former: Option<&Self>, numbers: &[u32], threshold: u8) -> Result<Self, RuleBroken> {
        let rising = numbers.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let enough = threshold >= 1 && usize::from(threshold) <= numbers.len();
        if !rising || !enough {
            return Err(RuleBroken("approvers: rising numbers, and a threshold among them"));
        }
        let first = former.map_or(1, |f| f.next);
        let known = |number: &u32| former.and_then(|f| f.counters.get(number)).copied();
        if numbers.iter().any(|number| *number < first && known(number).is_none()) {
            return Err(RuleBroken("an approver's number comes back"));
        }
        let counters = numbers.iter().map(|number| (*number, known(number).unwrap_or(0))).collect();
        let next = numbers.last().map_or(first, |last| first.max(last.saturating_add(1)));
        Ok(Self { threshold, counters, next })
    }

    /// Last counter of an approver's means; none if there is no such approver.
    #[must_use]
    pub fn counter(&self, approver: u32) -> Option<u32> {
        self.counters.get(&approver).copied()
    }

    /// First number that was never given to anybody.
    #[must_use]
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// Takes the answers of different approvers, as many as must sign at least.
    ///
    /// # Errors
    /// [`RuleBroken`].
    pub fn approve(&mut self, uses: &[ApproverUse]) -> Result<(), RuleBroken> {
        if uses.len() < usize::from(self.threshold) {
            return Err(RuleBroken("too few approvers"));
        }
        let different = uses
            .iter()
            .enumerate()
            .all(|(at, one)| uses.iter().skip(at + 1).all(|other| other.approver != one.approver));
        if !different {
            return Err(RuleBroken("an approver counts twice"));
        }
        uses.iter().try_for_each(|one| self.used(*one))
    }

    /// Takes the answer of one approver.
    ///
    /// # Errors
    /// [`RuleBroken`].
    pub fn used(&mut self, one: ApproverUse) -> Result<(), RuleBroken> {
        let counter = self.counters.get_mut(&one.approver).ok_or(RuleBroken("unknown approver"))?;
        if one.counter < *counter {
            return Err(RuleBroken("counter of an approver's means goes back"));
        }
        *counter = one.counter;
        Ok(())
    }
}

/// What a mandate allows in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Most seals.
    pub count: u32,
    /// Unix seconds of the first moment.
    pub not_before: u64,
    /// Unix seconds after the last moment.
    pub not_after: u64,
    /// Most seals of any interval.
    pub rate: Rate,
}

/// A mandate in the fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// Its credential.
    pub credential: Subject,
    /// Its sealed record.
    pub record: RecordMark,
    bounds: Bounds,
    used: u32,
    next_number: u64,
    /// Seals of the newest interval with their times, Unix milliseconds: never more entries than `rate.seals`.
    recent: VecDeque<(u64, u32)>,
    ended: bool,
}

impl Mandate {
    /// As granted.
    #[must_use]
    pub const fn new(credential: Subject, record: RecordMark, bounds: Bounds) -> Self {
        let recent = VecDeque::new();
        Self { credential, record, bounds, used: 0, next_number: 1, recent, ended: false }
    }

    /// What it allows.
    #[must_use]
    pub const fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Seals that are spent.
    #[must_use]
    pub const fn used(&self) -> u32 {
        self.used
    }

    /// Running number that the next order must bear.
    #[must_use]
    pub const fn next_number(&self) -> u64 {
        self.next_number
    }

    /// Whether it was ended before its time.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// Whether a seal under it may still come, at `time` or later (Unix milliseconds).
    #[must_use]
    pub const fn is_live(&self, time: u64) -> bool {
        !self.ended && self.used < self.bounds.count && time / 1000 < self.bounds.not_after
    }

    /// Whether an order with this running number may have so many seals at `time` (Unix milliseconds).
    ///
    /// # Errors
    /// [`Fault::MandateEnded`], [`Fault::MandateWindow`], [`Fault::OrderNumber`], [`Fault::NoHashes`],
    /// [`Fault::MandateSpent`], [`Fault::MandateRate`].
    pub fn permits(&self, number: u64, count: u32, time: u64) -> Result<(), Fault> {
        if self.ended {
            return Err(Fault::MandateEnded);
        }
        let seconds = time / 1000;
        if seconds < self.bounds.not_before || seconds >= self.bounds.not_after {
            return Err(Fault::MandateWindow);
        }
        if number != self.next_number {
            return Err(Fault::OrderNumber);
        }
        if count == 0 {
            return Err(Fault::NoHashes);
        }
        if count > self.bounds.count.saturating_sub(self.used) {
            return Err(Fault::MandateSpent);
        }
        let recent: u64 = self.recent_since(time).map(|(_, seals)| u64::from(*seals)).sum();
        if recent + u64::from(count) > u64::from(self.bounds.rate.seals) {
            return Err(Fault::MandateRate);
        }
        Ok(())
    }

    /// Spends number and seals of an order that [`Mandate::permits`].
    ///
    /// # Errors
    /// [`RuleBroken`] when it does not.
    pub fn spend(&mut self, number: u64, count: u32, time: u64) -> Result<(), RuleBroken> {
        self.permits(number, count, time)
            .map_err(|_| RuleBroken("a seal that its mandate does not allow"))?;
        self.recent = self.recent_since(time).copied().collect();
        self.recent.push_back((time, count));
        self.used += count;
        self.next_number += 1;
        Ok(())
    }

    /// Its record is sealed anew, with what was in it.
    ///
    /// # Errors
    /// [`RuleBroken`] for another version.
    pub const fn rewrap(&mut self, record: RecordMark) -> Result<(), RuleBroken> {
        if record.version != self.record.version {
            return Err(RuleBroken("a record sealed anew keeps its version"));
        }
        self.record = record;
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// [`RuleBroken`] when it was ended before.
    pub const fn end(&mut self) -> Result<(), RuleBroken> {
        if self.ended {
            return Err(RuleBroken("a mandate ends twice"));
        }
        self.ended = true;
        Ok(())
    }

    /// Seals of the interval that ends at `time`: those at its very beginning are outside.
    fn recent_since(&self, time: u64) -> impl Iterator<Item = &(u64, u32)> {
        let interval = u64::from(self.bounds.rate.seconds) * 1000;
        self.recent.iter().filter(move |(then, _)| time.saturating_sub(*then) < interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Digest32;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn mandate(count: u32, seals: u32, seconds: u32) -> Mandate {
        let record = RecordMark { version: 1, hash: Digest32([0; 32]) };
        let bounds = Bounds { count, not_before: 100, not_after: 200, rate: Rate { seals, seconds } };
        Mandate::new(Subject([1; 32]), record, bounds)
    }

    #[test]
    fn approvers_keep_counters_and_numbers_never_come_back() {
        let mut first = Approvers::follow(None, &[1, 2, 3], 2).unwrap();
        let one = |approver, counter| ApproverUse { approver, counter };
        assert!(first.approve(&[one(1, 5)]).is_err());
        assert!(first.clone().approve(&[one(1, 5), one(1, 6)]).is_err());
        assert!(first.clone().approve(&[one(1, 5), one(4, 6)]).is_err());
        first.approve(&[one(1, 5), one(3, 0)]).unwrap();
        assert!(first.clone().used(one(1, 4)).is_err());
        let second = Approvers::follow(Some(&first), &[1, 4], 1).unwrap();
        assert_eq!((second.counter(1), second.counter(4), second.counter(2)), (Some(5), Some(0), None));
        for (numbers, threshold) in
            [(&[2, 5][..], 1), (&[5, 1], 1), (&[1, 1], 1), (&[1], 2), (&[1], 0), (&[], 0)]
        {
            assert!(Approvers::follow(Some(&second), numbers, threshold).is_err(), "{numbers:?}");
        }
    }

    proptest! {
        /// Whatever is asked: never more seals than granted, never more in an interval than the rate, numbers in order.
        #[test]
        fn a_mandate_is_never_exceeded(
            count in 1u32..20, seals in 1u32..6, seconds in 1u32..30,
            asked in proptest::collection::vec((0u64..4, 0u32..4, 0u64..20_000), 1..60),
        ) {
            let mut mandate = mandate(count, seals, seconds);
            let mut time = 90_000;
            let mut made: Vec<(u64, u32)> = Vec::new();
            for (ahead, wanted, pause) in asked {
                time += pause;
                let number = (mandate.next_number() + ahead).saturating_sub(1);
                let allowed = mandate.permits(number, wanted, time).is_ok();
                let before = mandate.clone();
                prop_assert_eq!(mandate.spend(number, wanted, time).is_ok(), allowed);
                if !allowed {
                    prop_assert_eq!(&mandate, &before);
                    continue;
                }
                prop_assert_eq!(number, before.next_number());
                prop_assert!((100_000..200_000).contains(&time));
                made.push((time, wanted));
                prop_assert!(made.iter().map(|(_, n)| n).sum::<u32>() <= count);
                let interval: u32 = made
                    .iter()
                    .filter(|(then, _)| time - then < u64::from(seconds) * 1000)
                    .map(|(_, n)| n)
                    .sum();
                prop_assert!(interval <= seals);
            }
        }
    }
}
