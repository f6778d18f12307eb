//! Place: SAM. endMandate: one approver's word is enough, or one officer's, and it binds at once, before it is durable
//! (SEAL-03). mandateStatus.

use super::super::{Effect, Operational, Outcome, Surroundings, Ticket};
use super::Wanted;
use super::granting::may_approve;
use crate::ledger::journal::Entry;
use crate::sam::outcome::Withheld;
use crate::sam::vault::Credential;
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{MandateId, PersonId, StatementId};
use fuin_shared::key_statement::KeyPurpose;
use fuin_shared::log::event::{ApproverUse, EventBody};
use fuin_shared::message::{Answer, EndMandate, EndedBy, MandateStatus};
use fuin_shared::role::Role;
use fuin_shared::sad::Purpose;
use fuin_shared::seal::{MandateEnding, end_hash};
use fuin_shared::statement::SignedStatement;

/// Longest time that an officer's statement may still have, seconds.
const LONGEST: u64 = 3600;

impl Operational {
    pub(in super::super) fn end_mandate(
        &mut self,
        ticket: Ticket,
        request: &EndMandate,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        let credential = self.open(&request.credential, &request.record, around)?;
        credential.record.require_purpose(KeyPurpose::Seal)?;
        let mandate = self.journal.state().mandate(&request.mandate);
        let mandate = mandate.filter(|m| m.credential == credential.subject).ok_or(Fault::MandateUnknown)?;
        if mandate.ended() {
            return Err(Fault::MandateEnded);
        }
        let detail = credential.record.detail();
        let (approval, statement, detail) = match &request.by {
            EndedBy::Approver(evidence) => {
                let approval = self.ended_by_approver(&credential, &request.mandate, evidence, around)?;
                let detail = detail.for_purpose(Purpose::EndMandate);
                (Some(approval), None, detail.by(Role::SealApprover, approval.approver))
            }
            EndedBy::Officer(statement) => {
                let (officer, statement) = self.ended_by_officer(&request.mandate, statement, around)?;
                (None, Some(statement), detail.by(Role::Officer, &officer))
            }
        };
        let body = EventBody::MandateEnded {
            credential: self.journal.state().next_mark(credential.subject),
            mandate: request.mandate,
            approval,
            statement,
        };
        let entry = Entry::new(body, detail);
        self.journal.append_restriction(entry, around.now, Withheld { ticket, result: Outcome::MandateEnded })
    }

    fn ended_by_approver(
        &mut self,
        credential: &Credential,
        mandate: &MandateId,
        evidence: &Blob,
        around: &Surroundings<'_>,
    ) -> Result<ApproverUse, Fault> {
        may_approve(&credential.record, Purpose::EndMandate)?;
        let content = |algorithm: SignatureAlgorithm| Some(end_hash(algorithm.hash(), mandate));
        let wanted = Wanted { purpose: Purpose::EndMandate, content: &content };
        let approved = self.approved_by_one(credential, evidence, &wanted, around)?;
        self.spend(&approved, around)?;
        approved.uses.first().copied().ok_or(Fault::Internal)
    }

    fn ended_by_officer(
        &self,
        mandate: &MandateId,
        statement: &Blob,
        around: &Surroundings<'_>,
    ) -> Result<(PersonId, StatementId), Fault> {
        let signed: SignedStatement =
            codec::decode(statement.as_slice()).map_err(|_| Fault::StatementMalformed)?;
        let officer = around.context.manifest.officer(&signed.signer).ok_or(Fault::UnknownPerson)?;
        let key = officer.key.key().map_err(|_| Fault::StatementSignature)?;
        let ending: MandateEnding = signed.open(&key)?;
        let ours = ending.service == around.context.service
            && ending.ledger == self.journal.identity().origin
            && ending.mandate == *mandate;
        if !ours {
            return Err(Fault::StatementForeign);
        }
        let now = around.seconds();
        if now >= ending.not_after || ending.not_after > now.saturating_add(LONGEST) {
            return Err(Fault::StatementExpired);
        }
        if self.journal.state().is_spent(&ending.statement) {
            return Err(Fault::StatementSpent);
        }
        Ok((signed.signer, ending.statement))
    }

    pub(in super::super) fn mandate_status(
        &self,
        ticket: Ticket,
        mandate: &MandateId,
    ) -> Result<Effect, Fault> {
        let found = self.journal.state().mandate(mandate).ok_or(Fault::MandateUnknown)?;
        let status = MandateStatus {
            count: found.bounds().count,
            used: found.used(),
            next_number: found.next_number(),
            not_before: found.bounds().not_before,
            not_after: found.bounds().not_after,
            ended: found.ended(),
        };
        Ok(Effect::Reply { ticket, result: Ok(Answer::MandateStatus(status)) })
    }
}
