//! Place: SAM. What events of seals change beside the seals themselves, which are in [`crate::log::sealing`].

use super::{RuleBroken, State, rule};
use crate::ids::{MandateId, Subject};
use crate::log::event::{Event, EventBody};
use crate::log::mandates::Mandate;

impl State {
    /// A mandate that is or was.
    #[must_use]
    pub fn mandate(&self, id: &MandateId) -> Option<&Mandate> {
        self.credentials.get(self.mandates.get(id)?)?.sealing.mandate(id)
    }

    /// How many mandates of a credential still allow a seal, at `time` (Unix milliseconds) or later.
    #[must_use]
    pub fn live_mandates(&self, credential: &Subject, time: u64) -> usize {
        let mandates =
            self.credentials.get(credential).into_iter().flat_map(|known| known.sealing.mandates());
        mandates.filter(|(_, mandate)| mandate.is_live(time)).count()
    }

    /// Adds an event of a seal credential.
    pub(super) fn apply_seal(&mut self, event: &Event) -> Result<(), RuleBroken> {
        match &event.body {
            EventBody::ApproversSet { credential, record, statement, .. } => {
                self.check(credential, Some(record))?;
                self.check_free(credential)?;
                self.spend(*statement)?;
                self.advance(credential, Some(*record));
            }
            EventBody::SealPopSigned { credential, record, statement, .. } => {
                self.check(credential, Some(record))?;
                self.spend(*statement)?;
                self.advance(credential, Some(*record));
            }
            EventBody::MandateGranted { credential, mandate, record, .. } => {
                self.check(credential, None)?;
                self.check_free(credential)?;
                rule(record.version == 1, "a mandate has one version")?;
                let first = self.mandates.insert(*mandate, credential.subject).is_none();
                rule(first, "mandate was granted before")?;
                self.advance(credential, None);
            }
            EventBody::Sealed { credential, .. } => {
                self.check(credential, None)?;
                self.check_free(credential)?;
                self.advance(credential, None);
            }
            EventBody::MandateEnded { credential, approval, statement, .. } => {
                self.check(credential, None)?;
                rule(approval.is_some() != statement.is_some(), "an approver ends a mandate, or an officer")?;
                self.spend_all(statement.as_slice())?;
                self.advance(credential, None);
            }
            EventBody::SealResumed { credential, statement, .. } => {
                self.check(credential, None)?;
                self.spend(*statement)?;
                self.resume(credential)?;
                self.advance(credential, None);
            }
            // The caller has the others.
            _ => return Err(RuleBroken("no event of a seal credential")),
        }
        Ok(())
    }
}
