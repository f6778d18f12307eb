//! Place: none. The one thread that owns the state machine: it takes events, feeds inputs, and starts what the
//! effects ask for. It waits for nothing but events.

use crate::crypto_module::SigningJob;
use crate::platform::clock::Clock;
use crate::platform::entropy::Drbg;
use crate::runtime::RunError;
use crate::runtime::commands::{Commands, NotAdmitted, Origin};
use crate::runtime::event::{ConnectionId, Event, Incoming, Outgoing};
use crate::runtime::limits::Limits;
use crate::runtime::log::log;
use crate::runtime::machine::StateMachine;
use crate::runtime::outbox::{Outbox, Refused};
use crate::runtime::store::{Store, Violation};
use crate::runtime::workers::{ModuleJob, no_place};
use crate::sam::{Effect, Input};
use fuin_shared::fault::Fault;
use fuin_shared::frame::Frame;
use fuin_shared::message::{Answer, Command, StoreRequest};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::time::{Duration, Instant};

/// Longest wait for an event: limits are looked at this often at least.
const TICK: Duration = Duration::from_secs(1);

struct Live {
    outbox: Arc<Outbox>,
    heard: Instant,
}

/// Queues of the workers.
pub(super) struct Workers {
    pub(super) signing: SyncSender<SigningJob>,
    pub(super) module: SyncSender<ModuleJob>,
}

/// The event loop.
pub(super) struct EventLoop<M> {
    machine: M,
    rng: Drbg,
    clock: Box<dyn Clock>,
    limits: Limits,
    workers: Workers,
    connections: BTreeMap<ConnectionId, Live>,
    commands: Commands,
    store: Store,
    inputs: VecDeque<Input>,
    halted: bool,
    seed_due: Instant,
    seed_asked: bool,
    /// When the state machine wants to go on.
    rested: Option<Instant>,
}

impl<M: StateMachine> EventLoop<M> {
    /// Nothing is connected yet.
    pub(super) fn new(
        machine: M,
        rng: Drbg,
        clock: Box<dyn Clock>,
        limits: Limits,
        workers: Workers,
        commands: Commands,
    ) -> Self {
        Self {
            machine,
            rng,
            clock,
            limits,
            workers,
            connections: BTreeMap::new(),
            commands,
            store: Store::new(limits.answer),
            inputs: VecDeque::new(),
            halted: false,
            seed_due: Instant::now() + limits.reseed,
            seed_asked: false,
            rested: None,
        }
    }

    /// Runs until the enclave must stop.
    pub(super) fn run(mut self, events: &Receiver<Event>) -> RunError {
        loop {
            if let Err(error) = self.step(events) {
                return error;
            }
        }
    }

    fn step(&mut self, events: &Receiver<Event>) -> Result<(), RunError> {
        match events.recv_timeout(self.wait()) {
            Ok(event) => self.take(event)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(RunError::Threads),
        }
        self.look_at_limits();
        self.feed()
    }

    /// How long nothing has to be looked at unless an event comes.
    pub(super) fn wait(&self) -> Duration {
        // A seed that is on its way comes as an event.
        let seed_due = (!self.seed_asked).then_some(self.seed_due);
        let next = self.store.next_due().into_iter().chain(seed_due).chain(self.rested).min();
        next.map_or(TICK, |due| due.saturating_duration_since(Instant::now()).min(TICK))
    }

    fn take(&mut self, event: Event) -> Result<(), RunError> {
        match event {
            Event::Opened(connection, outbox) => {
                self.connections.insert(connection, Live { outbox, heard: Instant::now() });
            }
            Event::Received { connection, frame, at } => {
                let Some(live) = self.connections.get_mut(&connection) else { return Ok(()) };
                live.heard = at;
                if self.frame(connection, frame, at) == Err(Violation) {
                    log(format_args!("the host broke the rules of the wire; its connection is closed"));
                    self.close(connection);
                }
            }
            Event::Idle(connection) => self.probe(connection),
            Event::Closed(connection) => {
                self.connections.remove(&connection);
                self.inputs.extend(self.store.lost(connection));
            }
            Event::Input(input) => self.inputs.push_back(input),
            Event::Seed(result) => self.seed(result)?,
        }
        Ok(())
    }

