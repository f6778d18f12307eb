//! Place: none. The campaign: a seed chooses what the host does, exchange by exchange, and the oracle judges what comes of it.
//!
//! | module | what the host does |
//! |---|---|
//! | [`messages`] | honest commands, the same again, the same with changes |
//! | [`forgery`] | commands that nobody sent: parts of several, keys of its own, shares and statements from elsewhere |
//! | [`seals`] | mandates and orders of an organization, and what the host makes of them |
//! | [`guesses`] | PINs: guesses, and answers that served before |
//! | [`rotation`] | steps of a rotation of the root key, and what the host makes of them |
//! | [`people`] | evidence, checkpoints and challenges, altered on their way to honest people |
//! | [`wire`] | frames by hand, lies of the store and about the witnesses while the enclave works |
//! | [`history`] | the end of a boot: kills, stores that are old, cut, altered, foreign; the attacks that have names |
//! | [`report`] | what came of it |
//!
//! A *history* is one boot; a *world* is one service from its genesis, with a ledger of many histories. An *exchange* is a command
//! sent, a frame written by hand, or a lie of the store or about the witnesses, with what came of it. The seed chooses; keys and nonces are random, and so is
//! which of two threads is first: the same seed makes the same choices, on other octets.

mod forgery;
mod guesses;
mod history;
mod messages;
mod people;
mod report;
mod rotation;
mod seals;
mod wire;

pub use report::{Report, Settings};

use crate::hostile::attacks::attacks;
use crate::hostile::host::{Host, Refused};
use crate::hostile::mutation::Random;
use crate::hostile::process::Place;
use crate::hostile::signer::Enrolled;
use crate::hostile::store::Store;
use crate::hostile::world::{Release, Snapshot, World};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Command, ProvideShare};
use fuin_shared::rotation::RotationStage;
use fuin_shared::sad::{AuthorizedSad, MeansProfile};
use fuin_sic::TrustedInstance;
use guesses::Pins;
use seals::Sealing;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Commands that are under way together.
const BATCH: usize = 24;
/// Exchanges of one world: its ledger is read back at each boot.
const WORLD: u64 = 12_000;

/// Credentials and an organization of a new service.
fn founded(world: &mut World) -> (Vec<Enrolled>, Sealing) {
    let kinds = [MeansProfile::Passkey, MeansProfile::PinTotp, MeansProfile::DeviceKey];
    let keys = kinds.map(|kind| world.enrol_with(kind)).to_vec();
    (keys, Sealing::new(world.organization()))
}

/// How often a machine may be too late.
const LATE: u64 = 20;

/// A campaign under way.
pub struct Campaign {
    settings: Settings,
    random: Random,
    /// What came of it so far.
    pub report: Report,
    /// Exchanges of worlds that are over.
    before: u64,
    world: World,
    /// The boot, as the signer's device has checked it.
    on: TrustedInstance,
    /// Its evidence, and the nonce that this answers.
    evidence: (Vec<u8>, [u8; 32]),
    keys: Vec<Enrolled>,
    sealing: Sealing,
    pins: Pins,
    /// Commands that passed through the host's hands.
    pool: Vec<Command>,
    /// What the last signer authorized, as the host would have it if a device gave it away.
    plain: Option<AuthorizedSad>,
    /// Tokens that an honest call found used up, because its answer was lost.
    tired: Vec<Blob>,
    /// Older states of the store.
    snapshots: Vec<Snapshot>,
    /// Of another service.
    foreign: (Store, ProvideShare),
    /// How far the rotation was when it was looked at last.
    turning: Option<RotationStage>,
    /// Attacks that have names, run so far.
    named: usize,
    histories: u64,
    deaths: u64,
}

