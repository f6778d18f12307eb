//! Place: none. A peer that speaks frames as the test tells it.

use fuin_shared::fault::Fault;
use fuin_shared::frame::{self, Decoder, Frame, VERSION};
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Answer, Command, Hello, StoreAnswer, StoreRequest};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

pub type FromHost = Frame<Command, StoreAnswer>;
pub type FromEnclave = Frame<StoreRequest, Answer>;

pub fn instance(n: u8) -> InstanceId {
    InstanceId([n; 32])
}

pub struct Peer {
    stream: UnixStream,
    decoder: Decoder,
}

impl Peer {
    pub async fn dial(socket: &Path) -> Self {
        Self { stream: UnixStream::connect(socket).await.unwrap(), decoder: Decoder::new() }
    }

    pub async fn hello(socket: &Path, n: u8) -> Self {
        let mut peer = Self::dial(socket).await;
        peer.send(&FromEnclave::Hello(Hello { version: VERSION, instance: instance(n) })).await;
        peer
    }

    pub async fn send(&mut self, frame: &FromEnclave) {
        let octets = frame::encode(frame).unwrap();
        self.send_octets(&octets).await;
    }

    pub async fn send_octets(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.unwrap();
    }

    /// The next frame; `None` when the host has closed.
    pub async fn next(&mut self) -> Option<FromHost> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                return Some(frame);
            }
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(n) => self.decoder.push(&buffer[..n]),
            }
        }
    }

    /// The next command with its request id.
    pub async fn command(&mut self) -> (u64, Command) {
        match self.next().await {
            Some(FromHost::Request { id, body, .. }) => (id, body),
            other => panic!("expected a command, got {other:?}"),
        }
    }

    pub async fn reply(&mut self, id: u64, result: Result<Answer, Fault>) {
        self.send(&FromEnclave::Reply { id, result }).await;
    }

    /// Asks the host and waits for the reply.
    pub async fn ask(&mut self, id: u64, body: StoreRequest) -> Result<StoreAnswer, Fault> {
        self.send(&FromEnclave::Request { id, deadline_ms: 10_000, body }).await;
        match self.next().await {
            Some(FromHost::Reply { id: answered, result }) if answered == id => result,
            other => panic!("expected the reply to {id}, got {other:?}"),
        }
    }

    /// Whether the host closes the connection without another frame.
    pub async fn is_closed(&mut self) -> bool {
        self.next().await.is_none()
    }
}
