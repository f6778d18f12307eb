//! Place: SAM. Recovery: the ledger is read back, and the first event of this boot takes it over.

use super::{CLOCK_TOLERANCE, Machine, Stage, refuse, rotating};
use crate::ceremony::new_epoch::PlannedEpoch;
use crate::ceremony::provision::Provision;
use crate::ledger::journal::{Entry, Journal};
use crate::ledger::replay::{self, Replay, Replayed};
use crate::platform::clock::Millis;
use crate::sam::operational::Operational;
use crate::sam::outcome::{Outcome, Withheld};
use crate::sam::{Effect, Ticket};
use fuin_shared::evidence::LedgerEpoch;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::epoch::Begun;
use fuin_shared::log::event::EventBody;
use fuin_shared::log::state::LedgerName;
use fuin_shared::log::witness_policy::WitnessSet;
use fuin_shared::message::{Answer, Head};
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
        let (service, prefix) = (context.service, context.manifest.ledger_prefix.clone());
        let planned = self.planned.as_deref();
        let replay = result.and_then(|head| Replay::new(provisioned, planned, service, prefix, head));
        match replay {
            Ok(replay) => {
                let marks = replay.earlier_sizes();
                let snapshot = marks.as_ref().map(|_| Box::default());
                self.stage = Stage::Replaying { ticket, replay: Box::new(replay), snapshot };
                marks.map_or(Effect::ReadLedger { first: 0 }, |marks| Effect::ReadSnapshot { marks })
            }
            Err(fault) => refuse(ticket, fault),
        }
    }

    /// A snapshot that there is not, or that does not serve, is none: then the whole ledger is read.
    pub(super) fn read_snapshot(
        &mut self,
        result: Result<Vec<u8>, Fault>,
        last: bool,
        effects: &mut Vec<Effect>,
    ) {
        let Some(context) = self.context.as_ref() else { return };
        let Stage::Replaying { ticket, replay, snapshot } = &mut self.stage else { return };
        let Some(mut reading) = snapshot.take() else { return };
        let read = result.is_ok_and(|octets| reading.push(&octets).is_ok());
        if read && !last {
            *snapshot = Some(reading);
            return;
        }
        let whole = if read { reading.finish().ok() } else { None };
        let first = match whole.filter(|snapshot| replay.serves(snapshot, &context.hash)) {
            Some(snapshot) => replay.begin_from(snapshot),
            None => Ok(0),
        };
        match first {
            Ok(first) => effects.push(Effect::ReadLedger { first }),
            Err(fault) => {
                effects.push(refuse(*ticket, fault));
                self.stage = Stage::Halted;
            }
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
        let Stage::Replaying { ticket, replay, snapshot: None } = &mut self.stage else { return };
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
        let started = match replay.finish() {
            Ok(replay::Outcome::Whole(replayed)) => self.start(ticket, *replayed, kernel, rng),
            Ok(replay::Outcome::Wanting(provision)) => {
                effects.push(self.want(ticket, provision));
                return;
            }
            Err(fault) => Err(fault),
        };
        match started {
            Ok(operational) => self.stage = Stage::Starting(Box::new(operational)),
            Err(fault) => effects.push(refuse(ticket, fault)),
        }
    }

    /// Records are sealed under two root keys, and one is not here: more shares are needed, and then the ledger is read again.
    fn want(&mut self, ticket: Ticket, provision: Provision) -> Effect {
        let Some(context) = self.context.as_ref() else { return refuse(ticket, Fault::WrongPhase) };
        let missing = provision.missing(context.manifest.share_threshold);
        self.facts.commitment = None;
        self.stage = Stage::Uninitialized { genesis: None, provision };
        Effect::Reply { ticket, result: Ok(Answer::ShareAccepted { missing }) }
    }

    fn start(
        &mut self,
        ticket: Ticket,
        replayed: Replayed,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Operational, Fault> {
        let now = self.confirmed(kernel)?;
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        context.check_adopted(replayed.state.manifest())?;
        context.check_image(&self.boot.measurement)?;
        if now.min(kernel).0.saturating_add(CLOCK_TOLERANCE) < replayed.state.last_time() {
            return Err(Fault::Clock);
        }
        let mut epochs = replayed.former.clone();
        epochs.push(replayed.keys.signer.verifier().clone());
        let joining = context.check_witnesses(&replayed.state, &epochs)?.cloned();
        self.facts.commitment = replayed.state.roots().current().map(|root| root.commitment);
        self.facts.rotation = rotating::shown(replayed.state.roots());
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let nonce = Digest32(nonce);
        if let Some(planned) = self.planned.take() {
            let joining = joining.map(|change| change.retiring);
            return self.begin_epoch(ticket, *planned, replayed, joining, nonce, now, rng);
        }
        let body = EventBody::Boot {
            nonce,
            instance: self.instance,
            manifest: context.hash,
            size: replayed.frontier.size(),
            root: Digest32(replayed.frontier.root()),
        };
        let cosigners = context.cosigners()?;
        let Replayed { keys, state, frontier, checkpoint, custodians, .. } = replayed;
        self.facts.epoch = state.epochs().begun().last().map(shown);
        let mut journal = Journal::new(keys, state, frontier, Some(checkpoint));
        match (joining, cosigners) {
            (Some(change), _) => {
                journal.wait_for(change.retiring);
                journal.join(change.successors);
            }
            (None, Some(witnesses)) => journal.wait_for(witnesses),
            (None, None) => {}
        }
        journal.seal_details_to(&context.manifest, rng)?;
        let entry = Entry::new(body, Detail::default().by_each(Role::Custodian, &custodians));
        self.append_first(ticket, journal, entry, now, rng)
    }

    /// Instead of a boot: the witnesses of the ledger are lost. From here on it goes by the manifest of the new epoch, whose
    /// witnesses alone must cosign; until they have, nobody is told of anything.
    #[expect(clippy::too_many_arguments, reason = "what a boot has at this place")]
    fn begin_epoch(
        &mut self,
        ticket: Ticket,
        planned: PlannedEpoch,
        replayed: Replayed,
        retiring: Option<WitnessSet>,
        nonce: Digest32,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Operational, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let before = match retiring {
            Some(retiring) => retiring,
            None => context.cosigners()?.ok_or(Fault::EpochUnwitnessed)?,
        };
        let continued = planned.check(&replayed, &before, now.0 / 1000)?;
        let Replayed { keys, state, frontier, checkpoint, custodians, .. } = replayed;
        let name = state.name().ok_or(Fault::LedgerBroken)?;
        let name = LedgerName { epoch: planned.epoch(), ..name };
        let keys = keys.succeed(&context.manifest.ledger_prefix, name)?;
        let detail = Detail::default()
            .by_each(Role::Officer, planned.officers())
            .by_each(Role::Custodian, &custodians);
        let (body, records, next) = planned.begin(continued, keys.identity.clone(), nonce);
        next.check_image(&self.boot.measurement)?;
        let mut journal = Journal::new(keys, state, frontier, Some(checkpoint));
        journal.wait_for(next.cosigners()?.ok_or(Fault::EpochUnwitnessed)?);
        journal.seal_details_to(&next.manifest, rng)?;
        let entry = Entry { records, ..Entry::new(body, detail) };
        let begun = self.append_first(ticket, journal, entry, now, rng)?;
        self.facts.epoch = begun.journal.state().epochs().begun().last().map(shown);
        self.context = Some(next);
        Ok(begun)
    }

    fn append_first(
        &mut self,
        ticket: Ticket,
        mut journal: Journal<Withheld>,
        entry: Entry,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Operational, Fault> {
        let identity = journal.identity().clone();
        self.facts.ledger = Some(identity.clone());
        journal.append(entry, now, Withheld { ticket, result: Outcome::Operational(identity) })?;
        Ok(Operational::new(journal, rng))
    }
}

/// An epoch as evidence shows it.
fn shown(begun: &Begun) -> LedgerEpoch {
    LedgerEpoch { number: begun.epoch, predecessor: begun.predecessor.origin.clone(), index: begun.index }
}
