//! Place: none. Threads around the state machine.
//!
//! | part | what it does |
//! |---|---|
//! | [`event_loop`] | the one thread that owns the state machine |
//! | [`link`], [`outbox`] | a reader and a writer for each connection |
//! | [`commands`] | the host's commands under way |
//! | [`store`] | the enclave's own requests under way |
//! | [`workers`] | the signing pool, the thread of the security module |
//!
//! Every queue is bounded. Readers and workers wait for the event loop; the event loop waits for nobody.

mod commands;
mod event;
mod event_loop;
mod limits;
mod link;
mod log;
mod machine;
mod outbox;
mod store;
mod workers;

pub use limits::Limits;

use crate::channel::InstanceKeyPairs;
use crate::crypto_module::CryptoModule;
use crate::crypto_module::soft::SoftModule;
use crate::platform::clock::{Clock, Reading, SystemClock};
use crate::platform::dial::Dial;
use crate::platform::entropy::{Drbg, Gatherer, Kernel, Module, Source};
use crate::platform::nsm::{self, Nsm};
use crate::sam::{Boot, Machine};
use commands::{Commands, Places};
use event_loop::{EventLoop, Workers};
use fuin_shared::fault::Fault;
use fuin_shared::message::Lane;
use link::Link;
use machine::StateMachine;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::SystemTime;

/// Events that wait for the event loop; each may hold a frame.
const EVENTS: usize = 32;

/// How the enclave runs.
pub struct Config {
    /// The way to the parent.
    pub dialer: Box<dyn Dial>,
    /// Connections to keep. Default 2.
    pub connections: usize,
    /// Threads that sign. Default: one for each processor.
    pub signing_threads: usize,
    /// Bounds.
    pub limits: Limits,
    /// The machine's clock. Default: what the system says.
    pub clock: Reading,
}

impl Config {
    /// The defaults with this way to the parent.
    #[must_use]
    pub fn new(dialer: Box<dyn Dial>) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self {
            dialer,
            connections: 2,
            signing_threads: processors,
            limits: Limits::default(),
            clock: Box::new(SystemTime::now),
        }
    }
}

/// Why the enclave stopped; only a new boot helps.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A known answer was wrong.
    #[error("self-test failed: {0}")]
    SelfTest(Fault),
    /// The security module is missing, or is none that can be used.
    #[error("security module: {0}")]
    Nsm(Fault),
    /// A source of randomness is missing or failed its test.
    #[error("entropy: {0}")]
    Entropy(Fault),
    /// The machine has no usable clock.
    #[error("clock: {0}; check the kernel's clock source")]
    Clock(Fault),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    /// All threads that feed the event loop are gone.
    #[error("all threads have ended")]
    Threads,
}

/// Tests itself, makes the instance keys, and serves until it must stop.
///
/// # Errors
/// Always: [`RunError`] says why it stopped.
pub fn run(mut config: Config, nsm: Box<dyn Nsm>) -> Result<(), RunError> {
    let reading = std::mem::replace(&mut config.clock, Box::new(SystemTime::now));
    let clock = SystemClock::new(reading).map_err(RunError::Clock)?;
    let module = SoftModule::new();
    Drbg::self_test().and_then(|()| module.self_test()).map_err(RunError::SelfTest)?;
    let nsm: Arc<dyn Nsm> = Arc::from(nsm);
    nsm::describe(nsm.as_ref()).map_err(RunError::Nsm)?;
    let measurement = nsm::measurement(nsm.as_ref()).map_err(RunError::Nsm)?;

    let sources: Vec<Box<dyn Source>> = vec![Box::new(Module(nsm.clone())), Box::new(Kernel)];
    let mut gatherer = Gatherer::start(sources).map_err(RunError::Entropy)?;
    let mut rng = gatherer.gather().map(|seed| Drbg::new(&seed)).map_err(RunError::Entropy)?;
    let keys = InstanceKeyPairs::generate(&mut rng);
    keys.self_test(&mut rng).map_err(RunError::SelfTest)?;

    let machine = Machine::new(Boot { keys, crypto_module: Box::new(module), measurement });
    log::log(format_args!("self-tests passed, instance {}", machine.instance()));
    serve(config, machine, Randomness { rng, gatherer }, nsm, Box::new(clock))
}

/// The generator and what seeds it.
struct Randomness {
    rng: Drbg,
    gatherer: Gatherer,
}

/// Starts the threads and runs the event loop on this one.
fn serve<M: StateMachine>(
    config: Config,
    machine: M,
    randomness: Randomness,
    nsm: Arc<dyn Nsm>,
    clock: Box<dyn Clock>,
) -> Result<(), RunError> {
    let Config { dialer, connections, signing_threads, limits, clock: _ } = config;
    let connections = connections.max(1);
    // Twice what live connections may have under way, for the commands of lost ones.
    let lane = |per_connection: usize| Places {
        per_connection,
        total: connections.saturating_mul(per_connection).saturating_mul(2),
    };
    let (work, beside) = (lane(limits.in_flight), lane(limits.beside));
    // Room for a document for each, for one new seed and for the time.
    let documents = work.total + beside.total * Lane::BESIDE.len() + 2;
    let (sender, events) = sync_channel(EVENTS);
    let workers = Workers {
        signing: workers::signers(signing_threads, work.total, &sender)?,
        module: workers::module(nsm, randomness.gatherer, documents, sender.clone())?,
    };
    let (dialer, ids): (Arc<dyn Dial>, _) = (Arc::from(dialer), Arc::new(AtomicU64::new(0)));
    for name in 0..connections {
        let link = Link {
            name,
            dialer: dialer.clone(),
            events: sender.clone(),
            instance: machine.instance(),
            limits,
            ids: ids.clone(),
        };
        thread::Builder::new().name(format!("read-{name}")).spawn(move || link.run())?;
    }
    drop(sender);
    let commands = Commands::new(work, beside, limits.waiting);
    Err(EventLoop::new(machine, randomness.rng, clock, limits, workers, commands).run(&events))
}

/// Makes any panic end the process at once, saying where but not what: a message might hold what must not be shown.
pub fn abort_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        match panic.location() {
            Some(place) => log::log(format_args!("internal error at {}:{}", place.file(), place.line())),
            None => log::log(format_args!("internal error")),
        }
        std::process::abort();
    }));
}

#[cfg(test)]
mod tests;
