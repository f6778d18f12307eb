//! Place: SSA. What waits to be written on a connection: control before bulk, in small writes.

use fuin_shared::frame::{self, Frame, MAX_WRITE};
use fuin_shared::message::{Command, StoreAnswer};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// What the host sends.
pub(super) type FromHost = Frame<Command, StoreAnswer>;

/// Frames that may wait: requests and answers, and pieces of streams.
const CONTROL: usize = 64;
const BULK: usize = 2;

/// Sends frames to a connection's writer.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    control: mpsc::Sender<Vec<u8>>,
    bulk: mpsc::Sender<Vec<u8>>,
}

/// The other end of an [`Outbox`].
pub(super) struct Queue {
    control: mpsc::Receiver<Vec<u8>>,
    bulk: mpsc::Receiver<Vec<u8>>,
}

/// A frame was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotSent {
    /// The frame is over the limit.
    TooLarge,
    /// The connection has ended.
    Ended,
}

pub(super) fn new() -> (Outbox, Queue) {
    let (control, from_control) = mpsc::channel(CONTROL);
    let (bulk, from_bulk) = mpsc::channel(BULK);
    (Outbox { control, bulk }, Queue { control: from_control, bulk: from_bulk })
}

impl Outbox {
    /// Queues a request or an answer.
    pub(super) async fn control(&self, frame: &FromHost) -> Result<(), NotSent> {
        send(&self.control, frame).await
    }

    /// Queues a piece of a stream; it goes out when no control waits.
    pub(super) async fn bulk(&self, frame: &FromHost) -> Result<(), NotSent> {
        send(&self.bulk, frame).await
    }
}

async fn send(queue: &mpsc::Sender<Vec<u8>>, frame: &FromHost) -> Result<(), NotSent> {
    let octets = frame::encode(frame).map_err(|_| NotSent::TooLarge)?;
    queue.send(octets).await.map_err(|_| NotSent::Ended)
}

/// Writes what is queued until `end` turns true or a write fails. Gives the output back.
pub(super) async fn write<W: AsyncWrite + Unpin>(
    mut output: W,
    mut queue: Queue,
    patience: Duration,
    mut end: watch::Receiver<bool>,
) -> (W, Result<(), ()>) {
    loop {
        let next = tokio::select! {
            biased;
            _ = end.wait_for(|end| *end) => None,
            next = queue.control.recv() => next,
            next = queue.bulk.recv() => next,
        };
        let Some(octets) = next else { return (output, Ok(())) };
        for piece in octets.chunks(MAX_WRITE) {
            if !matches!(timeout(patience, output.write_all(piece)).await, Ok(Ok(()))) {
                return (output, Err(()));
            }
        }
        if !matches!(timeout(patience, output.flush()).await, Ok(Ok(()))) {
            return (output, Err(()));
        }
    }
}
