//! Place: SAM. linkEid (extensions 4.4): the signer's one means for life, on evidence made with that means.

use super::super::{Operational, Outcome, Surroundings, Ticket};
use super::{attest, require};
use crate::ledger::journal::Entry;
use crate::sam::means::naming::Named;
use crate::sam::outcome::Attest;
use crate::sam::record::KeyState;
use fuin_shared::fault::Fault;
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::Manage;
use fuin_shared::role::Role;
use fuin_shared::sad::{LinkSubject, Purpose};
use fuin_shared::statement::ManageAction;
use rand_core::CryptoRng;

impl Operational {
    pub(in super::super) fn link_eid(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        if matches!(
            proven.statement.action,
            ManageAction::EnrolApprovers { .. } | ManageAction::ChangeApprovers { .. }
        ) {
            return self.set_approvers(ticket, manage, proven, &target, around, rng);
        }
        // The approvers of a seal key come in its own way (SEAL-01).
        target.credential.record.require_purpose(KeyPurpose::Signature)?;
        let (identity, named) = Named::of_link(&proven.statement.action, proven.client)?;
        require(&target, KeyState::Generated)?;
        let evidence = manage.evidence.as_ref().ok_or(Fault::SadMalformed)?;
        let checked =
            self.checker(around).check(evidence, &target.credential, Purpose::Link, named.profile())?;
        let mut record = self.copy(target.hint)?;
        let expected =
            LinkSubject { user: record.user.clone(), authority: record.authority.clone(), identity };
        if checked.sad.link.as_ref() != Some(&expected) || !named.is(&checked.assertion) {
            return Err(Fault::EidMismatch);
        }
        let judging = self.judging(&record, &checked.nonce, around);
        let registered = named.register(&checked.assertion, &checked.digest, judging, rng);
        let Some(means) = self.judged(ticket, &checked, &target.credential, registered, around)? else {
            return Ok(());
        };
        record.means = Some(means);
        record.identity = Some(identity);
        record.state = KeyState::EidLinked;
        let attests = attest(&mut record, around);
        let (mark, change, version) = self.reseal(&target, &record, rng)?;
        let body = EventBody::MeansLinked {
            credential: self.journal.state().next_mark(target.credential.subject),
            record: mark,
            attests,
            statement: target.statement,
        };
        let by_ra = record.detail().by(Role::RaClient, &record.client);
        let detail = by_ra.by(Role::Signer, &record.user).asked(Purpose::Link, checked.digest);
        let entry = Entry { records: vec![change], ..Entry::new(body, detail) };
        let attest = Attest { key: record.statement, nonce: manage.nonce.clone() };
        self.append(ticket, entry, Outcome::MeansLinked(version, attest), around)
    }
}
