//! Place: SAM. The state machine: phases and what happens in them.

mod alarming;
mod detailing;
mod founding;
mod handing;
mod recovery;
mod rotating;
mod summing;
mod takeover;
mod testing;
mod time;

use super::alarms::Alarms;
use super::clock::TrustedClock;
use super::evidence::{EvidenceDesk, Facts, View};
use super::key_attestation::{KeyDesk, Wanted, check_nonce};
use super::operational::{Operational, Surroundings};
use super::outcome::{Next, Withheld, next};
use super::{Effect, Input, ServiceContext, Ticket, roles};
use crate::ceremony::genesis::PendingGenesis;
use crate::ceremony::new_epoch::PlannedEpoch;
use crate::ceremony::provision::{Provision, Provisioned};
use crate::ceremony::rotation::{Deletions, PendingRotation};
use crate::channel::InstanceKeyPairs;
use crate::crypto_module::CryptoModule;
use crate::ledger::journal::{Journal, Progress};
use crate::ledger::replay::Replay;
use crate::platform::clock::Millis;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{InstanceId, ManifestHash};
use fuin_shared::log::event::AlarmKind;
use fuin_shared::log::snapshot::Reading;
use fuin_shared::manifest::Measurement;
use fuin_shared::message::{Answer, Command, Status};
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
    /// What the platform measured of this image.
    pub measurement: Measurement,
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
        /// A snapshot to begin from, while it comes.
        snapshot: Option<Box<Reading>>,
    },
    /// The ledger was read; a document's time is awaited for the first event of this boot.
    Replayed {
        ticket: Ticket,
        replay: Box<Replay>,
    },
    /// The first event of this boot is on its way: durable, and cosigned where the service says so.
    Starting(Box<Operational>),
    Operational(Box<Operational>),
    /// The root key goes to another boot, once this one's last event is released. Nothing is begun any more.
    HandingOver(Box<Journal<Withheld>>),
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
    alarms: Alarms,
    stage: Stage,
    /// A new epoch that this boot is to begin.
    planned: Option<Box<PlannedEpoch>>,
    /// A new root key that waits for its custodians' receipts.
    rotation: Option<PendingRotation>,
    /// Shares of the former root key that custodians have deleted.
    deletions: Deletions,
    clock: TrustedClock,
    /// When the known answers were asked for last; this boot's start was before that.
    tested: Option<Millis>,
    /// The manifest under which this boot was operational first.
    begun_under: Option<ManifestHash>,
    /// Commands that wait for the time.
    waiting: Vec<(Ticket, Command)>,
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
            alarms: Alarms::default(),
            stage: Stage::Booted,
            planned: None,
            rotation: None,
            deletions: Deletions::default(),
            clock: TrustedClock::default(),
            tested: None,
            begun_under: None,
            waiting: Vec::new(),
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
            Stage::AskingHead { .. }
            | Stage::Replaying { .. }
            | Stage::Replayed { .. }
            | Stage::Starting(_) => Phase::Recovering,
            Stage::Operational(_) => Phase::Operational,
            Stage::HandingOver(_) | Stage::Halted => Phase::Halted,
        }
    }

    /// Takes an input when the kernel's clock shows `kernel`; what follows from it is to be done in order.
    pub fn handle(&mut self, input: Input, kernel: Millis, rng: &mut dyn CryptoRng) -> Vec<Effect> {
        let mut effects = Vec::new();
        // For what is shown, and for what comes before operation. Operation has SAM time.
        let now = self.clock.clamped(kernel);
        self.test_again(kernel, &mut effects);
        match input {
            Input::Command { ticket, command } => match self.command(ticket, command, kernel, rng) {
                Ok(effect) => effects.extend(effect),
                Err(fault) => self.failed(ticket, fault, &mut effects),
            },
            Input::IdentitySealed(result) => effects.extend(self.identity_sealed(result)),
            Input::Attested { ticket, result } => {
                let phase = self.phase();
                if let Some(context) = &self.context {
                    let view = View { context, facts: &self.facts, phase, keys: &self.boot.keys, now };
                    let of_key = self.key_desk.attested(ticket, &result);
                    effects.extend(of_key.or_else(|| self.desk.attested(ticket, result, &view)));
                }
            }
            Input::Signed { ticket, result } => {
                let now = self.clock.now(kernel);
                self.signed(ticket, result, now, &mut effects);
            }
            Input::Time(result) => self.told(result, kernel, rng, &mut effects),
            Input::Committed(result) => {
                let progress = self.journal().map(|journal| journal.committed(result));
                self.progress(progress, kernel, rng, &mut effects);
            }
            Input::Head(result) if matches!(self.stage, Stage::AskingHead { .. }) => {
                effects.push(self.begin_replay(result));
            }
            Input::Head(result) => {
                let progress = self.journal().map(|journal| journal.head(result));
                self.progress(progress, kernel, rng, &mut effects);
            }
            Input::LedgerOctets { result, last } => self.replay(result, last, kernel, &mut effects),
            Input::SnapshotOctets { result, last } => self.read_snapshot(result, last, &mut effects),
            Input::Cosigned(result) => self.cosigned(result, kernel, rng, &mut effects),
            Input::Contradicted(lines) => {
                self.alarms.notice(AlarmKind::WitnessContradiction);
                self.cosigned(Ok(lines), kernel, rng, &mut effects);
            }
            Input::Rested => {
                if let Some(journal) = self.journal() {
                    journal.rested();
                }
            }
        }
        self.note_takeover(kernel);
        self.note_unused_root(kernel);
        self.sum_up(kernel);
        self.raise_alarms(kernel);
        self.renew_details(rng, &mut effects);
        self.commit(kernel, &mut effects);
        effects
    }

    fn command(
        &mut self,
        ticket: Ticket,
        command: Command,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Effect>, Fault> {
        let now = self.clock.clamped(kernel);
        let phase = self.phase();
        let manifest = self.context.as_ref().map(|context| &context.manifest);
        roles::check(phase, &command, manifest)?;
        // What goes on in the operational phase has its own look at the time.
        if phase != Phase::Operational || matches!(command, Command::AttestKey(_)) {
            roles::check_end(&command, manifest, now.0 / 1000)?;
        }
        match command {
            Command::Status => {
                let status = Status {
                    phase,
                    instance: self.instance,
                    service: self.context.as_ref().map(|c| c.service),
                    ledger_size: self.journal().map(|journal| journal.size()),
                };
                Ok(Some(Effect::Reply { ticket, result: Ok(Answer::Status(status)) }))
            }
            Command::InstallManifest(install) => self.install(ticket, &install).map(Some),
            Command::FollowManifest(change) => self.follow(ticket, &change).map(Some),
            Command::GetEvidence(request) => {
                let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
                let view = View { context, facts: &self.facts, phase, keys: &self.boot.keys, now };
                Ok(Some(self.desk.request(ticket, request.nonce, &view)))
            }
            Command::NewEpoch(epoch) => self.plan_epoch(ticket, *epoch).map(Some),
            Command::ProvideShare(share) => self.provide(ticket, &share).map(Some),
            Command::CeremonyStatus => {
                let status = self.ceremony_status(now)?;
                Ok(Some(Effect::Reply { ticket, result: Ok(Answer::CeremonyStatus(status)) }))
            }
            Command::AttestKey(request) => {
                check_nonce(request.nonce.as_ref())?;
                let key = self.with_operational(now, Ok(()), |operational, around| {
                    operational.key_statement(&request.key, &request.record, around)
                })?;
                if self.key_desk.is_full() || !self.desk.take_token(now) {
                    return Err(Fault::Busy);
                }
                let answer = Answer::KeyAttested(Default::default());
                Ok(Some(self.attest_key(ticket, Wanted { key, nonce: request.nonce, answer }, now)))
            }
            other => self.in_time(ticket, other, kernel, rng),
        }
    }

    fn with_operational<T>(
        &mut self,
        now: Millis,
        timely: Result<(), Fault>,
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
            timely,
        };
        work(operational, &around)
    }

    fn signed(
        &mut self,
        ticket: Ticket,
        result: Result<Vec<Vec<u8>>, Fault>,
        now: Millis,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(operational) = self.operational().filter(|operational| operational.seals(ticket)) {
            match operational.sealed(ticket, result) {
                Ok(sealed) => effects.push(sealed),
                Err(fault) => self.failed(ticket, fault, effects),
            }
            return;
        }
        let appended = self
            .with_operational(now, Ok(()), |operational, around| operational.signed(ticket, result, around));
        if let Err(fault) = appended {
            self.failed(ticket, fault, effects);
        }
    }

    fn cosigned(
        &mut self,
        lines: Result<String, Fault>,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
        effects: &mut Vec<Effect>,
    ) {
        let progress = self.journal().and_then(|journal| journal.cosigned(lines));
        if let Some(quorum) = self.journal().and_then(Journal::quorum_time) {
            self.clock.cosigned(kernel, quorum);
        }
        self.progress(progress, kernel, rng, effects);
    }

    fn failed(&mut self, ticket: Ticket, fault: Fault, effects: &mut Vec<Effect>) {
        if fault == Fault::RecordForeign {
            self.alarms.notice(AlarmKind::RecordForeign);
        }
        effects.push(refuse(ticket, fault));
        // A key that signs what does not verify, or a ledger that contradicts itself, is not to be used again.
        if matches!(fault, Fault::SelfCheck | Fault::LedgerBroken) {
            self.halt(effects);
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

    /// What is written and released, also when nothing is begun any more.
    fn journal(&mut self) -> Option<&mut Journal<Withheld>> {
        match &mut self.stage {
            Stage::Starting(operational) | Stage::Operational(operational) => Some(&mut operational.journal),
            Stage::HandingOver(journal) => Some(journal),
            _ => None,
        }
    }

    fn progress(
        &mut self,
        progress: Option<Progress<Withheld>>,
        kernel: Millis,
        rng: &mut dyn CryptoRng,
        effects: &mut Vec<Effect>,
    ) {
        let now = self.clock.clamped(kernel);
        match progress {
            None | Some(Progress::Durable) => {}
            Some(Progress::Rest(pause)) => effects.push(Effect::Rest(pause)),
            Some(Progress::AskHead) => effects.push(Effect::AskHead),
            Some(Progress::Resend(commit)) => effects.push(Effect::Commit(commit)),
            Some(Progress::Broken) => self.halt(effects),
            Some(Progress::Released(released)) => {
                self.stage = match std::mem::replace(&mut self.stage, Stage::Halted) {
                    Stage::Starting(operational) => Stage::Operational(operational),
                    other => other,
                };
                let mut listed = Ok(());
                for item in released {
                    let (ticket, next) = next(item);
                    match next {
                        Next::Reply(answer) => effects.push(Effect::Reply { ticket, result: Ok(answer) }),
                        Next::Attest(wanted) => effects.push(self.attest_key(ticket, wanted, now)),
                        Next::Nothing => {}
                        // From here on, and in evidence at once.
                        Next::Adopt(context, answer) => {
                            listed = context.check_image(&self.boot.measurement);
                            self.seal_details_to(&context.manifest, rng, effects);
                            self.context = Some(*context);
                            self.forget_rotation();
                            effects.push(Effect::Reply { ticket, result: Ok(answer) });
                        }
                        Next::Seal(job, receipt) => effects.push(match self.operational() {
                            Some(operational) => operational.begin_seal(ticket, *job, receipt),
                            None => refuse(ticket, Fault::WrongPhase),
                        }),
                        Next::HandOver(handing, receipt) => self.handed(ticket, *handing, receipt, effects),
                        Next::Turn(turn, answer) => {
                            self.turned(turn);
                            let reply = |answer| Effect::Reply { ticket, result: Ok(answer) };
                            effects.extend(answer.map(reply));
                        }
                        Next::Refuse(fault) => effects.push(refuse(ticket, fault)),
                        Next::Settle(subject) => {
                            if let Some(operational) = self.operational() {
                                operational.settled(&subject);
                            }
                        }
                        Next::Resume(attempt) => match self.resume(ticket, *attempt, kernel, rng) {
                            Ok(effect) => effects.extend(effect),
                            Err(fault) => self.failed(ticket, fault, effects),
                        },
                    }
                }
                // What was released is answered; this image begins nothing more.
                if listed.is_err() {
                    self.halt(effects);
                }
            }
        }
    }

    fn commit(&mut self, kernel: Millis, effects: &mut Vec<Effect>) {
        match self.journal().map(|journal| journal.next_commit(kernel)) {
            Some(Ok(Some(commit))) => effects.push(Effect::Commit(commit)),
            Some(Err(_)) => self.halt(effects),
            _ => {}
        }
        effects.extend(self.journal().and_then(Journal::next_cosign).map(Effect::Cosign));
    }

    /// Ends the service: nothing that waits is released.
    fn halt(&mut self, effects: &mut Vec<Effect>) {
        if let Some(journal) = self.journal() {
            let abandoned = journal.abandon();
            let awaited = abandoned.into_iter().filter(Withheld::is_awaited);
            effects.extend(awaited.map(|w| refuse(w.ticket, Fault::SinkRefused)));
        }
        self.stage = Stage::Halted;
        self.rotation = None;
        self.give_up_waiting(effects);
    }
}

fn refuse(ticket: Ticket, fault: Fault) -> Effect {
    Effect::Reply { ticket, result: Err(fault) }
}
