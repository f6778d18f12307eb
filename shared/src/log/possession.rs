//! Place: none. Who has the ledger: the boot that works on it, and the one to which that boot gave it. As both folds of the
//! events keep it.
//!
//! A boot by another than the heir may follow: the heir died, and custodians brought one up. Auditors see it by the names.

use super::RuleBroken;
use super::event::EventBody;
use crate::ids::InstanceId;
use serde::{Deserialize, Serialize};

/// Who has the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Possession {
    /// Unknown until the first boot after the genesis.
    holder: Option<InstanceId>,
    heir: Option<InstanceId>,
}

impl Possession {
    /// The boot to which the ledger was handed, while nobody has booted on it since.
    #[must_use]
    pub const fn heir(&self) -> Option<InstanceId> {
        self.heir
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// [`RuleBroken`]; nothing changed then.
    pub fn take(&mut self, body: &EventBody) -> Result<(), RuleBroken> {
        match body {
            EventBody::Boot { instance, .. } | EventBody::EpochBegun { instance, .. } => {
                if self.heir.is_some() && self.holder == Some(*instance) {
                    return Err(RuleBroken("who handed the ledger over does not boot on it again"));
                }
                (self.holder, self.heir) = (Some(*instance), None);
            }
            _ if self.heir.is_some() => {
                return Err(RuleBroken("after a hand-over nothing follows but a boot"));
            }
            EventBody::HandedOver { giver, taker, .. } => {
                if giver == taker || self.holder.is_some_and(|holder| holder != *giver) {
                    return Err(RuleBroken("only who has the ledger hands it over, and to another"));
                }
                (self.holder, self.heir) = (Some(*giver), Some(*taker));
            }
            _ => {}
        }
        Ok(())
    }
}
