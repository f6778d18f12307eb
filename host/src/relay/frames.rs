//! Place: SSA. Frames from an octet stream, with a time-out on each that has begun.

use fuin_shared::frame::{Decoder, Frame, FrameError};
use fuin_shared::message::{Answer, StoreRequest};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};

/// What an enclave sends.
pub(super) type FromEnclave = Frame<StoreRequest, Answer>;

const READ: usize = 64 * 1024;

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("the enclave closed the connection")]
    Closed,
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    #[error("a frame was not finished in time")]
    Slow,
    #[error("the enclave broke the framing: {0}")]
    Frame(#[from] FrameError),
    #[error("the enclave broke the rules of the wire: {0}")]
    Rule(&'static str),
    #[error("the host stops")]
    Stopped,
    #[error("writing to the enclave failed")]
    Write,
}

/// Reads frames.
pub(super) struct FrameReader<R> {
    input: R,
    decoder: Decoder,
    buffer: Vec<u8>,
    patience: Duration,
    /// When the frame that is being read began.
    began: Option<Instant>,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(super) fn new(input: R, patience: Duration) -> Self {
        Self { input, decoder: Decoder::new(), buffer: vec![0; READ], patience, began: None }
    }

    /// The next frame. Waits as long as it likes for the first octet of one, then only `patience`.
    /// Memory: at most one frame and one read.
    pub(super) async fn next(&mut self) -> Result<FromEnclave, Ended> {
        loop {
            if let Some(frame) = self.decoder.next_frame()? {
                self.began = None;
                return Ok(frame);
            }
            let read = if self.decoder.is_partial() {
                let began = *self.began.get_or_insert_with(Instant::now);
                timeout_at(began + self.patience, self.input.read(&mut self.buffer))
                    .await
                    .map_err(|_| Ended::Slow)?
            } else {
                self.input.read(&mut self.buffer).await
            };
            match read? {
                0 => return Err(Ended::Closed),
                // Invariant: a read fills at most the buffer.
                n => self.decoder.push(self.buffer.get(..n).unwrap_or_default()),
            }
        }
    }

    pub(super) fn into_inner(self) -> R {
        self.input
    }
}
