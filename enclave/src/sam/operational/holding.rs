//! Place: SAM. Suspension of a credential by its signer, its RA client or an officer, its end, and the end of a lock.
//!
//! A suspension binds this boot at once and is answered at once, also while no witness answers; the answer says that it is
//! `pending` until its event is released (spec/ledger.md, gap 10). Whatever gives something back waits for its event. An
//! unlock sets the count of attempts back and touches nothing that the signer must answer (FMT_MTD.1/Unblock).

use super::super::orders;
use super::super::outcome::Withheld;
use super::super::record::KeyState;
use super::super::vault::Credential;
use super::enrolment::{Target, approver_evidence};
use super::seals::Wanted;
use super::{Effect, Operational, Outcome, Surroundings, Ticket};
use crate::ledger::journal::Entry;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{StatementId, Subject};
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::{EventBody, Holder};
use fuin_shared::message::{Answer, Command, CredentialQuestion, CredentialStatus, Manage, Order, Suspend};
use fuin_shared::role::Role;
use fuin_shared::sad::{MAX_UNLOCKS, Purpose};
use fuin_shared::statement::{CredentialOrderKind, ManageAction};
use std::collections::HashMap;

/// Suspensions whose events are not released yet.
#[derive(Default)]
pub(super) struct Pending {
    of: HashMap<Subject, u32>,
}

impl Pending {
    fn add(&mut self, subject: Subject) {
        *self.of.entry(subject).or_default() += 1;
    }

    fn settle(&mut self, subject: &Subject) {
        if let Some(count) = self.of.get_mut(subject) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.of.remove(subject);
            }
        }
    }
}

/// Who suspends, with what it spends.
struct Word {
    by: Holder,
    means_counter: Option<u32>,
    statements: Vec<StatementId>,
    detail: Detail,
}

impl Operational {
    /// On the signer's word.
    pub(super) fn suspend(
        &mut self,
        ticket: Ticket,
        request: &Suspend,
        around: &Surroundings<'_>,
    ) -> Result<Option<Effect>, Fault> {
        let credential = self.open(&request.credential, &request.record, around)?;
        // Approvers end mandates instead.
        credential.record.require_purpose(KeyPurpose::Signature)?;
        require_active(&credential)?;
        let means = credential.record.linked_means()?;
        let checked =
            self.checker(around).check(&request.evidence, &credential, Purpose::Suspend, means.profile())?;
        let again = || Command::Suspend(request.clone());
        let Some(counter) = self.answered(ticket, &checked, &credential, again, around)? else {
            return Ok(None);
        };
        let record = &credential.record;
        let detail = record.detail().by(Role::Signer, &record.user).asked(Purpose::Suspend, checked.digest);
        let word = Word { by: Holder::Signer, means_counter: Some(counter), statements: Vec::new(), detail };
        self.restrict(ticket, &credential, word, around).map(Some)
    }

    /// On the RA client's word: suspend, or with the signer resume, or unlock.
    pub(super) fn hold(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
    ) -> Result<Option<Effect>, Fault> {
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        let (credential, statement) = (&target.credential, target.statement);
        match proven.statement.action {
            ManageAction::Suspend {} => {
                require_active(credential)?;
                let (statements, detail) = (vec![statement], target.detail());
                let word = Word { by: Holder::Ra, means_counter: None, statements, detail };
                self.restrict(ticket, credential, word, around).map(Some)
            }
            ManageAction::Resume {} => {
                require_active(credential)?;
                self.resume_credential(ticket, manage, &target, around).map(|()| None)
            }
            ManageAction::Unlock {} => self.unlock(ticket, &target, around).map(|()| None),
            _ => Err(Fault::InvalidProof),
        }
    }

    /// On the officers' word.
    pub(super) fn order(
        &mut self,
        ticket: Ticket,
        request: &Order,
        around: &Surroundings<'_>,
    ) -> Result<Option<Effect>, Fault> {
        let credential = self.open(&request.credential, &request.record, around)?;
        let origin = &self.journal.identity().origin;
        let ordered =
            orders::verify(&request.orders, around.context, origin, &request.credential, around.seconds())?;
        if ordered.statements.iter().any(|statement| self.journal.state().is_spent(statement)) {
            return Err(Fault::StatementSpent);
        }
        require_active(&credential)?;
        let detail = credential.record.detail().by_each(Role::Officer, &ordered.officers);
        match ordered.kind {
            CredentialOrderKind::Suspend => {
                let statements = ordered.statements;
                let word = Word { by: Holder::Officer, means_counter: None, statements, detail };
                self.restrict(ticket, &credential, word, around).map(Some)
            }
            CredentialOrderKind::Release => {
                around.timely?;
                if !self.is_held(&credential.subject, |holder| holder == Holder::Officer) {
                    return Err(Fault::InvalidKeyState);
                }
                // An order kept back ends no later suspension.
                if ordered.suspension != self.officers_event(&credential.subject) {
                    return Err(Fault::StatementForeign);
                }
                let body = EventBody::OfficersReleased {
                    credential: self.journal.state().next_mark(credential.subject),
                    statements: ordered.statements,
                };
                self.append(ticket, Entry::new(body, detail), Outcome::Restored, around).map(|()| None)
            }
        }
    }

