//! Place: none. The root keys of a ledger, as both folds of the events keep them: which one is the current one, and what is still
//! sealed under the one before.

use alloc::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::RuleBroken;
use super::event::{Event, EventBody};
use super::sealing::Sealing;
use crate::ids::{MandateId, ManifestHash, RootCommitment, Subject};

/// A root key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Its commitment.
    pub commitment: RootCommitment,
    /// The manifest whose custodians got its shares.
    pub manifest: ManifestHash,
}

/// Records that exist: those of credentials that are not destroyed, and of their mandates that were not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// Credentials.
    pub credentials: BTreeSet<Subject>,
    /// Mandates, with their credentials.
    pub mandates: BTreeMap<MandateId, Subject>,
}

/// A root key that another one replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Former {
    /// The root key.
    pub root: Root,
    /// What is sealed under it. A snapshot is only made when nothing is.
    #[serde(skip)]
    records: Records,
    unused: bool,
}

impl Former {
    /// Whether no record is sealed under it any more, and the ledger says so.
    #[must_use]
    pub const fn is_unused(&self) -> bool {
        self.unused
    }

    /// Whether a record is sealed under it: a credential's own, or that of a mandate.
    #[must_use]
    pub fn seals(&self, subject: &Subject, mandate: Option<&MandateId>) -> bool {
        match mandate {
            None => self.records.credentials.contains(subject),
            Some(mandate) => self.records.mandates.get(mandate) == Some(subject),
        }
    }

    /// How many records are still needed that are sealed under it. A mandate that is over needs none.
    #[must_use]
    pub fn left(&self, live: impl Fn(&Subject, &MandateId) -> bool) -> u64 {
        let mandates = self.records.mandates.iter().filter(|(mandate, subject)| live(subject, mandate));
        (self.records.credentials.len() + mandates.count()) as u64
    }

    /// Whether none is.
    #[must_use]
    pub fn is_done(&self, live: impl Fn(&Subject, &MandateId) -> bool) -> bool {
        self.records.credentials.is_empty() && self.left(live) == 0
    }
}

/// The fold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roots {
    current: Option<Root>,
    former: Option<Former>,
}

impl Roots {
    /// The one under which everything new is sealed.
    #[must_use]
    pub const fn current(&self) -> Option<Root> {
        self.current
    }

    /// The one before, until it is erased.
    #[must_use]
    pub const fn former(&self) -> Option<&Former> {
        self.former.as_ref()
    }

    /// The one before, while records need it.
    #[must_use]
    pub fn in_use(&self) -> Option<&Former> {
        self.former.as_ref().filter(|former| !former.unused)
    }

    /// Takes the next event. `records` says what there is, and `live` which mandates still allow a seal, both before the
    /// event.
    ///
    /// # Errors
    /// [`RuleBroken`]; what is kept is then of no more use.
    pub fn take(
        &mut self,
        event: &Event,
        records: impl FnOnce() -> Records,
        live: impl Fn(&Subject, &MandateId) -> bool,
    ) -> Result<(), RuleBroken> {
        match &event.body {
            EventBody::Genesis { commitment, manifest, .. } => {
                self.current = Some(Root { commitment: *commitment, manifest: *manifest });
            }
            EventBody::RootRotated { from, to, manifest, approvals, .. } => {
                let root = self.current.filter(|current| current.commitment == *from);
                let root = root.ok_or(RuleBroken("another root key than the current one is replaced"))?;
                rule(self.former.is_none(), "a rotation before the one before it ended")?;
                rule(from != to, "a root key takes its own place")?;
                rule(!approvals.is_empty(), "a rotation that nobody approved")?;
                self.former = Some(Former { root, records: records(), unused: false });
                self.current = Some(Root { commitment: *to, manifest: *manifest });
            }
            EventBody::RecordsRewrapped { records } => {
                let kept = &mut self.used()?.records;
                rule(!records.is_empty(), "records sealed anew that are none")?;
                for one in records {
                    let under = match one.mandate {
                        None => kept.credentials.remove(&one.subject),
                        Some(mandate) => kept.mandates.remove(&mandate) == Some(one.subject),
                    };
                    rule(under, "a record sealed anew that was not under the former root key")?;
                }
            }
            EventBody::RootUnused { commitment } => {
                let former = self.used()?;
                rule(former.root.commitment == *commitment, "another root key than the former one")?;
                rule(former.is_done(live), "records are under the former root key")?;
                (former.unused, former.records) = (true, Records::default());
            }
            EventBody::RootErased { commitment, deletions } => {
                let former = self.former.as_ref().filter(|former| former.unused);
                let former = former.ok_or(RuleBroken("a root key erased that is in use, or is none"))?;
                rule(former.root.commitment == *commitment, "another root key than the former one")?;
                rule(!deletions.is_empty(), "a root key erased that nobody deleted")?;
                self.former = None;
            }
            EventBody::HandedOver { .. } => {
                rule(self.in_use().is_none(), "handed over with records under two root keys")?;
            }
            body => {
                if let Some(former) = &mut self.former {
                    former.records.follow(body);
                }
            }
        }
        Ok(())
    }

    fn used(&mut self) -> Result<&mut Former, RuleBroken> {
        let used = self.former.as_mut().filter(|former| !former.unused);
        used.ok_or(RuleBroken("no former root key is in use"))
    }
}

impl Records {
    /// Those of the credentials that are not destroyed.
    pub fn of<'a>(credentials: impl Iterator<Item = (&'a Subject, &'a Sealing)>) -> Self {
        let mut records = Self::default();
        for (subject, sealing) in credentials {
            records.credentials.insert(*subject);
            let mandates = sealing.mandates().filter(|(_, mandate)| !mandate.ended());
            records.mandates.extend(mandates.map(|(mandate, _)| (*mandate, *subject)));
        }
        records
    }

    /// What is sealed with an event is under the current root key; what ends with it needs none.
    fn follow(&mut self, body: &EventBody) {
        if let EventBody::MandateEnded { mandate, .. } = body {
            self.mandates.remove(mandate);
        }
        let Some(subject) = body.credential().map(|mark| mark.subject) else { return };
        if body.reseals() || body.destroys() {
            self.credentials.remove(&subject);
        }
        if body.destroys() {
            self.mandates.retain(|_, of| *of != subject);
        }
    }
}

const fn rule(holds: bool, text: &'static str) -> Result<(), RuleBroken> {
    if holds { Ok(()) } else { Err(RuleBroken(text)) }
}

#[cfg(test)]
mod tests;
