//! Place: SAM. Hand-over of the root key: the side that gives, which is operational and ends with it, and the side that takes.

use super::{Machine, Stage, refuse};
use crate::ceremony::hand_over::{Handing, take};
use crate::ledger::journal::Entry;
use crate::platform::clock::Millis;
use crate::sam::outcome::{Outcome, Withheld};
use crate::sam::{Effect, Ticket};
use fuin_shared::fault::Fault;
use fuin_shared::log::detail::Detail;
use fuin_shared::message::{Answer, HandOver, Receipt, TakeOver};
use rand_core::CryptoRng;

impl Machine {
    /// The root key leaves only with the event that says so, and that event is the last one of this boot: from here on there
    /// is a journal that has to be written out, and nothing that could sign. When it is never written or cosigned, this
    /// boot is over all the same, and custodians bring up another.
    pub(super) fn hand_over(
        &mut self,
        ticket: Ticket,
        command: &HandOver,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Operational(operational) = &mut self.stage else { return Err(Fault::WrongPhase) };
        let journal = &mut operational.journal;
        journal.check_room()?;
        let handing = Handing::prepare(context, &self.instance, journal, command, now.0 / 1000, rng)?;
        let entry = Entry::new(handing.event(), Detail::default());
        journal.append(entry, now, Withheld { ticket, result: Outcome::HandedOver(Box::new(handing)) })?;
        if let Stage::Operational(operational) = std::mem::replace(&mut self.stage, Stage::Halted) {
            self.stage = Stage::HandingOver(Box::new(operational.into_journal()));
            self.rotation = None;
        }
        Ok(())
    }

    /// The event is released: so is the root key, and this boot ends.
    pub(super) fn handed(
        &mut self,
        ticket: Ticket,
        handing: Handing,
        receipt: Receipt,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(match &self.context {
            Some(context) => {
                let signed = handing.sign(context, &self.boot.keys, &receipt.checkpoint);
                let result = signed.map(|handed| Answer::HandedOver { handed, receipt });
                Effect::Reply { ticket, result }
            }
            None => refuse(ticket, Fault::WrongPhase),
        });
        self.halt(effects);
    }

    pub(super) fn take_root(
        &mut self,
        ticket: Ticket,
        command: &TakeOver,
        now: Millis,
    ) -> Result<Effect, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        // Who hands over has its witnesses: a new epoch is for custodians alone.
        let (Stage::Uninitialized { .. }, None) = (&self.stage, &self.planned) else {
            return Err(Fault::WrongPhase);
        };
        let provisioned = take(context, &self.boot.keys, &self.instance, command, now.0 / 1000)?;
        Ok(self.provisioned(ticket, provisioned))
    }
}
