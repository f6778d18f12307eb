//! Place: none. What a campaign is asked for, and what came of it.

use crate::hostile::world::Kind;
use std::collections::BTreeMap;
use std::fmt;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Exchanges, at least.
    pub exchanges: u64,
    /// Chooses them.
    pub seed: u64,
    /// What kind of service is attacked.
    pub kind: Kind,
}

/// What came of it. Its text is the last line of `fuin-hostile`.
#[derive(Debug, Default)]
pub struct Report {
    /// Commands sent, frames written by hand, lies of the store.
    pub exchanges: u64,
    /// Signatures, and other acts, that nobody authorized.
    pub unauthorized: u64,
    /// Panics, and other ends of the enclave that nobody brought about.
    pub panics: u64,
    /// Acknowledged events that the ledger does not have when the honest store is recovered.
    pub lost: u64,
    /// Signatures that came out on the word of means of SCAL 2, each verified.
    pub signed: u64,
    /// The same of SCAL 1: PINs, and accounts at a provider.
    pub signed_scal1: u64,
    /// Seals that came out, each verified.
    pub seals: u64,
    /// Root keys that another one replaced.
    pub rotations: u64,
    /// Boots that ended within a rotation, by its stage.
    pub within: BTreeMap<&'static str, u64>,
    /// Commands without an answer: their connection had ended.
    pub unanswered: u64,
    /// Refusals, by their number.
    pub refused: BTreeMap<u16, u64>,
    /// Boots of a machine whose clock fell behind.
    pub late: u64,
    /// Enclaves started.
    pub boots: u64,
    /// Ends of a boot.
    pub histories: u64,
    /// What was found, in words.
    pub findings: Vec<String>,
}

impl Report {
    /// What came of another campaign besides.
    pub fn add(&mut self, other: Self) {
        self.exchanges += other.exchanges;
        self.unauthorized += other.unauthorized;
        self.panics += other.panics;
        self.lost += other.lost;
        self.signed += other.signed;
        self.signed_scal1 += other.signed_scal1;
        self.seals += other.seals;
        self.rotations += other.rotations;
        self.unanswered += other.unanswered;
        self.boots += other.boots;
        self.late += other.late;
        self.histories += other.histories;
        for (stage, count) in other.within {
            *self.within.entry(stage).or_default() += count;
        }
        for (number, count) in other.refused {
            *self.refused.entry(number).or_default() += count;
        }
        self.findings.extend(other.findings);
    }

    /// Nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.unauthorized == 0 && self.panics == 0 && self.lost == 0 && self.findings.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { exchanges, unauthorized, panics, lost, .. } = self;
        write!(f, "exchanges {exchanges}, unauthorized {unauthorized}, panics {panics}, lost {lost}")
    }
}
