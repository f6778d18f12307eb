//! Place: none. Seals as they show from outside: a key with approvers makes seals and never a signature, as many approvers
//! sign as must, and no mandate gives more, or at another time, than they granted. By the rules of the enclave's fold.

use alloc::collections::BTreeMap;

use super::Rule;
use crate::ids::MandateId;
use crate::log::RuleBroken;
use crate::log::event::{Event, EventBody};
use crate::log::mandates::{Approvers, Bounds, Mandate};

/// Of one credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sealing {
    approvers: Option<Approvers>,
    mandates: BTreeMap<MandateId, Mandate>,
}

impl Sealing {
    /// Takes the next event of the credential.
    pub(super) fn take(&mut self, event: &Event) -> Result<(), Rule> {
        self.held(event).map_err(|_| Rule::Mandate)
    }

    fn held(&mut self, event: &Event) -> Result<(), RuleBroken> {
        match &event.body {
            EventBody::ApproversSet { approvals, approvers, threshold, .. } => {
                match &mut self.approvers {
                    Some(former) => former.approve(approvals)?,
                    None if approvals.is_empty() => {}
                    None => return Err(RuleBroken("nobody can approve before there are approvers")),
                }
                self.approvers = Some(Approvers::follow(self.approvers.as_ref(), approvers, *threshold)?);
            }
            EventBody::SealPopSigned { approvals, .. } | EventBody::SealResumed { approvals, .. } => {
                self.approvers()?.approve(approvals)?;
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
                self.approvers()?.approve(approvals)?;
                let bounds =
                    Bounds { count: *count, not_before: *not_before, not_after: *not_after, rate: *rate };
                let granted = Mandate::new(credential.subject, *record, bounds);
                if self.mandates.insert(*mandate, granted).is_some() {
                    return Err(RuleBroken("mandate was granted before"));
                }
            }
            EventBody::Sealed { mandate, number, count, .. } => {
                self.mandate(mandate)?.spend(*number, *count, event.time)?;
            }
            EventBody::MandateEnded { mandate, approval, .. } => {
                if let Some(one) = approval {
                    self.approvers()?.used(*one)?;
                }
                self.mandate(mandate)?.end()?;
            }
            EventBody::MeansLinked { .. }
            | EventBody::MeansRelinked { .. }
            | EventBody::PopSigned { .. }
            | EventBody::Authorized { .. }
            | EventBody::Signed { .. }
            | EventBody::DocumentsSigned { .. }
            | EventBody::TransactionExtended { .. }
            | EventBody::CredentialResumed { .. }
                if self.approvers.is_some() =>
            {
                return Err(RuleBroken("a key with approvers is for seals"));
            }
            _ => {}
        }
        Ok(())
    }

    fn approvers(&mut self) -> Result<&mut Approvers, RuleBroken> {
        self.approvers.as_mut().ok_or(RuleBroken("only a key with approvers is for seals"))
    }

    fn mandate(&mut self, id: &MandateId) -> Result<&mut Mandate, RuleBroken> {
        self.mandates.get_mut(id).ok_or(RuleBroken("unknown mandate"))
    }
}
