//! Place: SAM, SSA, none. What a rotation of the root key changes beside the root keys themselves, which are in
//! [`crate::log::roots`].

use super::{RuleBroken, State, rule};
use crate::ids::{CredentialId, MandateId, Subject};
use crate::log::event::{Event, RecordMark, Rewrapped};
use crate::log::roots::Records;
use crate::seal::mandate_of_record;

impl State {
    /// How many records are still sealed under a root key that another one replaced, at `time` (Unix milliseconds).
    #[must_use]
    pub fn records_left(&self, time: u64) -> u64 {
        let live = |subject: &Subject, mandate: &MandateId| self.is_live(subject, mandate, time);
        self.roots.in_use().map_or(0, |former| former.left(live))
    }

    /// Whether none is, and the ledger does not say so yet.
    #[must_use]
    pub fn rotation_is_done(&self, time: u64) -> bool {
        let live = |subject: &Subject, mandate: &MandateId| self.is_live(subject, mandate, time);
        self.roots.in_use().is_some_and(|former| former.is_done(live))
    }

    fn is_live(&self, subject: &Subject, mandate: &MandateId, time: u64) -> bool {
        self.credential(subject).is_some_and(|known| known.sealing.is_live(mandate, time))
    }

    /// Whether what the host shows is the current record, or the one with the same in it that a rotation replaced.
    #[must_use]
    pub fn is_current(&self, current: &RecordMark, shown: &RecordMark) -> bool {
        let former = self.roots.in_use().is_some();
        let replaced = former && self.replaced.get(&current.hash) == Some(&shown.hash);
        current == shown || (replaced && current.version == shown.version)
    }

    /// Whether a record that opens under no root key is none of somebody else's: the ledger knows these very octets, under a root
    /// key that is gone. Either a rotation replaced them, until that one has ended, or they are the record of a mandate that is
    /// over at `time` (Unix milliseconds), which no rotation seals anew. They are not opened, so only name and hash say so.
    #[must_use]
    pub fn is_left_behind(&self, id: &CredentialId, shown: &RecordMark, time: u64) -> bool {
        let over = mandate_of_record(id).and_then(|mandate| self.mandate(&mandate)).filter(|mandate| {
            let destroyed = self.credential(&mandate.credential).is_none_or(|known| known.record.is_none());
            destroyed || !mandate.is_live(time)
        });
        over.is_some_and(|mandate| mandate.record == *shown)
            || self.replaced.values().any(|replaced| *replaced == shown.hash)
    }

    pub(super) fn take_roots(&mut self, event: &Event) -> Result<(), RuleBroken> {
        let credentials = &self.credentials;
        let records = || {
            let live = credentials.iter().filter(|(_, known)| known.record.is_some());
            Records::of(live.map(|(subject, known)| (subject, &known.sealing)))
        };
        let live = |subject: &Subject, mandate: &MandateId| {
            credentials.get(subject).is_some_and(|known| known.sealing.is_live(mandate, event.time))
        };
        self.roots.take(event, records, live)
    }

    /// A record is sealed anew. That it was under the former root key is checked already.
    pub(super) fn rewrap(&mut self, one: &Rewrapped) -> Result<(), RuleBroken> {
        let known = self.credentials.get_mut(&one.subject).ok_or(RuleBroken("unknown credential"))?;
        let before = match one.mandate {
            None => {
                let before = known.record.ok_or(RuleBroken("credential was destroyed"))?;
                rule(before.version == one.record.version, "a record sealed anew keeps its version")?;
                known.record = Some(one.record);
                before
            }
            Some(mandate) => {
                let before = known.sealing.mandate(&mandate).map(|known| known.record);
                known.sealing.rewrap(&mandate, one.record)?;
                before.ok_or(RuleBroken("unknown mandate"))?
            }
        };
        self.replaced.insert(one.record.hash, before.hash);
        Ok(())
    }
}
