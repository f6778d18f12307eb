//! Place: SSA. One connection of an enclave, from its `Hello` to its end.

use super::Shared;
use super::credit::Streams;
use super::endpoint::Octets;
use super::frames::{Ended, FrameReader, FromEnclave};
use super::outbox::{self, FromHost, NotSent, Outbox};
use super::requests::Requests;
use super::{listener, serve};
use fuin_shared::fault::Fault;
use fuin_shared::frame::{Frame, VERSION};
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Answer, Command, LANE_PLACES, Lane, WAITING_PLACES};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// A live connection.
pub(super) struct Connection {
    instance: InstanceId,
    outbox: Outbox,
    requests: Requests,
    room: Arc<Semaphore>,
    life: Arc<Semaphore>,
    questions: Arc<Semaphore>,
    restrictions: Arc<Semaphore>,
    endings: Arc<Semaphore>,
    pub(super) streams: Streams,
    /// Ids of the enclave's requests that are being served.
    serving: Mutex<HashSet<u64>>,
}

impl Connection {
    pub(super) const fn instance(&self) -> InstanceId {
        self.instance
    }

    const fn places(&self, lane: Lane) -> &Arc<Semaphore> {
        match lane {
            Lane::Work => &self.room,
            Lane::Life => &self.life,
            Lane::Question => &self.questions,
            Lane::Restriction => &self.restrictions,
            Lane::Ending => &self.endings,
        }
    }

    pub(super) fn room(&self, lane: Lane) -> usize {
        self.places(lane).available_permits()
    }

    pub(super) fn reserve(&self, lane: Lane) -> Option<OwnedSemaphorePermit> {
        Arc::clone(self.places(lane)).try_acquire_owned().ok()
    }

    pub(super) const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Sends a command and waits for the answer.
    pub(super) async fn ask(&self, body: Command, deadline: Duration) -> Result<Answer, Fault> {
        let mut place = self.requests.open()?;
        let deadline_ms = u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX);
        let frame = FromHost::Request { id: place.id, deadline_ms, body };
        let exchange = async {
            self.outbox.control(&frame).await.map_err(|e| match e {
                NotSent::TooLarge => Fault::TooLarge,
                NotSent::Ended => Fault::Disconnected,
            })?;
            (&mut place.answer).await.unwrap_or(Err(Fault::Disconnected))
        };
        timeout(deadline, exchange).await.unwrap_or(Err(Fault::Deadline))
    }

    /// Begins to serve a request of the enclave: `Ok(false)` when too many are being served.
    fn begin(&self, id: u64, most: usize) -> Result<bool, Ended> {
        let mut serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner);
        if serving.contains(&id) {
            return Err(Ended::Rule("request id is in use"));
        }
        if serving.len() >= most {
            return Ok(false);
        }
        serving.insert(id);
        Ok(true)
    }

    pub(super) fn finish(&self, id: u64) {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.streams.finish(id);
    }
}

/// Serves a connection to its end.
pub(super) async fn run(stream: Box<dyn Octets>, shared: Arc<Shared>) {
    let patience = shared.limits.frame();
    let mut stop = shared.stop.subscribe();
    let (input, output) = tokio::io::split(stream);
    let mut frames = FrameReader::new(input, patience);
    let hello = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => Err(Ended::Stopped),
        hello = timeout(patience, frames.next()) => hello.unwrap_or(Err(Ended::Slow)).and_then(instance_of),
    };
    let instance = match hello {
        Ok(instance) => instance,
        Err(reason) => {
            tracing::warn!(%reason, "connection ended before its hello");
            return listener::close(frames.into_inner().unsplit(output), patience).await;
        }
    };

    let (outbox, queue) = outbox::new();
    let connection = Arc::new(Connection {
        instance,
        outbox,
        requests: Requests::default(),
        room: Arc::new(Semaphore::new(shared.limits.in_flight_per_connection)),
        life: Arc::new(Semaphore::new(LANE_PLACES)),
        questions: Arc::new(Semaphore::new(LANE_PLACES)),
        // The enclave takes these however many wait for witnesses; here they wait at most for the deadline.
        restrictions: Arc::new(Semaphore::new(WAITING_PLACES / 2)),
        endings: Arc::new(Semaphore::new(WAITING_PLACES / 2)),
        streams: Streams::default(),
        serving: Mutex::default(),
    });
    let end = watch::Sender::new(false);
    let mut writer = tokio::spawn(outbox::write(output, queue, patience, end.subscribe()));
    shared.fleet.add(Arc::clone(&connection));
    tracing::info!(%instance, "enclave connected");

    let mut written = None;
    let reason = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => Ended::Stopped,
        reason = read(&mut frames, &connection, &shared) => reason,
        output = &mut writer => { written = Some(output); Ended::Write }
    };
    tracing::info!(%instance, %reason, "enclave disconnected");
    shared.fleet.remove(&connection);
    connection.requests.end();
    connection.streams.end();
    end.send_replace(true);
    let output = match written {
        Some(output) => output,
        None => writer.await,
    };
    if let Ok((output, _)) = output {
        listener::close(frames.into_inner().unsplit(output), patience).await;
    }
}

fn instance_of(first: FromEnclave) -> Result<InstanceId, Ended> {
    match first {
        Frame::Hello(hello) if hello.version == VERSION => Ok(hello.instance),
        Frame::Hello(_) => Err(Ended::Rule("it speaks another version of the wire")),
        _ => Err(Ended::Rule("its first frame is not a hello")),
    }
}

/// Takes frames until one ends the connection.
async fn read<R: AsyncRead + Unpin>(
    frames: &mut FrameReader<R>,
    connection: &Arc<Connection>,
    shared: &Arc<Shared>,
) -> Ended {
    loop {
        let taken = match frames.next().await {
            Ok(frame) => take(frame, connection, shared).await,
            Err(reason) => Err(reason),
        };
        if let Err(reason) = taken {
            return reason;
        }
    }
}

async fn take(frame: FromEnclave, connection: &Arc<Connection>, shared: &Arc<Shared>) -> Result<(), Ended> {
    match frame {
        Frame::Hello(_) => Err(Ended::Rule("a second hello")),
        Frame::Chunk { .. } => Err(Ended::Rule("a piece of a stream that nobody asked for")),
        Frame::Reply { id, result } => connection.requests.answer(id, result),
        Frame::Credit { id, octets } => connection.streams.grant(id, octets),
        // A store request is run to its end, whatever its deadline: a commit must not be abandoned half-way.
        Frame::Request { id, body, .. } => {
            if connection.begin(id, shared.limits.enclave_requests_per_connection)? {
                tokio::spawn(serve::serve(id, body, Arc::clone(connection), Arc::clone(shared)));
                return Ok(());
            }
            let busy = FromHost::Reply { id, result: Err(Fault::Busy) };
            connection.outbox.control(&busy).await.map_err(|_| Ended::Write)
        }
    }
}