    fn frame(&mut self, connection: ConnectionId, frame: Incoming, at: Instant) -> Result<(), Violation> {
        let now = Instant::now();
        match frame {
            Frame::Request { id, deadline_ms, body } => {
                let origin = Origin { connection, id };
                let passed = at.elapsed() >= Duration::from_millis(deadline_ms.into());
                self.command(origin, body, passed)
            }
            Frame::Reply { id, result } => {
                self.inputs.extend(self.store.reply(connection, id, result, now)?);
                Ok(())
            }
            Frame::Chunk { id, data, last } => {
                if let Some(piece) = self.store.chunk(connection, id, data, last, now)? {
                    if let Some(octets) = piece.credit {
                        let _ = self.send(connection, &Frame::Credit { id, octets });
                    }
                    self.inputs.push_back(piece.input);
                }
                Ok(())
            }
            // The enclave says hello, and sends no streams.
            Frame::Hello(_) | Frame::Credit { .. } => Err(Violation),
        }
    }

    fn command(&mut self, origin: Origin, command: Command, passed: bool) -> Result<(), Violation> {
        if passed {
            self.reply(origin, Err(Fault::Deadline));
            return Ok(());
        }
        if self.halted && command != Command::Status {
            self.reply(origin, Err(Fault::Halted));
            return Ok(());
        }
        match self.commands.admit(origin, command.lane()) {
            Ok(ticket) => self.inputs.push_back(Input::Command { ticket, command }),
            Err(NotAdmitted::Busy) => self.reply(origin, Err(Fault::Busy)),
            Err(NotAdmitted::Duplicate) => return Err(Violation),
        }
        Ok(())
    }

    /// Feeds the state machine until nothing more follows.
    fn feed(&mut self) -> Result<(), RunError> {
        loop {
            while let Some(input) = self.inputs.pop_front() {
                self.rng.usable().map_err(RunError::Entropy)?;
                for effect in self.machine.handle(input, self.clock.now(), &mut self.rng) {
                    self.start(effect);
                }
                self.notice_halt();
            }
            self.send_waiting();
            if self.inputs.is_empty() {
                return Ok(());
            }
        }
    }

