//! Place: none. Threads that do slow work for the event loop: the signing pool, and the one that talks to the
//! security module. Their queues are bounded; the event loop never waits for them.

use crate::crypto_module::SigningJob;
use crate::platform::entropy::Gatherer;
use crate::platform::nsm::{self, Nsm};
use crate::runtime::event::Event;
use crate::sam::{Input, Ticket};
use fuin_shared::evidence::UserData;
use fuin_shared::fault::Fault;
use fuin_shared::ids::ServiceId;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Work for the thread of the security module.
pub(super) enum ModuleJob {
    /// See [`crate::sam::Effect::SealIdentity`].
    Seal(ServiceId),
    /// See [`crate::sam::Effect::Attest`].
    Attest { ticket: Ticket, user_data: UserData, nonce: Option<Vec<u8>> },
    /// Gather a new seed.
    Seed,
    /// See [`crate::sam::Effect::AskTime`].
    Time,
}

/// Starts `threads` signers behind a queue of `places`.
pub(super) fn signers(
    threads: usize,
    places: usize,
    events: &SyncSender<Event>,
) -> io::Result<SyncSender<SigningJob>> {
    let (jobs, queue) = sync_channel(places);
    let queue = Arc::new(Mutex::new(queue));
    for number in 0..threads.max(1) {
        let (queue, events) = (queue.clone(), events.clone());
        thread::Builder::new().name(format!("sign-{number}")).spawn(move || sign(&queue, &events))?;
    }
    Ok(jobs)
}

fn sign(queue: &Mutex<Receiver<SigningJob>>, events: &SyncSender<Event>) {
    loop {
        // The lock is held while waiting: one signer waits for a job, the others for the lock.
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        let input = Input::Signed { ticket: job.ticket, result: job.run() };
        if events.send(Event::Input(input)).is_err() {
            return;
        }
    }
}

/// Starts the thread of the security module behind a queue of `places`.
pub(super) fn module(
    nsm: Arc<dyn Nsm>,
    mut gatherer: Gatherer,
    places: usize,
    events: SyncSender<Event>,
) -> io::Result<SyncSender<ModuleJob>> {
    let (jobs, queue) = sync_channel(places);
    thread::Builder::new().name("nsm".into()).spawn(move || {
        for job in queue {
            if events.send(do_job(job, nsm.as_ref(), &mut gatherer)).is_err() {
                return;
            }
        }
    })?;
    Ok(jobs)
}

fn do_job(job: ModuleJob, nsm: &dyn Nsm, gatherer: &mut Gatherer) -> Event {
    match job {
        ModuleJob::Seal(service) => Event::Input(Input::IdentitySealed(nsm::seal_identity(nsm, &service))),
        ModuleJob::Attest { ticket, user_data, nonce } => {
            Event::Input(Input::Attested { ticket, result: nsm::attest(nsm, &user_data, nonce) })
        }
        ModuleJob::Seed => Event::Seed(gatherer.gather()),
        ModuleJob::Time => Event::Input(Input::Time(nsm::time(nsm))),
    }
}

/// What the state machine gets for a job that found no place.
pub(super) fn no_place(job: ModuleJob) -> Option<Input> {
    match job {
        ModuleJob::Seal(_) => Some(Input::IdentitySealed(Err(Fault::Busy))),
        ModuleJob::Attest { ticket, .. } => Some(Input::Attested { ticket, result: Err(Fault::Busy) }),
        ModuleJob::Seed => None,
        ModuleJob::Time => Some(Input::Time(Err(Fault::Busy))),
    }
}
