//! Place: SCA. The digest report for the organization (SEAL-05): what a ledger says of a mandate, against what the
//! organization's SCA has receipts for. Numbers that miss, in either, are named.

use fuin_shared::codec;
use fuin_shared::ids::MandateId;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::Receipt;
use fuin_shared::seal::Rate;
use std::collections::BTreeMap;

/// How a mandate was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Index of the event.
    pub index: u64,
    /// Unix milliseconds.
    pub time: u64,
    /// Most seals.
    pub count: u32,
    /// Unix seconds.
    pub not_before: u64,
    /// Unix seconds.
    pub not_after: u64,
    /// Rate.
    pub rate: Rate,
    /// Numbers of the approvers who signed.
    pub approvers: Vec<u32>,
}

/// An accepted order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Running number.
    pub number: u64,
    /// Index of the event.
    pub index: u64,
    /// Unix milliseconds.
    pub time: u64,
    /// Seals.
    pub seals: u32,
    /// Whether the organization has the receipt.
    pub receipt: bool,
}

/// How a mandate was ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Index of the event.
    pub index: u64,
    /// Unix milliseconds.
    pub time: u64,
    /// The approver, by number; an officer if none.
    pub approver: Option<u32>,
}

/// The report of one mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    mandate: MandateId,
    granted: Option<Granted>,
    orders: Vec<Order>,
    ended: Option<Ended>,
    /// Events of receipts that the ledger has not shown yet, by index.
    receipts: BTreeMap<u64, Vec<u8>>,
    findings: Vec<String>,
}

impl Report {
    /// Begins a report of `mandate` with the receipts that the organization has kept.
    #[must_use]
    pub fn new(mandate: MandateId, receipts: &[Receipt]) -> Self {
        let mut report = Self {
            mandate,
            granted: None,
            orders: Vec::new(),
            ended: None,
            receipts: BTreeMap::new(),
            findings: Vec::new(),
        };
        for receipt in receipts {
            let former = report.receipts.insert(receipt.index, receipt.event.0.clone());
            if former.is_some_and(|former| former != receipt.event.0) {
                report.find(format!("two receipts name entry {} of the ledger", receipt.index));
            }
        }
        report
    }

    fn find(&mut self, text: String) {
        self.findings.push(text);
    }

    /// Takes the next entry of a ledger that was verified, in its order.
    pub fn entry(&mut self, index: u64, octets: &[u8]) {
        let receipt = self.receipts.remove(&index);
        if receipt.as_ref().is_some_and(|receipt| receipt != octets) {
            self.find(format!("entry {index} of the ledger is not the one of the receipt"));
        }
        let Ok(event) = codec::decode::<Event>(octets) else { return };
        let time = event.time;
        match event.body {
            EventBody::MandateGranted { mandate, count, not_before, not_after, rate, approvals, .. }
                if mandate == self.mandate =>
            {
                let approvers = approvals.iter().map(|one| one.approver).collect();
                self.granted = Some(Granted { index, time, count, not_before, not_after, rate, approvers });
            }
            EventBody::Sealed { mandate, number, count, .. } if mandate == self.mandate => {
                let receipt = receipt.is_some();
                if !receipt {
                    self.find(format!(
                        "order {number} (entry {index}, {count} seals) is in the ledger, but there is no receipt"
                    ));
                }
                let expected = self.orders.last().map_or(1, |last| last.number + 1);
                if number != expected {
                    self.find(format!("order {number} follows where order {expected} should be"));
                }
                if self.ended.is_some() {
                    self.find(format!("order {number} was accepted after the mandate was ended"));
                }
                self.orders.push(Order { number, index, time, seals: count, receipt });
            }
            EventBody::MandateEnded { mandate, approval, .. } if mandate == self.mandate => {
                self.ended = Some(Ended { index, time, approver: approval.map(|one| one.approver) });
            }
            _ => {}
        }
    }

    /// The ledger is at its end.
    #[must_use]
    pub fn finish(mut self) -> Self {
        for index in std::mem::take(&mut self.receipts).into_keys() {
            self.find(format!("there is a receipt for entry {index}, which the ledger does not have"));
        }
        match &self.granted {
            None => self.find("the ledger has no such mandate".to_owned()),
            Some(granted) => {
                let (count, begin, end) = (granted.count, granted.not_before, granted.not_after);
                if self.seals() > u64::from(count) {
                    let text = format!("{} seals, but the mandate allows {count}", self.seals());
                    self.find(text);
                }
                let late: Vec<_> =
                    self.orders.iter().filter(|o| !(begin..end).contains(&(o.time / 1000))).collect();
                let late: Vec<_> = late.into_iter().map(|order| order.number).collect();
                for number in late {
                    self.find(format!("order {number} was accepted outside the mandate's window"));
                }
            }
        }
        self
    }

