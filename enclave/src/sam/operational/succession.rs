//! Place: SAM. A change of the manifest, by the word of the current one's officers (design sections 3.3 and 3.6).

use super::{Operational, Surroundings};
use crate::ledger::journal::Entry;
use crate::sam::Ticket;
use crate::sam::outcome::{Outcome, Withheld};
use fuin_shared::fault::Fault;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::RecordChange;
use fuin_shared::role::Role;
use fuin_shared::statement::signers;

impl Operational {
    /// Appends the event; the manifest becomes current when the event is released.
    pub(super) fn change_manifest(
        &mut self,
        ticket: Ticket,
        change: ManifestChange,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        let (state, now) = (self.journal.state(), around.seconds());
        // One at a time: the next is for the officers of the one that still waits.
        if state.manifest().is_none_or(|newest| newest.hash != around.context.hash) {
            return Err(Fault::Busy);
        }
        if self.journal.joining() {
            return Err(Fault::Busy);
        }
        let (next, approvals) = around.context.succeed(&change)?;
        if now >= next.manifest.not_after {
            return Err(Fault::ManifestExpired);
        }
        for approval in &approvals {
            if approval.ledger != self.journal.identity().origin {
                return Err(Fault::StatementForeign);
            }
            if now >= approval.not_after {
                return Err(Fault::StatementExpired);
            }
            if state.is_spent(&approval.statement) {
                return Err(Fault::StatementSpent);
            }
        }
        let body = EventBody::ManifestAdopted {
            manifest: next.hash,
            version: next.manifest.version,
            approvals: approvals.iter().map(|approval| approval.statement).collect(),
        };
        let officers: Vec<_> = signers(&change.approvals).collect();
        let detail = Detail::default().by_each(Role::Officer, &officers);
        let entry = Entry { records: vec![RecordChange::Manifest(change)], ..Entry::new(body, detail) };
        let successors = next.set_change().map(|change| change.successors.clone());
        let outcome = Outcome::ManifestAdopted(Box::new(next));
        match successors {
            None => self.append(ticket, entry, outcome, around),
            Some(set) => {
                self.journal.append_change(entry, set, around.now, Withheld { ticket, result: outcome })
            }
        }
    }
}