    fn start(&mut self, effect: Effect) {
        match effect {
            Effect::Reply { ticket, result } => {
                if let Some(origin) = self.commands.finish(ticket) {
                    self.reply(origin, result);
                }
            }
            Effect::Waits { ticket } => self.commands.waits(ticket),
            Effect::SealIdentity(service) => self.ask_module(ModuleJob::Seal(service)),
            Effect::Attest { ticket, user_data, nonce } => {
                self.ask_module(ModuleJob::Attest { ticket, user_data, nonce });
            }
            Effect::Sign(job) => {
                if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) =
                    self.workers.signing.try_send(job)
                {
                    self.inputs.push_back(Input::Signed { ticket: job.ticket, result: Err(Fault::Busy) });
                }
            }
            Effect::Commit(commit) => self.store.submit(StoreRequest::Commit(commit)),
            Effect::AskHead => self.store.submit(StoreRequest::Head),
            Effect::ReadLedger { first } => self.store.submit(StoreRequest::ReadLedger { first }),
            Effect::ReadSnapshot { marks } => self.store.submit(StoreRequest::ReadSnapshot { marks }),
            Effect::Cosign(cosign) => self.store.submit(StoreRequest::Cosign(cosign)),
            Effect::AskTime => self.ask_module(ModuleJob::Time),
            Effect::Rest(pause) => self.rested = Some(Instant::now() + pause),
        }
    }

    fn ask_module(&mut self, job: ModuleJob) {
        if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) =
            self.workers.module.try_send(job)
        {
            self.inputs.extend(no_place(job));
        }
    }

    /// A machine that has halted answers nobody any more: those who wait are told here.
    fn notice_halt(&mut self) {
        if self.halted || !self.machine.halted() {
            return;
        }
        self.halted = true;
        log(format_args!("halted; only a new boot helps"));
        for origin in self.commands.finish_all() {
            self.reply(origin, Err(Fault::Halted));
        }
    }

    fn reply(&mut self, origin: Origin, result: Result<Answer, Fault>) {
        let frame = Frame::Reply { id: origin.id, result };
        if self.send(origin.connection, &frame) == Err(Refused::TooLarge) {
            let _ =
                self.send(origin.connection, &Frame::Reply { id: origin.id, result: Err(Fault::TooLarge) });
        }
    }

    /// A frame for a connection that is gone is dropped; its owner hears of the end by `Closed`.
    fn send(&self, connection: ConnectionId, frame: &Outgoing) -> Result<(), Refused> {
        self.connections.get(&connection).map_or(Err(Refused::Closed), |live| live.outbox.push(frame))
    }

    /// Sends the enclave's own requests over the connection that was heard last.
    fn send_waiting(&mut self) {
        while let Some(request) = self.store.take_waiting() {
            let Some((connection, _)) = self.connections.iter().max_by_key(|(_, live)| live.heard) else {
                return self.store.put_back(request);
            };
            let (connection, id) = (*connection, self.store.new_id());
            let frame = Frame::Request { id, deadline_ms: self.store.deadline_ms(), body: request.clone() };
            match self.send(connection, &frame) {
                Ok(()) => self.store.sent(id, &request, connection, Instant::now()),
                Err(Refused::TooLarge) => self.inputs.extend(Store::never_sent(&request, Fault::TooLarge)),
                Err(Refused::Closed) => {
                    // Nothing was sent over it: the request can still go another way.
                    self.close(connection);
                    self.store.put_back(request);
                }
            }
        }
    }

    /// Asks for a sign of life.
    fn probe(&mut self, connection: ConnectionId) {
        let id = self.store.new_id();
        let frame = Frame::Request { id, deadline_ms: self.store.deadline_ms(), body: StoreRequest::Head };
        if self.send(connection, &frame).is_ok() {
            self.store.probed(id, connection, Instant::now());
        }
    }

    /// Gives a connection up; its reader notices and dials again.
    fn close(&mut self, connection: ConnectionId) {
        if let Some(live) = self.connections.remove(&connection) {
            live.outbox.close();
        }
        self.inputs.extend(self.store.lost(connection));
    }

    pub(super) fn look_at_limits(&mut self) {
        let now = Instant::now();
        for (connection, input) in self.store.expired(now) {
            log(format_args!("the host did not answer in time; its connection is closed"));
            self.inputs.extend(input);
            self.close(connection);
        }
        if self.rested.is_some_and(|at| at <= now) {
            self.rested = None;
            self.inputs.push_back(Input::Rested);
        }
        if !self.seed_asked && (now >= self.seed_due || self.rng.wants_seed()) {
            self.seed_asked = self.workers.module.try_send(ModuleJob::Seed).is_ok();
            self.seed_due = now + self.limits.reseed_again;
        }
    }

    fn seed(&mut self, result: Result<crate::platform::entropy::Seed, Fault>) -> Result<(), RunError> {
        self.seed_asked = false;
        match result {
            Ok(seed) => {
                self.rng.reseed(&seed);
                self.seed_due = Instant::now() + self.limits.reseed;
                Ok(())
            }
            Err(Fault::Entropy) => Err(RunError::Entropy(Fault::Entropy)),
            Err(fault) => {
                log(format_args!("no new seed: {fault}; asking again later"));
                self.seed_due = Instant::now() + self.limits.reseed_again;
                Ok(())
            }
        }
    }
}