    /// The mandate.
    #[must_use]
    pub const fn mandate(&self) -> &MandateId {
        &self.mandate
    }

    /// How it was granted.
    #[must_use]
    pub const fn granted(&self) -> Option<&Granted> {
        self.granted.as_ref()
    }

    /// Its orders.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// How it was ended.
    #[must_use]
    pub const fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// Seals that were spent.
    #[must_use]
    pub fn seals(&self) -> u64 {
        self.orders.iter().map(|order| u64::from(order.seals)).sum()
    }

    /// What does not fit; nothing if all is well.
    #[must_use]
    pub fn findings(&self) -> &[String] {
        &self.findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::ids::{Digest32, Subject};
    use fuin_shared::log::event::{ApproverUse, CredentialMark, RecordMark};

    const MANDATE: MandateId = MandateId([1; 16]);

    fn entry(time: u64, body: EventBody) -> Vec<u8> {
        codec::encode(&Event { version: 1, time, body, detail: None })
    }

    fn mark() -> CredentialMark {
        CredentialMark { subject: Subject([2; 32]), sequence: 0 }
    }

    fn granted() -> Vec<u8> {
        let body = EventBody::MandateGranted {
            credential: mark(),
            mandate: MANDATE,
            record: RecordMark { version: 1, hash: Digest32([3; 32]) },
            count: 3,
            not_before: 100,
            not_after: 200,
            rate: Rate { seals: 2, seconds: 60 },
            approvals: vec![ApproverUse { approver: 1, counter: 0 }, ApproverUse { approver: 3, counter: 0 }],
        };
        entry(90_000, body)
    }

    fn sealed(mandate: MandateId, number: u64, time: u64) -> Vec<u8> {
        let body = EventBody::Sealed {
            credential: mark(),
            mandate,
            number,
            certificate: Digest32([4; 32]),
            count: 1,
            hashes: Digest32([5; 32]),
        };
        entry(time, body)
    }

    fn receipt(index: u64, event: &[u8]) -> Receipt {
        Receipt { index, event: event.into(), salts: Vec::new(), checkpoint: String::new() }
    }

    fn report(receipts: &[Receipt], entries: &[Vec<u8>]) -> Report {
        let mut report = Report::new(MANDATE, receipts);
        for (index, octets) in entries.iter().enumerate() {
            report.entry(index as u64, octets);
        }
        report.finish()
    }

    #[test]
    fn a_whole_run_has_no_findings() {
        let (first, second) = (sealed(MANDATE, 1, 110_000), sealed(MANDATE, 2, 120_000));
        let other = sealed(MandateId([9; 16]), 7, 115_000);
        let receipts = [receipt(1, &first), receipt(3, &second)];
        let report = report(&receipts, &[granted(), first, other, second]);
        assert_eq!(report.findings(), [] as [&str; 0]);
        assert_eq!((report.orders().len(), report.seals()), (2, 2));
        assert_eq!(report.granted().unwrap().approvers, [1, 3]);
    }

    #[test]
    fn gaps_and_strangers_are_named() {
        let first = sealed(MANDATE, 1, 110_000);
        let third = sealed(MANDATE, 3, 120_000);
        let one = |receipts: &[Receipt], entries: &[Vec<u8>], text: &str| {
            let report = report(receipts, entries);
            assert!(report.findings().iter().any(|f| f.contains(text)), "{:?}", report.findings());
        };
        one(&[receipt(1, &first)], &[granted(), first.clone(), third.clone()], "where order 2 should be");
        one(&[], &[granted(), first.clone()], "there is no receipt");
        one(&[receipt(1, &first)], &[granted()], "which the ledger does not have");
        one(
            &[receipt(1, &first)],
            &[granted(), sealed(MANDATE, 1, 111_000)],
            "is not the one of the receipt",
        );
        one(&[receipt(0, &first)], std::slice::from_ref(&first), "no such mandate");
        one(&[receipt(1, &third)], &[granted(), sealed(MANDATE, 1, 99_000)], "outside the mandate's window");
        let many: Vec<_> = (1..=4).map(|number| sealed(MANDATE, number, 110_000)).collect();
        one(&[], &[vec![granted()], many].concat(), "the mandate allows 3");
        let ended = EventBody::MandateEnded {
            credential: mark(),
            mandate: MANDATE,
            approval: Some(ApproverUse { approver: 2, counter: 0 }),
            statement: None,
        };
        one(&[], &[granted(), entry(105_000, ended), first.clone()], "after the mandate was ended");
        one(&[receipt(1, &first), receipt(1, &third)], &[granted(), first], "two receipts");
    }
}
