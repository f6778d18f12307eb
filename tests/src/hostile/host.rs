//! Place: none. The host: sockets, frames, and a store that answers honestly or not.

use crate::hostile::oracle::receipt;
use crate::hostile::snapshots::SnapshotLie;
use crate::hostile::store::{Answering, Sink, Store};
use crate::hostile::witnesses::{Carried, Carrier, Witnesses};
use fuin_shared::fault::Fault;
use fuin_shared::frame::{self, Decoder, Frame};
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Answer, Command, Head, StoreAnswer, StoreRequest};
use fuin_shared::stream::Sender as Credit;
use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, mpsc};
use std::time::Duration;

type FromHost = Frame<Command, StoreAnswer>;
type FromEnclave = Frame<StoreRequest, Answer>;
type Replies = mpsc::Sender<Result<Answer, Fault>>;

const PATIENCE: Duration = Duration::from_secs(60);
/// How often one looks whether an enclave that boots has ended.
const LOOK: Duration = Duration::from_secs(1);
/// How often at most: as long as a whole machine boots, emulated, beside others.
const BOOT: u32 = 300;
/// How late a delayed answer is.
const DELAY: Duration = Duration::from_millis(40);

/// Why a command had no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The enclave's refusal.
    Fault(Fault),
    /// The connection ended first.
    Lost,
}

impl Refused {
    /// Number on the wire; 0 for a lost connection.
    pub fn number(&self) -> u16 {
        match self {
            Self::Fault(fault) => fault.number(),
            Self::Lost => 0,
        }
    }
}

/// A connection. Frames of several threads go over it one after the other.
struct Line {
    stream: UnixStream,
    writing: Mutex<()>,
}

impl Line {
    fn write(&self, octets: &[u8]) {
        let _one = self.writing.lock().unwrap();
        let _ = (&self.stream).write_all(octets);
    }

