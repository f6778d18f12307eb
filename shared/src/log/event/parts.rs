//! Place: SAM. What several events are made of.

use crate::ids::{Digest32, MandateId, Subject};
use serde::{Deserialize, Serialize};

/// The record of a subject after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordMark {
    /// Its version.
    pub version: u64,
    /// SHA-256 of its sealed body.
    pub hash: Digest32,
}

/// Which credential, and its how-manieth event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialMark {
    /// Pseudonym.
    pub subject: Subject,
    /// 0 for the first event of the credential, one more for each.
    pub sequence: u64,
}

/// How far the kernel's clock is ahead of the truth, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockAhead {
    /// At least.
    pub least: i64,
    /// At most. Below `least`: the sources contradict each other.
    pub most: i64,
}

/// An approver who signed, and the counter of the means after this use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproverUse {
    /// Number of the approver.
    pub approver: u32,
    /// Counter of the means.
    pub counter: u32,
}

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// The host reports that a witness knows a newer or another ledger. Nobody signs refusals, so it may be untrue.
    WitnessContradiction,
    /// The host gave a sealed record that this service did not seal for its place.
    RecordForeign,
}

/// A record that was sealed anew under another root key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrapped {
    /// The credential.
    pub subject: Subject,
    /// Its mandate whose record it is; null for the credential's own.
    pub mandate: Option<MandateId>,
    /// The record: its version is what it was.
    pub record: RecordMark,
}

/// On whose word a credential is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// The signer's.
    Signer,
    /// The RA client's.
    Ra,
    /// An officer's.
    Officer,
}
