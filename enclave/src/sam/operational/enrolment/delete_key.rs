//! Place: SAM. deleteKey (extensions 4.7): the key is destroyed, and a tombstone in the ledger keeps it so.

use super::super::seals::Wanted;
use super::super::{Operational, Outcome, Surroundings, Ticket};
use super::approver_evidence;
use crate::ledger::journal::Entry;
use crate::sam::outcome::Withheld;
use crate::sam::vault::Credential;
use fuin_shared::fault::Fault;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{Command, Manage, RecordChange};
use fuin_shared::role::Role;
use fuin_shared::sad::Purpose;
use fuin_shared::seal::mandate_record;
use fuin_shared::statement::ManageAction;

impl Operational {
    pub(in super::super) fn delete_key(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        if proven.statement.action != (ManageAction::DeleteKey {}) {
            return Err(Fault::InvalidProof);
        }
        let credential = &target.credential;
        let mut detail = target.detail();
        // A key without means has no signer to ask; any other is destroyed on the signer's word, or the approvers'.
        if credential.record.approvers.is_some() {
            let evidence = approver_evidence(manage)?;
            let wanted = Wanted { purpose: Purpose::Delete, content: &|_| None };
            let approved = self.approved(credential, &evidence.approvals, &wanted, around)?;
            self.journal.check_restriction_room()?;
            self.spend(&approved, around)?;
            detail = detail.for_purpose(Purpose::Delete).by_each(Role::SealApprover, approved.approvers());
        } else if let Some(means) = &credential.record.means {
            let evidence = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
            let checked =
                self.checker(around).check(evidence, credential, Purpose::Delete, means.profile())?;
            let again = || Command::DeleteKey(manage.clone());
            if self.answered(ticket, &checked, credential, again, around)?.is_none() {
                return Ok(());
            }
            detail = detail.asked(Purpose::Delete, checked.digest).by(Role::Signer, &credential.record.user);
        }
        let body = EventBody::KeyDestroyed {
            credential: self.journal.state().next_mark(credential.subject),
            statement: target.statement,
        };
        self.destroy(ticket, credential, Entry::new(body, detail), around)
    }

    /// Destroys a key by this event, which also takes its records out of the store.
    pub(in super::super) fn destroy(
        &mut self,
        ticket: Ticket,
        credential: &Credential,
        mut entry: Entry,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        self.journal.check_restriction_room()?;
        around.module.destroy(credential.record.algorithm, &credential.record.wrapped.0)?;
        self.activations.revoke(&credential.subject);
        self.vault.forget(credential);
        let known = self.journal.state().credential(&credential.subject).into_iter();
        let mandates = known.flat_map(|known| known.sealing.mandates()).map(|(id, _)| mandate_record(id));
        entry.records =
            std::iter::once(credential.record.id.clone()).chain(mandates).map(RecordChange::Erase).collect();
        let withheld = Withheld { ticket, result: Outcome::Deleted };
        self.journal.append_restriction(entry, around.now, withheld)
    }
}
