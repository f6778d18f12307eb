//! Place: none. How a credential stands, as far as it shows from outside: on whose word it is suspended, and how often its
//! means was guessed at. The same rules as in the enclave's fold.

use alloc::collections::BTreeSet;

use super::{Rule, rule};
use crate::log::event::{EventBody, Holder};
use crate::sad::{MAX_ATTEMPTS, MAX_UNLOCKS};

/// Of one credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    holders: BTreeSet<Holder>,
    attempts: u32,
    unlocks: u32,
}

impl Standing {
    /// Takes the next event of the credential.
    pub(super) fn take(&mut self, body: &EventBody) -> Result<(), Rule> {
        let locked = self.attempts >= MAX_ATTEMPTS;
        match body {
            EventBody::Authorized { .. } | EventBody::MeansRelinked { .. } => {
                rule(self.holders.is_empty(), Rule::Suspended)?;
                self.attempts = 0;
            }
            EventBody::Signed { .. }
            | EventBody::DocumentsSigned { .. }
            | EventBody::TransactionExtended { .. }
            | EventBody::ApproversSet { .. }
            | EventBody::MandateGranted { .. }
            | EventBody::Sealed { .. } => rule(self.holders.is_empty(), Rule::Suspended)?,
            // The means answered, and it held.
            EventBody::PopSigned { .. } => self.attempts = 0,
            EventBody::AttemptDebited { attempts, .. } => {
                rule(!locked && *attempts == self.attempts.saturating_add(1), Rule::Attempts)?;
                self.attempts = *attempts;
            }
            EventBody::CredentialSuspended { by, means_counter, statements, .. } => {
                let signer = *by == Holder::Signer;
                rule(statements.is_empty() == signer && means_counter.is_some() == signer, Rule::Word)?;
                self.holders.insert(*by);
                if signer {
                    self.attempts = 0;
                }
            }
            EventBody::CredentialResumed { .. } => {
                self.resume()?;
                self.attempts = 0;
            }
            // The approvers' answers are in the event.
            EventBody::SealResumed { approvals, .. } => {
                rule(!approvals.is_empty(), Rule::Word)?;
                self.resume()?;
            }
            EventBody::OfficersReleased { statements, .. } => {
                rule(!statements.is_empty(), Rule::Word)?;
                rule(self.holders.remove(&Holder::Officer), Rule::NotSuspended)?;
            }
            EventBody::CredentialUnlocked { .. } => {
                rule(locked && self.unlocks < MAX_UNLOCKS, Rule::Unlock)?;
                self.unlocks += 1;
                self.attempts = 0;
            }
            EventBody::MandateEnded { approval, statement, .. } => {
                rule(approval.is_some() != statement.is_some(), Rule::Word)?;
            }
            EventBody::KeyGenerated { .. }
            | EventBody::MeansLinked { .. }
            | EventBody::CertificateLinked { .. }
            | EventBody::KeyDestroyed { .. }
            | EventBody::KeyRevoked { .. }
            | EventBody::SealPopSigned { .. }
            | EventBody::AuthorizationFailed { .. }
            // Events of no credential.
            | EventBody::Genesis { .. }
            | EventBody::Boot { .. }
            | EventBody::ClockDoubted { .. }
            | EventBody::ManifestAdopted { .. }
            | EventBody::WitnessesChanged { .. }
            | EventBody::Alarm { .. }
            | EventBody::HandedOver { .. }
            | EventBody::EpochBegun { .. }
            | EventBody::RootRotated { .. }
            | EventBody::RecordsRewrapped { .. }
            | EventBody::RootUnused { .. }
            | EventBody::RootErased { .. }
            | EventBody::Snapshot { .. } => {}
        }
        Ok(())
    }

    /// The officers' suspension is not ended by this.
    fn resume(&mut self) -> Result<(), Rule> {
        let before = self.holders.len();
        self.holders.retain(|holder| *holder == Holder::Officer);
        rule(self.holders.len() < before, Rule::NotSuspended)
    }
}
