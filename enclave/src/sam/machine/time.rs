//! Place: SAM. Commands of the operational phase under trusted time: they wait for a document's time that is new enough,
//! and what depends on time is refused while sources disagree.

use super::{Machine, refuse};
use crate::ledger::journal::Entry;
use crate::platform::clock::Millis;
use crate::sam::operational::Attempt;
use crate::sam::outcome::{Outcome, Withheld};
use crate::sam::{Effect, Ticket, roles};
use fuin_shared::fault::Fault;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::Command;
use rand_core::CryptoRng;

/// Most commands that wait for the time.
const MAX_WAITING: usize = 256;
/// Names the event that nobody asked for.
const NOBODY: Ticket = Ticket(u64::MAX);

/// Whether what a command permits ends by the clock, so that it is refused while the time is in doubt. Restrictions go on.
const fn needs_time(command: &Command) -> bool {
    matches!(
        command,
        Command::Authorize(_)
            | Command::SignHash(_)
            | Command::SignDocument(_)
            | Command::ExtendTransaction(_)
            | Command::Relink(_)
            | Command::GrantMandate(_)
            | Command::Seal(_)
    )
}

impl Machine {
    /// Carries a command of the operational phase out, or lets it wait for the time.
    pub(super) fn in_time(
        &mut self,
        ticket: Ticket,
        command: Command,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        // In doubt the newest document decides, however new the last one is.
        let doubted = needs_time(&command) && self.clock.check(kernel).is_err();
        if self.clock.is_confirmed(kernel) && !doubted {
            return self.operate(ticket, command, kernel, rng);
        }
        if self.waiting.len() >= MAX_WAITING {
            return Err(Fault::Busy);
        }
        self.waiting.push((ticket, command));
        Ok(self.clock.ask(kernel).then_some(Effect::AskTime))
    }

    /// Takes the time of a document: what waited for it goes on, whatever it says.
    pub(super) fn told(
        &mut self,
        result: Result<Millis, Fault>,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
        effects: &mut Vec<Effect>,
    ) {
        self.clock.told(kernel, result);
        for (ticket, command) in std::mem::take(&mut self.waiting) {
            match self.operate(ticket, command, kernel, rng) {
                Ok(effect) => effects.extend(effect),
                Err(fault) => self.failed(ticket, fault, effects),
            }
        }
    }

    fn operate(
        &mut self,
        ticket: Ticket,
        command: Command,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        self.check_time(&command, kernel)?;
        let now = self.clock.now(kernel);
        self.with_operational(now, |operational, around| operational.command(ticket, command, around, rng))
    }

    /// Carries a command out whose attempt is debited, under the same rules.
    pub(super) fn resume(
        &mut self,
        ticket: Ticket,
        attempt: Attempt,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        let timely = self.check_time(attempt.command(), kernel);
        let now = self.clock.now(kernel);
        self.with_operational(now, |operational, around| {
            operational.resume(ticket, attempt, timely, around, rng)
        })
    }

    fn check_time(&mut self, command: &Command, kernel: Millis) -> Result<(), Fault> {
        if needs_time(command) {
            if let Err(fault) = self.clock.check(kernel) {
                self.alarm(kernel);
                return Err(fault);
            }
            self.clock.calm();
        }
        let manifest = self.context.as_ref().map(|context| &context.manifest);
        roles::check_end(command, manifest, self.clock.now(kernel).0 / 1000)
    }

    /// Says in the ledger that the time is in doubt. Witnesses cosign it, and so give their time anew.
    fn alarm(&mut self, kernel: Millis) {
        if !self.clock.alarm(kernel) {
            return;
        }
        let (now, ahead) = (self.clock.now(kernel), self.clock.ahead());
        if let Some(operational) = self.operational() {
            let body = EventBody::ClockDoubted { kernel: kernel.0, ahead };
            let entry = Entry { body, records: Vec::new(), salts: Vec::new() };
            // A full queue loses an alarm; the next refusal tries again.
            let _ =
                operational.journal.append(entry, now, Withheld { ticket: NOBODY, result: Outcome::Alarm });
        }
    }

    /// A halted machine does nothing any more for those who wait.
    pub(super) fn give_up_waiting(&mut self, effects: &mut Vec<Effect>) {
        effects.extend(self.waiting.drain(..).map(|(ticket, _)| refuse(ticket, Fault::Halted)));
    }
}
