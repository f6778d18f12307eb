//! Place: SAM. The state machine: phases and what happens in them.

use super::evidence::{EvidenceDesk, Facts, View};
use super::key_attestation::{KeyDesk, Wanted, check_nonce};
use super::operational::{Operational, Surroundings};
use super::outcome::{Next, Outcome, Withheld, next};
use super::{Effect, Input, ServiceContext, Ticket, phases};
use crate::ceremony::genesis::PendingGenesis;
use crate::ceremony::provision::{Provision, Provisioned};
use crate::ceremony::sharing::WholeKey;
use crate::channel::InstanceKeyPairs;
use crate::crypto_module::CryptoModule;
use crate::ledger::journal::{Entry, Journal, Progress};
use crate::ledger::keys::{LedgerKeys, LedgerName};
use crate::ledger::replay::Replay;
use crate::ledger::state::State;
use crate::platform::clock::Millis;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, LedgerId};
use fuin_shared::log::event::EventBody;
use fuin_shared::log::tree::Frontier;
use fuin_shared::message::{
    Answer, Command, ConfirmGenesis, Genesis, Head, InstallManifest, ProvideShare, Status,
};
use fuin_shared::phase::Phase;
use rand_core::CryptoRng;

/// How far the clock may lie behind the newest event of the ledger, milliseconds.
const CLOCK_TOLERANCE: u64 = 120_000;

/// What a boot brings along.
pub struct Boot {
    /// Keys made at this boot.
    pub keys: InstanceKeyPairs,
    /// Home of signers' keys, self-tested.
    pub crypto_module: Box<dyn CryptoModule>,
}

enum Stage {
    Booted,
    /// The service id is on its way into PCR16.
    Sealing {
        ticket: Ticket,
        context: Box<ServiceContext>,
    },
    Uninitialized {
        genesis: Option<PendingGenesis>,
        provision: Provision,
    },
    /// The root key is here; the host was asked for the head of the ledger.
    AskingHead {
        ticket: Ticket,
        provisioned: Provisioned,
    },
    Replaying {
        ticket: Ticket,
        replay: Box<Replay>,
    },
    /// The first event of this boot is on its way.
    Starting(Box<Operational>),
    Operational(Box<Operational>),
    Halted,
}

/// The state machine.
pub struct Machine {
    boot: Boot,
    instance: InstanceId,
    context: Option<ServiceContext>,
    facts: Facts,
    desk: EvidenceDesk,
    key_desk: KeyDesk,
    stage: Stage,
}

impl Machine {
    /// In phase `Booted`.
    #[must_use]
    pub fn new(boot: Boot) -> Self {
        let instance = boot.keys.public().id();
        Self {
            boot,
            instance,
            context: None,
            facts: Facts::default(),
            desk: EvidenceDesk::default(),
            key_desk: KeyDesk::default(),
            stage: Stage::Booted,
        }
    }

    /// This boot.
    #[must_use]
    pub const fn instance(&self) -> InstanceId {
        self.instance
    }

    /// Whether only a new boot helps.
    #[must_use]
    pub const fn halted(&self) -> bool {
        matches!(self.stage, Stage::Halted)
    }