    /// How a credential stands.
    pub(super) fn credential_status(
        &mut self,
        ticket: Ticket,
        request: &CredentialQuestion,
        around: &Surroundings<'_>,
    ) -> Result<Effect, Fault> {
        let credential = self.open(&request.credential, &request.record, around)?;
        self.status(ticket, &credential)
    }

    /// Refuses a credential that is suspended.
    ///
    /// # Errors
    /// [`Fault::CredentialDisabled`].
    pub(super) fn check_free(&self, credential: &Credential) -> Result<(), Fault> {
        if self.is_held(&credential.subject, |_| true) { Err(Fault::CredentialDisabled) } else { Ok(()) }
    }

    /// The event of a suspension is released.
    pub fn settled(&mut self, subject: &Subject) {
        self.pending.settle(subject);
    }

    pub(super) fn is_held(&self, subject: &Subject, by: impl Fn(Holder) -> bool) -> bool {
        let known = self.journal.state().credential(subject);
        known.is_some_and(|known| known.holders.keys().any(|holder| by(*holder)))
    }

    /// Running number of the event by which the officers' suspension stands.
    fn officers_event(&self, subject: &Subject) -> Option<u64> {
        self.journal.state().credential(subject)?.holders.get(&Holder::Officer).copied()
    }

    fn status(&self, ticket: Ticket, credential: &Credential) -> Result<Effect, Fault> {
        let known = self.journal.state().credential(&credential.subject).ok_or(Fault::UnknownCredential)?;
        let status = CredentialStatus {
            active: credential.record.state == KeyState::Active,
            suspended: known.holders.keys().copied().collect(),
            officers_event: self.officers_event(&credential.subject),
            locked: known.is_locked(),
            pending: self.pending.of.contains_key(&credential.subject),
            failures: known.failures,
        };
        Ok(Effect::Reply { ticket, result: Ok(Answer::CredentialStatus(status)) })
    }

    /// Binds at once: the fold has the event from here on, tokens end, and the answer does not wait.
    fn restrict(
        &mut self,
        ticket: Ticket,
        credential: &Credential,
        word: Word,
        around: &Surroundings<'_>,
    ) -> Result<Effect, Fault> {
        let subject = credential.subject;
        // Also when the same say it again: their word is spent by this, and cannot be kept for later.
        let body = EventBody::CredentialSuspended {
            credential: self.journal.state().next_mark(subject),
            by: word.by,
            means_counter: word.means_counter,
            statements: word.statements,
        };
        let withheld = Withheld { ticket, result: Outcome::Bound(subject) };
        self.journal.append_restriction(Entry::new(body, word.detail), around.now, withheld)?;
        self.pending.add(subject);
        self.activations.revoke(&subject);
        self.status(ticket, credential)
    }

    fn resume_credential(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        target: &Target<'_>,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        around.timely?;
        let credential = &target.credential;
        if !self.is_held(&credential.subject, |holder| holder != Holder::Officer) {
            return Err(Fault::InvalidKeyState);
        }
        if credential.record.purpose == KeyPurpose::Seal {
            return self.resume_seals(ticket, manage, target, around);
        }
        let evidence = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
        let means = credential.record.linked_means()?;
        let checked = self.checker(around).check(evidence, credential, Purpose::Resume, means.profile())?;
        let again = || Command::Hold(manage.clone());
        let Some(means_counter) = self.answered(ticket, &checked, credential, again, around)? else {
            return Ok(());
        };
        let body = EventBody::CredentialResumed {
            credential: self.journal.state().next_mark(credential.subject),
            means_counter,
            statement: target.statement,
        };
        let by_ra = target.detail().asked(Purpose::Resume, checked.digest);
        let detail = by_ra.by(Role::Signer, &credential.record.user);
        self.append(ticket, Entry::new(body, detail), Outcome::Restored, around)
    }

    /// With the approvers in the signer's place.
    fn resume_seals(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        target: &Target<'_>,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        let credential = &target.credential;
        let evidence = approver_evidence(manage)?;
        let wanted = Wanted { purpose: Purpose::Resume, content: &|_| None };
        let approved = self.approved(credential, &evidence.approvals, &wanted, around)?;
        self.spend(&approved, around)?;
        let by_ra = target.detail().for_purpose(Purpose::Resume);
        let detail = by_ra.by_each(Role::SealApprover, approved.approvers());
        let body = EventBody::SealResumed {
            credential: self.journal.state().next_mark(credential.subject),
            approvals: approved.uses,
            statement: target.statement,
        };
        self.append(ticket, Entry::new(body, detail), Outcome::Restored, around)
    }

    fn unlock(
        &mut self,
        ticket: Ticket,
        target: &Target<'_>,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        around.timely?;
        let credential = &target.credential;
        let known = self.journal.state().credential(&credential.subject).ok_or(Fault::UnknownCredential)?;
        if !known.is_locked() {
            return Err(Fault::InvalidKeyState);
        }
        if known.unlocks >= MAX_UNLOCKS {
            return Err(Fault::LimitReached);
        }
        let body = EventBody::CredentialUnlocked {
            credential: self.journal.state().next_mark(credential.subject),
            statement: target.statement,
        };
        self.append(ticket, Entry::new(body, target.detail()), Outcome::Restored, around)
    }
}

fn require_active(credential: &Credential) -> Result<(), Fault> {
    if credential.record.state == KeyState::Active { Ok(()) } else { Err(Fault::InvalidKeyState) }
}
