//! Place: none. A host that a test plays itself over Unix socket pairs, and a machine that follows a script.

use crate::platform::clock::{Clock, Millis};
use crate::platform::dial::{Connection, Dial, TimeOuts};
use crate::platform::entropy::testing::rng;
use crate::platform::entropy::{Gatherer, Kernel, Module, Source};
use crate::platform::nsm::testing::SoftwareNsm;
use crate::runtime::event::{Incoming, Outgoing};
use crate::runtime::machine::StateMachine;
use crate::runtime::{Config, Limits, Randomness, RunError, serve};
use crate::sam::{Effect, Input};
use fuin_shared::fault::Fault;
use fuin_shared::frame::{self, Decoder, Frame};
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Answer, Command, Hello, StoreRequest};
use rand_core::CryptoRng;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

pub(super) const INSTANCE: InstanceId = InstanceId([0xe5; 32]);

/// After this a test that waits in vain fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Short waits, so that a test sees them pass; long ones where a test must not.
pub(super) fn limits() -> Limits {
    Limits {
        in_flight: 4,
        beside: 4,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(4),
        ..Limits::default()
    }
}

struct Pair(UnixStream);

impl Connection for Pair {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }
    fn send(&self, octets: &[u8]) -> io::Result<usize> {
        (&self.0).write(octets)
    }
    fn close(&self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// Each dial makes a pair and hands the other end to the test.
struct PairDialer(Sender<UnixStream>);

impl Dial for PairDialer {
    fn dial(&self, time_outs: TimeOuts) -> io::Result<Arc<dyn Connection>> {
        let (enclave, host) = UnixStream::pair()?;
        enclave.set_read_timeout(Some(time_outs.read))?;
        enclave.set_write_timeout(Some(time_outs.write))?;
        if self.0.send(host).is_err() {
            // The test is over.
            loop {
                thread::park();
            }
        }
        Ok(Arc::new(Pair(enclave)))
    }
}

/// A clock that stands still.
pub(super) struct Still;

impl Clock for Still {
    fn now(&self) -> Millis {
        Millis::from_seconds(1_800_000_000)
    }
}

/// A machine that answers inputs by a script.
pub(super) struct Scripted<F>(pub(super) F, pub(super) bool);

impl<F: FnMut(Input, &mut bool) -> Vec<Effect> + Send> StateMachine for Scripted<F> {
    fn instance(&self) -> InstanceId {
        INSTANCE
    }
    fn halted(&self) -> bool {
        self.1
    }
    fn handle(&mut self, input: Input, now: Millis, _: &mut dyn CryptoRng) -> Vec<Effect> {
        assert_eq!(now, Still.now());
        (self.0)(input, &mut self.1)
    }
}

/// A running enclave.
pub(super) struct Running {
    dialled: Receiver<UnixStream>,
    pub(super) ended: Receiver<Option<RunError>>,
}

impl Running {
    /// Starts one with one connection and this script; `script` may set the flag, which says whether it halted.
    pub(super) fn start<F>(limits: Limits, script: F) -> Self
    where
        F: FnMut(Input, &mut bool) -> Vec<Effect> + Send + 'static,
    {
        Self::start_with(limits, Scripted(script, false), vec![Box::new(Kernel)])
    }

    /// Starts one with this machine and these sources of entropy besides the module.
    pub(super) fn start_with<M>(limits: Limits, machine: M, mut sources: Vec<Box<dyn Source>>) -> Self
    where
        M: StateMachine + Send + 'static,
    {
        let (dial, dialled) = channel();
        let (end, ended) = channel();
        let nsm = Arc::new(SoftwareNsm::new());
        sources.push(Box::new(Module(nsm.clone())));
        let gatherer = Gatherer::start(sources).unwrap_or_else(|fault| panic!("{fault}"));
        let config =
            Config { connections: 1, signing_threads: 2, limits, ..Config::new(Box::new(PairDialer(dial))) };
        thread::spawn(move || {
            let randomness = Randomness { rng: rng(77), gatherer };
            let _ = end.send(serve(config, machine, randomness, nsm, Box::new(Still)).err());
        });
        Self { dialled, ended }
    }

    /// The next connection, after its hello.
    pub(super) fn connection(&self) -> Host {
        let stream = self.dialled.recv_timeout(PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut host = Host { stream, decoder: Decoder::new() };
        let Some(Frame::Hello(Hello { version: frame::VERSION, .. })) = host.receive() else {
            panic!("the first frame is not a hello")
        };
        host
    }
}

/// The host's end of a connection.
pub(super) struct Host {
    stream: UnixStream,
    decoder: Decoder,
}

impl Host {
    pub(super) fn send(&mut self, frame: &Incoming) {
        self.send_octets(&frame::encode(frame).unwrap());
    }

    /// Octets as they are; the enclave may have closed the connection already.
    pub(super) fn send_octets(&mut self, octets: &[u8]) {
        let _ = self.stream.write_all(octets);
    }

    pub(super) fn ask(&mut self, id: u64, body: Command) {
        self.send(&Frame::Request { id, deadline_ms: 60_000, body });
    }

    /// The next frame; none at the end of the connection.
    pub(super) fn receive(&mut self) -> Option<Outgoing> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                return Some(frame);
            }
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("nothing came"),
                Ok(0) | Err(_) => return None,
                Ok(length) => self.decoder.push(&buffer[..length]),
            }
        }
    }

    pub(super) fn reply(&mut self) -> (u64, Result<Answer, Fault>) {
        match self.receive() {
            Some(Frame::Reply { id, result }) => (id, result),
            other => panic!("a reply was expected, not {other:?}"),
        }
    }

    pub(super) fn request(&mut self) -> (u64, StoreRequest) {
        match self.receive() {
            Some(Frame::Request { id, body, .. }) => (id, body),
            other => panic!("a request was expected, not {other:?}"),
        }
    }
}
