//! Place: SAM. Other witnesses took over: the ledger shows it, so that the next boot asks them alone (spec/ledger.md, gap 6).

use super::{Machine, Stage};
use crate::ledger::journal::Entry;
use crate::platform::clock::Millis;
use crate::sam::Ticket;
use crate::sam::outcome::{Outcome, Withheld};
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;

impl Machine {
    /// Appends what came into force; without room there it tries again with the next input. No other manifest is adopted
    /// before, so that the current one is the one that changed the witnesses.
    pub(super) fn note_takeover(&mut self, kernel: Millis) {
        let Some(manifest) = self.context.as_ref().map(|context| context.hash) else { return };
        let Stage::Operational(operational) = &mut self.stage else { return };
        let Some(checkpoint) = operational.journal.changed() else { return };
        let body = EventBody::WitnessesChanged { manifest, checkpoint: checkpoint.to_owned() };
        let entry = Entry::new(body, Detail::default());
        let nobody = Withheld { ticket: Ticket::NOBODY, result: Outcome::Noted };
        if operational.journal.append_restriction(entry, self.clock.now(kernel), nobody).is_ok() {
            operational.journal.change_noted();
        }
    }
}
