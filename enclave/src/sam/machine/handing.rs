//! Place: SAM. Hand-over of the root key: the side that gives, which is operational, and the side that takes.

use super::{Machine, Stage, refuse};
use crate::ceremony::hand_over::{Handing, give, take};
use crate::ledger::journal::Entry;
use crate::platform::clock::Millis;
use crate::sam::outcome::{Outcome, Withheld};
use crate::sam::{Effect, Ticket};
use fuin_shared::fault::Fault;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{Answer, HandOver, Receipt, TakeOver};
use rand_core::CryptoRng;

impl Machine {
    /// The root key leaves only with the event that says so.
    pub(super) fn hand_over(
        &mut self,
        ticket: Ticket,
        command: &HandOver,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let (Stage::Operational(operational), Some(held)) = (&mut self.stage, &self.held) else {
            return Err(Fault::WrongPhase);
        };
        if now.0 / 1000 >= context.manifest.not_after {
            return Err(Fault::ManifestExpired);
        }
        operational.journal.check_room()?;
        let handing = give(context, &self.instance, held, command, now.0 / 1000, rng)?;
        let body = EventBody::HandedOver { taker: handing.taker, manifest: handing.manifest };
        let entry = Entry { body, records: Vec::new(), salts: Vec::new() };
        let result = Outcome::HandedOver(Box::new(handing));
        operational.journal.append(entry, now, Withheld { ticket, result })
    }

    pub(super) fn handed(&self, ticket: Ticket, handing: Handing, receipt: Receipt) -> Effect {
        let Some(context) = &self.context else { return refuse(ticket, Fault::WrongPhase) };
        let signed = handing.sign(context, &self.boot.keys, &receipt.checkpoint);
        Effect::Reply { ticket, result: signed.map(|handed| Answer::HandedOver { handed, receipt }) }
    }

    pub(super) fn take_over(
        &mut self,
        ticket: Ticket,
        command: &TakeOver,
        now: Millis,
    ) -> Result<Effect, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Uninitialized { .. } = &self.stage else { return Err(Fault::WrongPhase) };
        let provisioned = take(context, &self.boot.keys, &self.instance, command, now.0 / 1000)?;
        Ok(self.provisioned(ticket, provisioned))
    }
}
