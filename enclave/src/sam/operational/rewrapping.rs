//! Place: SAM. Records of a former root key are sealed anew, a bounded batch at a time, while everything else goes on. Nothing but
//! the seal changes: a record keeps its version, its credential the running number of its events.

use super::{Operational, Surroundings};
use crate::ledger::journal::Entry;
use crate::ledger::sealing::{self, Kind};
use crate::sam::outcome::Outcome;
use crate::sam::record::CredentialRecord;
use crate::sam::{Effect, Ticket};
use fuin_shared::fault::Fault;
use fuin_shared::ids::{MandateId, Subject};
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::{EventBody, RecordMark, Rewrapped};
use fuin_shared::message::{Answer, RecordChange, SealedRecord};
use fuin_shared::rotation::{MAX_REWRAP, Rewrap};
use fuin_shared::seal::{mandate_id, mandate_record};
use rand_core::CryptoRng;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Most octets of records in one event's commit; the host sends the others again.
const MAX_OCTETS: usize = 512 * 1024;

/// A record of the former root key, opened.
struct Opened {
    kind: Kind,
    subject: Subject,
    mandate: Option<MandateId>,
    plaintext: Zeroizing<Vec<u8>>,
}

impl Operational {
    /// Seals what is under the former root key under the current one, and leaves the rest as it is: the host need not know
    /// which is which.
    pub(super) fn rewrap(
        &mut self,
        ticket: Ticket,
        request: &Rewrap,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        if self.journal.state().roots().in_use().is_none() {
            return Err(Fault::RotationPending);
        }
        if request.records.len() > MAX_REWRAP {
            return Err(Fault::TooLarge);
        }
        let time = around.now.0.max(self.journal.state().last_time());
        let (mut records, mut changes, mut octets) = (Vec::new(), Vec::new(), 0);
        let mut seen = BTreeSet::new();
        for hint in &request.records {
            let Some(opened) = self.open_former(hint, time)? else { continue };
            octets += hint.body.0.len();
            if octets > MAX_OCTETS {
                break;
            }
            if !seen.insert((opened.subject, opened.mandate)) {
                continue;
            }
            let Opened { kind, subject, mandate, plaintext } = opened;
            let keys = self.journal.keys();
            let sealed = sealing::seal_as(kind, keys, &hint.id, hint.version, &plaintext, rng)?;
            records.push(Rewrapped { subject, mandate, record: sealing::mark(&sealed) });
            changes.push(RecordChange::Put(sealed));
        }
        let count = u32::try_from(records.len()).map_err(|_| Fault::TooLarge)?;
        let (state, now) = (self.journal.state(), around.now.0);
        let left = state.records_left(now);
        if records.is_empty() {
            let result = Ok(Answer::Rewrapped { records: count, left });
            return Ok(Some(Effect::Reply { ticket, result }));
        }
        // A mandate that is over was none of those that are left.
        let counted = |one: &&Rewrapped| {
            one.mandate.is_none_or(|id| state.mandate(&id).is_some_and(|mandate| mandate.is_live(now)))
        };
        let left = left.saturating_sub(records.iter().filter(counted).count() as u64);
        let body = EventBody::RecordsRewrapped { records };
        let entry = Entry { records: changes, ..Entry::new(body, Detail::default()) };
        self.append(ticket, entry, Outcome::Rewrapped(count, left), around).map(|()| None)
    }

    /// Opens a record that is still under the former root key, and current. None of another.
    fn open_former(&self, hint: &SealedRecord, time: u64) -> Result<Option<Opened>, Fault> {
        let (keys, state) = (self.journal.keys(), self.journal.state());
        let mark = sealing::mark(hint);
        for kind in [Kind::Credential, Kind::Mandate] {
            let Ok(plaintext) = sealing::open_former(kind, keys, hint) else { continue };
            let opened = match kind {
                Kind::Credential => self.of_credential(hint, &plaintext)?,
                Kind::Mandate => self.of_mandate(hint, &plaintext)?,
            };
            let current = |(subject, mandate, record): &(Subject, Option<MandateId>, RecordMark)| {
                let former = state.roots().in_use();
                *record == mark && former.is_some_and(|former| former.seals(subject, mandate.as_ref()))
            };
            let opened = opened.filter(current);
            return Ok(opened.map(|(subject, mandate, _)| Opened { kind, subject, mandate, plaintext }));
        }
        // Under the current one, under one before both, or of nobody here.
        let known = [Kind::Credential, Kind::Mandate]
            .into_iter()
            .find_map(|kind| sealing::open_as(kind, keys, hint).ok());
        let ours = known.is_some() || state.is_left_behind(&hint.id, &mark, time);
        if ours { Ok(None) } else { Err(Fault::RecordForeign) }
    }

    fn of_credential(
        &self,
        hint: &SealedRecord,
        plaintext: &[u8],
    ) -> Result<Option<(Subject, Option<MandateId>, RecordMark)>, Fault> {
        let record = CredentialRecord::from_bytes(plaintext)?;
        if record.id != hint.id {
            return Err(Fault::RecordForeign);
        }
        let subject = self.journal.keys().credential(record.salt.as_slice(), &record.id);
        let current = self.journal.state().credential(&subject).and_then(|known| known.record);
        Ok(current.map(|current| (subject, None, current)))
    }

    fn of_mandate(
        &self,
        hint: &SealedRecord,
        terms: &[u8],
    ) -> Result<Option<(Subject, Option<MandateId>, RecordMark)>, Fault> {
        let mandate = mandate_id(terms);
        if hint.id != mandate_record(&mandate) {
            return Err(Fault::RecordForeign);
        }
        let known = self.journal.state().mandate(&mandate);
        Ok(known.map(|known| (known.credential, Some(mandate), known.record)))
    }
}
