//! Place: SAM. Recovery: the ledger is read back, and the first event of this boot takes it over.

use super::{CLOCK_TOLERANCE, Machine, Stage, refuse};
use crate::ledger::journal::{Entry, Journal};
use crate::ledger::replay::Replay;
use crate::platform::clock::Millis;
use crate::sam::operational::Operational;
use crate::sam::outcome::{Outcome, Withheld};
use crate::sam::{Effect, Ticket};
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::Head;
use fuin_shared::role::Role;
use rand_core::CryptoRng;

impl Machine {
    pub(super) fn begin_replay(&mut self, result: Result<Head, Fault>) -> Effect {
        let Stage::AskingHead { ticket, provisioned } = std::mem::replace(&mut self.stage, Stage::Halted)
        else {
            return Effect::AskHead;
        };
        // While the outcome is unknown there is nothing to undo: ask again.
        if matches!(result, Err(Fault::Disconnected)) {
            self.stage = Stage::AskingHead { ticket, provisioned };
            return Effect::AskHead;
        }
        let Some(context) = self.context.as_ref() else { return refuse(ticket, Fault::WrongPhase) };
        let prefix = context.manifest.ledger_prefix.clone();
        let replay = result.and_then(|head| Replay::new(provisioned, context.service, prefix, head));
        match replay {
            Ok(replay) => {
                self.stage = Stage::Replaying { ticket, replay: Box::new(replay) };
                Effect::ReadLedger { first: 0 }
            }
            Err(fault) => refuse(ticket, fault),
        }
    }

    /// A ledger that fails halts the instance: a custodian gives the share again only after looking into it.
    pub(super) fn replay(
        &mut self,
        result: Result<Vec<u8>, Fault>,
        last: bool,
        kernel: Millis,
        effects: &mut Vec<Effect>,
    ) {
        let Stage::Replaying { ticket, replay } = &mut self.stage else { return };
        let ticket = *ticket;
        let pushed = result.and_then(|octets| replay.push(&octets));
        if pushed.is_ok() && !last {
            return;
        }
        let Stage::Replaying { replay, .. } = std::mem::replace(&mut self.stage, Stage::Halted) else {
            return;
        };
        match pushed {
            Ok(()) => {
                self.stage = Stage::Replayed { ticket, replay };
                effects.extend(self.clock.ask(kernel).then_some(Effect::AskTime));
            }
            Err(fault) => effects.push(refuse(ticket, fault)),
        }
    }

    /// The ledger has been read and the time is known: its first event of this boot takes it over.
    pub(super) fn take_over(&mut self, kernel: Millis, rng: &mut dyn CryptoRng, effects: &mut Vec<Effect>) {
        if !matches!(self.stage, Stage::Replayed { .. }) {
            return;
        }
        let Stage::Replayed { ticket, replay } = std::mem::replace(&mut self.stage, Stage::Halted) else {
            return;
        };
        match self.start(ticket, *replay, kernel, rng) {
            Ok(operational) => self.stage = Stage::Starting(Box::new(operational)),
            Err(fault) => effects.push(refuse(ticket, fault)),
        }
    }

    fn start(
        &mut self,
        ticket: Ticket,
        replay: Replay,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Operational, Fault> {
        let now = self.confirmed(kernel)?;
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let replayed = replay.finish()?;
        context.check_adopted(replayed.state.manifest())?;
        if now.min(kernel).0.saturating_add(CLOCK_TOLERANCE) < replayed.state.last_time() {
            return Err(Fault::Clock);
        }
        let joining = context.check_witnesses(&replayed.state, replayed.keys.signer.verifier())?.cloned();
        let identity = replayed.keys.identity.clone();
        self.facts.ledger = Some(identity.clone());
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let body = EventBody::Boot {
            nonce: Digest32(nonce),
            instance: self.instance,
            manifest: context.hash,
            size: replayed.frontier.size(),
            root: Digest32(replayed.frontier.root()),
        };
        let mut journal =
            Journal::new(replayed.keys, replayed.state, replayed.frontier, Some(replayed.checkpoint));
        match (joining, context.cosigners()?) {
            (Some(change), _) => {
                journal.wait_for(change.retiring);
                journal.join(change.successors);
            }
            (None, Some(witnesses)) => journal.wait_for(witnesses),
            (None, None) => {}
        }
        journal.seal_details_to(&context.manifest, rng)?;
        let entry = Entry::new(body, Detail::default().by_each(Role::Custodian, &replayed.custodians));
        journal.append(entry, now, Withheld { ticket, result: Outcome::Operational(identity) })?;
        Ok(Operational::new(journal, rng))
    }
}