    fn end(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// What the host knows.
#[derive(Default)]
pub struct State {
    connections: BTreeMap<u64, Arc<Line>>,
    /// Who dialled last.
    pub instance: Option<InstanceId>,
    /// Connections that said hello.
    pub hellos: u64,
    waiting: BTreeMap<(u64, u64), Replies>,
    credit: BTreeMap<(u64, u64), mpsc::Sender<u32>>,
    /// The honest store: all that was kept.
    pub store: Store,
    /// What is shown to an enclave in its place.
    pub shown: Option<Store>,
    /// Answers to questions for the head, before the true ones.
    pub heads: VecDeque<Result<Head, Fault>>,
    /// What is shown once in place of the newest snapshot.
    pub snapshot: Option<SnapshotLie>,
    /// How the next commit is treated.
    pub sink: Sink,
    /// Answers of the enclave that nobody waits for, with the id of the request.
    pub strays: Vec<(u64, Answer)>,
    /// Commits that have no answer yet: connection and request id.
    pub held: Vec<(u64, u64)>,
    /// The witnesses of a cosigned service; its twins share them.
    pub witnesses: Option<Arc<Mutex<Witnesses>>>,
    /// How the next question to the witnesses is carried.
    pub carrier: Carrier,
    /// Results that came out before a quorum had cosigned their events.
    pub early: Vec<String>,
}

impl State {
    /// Asks the witnesses, at the moment when the answer is here, whether it may be.
    fn released(&mut self, answer: &Answer) {
        let Some(witnesses) = &self.witnesses else { return };
        let (note, index) = match (answer, receipt(answer)) {
            (Answer::Operational { checkpoint, .. }, _) => (checkpoint, None),
            (_, Some(receipt)) => (&receipt.checkpoint, Some(receipt.index)),
            _ => return,
        };
        if let Err(why) = witnesses.lock().unwrap().covers(note, index) {
            self.early.push(why);
        }
    }
}

/// The host.
#[derive(Clone)]
pub struct Host {
    state: Arc<(Mutex<State>, Condvar)>,
    ids: Arc<AtomicU64>,
    /// Commands sent, frames written by hand, lies of the store.
    exchanges: Arc<AtomicU64>,
}

impl Host {
    /// Listens at `path`.
    #[must_use]
    pub fn listen(path: &Path) -> Self {
        Self { state: Arc::default(), ids: Arc::new(AtomicU64::new(1)), exchanges: Arc::default() }
            .listening(path)
    }

    /// Another one, which counts on.
    #[must_use]
    pub fn beside(&self, path: &Path) -> Self {
        Self { state: Arc::default(), ids: self.ids.clone(), exchanges: self.exchanges.clone() }
            .listening(path)
    }

    fn listening(self, path: &Path) -> Self {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let listener = UnixListener::bind(path).unwrap();
        let accepting = self.clone();
        std::thread::spawn(move || {
            for (number, stream) in (0..).zip(listener.incoming()) {
                let Ok(stream) = stream else { return };
                let reading = accepting.clone();
                let line = Arc::new(Line { stream, writing: Mutex::default() });
                std::thread::spawn(move || reading.read(number, &line));
            }
        });
        self
    }

    /// What it knows, to be read and changed.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap()
    }

    /// Waits until it holds; a test that waits for ever fails.
    pub fn until(&self, what: &str, holds: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let (guard, time_out) =
            self.state.1.wait_timeout_while(self.state(), PATIENCE, |s| !holds(s)).unwrap();
        assert!(!time_out.timed_out(), "waited in vain until {what}");
        guard
    }

    /// Waits for two connections of an enclave that `known` is not; false when it does not `live` any more.
    #[must_use]
    pub fn dialled(&self, known: Option<InstanceId>, mut live: impl FnMut() -> bool) -> bool {
        let dialled = |s: &State| s.instance.is_some() && s.instance != known && s.connections.len() >= 2;
        for _ in 0..BOOT {
            let (state, time_out) =
                self.state.1.wait_timeout_while(self.state(), LOOK, |s| !dialled(s)).unwrap();
            drop(state);
            if !time_out.timed_out() {
                return true;
            }
            if !live() {
                return false;
            }
        }
        panic!("waited in vain until a new enclave has dialled");
    }

    /// A live connection.
    pub fn connection(&self) -> u64 {
        let state = self.until("a connection is up", |s| !s.connections.is_empty());
        *state.connections.keys().next_back().unwrap()
    }

    /// A live connection, if there is one soon; `pick` chooses among them.
    #[must_use]
    pub fn connection_soon(&self, pick: usize) -> Option<u64> {
        let wait = Duration::from_secs(20);
        let (state, _) =
            self.state.1.wait_timeout_while(self.state(), wait, |s| s.connections.is_empty()).unwrap();
        let count = state.connections.len();
        (count > 0).then(|| state.connections.keys().nth(pick % count).copied())?
    }

    /// Whether this connection lives.
    #[must_use]
    pub fn is_up(&self, connection: u64) -> bool {
        self.state().connections.contains_key(&connection)
    }

    /// Waits until the enclave has closed this connection.
    pub fn closed(&self, connection: u64) {
        drop(
            self.until("the enclave has closed the connection", |s| !s.connections.contains_key(&connection)),
        );
    }

    /// Waits until no connection is left.
    pub fn gone(&self) {
        drop(self.until("all connections are gone", |s| s.connections.is_empty()));
    }

    /// Writes octets as they are. The enclave may have hung up.
    pub fn write(&self, connection: u64, octets: &[u8]) {
        let Some(line) = self.state().connections.get(&connection).cloned() else { return };
        line.write(octets);
    }

    /// Writes a frame.
    pub fn send(&self, connection: u64, frame: &FromHost) {
        self.write(connection, &frame::encode(frame).unwrap());
    }

    /// Hangs up. Nothing more is sent over this connection.
    pub fn hang_up(&self, connection: u64) {
        if let Some(line) = self.state().connections.remove(&connection) {
            line.end();
        }
    }

    /// Asks over each connection whether it lives: what was sent before has been dealt with then. False when none is up.
    #[must_use]
    pub fn settle(&self) -> bool {
        let connections: Vec<_> = self.state().connections.keys().copied().collect();
        for connection in connections {
            let id = self.new_id();
            let answer = self.wait_for(connection, id);
            self.send(connection, &Frame::Request { id, deadline_ms: 60_000, body: Command::Status });
            let _ = Self::answer(&answer);
        }
        self.connection_soon(0).is_some()
    }

    /// Counts an exchange that is no command.
    pub fn count(&self) {
        self.exchanges.fetch_add(1, Ordering::SeqCst);
    }

    /// Exchanges so far.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.exchanges.load(Ordering::SeqCst)
    }

