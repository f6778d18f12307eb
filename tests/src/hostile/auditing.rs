//! Place: none. An honest auditor, who reads at the end what the host has kept.

use super::people::Person;
use super::store::Store;
use crate::signer::random;
use fuin_auditor::{AuditorKey, Opened, Opener};
use fuin_shared::codec;
use fuin_shared::log::audit::Audit;
use fuin_shared::log::event::Event;
use fuin_shared::manifest::Auditor;

/// The auditor to whom details are sealed.
pub struct HonestAuditor {
    person: Person,
    scalar: [u8; 48],
}

impl Default for HonestAuditor {
    fn default() -> Self {
        let mut scalar = random::<48>();
        // Below the order of the curve.
        scalar[0] = 1;
        Self { person: Person::new("auditor"), scalar }
    }
}

impl HonestAuditor {
    fn key(&self) -> AuditorKey {
        AuditorKey::from_scalar(&self.scalar).unwrap()
    }

    /// As a manifest names the auditor.
    #[must_use]
    pub fn entry(&self) -> Auditor {
        let sealing = Some(self.key().public().clone());
        Auditor { id: self.person.id.clone(), key: self.person.spki(), sealing }
    }

    /// Holds the ledger to its rules, and opens the detail of each event.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(&self, store: &Store) -> Result<(), String> {
        let (mut audit, mut opener) = (Audit::new(), Opener::new(self.key()));
        for (index, entry) in (0..).zip(&store.entries) {
            audit.push(entry).map_err(|rule| format!("entry {index}: {rule}"))?;
            let event: Event = codec::decode(entry).map_err(|error| format!("entry {index}: {error}"))?;
            if index == 0 {
                opener.begin(&event);
            }
            let sealed = store.details.get(&index).ok_or(format!("entry {index} has no detail"))?;
            match opener.open(index, &event, sealed) {
                Ok(Opened::Detail(_)) => {}
                other => return Err(format!("the detail of entry {index}: {other:?}")),
            }
        }
        Ok(())
    }
}
