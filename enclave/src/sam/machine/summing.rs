//! Place: SAM. Snapshots: now and then an event says what all events before it add up to, so that no boot has to read them all.

use super::{Machine, Stage};
use crate::ledger::journal::Entry;
use crate::platform::clock::Millis;
use crate::sam::Ticket;
use crate::sam::outcome::{Outcome, Withheld};
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;

impl Machine {
    /// Appends a snapshot when so many events as the manifest says came since the last one that a boot could begin from; without
    /// room it waits for the next input.
    pub(super) fn sum_up(&mut self, kernel: Millis) {
        let Some(context) = &self.context else { return };
        let Stage::Operational(operational) = &mut self.stage else { return };
        // What this boot knows of before a manifest that it adopted may go back to an image which that one lists no more: whoever
        // boots under it reads all of it.
        if *self.begun_under.get_or_insert(context.hash) != context.hash {
            return;
        }
        let journal = &mut operational.journal;
        let (state, size) = (journal.state(), journal.next_index());
        let usable = state.snapshot().filter(|taken| taken.manifest == context.hash);
        let since = size.saturating_sub(usable.map_or(0, |taken| taken.size));
        // A manifest that waits for its release may not list this image. While records are under two root keys the fold is larger,
        // and that passes.
        if since < context.manifest.limits.snapshot_events()
            || state.manifest().is_none_or(|newest| newest.hash != context.hash)
            || state.roots().in_use().is_some()
            || journal.check_room().is_err()
        {
            return;
        }
        let body = EventBody::Snapshot { size, state: state.digest() };
        let nobody = Withheld { ticket: Ticket::NOBODY, result: Outcome::Noted };
        let now = self.clock.now(kernel);
        let _ = journal.append(Entry::new(body, Detail::default()), now, nobody);
    }
}
