//! Place: SAM. The part of the fold that is about seals: approvers, mandates, and what is spent of them.

use super::{RuleBroken, State, rule};
use fuin_shared::ids::{MandateId, Subject};
use fuin_shared::log::event::{CredentialMark, Event, EventBody, Holder};
use fuin_shared::log::mandates::{Approvers, Bounds, Mandate};

impl State {
    /// A mandate that is or was.
    #[must_use]
    pub fn mandate(&self, id: &MandateId) -> Option<&Mandate> {
        self.mandates.get(id)
    }

    /// How many mandates of a credential still allow a seal, at `time` (Unix milliseconds) or later.
    #[must_use]
    pub fn live_mandates(&self, credential: &Subject, time: u64) -> usize {
        let of_it = self.credentials.get(credential).map(|c| c.mandates.as_slice()).unwrap_or_default();
        of_it.iter().filter(|id| self.mandates.get(id).is_some_and(|mandate| mandate.is_live(time))).count()
    }

    /// Adds an event of a seal credential.
    pub(super) fn apply_seal(&mut self, event: &Event) -> Result<(), RuleBroken> {
        match &event.body {
            EventBody::ApproversSet {
                credential,
                record,
                approvals,
                approvers,
                threshold,
                statement,
                ..
            } => {
                self.check(credential, Some(record))?;
                self.spend(*statement)?;
                let entry =
                    self.credentials.get_mut(&credential.subject).ok_or(RuleBroken("unknown credential"))?;
                match &mut entry.approvers {
                    // A change is the former approvers' own (SEAL-07).
                    Some(former) => former.approve(approvals)?,
                    None => rule(approvals.is_empty(), "nobody can approve before there are approvers")?,
                }
                entry.approvers = Some(Approvers::follow(entry.approvers.as_ref(), approvers, *threshold)?);
                self.advance(credential, Some(*record));
            }
            EventBody::SealPopSigned { credential, record, approvals, statement, .. } => {
                self.check(credential, Some(record))?;
                self.spend(*statement)?;
                self.for_seals(credential)?.approve(approvals)?;
                self.advance(credential, Some(*record));
            }
            EventBody::MandateGranted {
                credential,
                mandate,
                record,
                count,
                not_before,
                not_after,
                rate,
                approvals,
            } => {
                self.check(credential, None)?;
                self.check_free(credential)?;
                rule(!self.mandates.contains_key(mandate), "mandate was granted before")?;
                rule(record.version == 1, "a mandate has one version")?;
                self.for_seals(credential)?.approve(approvals)?;
                let bounds =
                    Bounds { count: *count, not_before: *not_before, not_after: *not_after, rate: *rate };
                self.mandates.insert(*mandate, Mandate::new(credential.subject, *record, bounds));
                if let Some(entry) = self.credentials.get_mut(&credential.subject) {
                    entry.mandates.push(*mandate);
                }
                self.advance(credential, None);
            }
            EventBody::Sealed { credential, mandate, number, count, .. } => {
                self.check(credential, None)?;
                self.check_free(credential)?;
                self.for_seals(credential)?;
                self.of_credential(mandate, credential)?.spend(*number, *count, event.time)?;
                self.advance(credential, None);
            }
            EventBody::MandateEnded { credential, mandate, approval, statement } => {
                self.check(credential, None)?;
                rule(approval.is_some() != statement.is_some(), "an approver ends a mandate, or an officer")?;
                if let Some(statement) = statement {
                    self.spend(*statement)?;
                }
                let approvers = self.for_seals(credential)?;
                if let Some(one) = approval {
                    approvers.used(*one)?;
                }
                self.of_credential(mandate, credential)?.end()?;
                self.advance(credential, None);
            }
            EventBody::SealResumed { credential, approvals, statement } => {
                self.check(credential, None)?;
                self.spend(*statement)?;
                self.for_seals(credential)?.approve(approvals)?;
                if let Some(entry) = self.credentials.get_mut(&credential.subject) {
                    let before = entry.holders.len();
                    entry.holders.retain(|holder, _| *holder == Holder::Officer);
                    rule(entry.holders.len() < before, "resumed without a suspension")?;
                }
                self.advance(credential, None);
            }
            // The caller has the others.
            _ => return Err(RuleBroken("no event of a seal credential")),
        }
        Ok(())
    }

    /// A key with approvers never makes a signature (SEAL-01).
    pub(super) fn for_signatures(&self, mark: &CredentialMark) -> Result<(), RuleBroken> {
        let approvers = self.credentials.get(&mark.subject).and_then(|c| c.approvers.as_ref());
        rule(approvers.is_none(), "a seal key is not for signatures")
    }

    /// A key without approvers never makes a seal.
    fn for_seals(&mut self, mark: &CredentialMark) -> Result<&mut Approvers, RuleBroken> {
        let entry = self.credentials.get_mut(&mark.subject).ok_or(RuleBroken("unknown credential"))?;
        entry.approvers.as_mut().ok_or(RuleBroken("only a key with approvers is for seals"))
    }

    fn of_credential(
        &mut self,
        mandate: &MandateId,
        mark: &CredentialMark,
    ) -> Result<&mut Mandate, RuleBroken> {
        let mandate = self.mandates.get_mut(mandate).filter(|found| found.credential == mark.subject);
        mandate.ok_or(RuleBroken("unknown mandate"))
    }
}
