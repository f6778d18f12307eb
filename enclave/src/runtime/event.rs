//! Place: none. What reaches the event loop.

use crate::platform::entropy::Seed;
use crate::runtime::outbox::Outbox;
use crate::sam::Input;
use fuin_shared::fault::Fault;
use fuin_shared::frame::Frame;
use fuin_shared::message::{Answer, Command, StoreAnswer, StoreRequest};
use std::sync::Arc;
use std::time::Instant;

/// A frame of the host.
pub(super) type Incoming = Frame<Command, StoreAnswer>;
/// A frame for the host.
pub(super) type Outgoing = Frame<StoreRequest, Answer>;

/// Names a connection for the life of the process; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConnectionId(pub(super) u64);

/// Something that happened outside the event loop.
pub(super) enum Event {
    /// A connection is up; its `Hello` is in the outbox already.
    Opened(ConnectionId, Arc<Outbox>),
    /// A frame came.
    Received {
        connection: ConnectionId,
        frame: Incoming,
        /// When its last octet was here.
        at: Instant,
    },
    /// Nothing came for a while.
    Idle(ConnectionId),
    /// The connection is gone.
    Closed(ConnectionId),
    /// A worker finished.
    Input(Input),
    /// A new seed for the generator.
    Seed(Result<Seed, Fault>),
}
