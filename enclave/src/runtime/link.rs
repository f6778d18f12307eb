//! Place: none. The threads of a connection: one dials, says `Hello` and reads, for ever; one writes.

use crate::platform::dial::{Connection, Dial, TimeOuts};
use crate::runtime::event::{ConnectionId, Event, Outgoing};
use crate::runtime::limits::Limits;
use crate::runtime::log::log;
use crate::runtime::outbox::Outbox;
use fuin_shared::frame::{Decoder, FrameError, MAX_WRITE, VERSION};
use fuin_shared::ids::InstanceId;
use fuin_shared::message::Hello;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

/// Octets of one read.
const READ: usize = 64 * 1024;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the host closed it")]
    Closed,
    #[error("{0}")]
    Transport(io::ErrorKind),
    #[error("{0}")]
    Frame(#[from] FrameError),
    #[error("a frame did not end in time")]
    Partial,
    #[error("the host was silent for too long")]
    Silent,
    #[error("the event loop is gone")]
    Shutdown,
}

/// One place for a connection: when it is lost, another is dialled.
pub(super) struct Link {
    pub(super) name: usize,
    pub(super) dialer: Arc<dyn Dial>,
    pub(super) events: SyncSender<Event>,
    pub(super) instance: InstanceId,
    pub(super) limits: Limits,
    pub(super) ids: Arc<AtomicU64>,
}

impl Link {
    /// Dials and reads until the event loop is gone.
    pub(super) fn run(self) {
        let time_outs = TimeOuts { read: self.limits.tick(), write: self.limits.write };
        let mut wait = self.limits.first_wait;
        let mut told = false;
        loop {
            match self.dialer.dial(time_outs) {
                Ok(connection) => {
                    log(format_args!("connection {} is up", self.name));
                    told = false;
                    let (heard, end) = self.serve(connection);
                    log(format_args!("connection {} ended: {end}", self.name));
                    if matches!(end, End::Shutdown) {
                        return;
                    }
                    // Only a host that spoke properly is dialled again at once.
                    if heard {
                        wait = self.limits.first_wait;
                    }
                }
                Err(error) if !told => {
                    log(format_args!(
                        "connection {} cannot be opened, will go on trying: {}",
                        self.name,
                        error.kind()
                    ));
                    told = true;
                }
                Err(_) => {}
            }
            thread::sleep(wait);
            wait = (wait * 2).min(self.limits.longest_wait);
        }
    }

    /// Serves one connection; says whether a whole frame came.
    fn serve(&self, connection: Arc<dyn Connection>) -> (bool, End) {
        let id = ConnectionId(self.ids.fetch_add(1, Ordering::Relaxed));
        let outbox = Arc::new(Outbox::new(connection.clone()));
        let hello = Outgoing::Hello(Hello { version: VERSION, instance: self.instance });
        if outbox.push(&hello).is_err() || self.events.send(Event::Opened(id, outbox.clone())).is_err() {
            return (false, End::Shutdown);
        }
        let mut heard = false;
        let writing = {
            let (connection, outbox) = (connection.clone(), outbox.clone());
            thread::Builder::new()
                .name(format!("write-{}", self.name))
                .spawn(move || write(connection.as_ref(), &outbox))
        };
        let end = match &writing {
            Ok(_) => self.read(id, connection.as_ref(), &outbox, &mut heard),
            Err(error) => End::Transport(error.kind()),
        };
        outbox.close();
        if let Ok(thread) = writing {
            // The writer cannot panic; were it to, the process would have ended.
            let _ = thread.join();
        }
        let told = self.events.send(Event::Closed(id));
        (heard, if told.is_ok() { end } else { End::Shutdown })
    }

    fn read(&self, id: ConnectionId, connection: &dyn Connection, outbox: &Outbox, heard: &mut bool) -> End {
        let mut decoder = Decoder::new();
        let mut buffer = vec![0; READ];
        let mut partial_since: Option<Instant> = None;
        let mut last_heard = Instant::now();
        let mut probed = false;
        loop {
            outbox.wait_for_room();
            match connection.receive(&mut buffer) {
                Ok(0) => return End::Closed,
                Ok(length) => {
                    decoder.push(buffer.get(..length).unwrap_or_default());
                    (last_heard, probed) = (Instant::now(), false);
                    loop {
                        match decoder.next_frame() {
                            Ok(None) => break,
                            Ok(Some(frame)) => {
                                *heard = true;
                                partial_since = None;
                                let event = Event::Received { connection: id, frame, at: last_heard };
                                if self.events.send(event).is_err() {
                                    return End::Shutdown;
                                }
                            }
                            Err(error) => return error.into(),
                        }
                    }
                }
                Err(error) if is_time_out(&error) => {}
                Err(error) => return End::Transport(error.kind()),
            }
            if decoder.is_partial()
                && partial_since.get_or_insert_with(Instant::now).elapsed() >= self.limits.partial_frame
            {
                return End::Partial;
            }
            let silent = last_heard.elapsed();
            if silent >= self.limits.silence {
                return End::Silent;
            }
            if silent >= self.limits.silence / 3 && !probed {
                probed = true;
                if self.events.send(Event::Idle(id)).is_err() {
                    return End::Shutdown;
                }
            }
        }
    }
}

fn is_time_out(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// Writes frames in pieces that every kernel takes, until the outbox or the connection is closed.
fn write(connection: &dyn Connection, outbox: &Outbox) {
    while let Some(octets) = outbox.next() {
        if write_frame(connection, &octets).is_err() {
            outbox.close();
            return;
        }
    }
}

fn write_frame(connection: &dyn Connection, octets: &[u8]) -> io::Result<()> {
    for piece in octets.chunks(MAX_WRITE) {
        let mut rest = piece;
        while !rest.is_empty() {
            match connection.send(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => rest = rest.get(length..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

impl Limits {
    /// How often a reader looks at its limits.
    fn tick(&self) -> Duration {
        (self.partial_frame.min(self.silence) / 4).max(Duration::from_millis(1))
    }
}
