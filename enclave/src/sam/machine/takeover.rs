//! Place: SAM. Other witnesses took over: the ledger shows it, so that the next boot asks them alone (spec/ledger.md, gap 6).

use super::{Machine, Stage};
use crate::ledger::journal::Entry;
use crate::platform::clock::Millis;
use crate::sam::Ticket;
use crate::sam::outcome::{Outcome, Withheld};
use fuin_shared::ids::ManifestHash;
use fuin_shared::log::event::EventBody;

/// A change of the witnesses in force that the ledger does not show yet.
pub(super) struct Takeover {
    manifest: ManifestHash,
    /// A head with the change in it, under the quorum of both sets.
    checkpoint: String,
}

impl Machine {
    /// Appends what came into force; without room there it tries again with the next input.
    pub(super) fn note_takeover(&mut self, kernel: Millis) {
        let Some(manifest) = self.context.as_ref().map(|context| context.hash) else { return };
        let Stage::Operational(operational) = &mut self.stage else { return };
        if let Some(checkpoint) = operational.journal.changed() {
            self.takeover = Some(Takeover { manifest, checkpoint });
        }
        let Some(Takeover { manifest, checkpoint }) = &self.takeover else { return };
        let body = EventBody::WitnessesChanged { manifest: *manifest, checkpoint: checkpoint.clone() };
        let entry = Entry { body, records: Vec::new(), salts: Vec::new() };
        let nobody = Withheld { ticket: Ticket::NOBODY, result: Outcome::Noted };
        if operational.journal.append(entry, self.clock.now(kernel), nobody).is_ok() {
            self.takeover = None;
        }
    }
}