    /// An id for a request, never used before.
    #[must_use]
    pub fn new_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::SeqCst)
    }

    /// Sends a command and gives what its answer will come through.
    pub fn ask(&self, command: Command) -> mpsc::Receiver<Result<Answer, Fault>> {
        self.ask_over(self.connection(), command, 60_000)
    }

    /// As [`Self::ask`], over this connection and with this deadline.
    pub fn ask_over(
        &self,
        connection: u64,
        command: Command,
        deadline_ms: u32,
    ) -> mpsc::Receiver<Result<Answer, Fault>> {
        let id = self.new_id();
        self.count();
        let receiver = self.wait_for(connection, id);
        self.send(connection, &Frame::Request { id, deadline_ms, body: command });
        receiver
    }

    /// Through this comes the answer to the request with this id.
    #[must_use]
    pub fn wait_for(&self, connection: u64, id: u64) -> mpsc::Receiver<Result<Answer, Fault>> {
        let (sender, receiver) = mpsc::channel();
        let mut state = self.state();
        // Without the connection there will be no answer: the receiver learns that at once.
        if state.connections.contains_key(&connection) {
            state.waiting.insert((connection, id), sender);
        }
        drop(state);
        receiver
    }

    /// Sends a command and waits for its answer.
    pub fn call(&self, command: Command) -> Result<Answer, Refused> {
        Self::answer(&self.ask(command))
    }

    /// Waits for an answer.
    pub fn answer(receiver: &mpsc::Receiver<Result<Answer, Fault>>) -> Result<Answer, Refused> {
        match receiver.recv_timeout(PATIENCE) {
            Ok(result) => result.map_err(Refused::Fault),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Refused::Lost),
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("a command had no answer"),
        }
    }

    fn read(&self, number: u64, line: &Arc<Line>) {
        let mut decoder = Decoder::new();
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = (&line.stream).read(&mut buffer) {
            decoder.push(&buffer[..length]);
            while let Some(frame) = decoder.next_frame().expect("the enclave's frames are good") {
                self.take(number, line, frame);
            }
        }
        let mut state = self.state();
        state.connections.remove(&number);
        state.waiting.retain(|(connection, _), _| *connection != number);
        state.credit.retain(|(connection, _), _| *connection != number);
        drop(state);
        self.state.1.notify_all();
    }

    fn take(&self, number: u64, line: &Arc<Line>, frame: FromEnclave) {
        match frame {
            Frame::Hello(hello) => {
                let mut state = self.state();
                assert_eq!(hello.version, frame::VERSION);
                state.instance = Some(hello.instance);
                state.hellos += 1;
                state.connections.insert(number, line.clone());
            }
            Frame::Reply { id, result } => {
                let mut state = self.state();
                if let Ok(answer) = &result {
                    state.released(answer);
                }
                let waiting = state.waiting.remove(&(number, id));
                drop(state);
                match (waiting, result) {
                    (Some(waiting), result) => drop(waiting.send(result)),
                    // Nobody waits for the answer to a frame that was written by hand.
                    (None, Ok(answer)) => self.state().strays.push((id, answer)),
                    (None, Err(_)) => {}
                }
            }
            Frame::Credit { id, octets } => {
                if let Some(credit) = self.state().credit.get(&(number, id)) {
                    let _ = credit.send(octets);
                }
            }
            Frame::Chunk { .. } => panic!("the enclave sends no streams"),
            Frame::Request { id, body, .. } => self.serve(number, id, body),
        }
        self.state.1.notify_all();
    }

    fn serve(&self, number: u64, id: u64, request: StoreRequest) {
        let mut state = self.state();
        let result = match request {
            StoreRequest::Cosign(wanted) => {
                let carrier = std::mem::take(&mut state.carrier);
                let carried = state.witnesses.as_ref().map_or_else(
                    || Some(Carried::nobody()),
                    |all| carrier.carry(&mut all.lock().unwrap(), &wanted, &state.store.entries),
                );
                drop(state);
                let Some(carried) = carried else { return self.hang_up(number) };
                if carrier == Carrier::Delays {
                    let host = self.clone();
                    std::thread::spawn(move || {
                        std::thread::sleep(DELAY);
                        host.pass_on(number, id, carried);
                    });
                    return;
                }
                let again = (carrier == Carrier::AnswersTwice).then(|| carried.result.clone());
                self.pass_on(number, id, carried);
                if let Some(result) = again {
                    self.send(number, &Frame::Reply { id, result });
                }
                return;
            }
            StoreRequest::Head => match state.heads.pop_front() {
                Some(lie) => lie.map(StoreAnswer::Head),
                None => Ok(StoreAnswer::Head(state.shown.as_ref().unwrap_or(&state.store).head())),
            },
            StoreRequest::ReadLedger { first } => {
                let (sender, credit) = mpsc::channel();
                state.credit.insert((number, id), sender);
                let octets = state.shown.as_ref().unwrap_or(&state.store).bundle(first);
                let host = self.clone();
                std::thread::spawn(move || host.stream(number, id, &octets, &credit));
                return;
            }
            StoreRequest::ReadSnapshot { marks } => {
                let lie = state.snapshot.take();
                match state.shown.as_ref().unwrap_or(&state.store).snapshot(&marks, lie) {
                    None => Err(Fault::NoSnapshot),
                    Some(octets) => {
                        let (sender, credit) = mpsc::channel();
                        state.credit.insert((number, id), sender);
                        let host = self.clone();
                        std::thread::spawn(move || host.stream(number, id, &octets, &credit));
                        return;
                    }
                }
            }
            StoreRequest::Commit(commit) => {
                let sink = std::mem::take(&mut state.sink);
                let mut answers = sink.treat(&mut state.store, &commit).into_iter();
                if sink == Sink::Holds {
                    state.held.push((number, id));
                }
                drop(state);
                answers.by_ref().for_each(|answer| match answer {
                    Answering::Reply(result) => self.send(number, &Frame::Reply { id, result }),
                    Answering::Later(result) => self.later(number, Frame::Reply { id, result }),
                    Answering::HangUp => self.hang_up(number),
                });
                return;
            }
        };
        drop(state);
        self.send(number, &Frame::Reply { id, result });
    }

    /// Writes the witnesses' words. They count from now on, and no earlier.
    fn pass_on(&self, number: u64, id: u64, carried: Carried) {
        if let Some(witnesses) = &self.state().witnesses {
            witnesses.lock().unwrap().pass_on(&carried);
        }
        self.send(number, &Frame::Reply { id, result: carried.result });
    }

    /// Writes a frame after a while.
    fn later(&self, number: u64, frame: FromHost) {
        let host = self.clone();
        std::thread::spawn(move || {
            std::thread::sleep(DELAY);
            host.send(number, &frame);
        });
    }

    fn stream(&self, number: u64, id: u64, octets: &[u8], grants: &mpsc::Receiver<u32>) {
        self.send(number, &Frame::Reply { id, result: Ok(StoreAnswer::Stream) });
        let (mut credit, mut rest) = (Credit::default(), octets);
        loop {
            let length = credit.allowance().min(rest.len());
            if length == 0 && !rest.is_empty() {
                let Ok(grant) = grants.recv_timeout(PATIENCE) else { return };
                credit.grant(grant).unwrap();
                continue;
            }
            let (piece, left) = rest.split_at(length);
            credit.sent(length);
            rest = left;
            self.send(number, &Frame::Chunk { id, data: piece.into(), last: rest.is_empty() });
            if rest.is_empty() {
                return;
            }
        }
    }
}
