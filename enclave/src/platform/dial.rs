//! Place: none. Connections to the parent, whatever carries them: the enclave dials, nothing listens inside.

use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A connection that two threads use at once, one for each direction.
pub trait Connection: Send + Sync {
    /// Reads what there is, at least one octet; 0 at the end. Fails with `WouldBlock` or `TimedOut` after the
    /// dialer's read time-out.
    ///
    /// # Errors
    /// Those of the transport.
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes some of the octets. Fails with `WouldBlock` or `TimedOut` after the dialer's write time-out.
    ///
    /// # Errors
    /// Those of the transport.
    fn send(&self, octets: &[u8]) -> io::Result<usize>;

    /// Ends both directions, so that calls under way return.
    fn close(&self);
}

/// Most time that one call on a connection may take.
#[derive(Debug, Clone, Copy)]
pub struct TimeOuts {
    /// A read; after it the reader looks at its own limits and reads again.
    pub read: Duration,
    /// A write; after it the connection is given up.
    pub write: Duration,
}

/// A way to reach the parent.
pub trait Dial: Send + Sync {
    /// Opens a new connection with these time-outs.
    ///
    /// # Errors
    /// Those of the transport; the caller tries again later.
    fn dial(&self, time_outs: TimeOuts) -> io::Result<Arc<dyn Connection>>;
}