impl Campaign {
    /// Begins.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut other = World::operational_as(settings.kind.clone());
        let foreign = history::belongings(&mut other);
        drop(other);
        let mut world = World::operational_as(settings.kind.clone());
        let (keys, sealing) = founded(&mut world);
        let pool = world.seen.borrow().clone();
        let snapshots = vec![world.snapshot()];
        Self {
            random: Random(settings.seed),
            report: Report::default(),
            before: 0,
            on: world.trusted(),
            evidence: world.evidence(),
            pool,
            plain: None,
            tired: Vec::new(),
            snapshots,
            foreign,
            turning: None,
            named: 0,
            histories: 0,
            deaths: 0,
            settings,
            world,
            keys,
            sealing,
            pins: Pins::default(),
        }
    }

    /// Runs to the end; `told` hears of each history.
    pub fn run(&mut self, told: &mut dyn FnMut(&Report)) {
        let length = (self.settings.exchanges / 20).clamp(50, 1500);
        while self.count() < self.settings.exchanges {
            let end = self.count() + length;
            self.history(end);
            if self.world.host.exchanges() >= WORLD {
                self.end_world();
            }
            told(&self.report);
        }
        // A short campaign, too, has every attack that has a name; machines boot too slowly for that.
        let all = attacks(self.settings.kind.release).len();
        while self.named < all && matches!(self.settings.kind.place, Place::Process) {
            self.named_attack();
        }
        self.close();
        told(&self.report);
    }

    /// One boot and its end. An emulated machine beside others falls behind in time; its enclave then refuses, as it should, what
    /// honest people ask, and another boot helps.
    fn history(&mut self, end: u64) {
        let lived = |campaign: &mut Self| {
            while campaign.count() < end && campaign.batch() {}
            campaign.end_history();
        };
        if matches!(self.settings.kind.place, Place::Process) {
            return lived(self);
        }
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| lived(self))) else { return };
        let late = panic.downcast_ref::<String>().is_some_and(|why| why.contains("ClockDoubt"));
        if !late || self.report.late >= LATE {
            resume_unwind(panic);
        }
        self.report.late += 1;
        self.recover();
    }

    /// Ends the enclave as a panic would: the campaign must say so.
    pub fn abort_enclave(&mut self) {
        self.world.enclave.abort();
    }

    /// Whether there are witnesses.
    fn is_cosigned(&self) -> bool {
        self.settings.kind.release == Release::Cosigned
    }

    /// Exchanges so far.
    fn count(&mut self) -> u64 {
        self.report.exchanges = self.before + self.world.host.exchanges();
        self.report.exchanges
    }

    /// Sends a batch, in an order of the seed's, and has every answer judged. False when the boot is over.
    fn batch(&mut self) -> bool {
        if !self.world.enclave.is_alive() {
            return self.died();
        }
        let mut plan: Vec<_> = (0..BATCH).map(|_| self.message()).collect();
        for last in (1..plan.len()).rev() {
            plan.swap(last, self.random.below(last + 1));
        }
        let lie = self.lie();
        let mut asked = Vec::new();
        for command in plan {
            let (pick, late) = (self.random.below(64), self.random.one_in(60));
            let Some(connection) = self.world.host.connection_soon(pick) else { return self.died() };
            let deadline = if late { 0 } else { 60_000 };
            asked.push((command.clone(), self.world.host.ask_over(connection, command, deadline)));
        }
        self.after_lie(lie);
        let mut goes_on = true;
        for (command, answer) in asked {
            let result = Host::answer(&answer);
            goes_on &= !matches!(result, Err(Refused::Fault(Fault::Halted | Fault::SinkRefused)));
            self.judge(command, result);
        }
        self.by_hand();
        self.deceive();
        if goes_on && self.random.one_in(2) && self.works() {
            self.turn();
        }
        self.world.judge_strays();
        self.count();
        if self.world.enclave.is_alive() { goes_on } else { self.died() }
    }

    fn judge(&mut self, command: Command, result: Result<fuin_shared::message::Answer, Refused>) {
        match result {
            Ok(answer) => {
                self.world.oracle.borrow_mut().judge(Some(&command), &answer);
                if let Command::Authorize(request) = command {
                    self.pins.served(&request.evidence);
                }
            }
            Err(Refused::Fault(fault)) => {
                self.world.oracle.borrow_mut().guesses.refused(&command, fault);
                *self.report.refused.entry(fault.number()).or_default() += 1;
                let spent = matches!(fault, Fault::TokenUnknown | Fault::HashNotAuthorized);
                if let (true, Command::SignHash(request)) = (spent, command)
                    && self.world.oracle.borrow().allows(&request)
                {
                    self.tired.push(request.token);
                }
            }
            Err(Refused::Lost) => self.report.unanswered += 1,
        }
    }

    /// The enclave ended by itself.
    fn died(&mut self) -> bool {
        self.deaths += 1;
        self.report.findings.push(format!("the enclave has ended, exchange {}", self.report.exchanges));
        false
    }

    /// Takes over what the oracle has found since it was asked last.
    fn collect(&mut self) {
        self.count();
        let mut oracle = self.world.oracle.borrow_mut();
        self.report.unauthorized += oracle.unauthorized.len() as u64;
        self.report.lost += oracle.lost.len() as u64;
        self.report.signed += std::mem::take(&mut oracle.signed);
        self.report.signed_scal1 += std::mem::take(&mut oracle.signed_scal1);
        self.report.seals += std::mem::take(&mut oracle.seals);
        let exchange = self.report.exchanges;
        let found =
            std::mem::take(&mut oracle.unauthorized).into_iter().map(|w| format!("unauthorized: {w}"));
        let found: Vec<_> =
            found.chain(std::mem::take(&mut oracle.lost).into_iter().map(|w| format!("lost: {w}"))).collect();
        self.report.findings.extend(found.into_iter().map(|w| format!("{w}, exchange {exchange}")));
    }

    /// Counts what the present world still has to tell. Once, at its end.
    pub fn close(&mut self) {
        self.world.judge_strays();
        self.collect();
        if self.deaths == 0 && !self.world.enclave.is_alive() {
            self.died();
        }
        if let Err(why) = self.world.auditor.read(&self.world.host.state().store) {
            self.report.lost += 1;
            self.report.findings.push(format!("the auditor: {why}"));
        }
        self.report.rotations += self.world.host.state().store.rotations();
        let panics = self.world.panics();
        self.report.panics += self.deaths.max(panics.len() as u64);
        self.report.findings.extend(panics.into_iter().map(|line| format!("panic: {line}")));
        self.report.boots += self.world.boots;
        self.deaths = 0;
    }

    /// Another service takes the place of this one, which becomes the foreign one.
    fn end_world(&mut self) {
        self.close();
        self.foreign = history::belongings(&mut self.world);
        self.before += self.world.host.exchanges();
        let mut world = World::operational_as(self.settings.kind.clone());
        (self.keys, self.sealing) = founded(&mut world);
        self.snapshots = vec![world.snapshot()];
        self.pool.extend(world.seen.borrow().iter().cloned());
        self.world = world;
        self.fresh();
    }

    /// The signer's device checks the boot that runs now; tokens and consents of earlier ones are of no use.
    fn fresh(&mut self) {
        self.on = self.world.trusted();
        self.evidence = self.world.evidence();
        (self.plain, self.tired) = (None, Vec::new());
    }
}
