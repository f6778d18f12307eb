//! Place: SAM. Alarms on their way into the ledger.

use super::{Machine, Stage};
use crate::ledger::journal::Entry;
use crate::platform::clock::Millis;
use crate::sam::Ticket;
use crate::sam::outcome::{Outcome, Withheld};
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;

impl Machine {
    /// Appends the alarms whose time has come; without room there they wait for the next input.
    pub(super) fn raise_alarms(&mut self, kernel: Millis) {
        let Stage::Operational(operational) = &mut self.stage else { return };
        let now = self.clock.now(kernel);
        while let Some((about, count)) = self.alarms.due(now) {
            let body = EventBody::Alarm { about, count };
            let entry = Entry::new(body, Detail::default());
            let nobody = Withheld { ticket: Ticket::NOBODY, result: Outcome::Noted };
            if operational.journal.append_restriction(entry, now, nobody).is_err() {
                return;
            }
            self.alarms.told(about, now);
        }
    }
}