    /// The phase.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match self.stage {
            Stage::Booted | Stage::Sealing { .. } => Phase::Booted,
            Stage::Uninitialized { .. } => Phase::Uninitialized,
            Stage::AskingHead { .. } | Stage::Replaying { .. } | Stage::Starting(_) => Phase::Recovering,
            Stage::Operational(_) => Phase::Operational,
            Stage::Halted => Phase::Halted,
        }
    }

    /// Takes an input at time `now`; what follows from it is to be done in order.
    pub fn handle(&mut self, input: Input, now: Millis, rng: &mut dyn CryptoRng) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Command { ticket, command } => match self.command(ticket, command, now, rng) {
                Ok(effect) => effects.extend(effect),
                Err(fault) => {
                    effects.push(refuse(ticket, fault));
                    if fault == Fault::LedgerBroken {
                        self.halt(&mut effects);
                    }
                }
            },
            Input::IdentitySealed(result) => effects.extend(self.identity_sealed(result)),
            Input::Attested { ticket, result } => {
                let phase = self.phase();
                if let Some(context) = &self.context {
                    let view = View { context, facts: &self.facts, phase, keys: &self.boot.keys, now };
                    let of_key = self.key_desk.attested(ticket, &result, &view);
                    effects.extend(of_key.or_else(|| self.desk.attested(ticket, result, &view)));
                }
            }
            Input::Signed { ticket, result } => self.signed(ticket, result, now, &mut effects),
            Input::Committed(result) => {
                let progress = self.operational().map(|o| o.journal.committed(result));
                self.progress(progress, now, &mut effects);
            }
            Input::Head(result) if matches!(self.stage, Stage::AskingHead { .. }) => {
                effects.push(self.begin_replay(result));
            }
            Input::Head(result) => {
                let progress = self.operational().map(|o| o.journal.head(result));
                self.progress(progress, now, &mut effects);
            }
            Input::LedgerOctets { result, last } => self.replay(result, last, now, rng, &mut effects),
        }
        self.commit(&mut effects);
        effects
    }

    fn command(
        &mut self,
        ticket: Ticket,
        command: Command,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        let phase = self.phase();
        if !phases::allows(phase, &command) {
            return Err(if phase == Phase::Halted { Fault::Halted } else { Fault::WrongPhase });
        }
        match command {
            Command::Status => {
                let status = Status {
                    phase,
                    instance: self.instance,
                    service: self.context.as_ref().map(|c| c.service),
                    ledger_size: self.operational().map(|o| o.journal.size()),
                };
                Ok(Some(Effect::Reply { ticket, result: Ok(Answer::Status(status)) }))
            }
            Command::InstallManifest(install) => self.install(ticket, &install, now).map(Some),
            Command::GetEvidence(request) => {
                let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
                let view = View { context, facts: &self.facts, phase, keys: &self.boot.keys, now };
                Ok(Some(self.desk.request(ticket, request.nonce, &view)))
            }
            Command::Genesis(genesis) => self.genesis(ticket, &genesis, now, rng).map(Some),
            Command::ConfirmGenesis(confirm) => self.confirm(ticket, &confirm, now, rng).map(|()| None),
            Command::ProvideShare(share) => self.provide(ticket, &share).map(Some),
            Command::AttestKey(request) => {
                check_nonce(request.nonce.as_ref())?;
                let key = self.with_operational(now, |operational, around| {
                    operational.key_statement(&request.key, &request.record, around)
                })?;
                if !self.desk.take_token(now) {
                    return Err(Fault::Busy);
                }
                let answer = Answer::KeyAttested(Default::default());
                Ok(Some(self.attest_key(ticket, Wanted { key, nonce: request.nonce, answer }, now)))
            }
            other => self
                .with_operational(now, |operational, around| operational.command(ticket, other, around, rng)),
        }
    }

    fn with_operational<T>(
        &mut self,
        now: Millis,
        work: impl FnOnce(&mut Operational, &Surroundings<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Operational(operational) = &mut self.stage else { return Err(Fault::WrongPhase) };
        let around = Surroundings {
            context,
            instance: self.instance,
            keys: &self.boot.keys,
            module: &*self.boot.crypto_module,
            now,
        };
        work(operational, &around)
    }

    fn install(&mut self, ticket: Ticket, command: &InstallManifest, now: Millis) -> Result<Effect, Fault> {
        if matches!(self.stage, Stage::Sealing { .. }) {
            return Err(Fault::WrongPhase);
        }
        let context = ServiceContext::install(command, now.0 / 1000)?;
        let service = context.service;
        self.stage = Stage::Sealing { ticket, context: Box::new(context) };
        Ok(Effect::SealIdentity(service))
    }

    /// PCR16 can be written once; when that fails, this boot can serve nobody.
    fn identity_sealed(&mut self, result: Result<(), Fault>) -> Option<Effect> {
        let Stage::Sealing { ticket, context } = std::mem::replace(&mut self.stage, Stage::Halted) else {
            return None;
        };
        if let Err(fault) = result {
            return Some(refuse(ticket, fault));
        }
        let service = context.service;
        self.context = Some(*context);
        self.stage = Stage::Uninitialized { genesis: None, provision: Provision::default() };
        Some(Effect::Reply { ticket, result: Ok(Answer::ManifestInstalled { service }) })
    }

    fn genesis(
        &mut self,
        ticket: Ticket,
        command: &Genesis,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Effect, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Uninitialized { genesis, .. } = &mut self.stage else { return Err(Fault::WrongPhase) };
        let (pending, shares) =
            PendingGenesis::begin(context, &self.instance, &command.approvals, now.0 / 1000, &WholeKey, rng)?;
        self.facts.commitment = Some(pending.commitment());
        self.facts.genesis = true;
        *genesis = Some(pending);
        Ok(Effect::Reply { ticket, result: Ok(Answer::GenesisShares(shares)) })
    }

    fn confirm(
        &mut self,
        ticket: Ticket,
        command: &ConfirmGenesis,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Uninitialized { genesis, .. } = &mut self.stage else { return Err(Fault::WrongPhase) };
        let pending = genesis.take().ok_or(Fault::GenesisPending)?;
        let confirmed =
            pending.confirm(context, &self.instance, &command.receipts).map_err(|(pending, fault)| {
                *genesis = Some(pending);
                fault
            })?;
        let mut ledger = [0; 16];
        rng.fill_bytes(&mut ledger);
        let name = LedgerName { ledger: LedgerId(ledger), shard: 0, epoch: 0 };
        let keys = LedgerKeys::derive(&confirmed.root, &context.manifest.ledger_prefix, name)?;
        let body = EventBody::Genesis {
            service: context.service,
            manifest: context.hash,
            ledger: name.ledger,
            shard: name.shard,
            epoch: name.epoch,
            commitment: confirmed.commitment,
            approvals: confirmed.approvals,
        };
        self.facts = Facts {
            ledger: Some(keys.identity.clone()),
            commitment: Some(confirmed.commitment),
            genesis: false,
        };
        let identity = keys.identity.clone();
        let mut journal = Journal::new(keys, State::default(), Frontier::new(), None);
        let entry = Entry { body, records: Vec::new(), salts: Vec::new() };
        journal.append(entry, now, Withheld { ticket, result: Outcome::Operational(identity) })?;
        self.stage = Stage::Starting(Box::new(Operational::new(journal, rng)));
        Ok(())
    }

    fn provide(&mut self, ticket: Ticket, command: &ProvideShare) -> Result<Effect, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Uninitialized { provision, .. } = &mut self.stage else { return Err(Fault::WrongPhase) };
        match provision.accept(context, &self.boot.keys, &self.instance, command, &WholeKey)? {
            Err(missing) => Ok(Effect::Reply { ticket, result: Ok(Answer::ShareAccepted { missing }) }),
            Ok(provisioned) => {
                self.facts.commitment = Some(provisioned.commitment);
                self.facts.genesis = false;
                self.stage = Stage::AskingHead { ticket, provisioned };
                Ok(Effect::AskHead)
            }
        }
    }

    fn begin_replay(&mut self, result: Result<Head, Fault>) -> Effect {
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
        let Provisioned { root, commitment, seen } = provisioned;
        let prefix = context.manifest.ledger_prefix.clone();
        let replay =
            result.and_then(|head| Replay::new(root, context.service, commitment, prefix, seen, head));
        match replay {
            Ok(replay) => {
                self.stage = Stage::Replaying { ticket, replay: Box::new(replay) };
                Effect::ReadLedger { first: 0 }
            }
            Err(fault) => refuse(ticket, fault),
        }
    }

    /// A ledger that fails halts the instance: a custodian gives the share again only after looking into it.
    fn replay(
        &mut self,
        result: Result<Vec<u8>, Fault>,
        last: bool,
        now: Millis,
        rng: &mut dyn CryptoRng,
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
        let started = pushed.and_then(|()| self.start(ticket, *replay, now, rng));
        match started {
            Ok(operational) => self.stage = Stage::Starting(Box::new(operational)),
            Err(fault) => effects.push(refuse(ticket, fault)),
        }
    }

    fn start(
        &mut self,
        ticket: Ticket,
        replay: Replay,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Operational, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let replayed = replay.finish()?;
        if now.0.saturating_add(CLOCK_TOLERANCE) < replayed.state.last_time() {
            return Err(Fault::Clock);
        }
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
        let entry = Entry { body, records: Vec::new(), salts: Vec::new() };
        journal.append(entry, now, Withheld { ticket, result: Outcome::Operational(identity) })?;
        Ok(Operational::new(journal, rng))
    }

    fn signed(
        &mut self,
        ticket: Ticket,
        result: Result<Vec<Vec<u8>>, Fault>,
        now: Millis,
        effects: &mut Vec<Effect>,
    ) {
        let appended =
            self.with_operational(now, |operational, around| operational.signed(ticket, result, around));
        if let Err(fault) = appended {
            effects.push(refuse(ticket, fault));
            // A key that signs what does not verify, or a ledger that contradicts itself, is not to be used again.
            if matches!(fault, Fault::SelfCheck | Fault::LedgerBroken) {
                self.halt(effects);
            }
        }
    }

    fn attest_key(&mut self, ticket: Ticket, wanted: Wanted, now: Millis) -> Effect {
        let phase = self.phase();
        let Some(context) = &self.context else { return refuse(ticket, Fault::WrongPhase) };
        let view = View { context, facts: &self.facts, phase, keys: &self.boot.keys, now };
        self.key_desk.request(ticket, wanted, &view)
    }

    fn operational(&mut self) -> Option<&mut Operational> {
        match &mut self.stage {
            Stage::Starting(operational) | Stage::Operational(operational) => Some(operational),
            _ => None,
        }
    }

    fn progress(&mut self, progress: Option<Progress<Withheld>>, now: Millis, effects: &mut Vec<Effect>) {
        match progress {
            None => {}
            Some(Progress::AskHead) => effects.push(Effect::AskHead),
            Some(Progress::Resend(commit)) => effects.push(Effect::Commit(commit)),
            Some(Progress::Broken) => self.halt(effects),
            Some(Progress::Released(released)) => {
                self.stage = match std::mem::replace(&mut self.stage, Stage::Halted) {
                    Stage::Starting(operational) => Stage::Operational(operational),
                    other => other,
                };
                for item in released {
                    let (ticket, next) = next(item);
                    effects.push(match next {
                        Next::Reply(answer) => Effect::Reply { ticket, result: Ok(answer) },
                        Next::Attest(wanted) => self.attest_key(ticket, wanted, now),
                    });
                }
            }
        }
    }

    fn commit(&mut self, effects: &mut Vec<Effect>) {
        match self.operational().map(|o| o.journal.next_commit()) {
            Some(Ok(Some(commit))) => effects.push(Effect::Commit(commit)),
            Some(Err(_)) => self.halt(effects),
            _ => {}
        }
    }

    /// Ends the service: nothing that waits is released.
    fn halt(&mut self, effects: &mut Vec<Effect>) {
        if let Some(operational) = self.operational() {
            let abandoned = operational.journal.abandon();
            effects.extend(abandoned.into_iter().map(|w| refuse(w.ticket, Fault::SinkRefused)));
        }
        self.stage = Stage::Halted;
    }
}

fn refuse(ticket: Ticket, fault: Fault) -> Effect {
    Effect::Reply { ticket, result: Err(fault) }
}
