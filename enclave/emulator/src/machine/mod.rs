//! Place: none.
//!
//! Boots an enclave image in QEMU: stock machine, no KVM, vsock through `vhost-device-vsock`. Nothing ever connects into the guest; the guest dials
//! first. Files of a boot lie in its run folder:
//!
//! | name | what |
//! |---|---|
//! | `console` | what the guest printed |
//! | `qemu.log`, `backend.log` | what QEMU and the backend printed |
//! | `vmlinuz`, `initrd` | the parts of the image |
//! | `vm_5000` | the *host's* listening socket for the enclave's connections; the host makes it before the boot, the emulator leaves it alone |
//! | `vm_9000`, `vm_9001` | heartbeat and NSM service of the emulator |
//! | `vhost`, `vm` | sockets of the backend |

mod backend;
mod child;
mod error;
mod heartbeat;
mod image;
mod qemu;
mod run_dir;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fuin_attestation::eif::Measurements;

use self::backend::Backend;
pub use self::backend::find as find_backend;
use self::child::Child;
pub use self::error::LaunchError;
use self::heartbeat::Heartbeat;
use self::image::Parts;
pub use self::image::{MeasureError, measure_file};
use self::run_dir::RunDir;
use crate::clock::SystemClock;
use crate::nsm::{self, EmulatedNsm};
use crate::root::DevelopmentRoot;

/// How often the launcher looks.
const LOOK: Duration = Duration::from_millis(25);

/// When the guest powers off, the backend lets go of it before QEMU has gone completely, with success. A backend that
/// fails by itself leaves QEMU running, or failing.
const GRACE: Duration = Duration::from_secs(3);

/// What to boot, and with what.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The image.
    pub eif: PathBuf,
    /// The run folder; made if it is absent.
    pub run_dir: PathBuf,
    /// QEMU.
    pub qemu: PathBuf,
    /// `vhost-device-vsock`.
    pub backend: PathBuf,
    /// How long one boot may take until the guest dials.
    pub ready_timeout: Duration,
}

/// How a running enclave stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It runs.
    Running,
    /// The machine ended by itself.
    Ended(String),
    /// The vsock backend is gone; no connection works any more, and the machine has to be booted anew.
    Deaf(String),
}

/// A booted enclave. Dropping it ends it.
pub struct Machine {
    qemu: Child,
    backend: Backend,
    measured: Measurements,
    nsm: Arc<EmulatedNsm>,
    run: RunDir,
    boot_time: Duration,
    restarts: u32,
}

enum Attempt {
    Ready(Box<Machine>),
    BackendFailed(String),
}

impl Machine {
    /// Boots the image and returns once the guest has dialled. If the backend fails meanwhile, everything is started anew, once; `log` is told.
    /// `stop` is asked again and again whether to give up.
    ///
    /// Call it from a thread that lives as long as the machine: where `setpriv` is installed the children are bound to the calling thread's life.
    ///
    /// # Errors
    /// [`LaunchError`].
    pub fn boot(
        launch: &Launch,
        root: &DevelopmentRoot,
        stop: &dyn Fn() -> bool,
        log: &mut dyn FnMut(&str),
    ) -> Result<Self, LaunchError> {
        let run = RunDir::claim(&launch.run_dir)?;
        let parts = Parts::unpack(&launch.eif, &run)?;
        let mut run = Some(run);
        for restarts in 0.. {
            let Some(claimed) = run.take() else { break };
            match Self::attempt(launch, root, claimed, &parts, stop, &mut run)? {
                Attempt::Ready(mut machine) => {
                    machine.restarts = restarts;
                    return Ok(*machine);
                }
                Attempt::BackendFailed(reason) if restarts == 0 => {
                    log(&format!("the vsock backend failed ({reason}); starting the machine anew, once"));
                }
                Attempt::BackendFailed(reason) => return Err(LaunchError::Backend(reason)),
            }
        }
        Err(LaunchError::Backend("no attempt left".into()))
    }

    fn attempt(
        launch: &Launch,
        root: &DevelopmentRoot,
        run: RunDir,
        parts: &Parts,
        stop: &dyn Fn() -> bool,
        give_back: &mut Option<RunDir>,
    ) -> Result<Attempt, LaunchError> {
        run.remove_stale()?;
        let nsm = Arc::new(EmulatedNsm::new(root, &parts.measured, SystemClock)?);
        let mut backend = Backend::start(&launch.backend, &run, stop)?;
        let heartbeat = Heartbeat::listen(&run)?;
        let listener = run.listen(run_dir::NSM)?;
        let served = Arc::clone(&nsm);
        std::thread::spawn(move || nsm::serve(&served, &listener));

        let started = Instant::now();
        let mut qemu = qemu::start(&launch.qemu, &run, &parts.cmdline)?;
        loop {
            if heartbeat.seen() {
                let boot_time = started.elapsed();
                let measured = parts.measured.clone();
                return Ok(Attempt::Ready(Box::new(Self {
                    qemu,
                    backend,
                    measured,
                    nsm,
                    run,
                    boot_time,
                    restarts: 0,
                })));
            }
            if stop() {
                return Err(LaunchError::Stopped);
            }
            // The backend first: if its worker is gone the guest cannot be heard, whatever else is seen.
            if let Some(reason) = backend.fault().filter(|_| !qemu.ends_well_within(GRACE)) {
                drop((qemu, backend));
                *give_back = Some(run);
                return Ok(Attempt::BackendFailed(reason));
            }
            if let Some(status) = qemu.ended() {
                return Err(LaunchError::Ended { status, console: run.console_tail() });
            }
            if started.elapsed() > launch.ready_timeout {
                return Err(LaunchError::Silent { after: launch.ready_timeout, console: run.console_tail() });
            }
            std::thread::sleep(LOOK);
        }
    }

    /// How it stands now.
    pub fn condition(&mut self) -> Condition {
        match self.backend.fault().filter(|_| !self.qemu.ends_well_within(GRACE)) {
            Some(reason) => Condition::Deaf(reason),
            None => self.qemu.ended().map_or(Condition::Running, Condition::Ended),
        }
    }

    /// The registers of the image.
    #[must_use]
    pub const fn measured(&self) -> &Measurements {
        &self.measured
    }

    /// The NSM that the enclave talks to.
    #[must_use]
    pub fn nsm(&self) -> &Arc<EmulatedNsm> {
        &self.nsm
    }

    /// From the start of QEMU to the guest's first dial.
    #[must_use]
    pub const fn boot_time(&self) -> Duration {
        self.boot_time
    }

    /// How often the machine had to be started anew while booting: 0 or 1.
    #[must_use]
    pub const fn restarts(&self) -> u32 {
        self.restarts
    }

    /// The last lines of the console.
    #[must_use]
    pub fn console_tail(&self) -> String {
        self.run.console_tail()
    }

    /// Process numbers of QEMU and of the backend.
    #[must_use]
    pub fn processes(&self) -> [u32; 2] {
        [self.qemu.id(), self.backend.id()]
    }

    /// Ends the machine and its backend and removes the emulator's sockets.
    pub fn stop(self) {
        // The guest first, so that it does not see its transport break.
        let Self { qemu, backend, run, .. } = self;
        drop(qemu);
        drop(backend);
        // They are removed before the next boot in any case.
        let _ = run.remove_stale();
    }
}
