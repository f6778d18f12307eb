//! Place: SAM, none. Seals of one credential as its events make them: a key with approvers makes seals and never a signature
//! (SEAL-01), as many approvers sign as must, and no mandate gives more, or at another time, than they granted. The enclave's
//! fold and the auditor's keep the same one.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::MandateId;
use crate::log::RuleBroken;
use crate::log::event::{Event, EventBody, RecordMark};
use crate::log::mandates::{Approvers, Bounds, Mandate};

/// Of one credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealing {
    approvers: Option<Approvers>,
    /// They are many: a snapshot has each by itself.
    #[serde(skip)]
    mandates: BTreeMap<MandateId, Mandate>,
}

impl Sealing {
    /// Who approves; none of a credential for signatures.
    #[must_use]
    pub const fn approvers(&self) -> Option<&Approvers> {
        self.approvers.as_ref()
    }

    /// A mandate that is or was.
    #[must_use]
    pub fn mandate(&self, id: &MandateId) -> Option<&Mandate> {
        self.mandates.get(id)
    }

    /// Whether a seal under this mandate may still come, at `time` or later (Unix milliseconds).
    #[must_use]
    pub fn is_live(&self, mandate: &MandateId, time: u64) -> bool {
        self.mandate(mandate).is_some_and(|mandate| mandate.is_live(time))
    }

    /// Every mandate that it had.
    pub fn mandates(&self) -> impl Iterator<Item = (&MandateId, &Mandate)> {
        self.mandates.iter()
    }

    /// Takes the next event of the credential.
    ///
    /// # Errors
    /// [`RuleBroken`]; what is kept is then of no more use.
    pub fn take(&mut self, event: &Event) -> Result<(), RuleBroken> {
        match &event.body {
            EventBody::ApproversSet { approvals, approvers, threshold, .. } => {
                match &mut self.approvers {
                    // A change is the former approvers' own (SEAL-07).
                    Some(former) => former.approve(approvals)?,
                    None if approvals.is_empty() => {}
                    None => return Err(RuleBroken("nobody can approve before there are approvers")),
                }
                self.approvers = Some(Approvers::follow(self.approvers.as_ref(), approvers, *threshold)?);
            }
            EventBody::SealPopSigned { approvals, .. } | EventBody::SealResumed { approvals, .. } => {
                self.for_seals()?.approve(approvals)?;
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
                self.for_seals()?.approve(approvals)?;
                let bounds =
                    Bounds { count: *count, not_before: *not_before, not_after: *not_after, rate: *rate };
                let granted = Mandate::new(credential.subject, *record, bounds);
                if self.mandates.insert(*mandate, granted).is_some() {
                    return Err(RuleBroken("mandate was granted before"));
                }
            }
            EventBody::Sealed { mandate, number, count, .. } => {
                self.granted(mandate)?.spend(*number, *count, event.time)?;
            }
            EventBody::MandateEnded { mandate, approval, .. } => {
                if let Some(one) = approval {
                    self.for_seals()?.used(*one)?;
                }
                self.granted(mandate)?.end()?;
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

    /// Puts a mandate back that a snapshot has.
    ///
    /// # Errors
    /// [`RuleBroken`].
    pub(super) fn restore(&mut self, id: MandateId, mandate: Mandate) -> Result<(), RuleBroken> {
        match self.mandates.insert(id, mandate) {
            None => Ok(()),
            Some(_) => Err(RuleBroken("a mandate twice")),
        }
    }

    /// The mandate's record is sealed anew.
    ///
    /// # Errors
    /// [`RuleBroken`].
    pub fn rewrap(&mut self, mandate: &MandateId, record: RecordMark) -> Result<(), RuleBroken> {
        self.granted(mandate)?.rewrap(record)
    }

    fn for_seals(&mut self) -> Result<&mut Approvers, RuleBroken> {
        self.approvers.as_mut().ok_or(RuleBroken("only a key with approvers is for seals"))
    }

    fn granted(&mut self, id: &MandateId) -> Result<&mut Mandate, RuleBroken> {
        self.mandates.get_mut(id).ok_or(RuleBroken("unknown mandate"))
    }
}
