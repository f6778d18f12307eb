//! Place: none. Frames between host and enclave: a four-octet length, then CBOR (design section 7).
//!
//! The codec works on slices, so that the enclave's threads and the host's tasks use the same one.

use crate::bytes::Blob;
use crate::codec;
use crate::fault::Fault;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Version of the wire, in [`crate::message::Hello`].
pub const VERSION: u16 = 1;
/// Largest frame in octets, without its length.
pub const MAX_FRAME: usize = 1 << 20;
/// Largest single write in octets: larger guest writes stall on some kernels.
pub const MAX_WRITE: usize = 16 * 1024;
const HEAD: usize = 4;

/// What one side sends: its own requests `Q`, and answers `A` to the other side's.
///
/// Request ids are counted by the side that asks; `Chunk` and `Credit` belong to the request that opened the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Frame<Q, A> {
    /// First frame of a connection, from the enclave.
    Hello(crate::message::Hello),
    /// A request.
    Request {
        /// Counted by the sender.
        id: u64,
        /// Milliseconds from arrival within which an answer is of use.
        deadline_ms: u32,
        /// What is asked.
        body: Q,
    },
    /// The answer to the other side's request.
    Reply {
        /// The request's id.
        id: u64,
        /// Answer, or the number of the refusal.
        result: Result<A, Fault>,
    },
    /// A piece of the stream that the receiver's request opened.
    Chunk {
        /// The request's id.
        id: u64,
        /// Octets, at most what the receiver gave credit for.
        data: Blob,
        /// Whether the stream ends with this piece.
        last: bool,
    },
    /// Leave to send more of a stream.
    Credit {
        /// The request's id.
        id: u64,
        /// Octets more.
        octets: u32,
    },
}

/// The peer broke the framing; the connection is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A length over [`MAX_FRAME`], or zero.
    #[error("frame length is zero or over the limit")]
    Length,
    /// The octets are not the one encoding of a frame.
    #[error(transparent)]
    Codec(#[from] codec::CodecError),
}

/// One frame with its length in front.
///
/// # Errors
/// [`FrameError::Length`] when it is over [`MAX_FRAME`].
pub fn encode<Q: Serialize, A: Serialize>(frame: &Frame<Q, A>) -> Result<Vec<u8>, FrameError> {
    let body = codec::encode(frame);
    if body.len() > MAX_FRAME {
        return Err(FrameError::Length);
    }
    let length = u32::try_from(body.len()).map_err(|_| FrameError::Length)?;
    let mut out = Vec::with_capacity(HEAD + body.len());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&body);
    Ok(out)
}

/// Collects octets as they come and yields whole frames.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    start: usize,
}

impl Decoder {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds octets from the peer.
    pub fn push(&mut self, octets: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole frame, if there is one.
    ///
    /// # Errors
    /// [`FrameError`]; the connection must then be closed.
    pub fn next_frame<Q, A>(&mut self) -> Result<Option<Frame<Q, A>>, FrameError>
    where
        Q: Serialize + DeserializeOwned,
        A: Serialize + DeserializeOwned,
    {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some((head, body)) = rest.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = u32::from_be_bytes(*head) as usize;
        if length == 0 || length > MAX_FRAME {
            return Err(FrameError::Length);
        }
        let Some(body) = body.get(..length) else { return Ok(None) };
        let frame = codec::decode(body)?;
        self.start += HEAD + length;
        Ok(Some(frame))
    }

    /// Whether a frame has begun and not ended: then a read time-out applies.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.buffer.len() > self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Answer, Command, StoreAnswer, StoreRequest};
    use proptest::prelude::*;

    type FromHost = Frame<Command, StoreAnswer>;
    type FromEnclave = Frame<StoreRequest, Answer>;

    #[test]
    fn a_frame_survives_any_cut() {
        let frame = FromHost::Request { id: 7, deadline_ms: 5, body: Command::Status };
        let octets = encode(&frame).unwrap();
        for cut in 0..octets.len() {
            let mut decoder = Decoder::new();
            decoder.push(&octets[..cut]);
            assert_eq!(decoder.next_frame::<Command, StoreAnswer>(), Ok(None));
            decoder.push(&octets[cut..]);
            assert_eq!(decoder.next_frame(), Ok(Some(frame.clone())));
            assert!(!decoder.is_partial());
        }
    }

    #[test]
    fn zero_and_oversized_lengths_end_the_connection() {
        for length in [0u32, MAX_FRAME as u32 + 1, u32::MAX] {
            let mut decoder = Decoder::new();
            decoder.push(&length.to_be_bytes());
            assert_eq!(decoder.next_frame::<Command, StoreAnswer>(), Err(FrameError::Length));
        }
    }

    proptest! {
        #[test]
        fn hostile_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut decoder = Decoder::new();
            decoder.push(&octets);
            let _ = decoder.next_frame::<Command, StoreAnswer>();
            let _: Result<FromEnclave, _> = codec::decode(&octets);
        }

        #[test]
        fn a_flipped_bit_is_another_frame_or_none(position in 0usize..64, bit in 0u8..8) {
            let frame = FromHost::Credit { id: 9, octets: 70_000 };
            let mut octets = encode(&frame).unwrap();
            let position = 4 + position % (octets.len() - 4);
            octets[position] ^= 1 << bit;
            let mut decoder = Decoder::new();
            decoder.push(&octets);
            if let Ok(Some(other)) = decoder.next_frame::<Command, StoreAnswer>() {
                prop_assert_ne!(other, frame);
            }
        }
    }
}
