//! Place: SAM. Commands of the operational phase under trusted time: they wait for a document's time that is new enough,
//! and what depends on time is refused while sources disagree.

use super::{Machine, refuse};
use crate::ledger::journal::Entry;
use crate::platform::clock::Millis;
use crate::sam::operational::Attempt;
use crate::sam::outcome::{Outcome, Withheld};
use crate::sam::{Effect, Ticket, roles};
use fuin_shared::fault::Fault;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::Command;
use rand_core::CryptoRng;

/// Most commands that wait for the time.
const MAX_WAITING: usize = 256;

impl Machine {
    /// Carries out a command that goes by the time, or lets it wait for the time.
    pub(super) fn in_time(
        &mut self,
        ticket: Ticket,
        command: Command,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        // In doubt the newest document decides, however new the last one is.
        let doubted = !roles::right(&command).in_doubt && self.clock.check(kernel).is_err();
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
        self.take_over(kernel, rng, effects);
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
        match command {
            Command::Genesis(genesis) => {
                let now = self.confirmed(kernel)?;
                self.genesis(ticket, &genesis, now, rng).map(Some)
            }
            Command::ConfirmGenesis(confirm) => {
                let now = self.confirmed(kernel)?;
                self.confirm(ticket, &confirm, now, rng).map(|()| None)
            }
            Command::HandOver(request) => {
                let now = self.confirmed(kernel)?;
                self.hand_over(ticket, &request, now, rng).map(|()| None)
            }
            Command::TakeOver(request) => {
                let now = self.confirmed(kernel)?;
                self.take_root(ticket, &request, now).map(Some)
            }
            Command::RotateRoot(request) => {
                let now = self.confirmed(kernel)?;
                self.rotate_root(ticket, &request, now, rng).map(Some)
            }
            Command::ConfirmRotation(confirm) => {
                let now = self.confirmed(kernel)?;
                self.confirm_rotation(ticket, &confirm, now, rng).map(|()| None)
            }
            Command::EraseRoot(request) => {
                let now = self.clock.now(kernel);
                self.erase_root(ticket, &request, now).map(|()| None)
            }
            other => {
                let timely = self.clock.check(kernel);
                let now = self.clock.now(kernel);
                // What restricts must not be kept out by others of its kind that wait for the witnesses.
                let waits = other.lane().binds_at_once().then_some(Effect::Waits { ticket });
                let begun = self.with_operational(now, timely, |operational, around| {
                    operational.command(ticket, other, around, rng)
                })?;
                Ok(begun.or(waits))
            }
        }
    }

    /// SAM time for the first event of a boot: the kernel's clock alone never goes into the ledger.
    pub(super) fn confirmed(&mut self, kernel: Millis) -> Result<Millis, Fault> {
        if self.clock.is_confirmed(kernel) { Ok(self.clock.now(kernel)) } else { Err(Fault::ClockDoubt) }
    }

    /// Carries a command out whose attempt is debited, under the same rules.
    pub(super) fn resume(
        &mut self,
        ticket: Ticket,
        attempt: Attempt,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        let permitted = self.check_time(attempt.command(), kernel);
        let timely = self.clock.check(kernel);
        let now = self.clock.now(kernel);
        self.with_operational(now, timely, |operational, around| {
            operational.resume(ticket, attempt, permitted, around, rng)
        })
    }

    fn check_time(&mut self, command: &Command, kernel: Millis) -> Result<(), Fault> {
        if !roles::right(command).in_doubt {
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
        if !self.clock.alarm_is_due(kernel) {
            return;
        }
        let (now, ahead) = (self.clock.now(kernel), self.clock.ahead());
        if let Some(operational) = self.operational() {
            let body = EventBody::ClockDoubted { kernel: kernel.0, ahead };
            let entry = Entry::new(body, Detail::default());
            let withheld = Withheld { ticket: Ticket::NOBODY, result: Outcome::Noted };
            // When not even the reserve has room, the next refusal tries again.
            if operational.journal.append_restriction(entry, now, withheld).is_ok() {
                self.clock.alarmed(kernel);
            }
        }
    }

    /// A halted machine does nothing any more for those who wait.
    pub(super) fn give_up_waiting(&mut self, effects: &mut Vec<Effect>) {
        effects.extend(self.waiting.drain(..).map(|(ticket, _)| refuse(ticket, Fault::Halted)));
    }
}
