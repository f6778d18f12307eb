//! Place: none. Streams with credit, for what is larger than a frame: the receiver says how much it will take,
//! the sender never sends more, and neither keeps more than a window.

use crate::bytes::Blob;

/// Octets that a receiver has room for at first and keeps granting.
pub const WINDOW: u32 = 256 * 1024;
/// Largest piece in octets.
pub const MAX_CHUNK: usize = 64 * 1024;

/// The peer broke the rules of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// More octets than the receiver gave credit for, or an empty piece that is not the last.
    #[error("peer sent more of the stream than it had credit for")]
    Overrun,
    /// A piece after the last.
    #[error("peer sent a piece after the last one")]
    Ended,
    /// Credit beyond any window.
    #[error("peer gave more credit than a window")]
    Credit,
}

/// The receiving end.
#[derive(Debug)]
pub struct Receiver {
    credit: u32,
    owed: u32,
    ended: bool,
}

impl Default for Receiver {
    fn default() -> Self {
        Self { credit: WINDOW, owed: 0, ended: false }
    }
}

impl Receiver {
    /// Takes a piece. The answer is how much credit to grant now, if any.
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn accept(&mut self, data: &Blob, last: bool) -> Result<Option<u32>, StreamError> {
        if self.ended {
            return Err(StreamError::Ended);
        }
        let length = u32::try_from(data.0.len()).map_err(|_| StreamError::Overrun)?;
        if length > self.credit || (length == 0 && !last) {
            return Err(StreamError::Overrun);
        }
        self.credit -= length;
        self.owed += length;
        self.ended = last;
        if !last && self.owed >= WINDOW / 2 {
            let grant = core::mem::take(&mut self.owed);
            self.credit += grant;
            return Ok(Some(grant));
        }
        Ok(None)
    }

    /// Whether the last piece has come.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }
}

/// The sending end's credit.
#[derive(Debug)]
pub struct Sender {
    credit: u32,
}

impl Default for Sender {
    fn default() -> Self {
        Self { credit: WINDOW }
    }
}

impl Sender {
    /// How many octets the next piece may have; 0 means wait for credit.
    #[must_use]
    pub fn allowance(&self) -> usize {
        MAX_CHUNK.min(self.credit as usize)
    }

    /// Says that a piece of this length was sent. Never more than [`Sender::allowance`].
    pub fn sent(&mut self, octets: usize) {
        self.credit = self.credit.saturating_sub(u32::try_from(octets).unwrap_or(u32::MAX));
    }

    /// Takes credit from the receiver.
    ///
    /// # Errors
    /// [`StreamError::Credit`].
    pub fn grant(&mut self, octets: u32) -> Result<(), StreamError> {
        let sum = self.credit.checked_add(octets).ok_or(StreamError::Credit)?;
        if sum > WINDOW {
            return Err(StreamError::Credit);
        }
        self.credit = sum;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_length_passes_and_credit_never_runs_over(total in 0usize..3_000_000) {
            let (mut sender, mut receiver) = (Sender::default(), Receiver::default());
            let mut left = total;
            loop {
                let piece = sender.allowance().min(left);
                prop_assert!(piece > 0 || left == 0, "stalled with {left} octets left");
                left -= piece;
                sender.sent(piece);
                let grant = receiver.accept(&vec![0; piece].into(), left == 0).unwrap();
                if let Some(grant) = grant {
                    sender.grant(grant).unwrap();
                }
                if left == 0 {
                    break;
                }
            }
            prop_assert!(receiver.ended());
        }
    }

    #[test]
    fn overrun_late_pieces_and_excess_credit_are_refused() {
        let mut receiver = Receiver::default();
        let window = vec![0; WINDOW as usize + 1];
        assert_eq!(receiver.accept(&window.into(), false), Err(StreamError::Overrun));
        assert_eq!(receiver.accept(&Blob::default(), false), Err(StreamError::Overrun));
        receiver.accept(&Blob::default(), true).unwrap();
        assert_eq!(receiver.accept(&Blob::default(), true), Err(StreamError::Ended));
        assert_eq!(Sender::default().grant(1), Err(StreamError::Credit));
    }
}
