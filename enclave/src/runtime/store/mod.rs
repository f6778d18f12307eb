//! Place: none. The enclave's own requests to the host: they wait for a connection, are sent once, and end with an
//! answer, with the connection, or with their deadline.

use crate::runtime::event::ConnectionId;
use crate::sam::Input;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::message::{MAX_COSIGNATURES, StoreAnswer, StoreRequest};
use fuin_shared::stream::Receiver;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// The host broke the rules; its connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Violation;

/// What a request was for.
enum Kind {
    Commit,
    Head,
    /// With its stream, once the host has said that it comes.
    Ledger(Option<Receiver>),
    Snapshot(Option<Receiver>),
    Cosign,
    /// A sign of life; nobody waits for it.
    Probe,
}

impl Kind {
    fn of(request: &StoreRequest) -> Self {
        match request {
            StoreRequest::Commit(_) => Self::Commit,
            StoreRequest::Head => Self::Head,
            StoreRequest::ReadLedger { .. } => Self::Ledger(None),
            StoreRequest::ReadSnapshot { .. } => Self::Snapshot(None),
            StoreRequest::Cosign(_) => Self::Cosign,
        }
    }

    fn failed(&self, fault: Fault) -> Option<Input> {
        match self {
            Self::Commit => Some(Input::Committed(Err(fault))),
            Self::Head => Some(Input::Head(Err(fault))),
            Self::Ledger(_) => Some(Input::LedgerOctets { result: Err(fault), last: true }),
            Self::Snapshot(_) => Some(Input::SnapshotOctets { result: Err(fault), last: true }),
            Self::Cosign => Some(Input::Cosigned(Err(fault))),
            Self::Probe => None,
        }
    }
}

struct Pending {
    connection: ConnectionId,
    due: Instant,
    kind: Kind,
}

/// A piece of a stream that was taken.
#[derive(Debug)]
pub(super) struct Piece {
    /// For the state machine.
    pub(super) input: Input,
    /// Credit to give now.
    pub(super) credit: Option<u32>,
}

/// The requests that wait or are under way.
pub(super) struct Store {
    next: u64,
    answer: Duration,
    waiting: VecDeque<StoreRequest>,
    pending: BTreeMap<u64, Pending>,
}

impl Store {
    /// None yet; each must be answered within `answer`.
    pub(super) fn new(answer: Duration) -> Self {
        Self { next: 0, answer, waiting: VecDeque::new(), pending: BTreeMap::new() }
    }

    /// Milliseconds for the host.
    pub(super) fn deadline_ms(&self) -> u32 {
        u32::try_from(self.answer.as_millis()).unwrap_or(u32::MAX)
    }

    /// Takes a request of the state machine; it waits for a connection.
    pub(super) fn submit(&mut self, request: StoreRequest) {
        self.waiting.push_back(request);
    }

    /// The next request that waits.
    pub(super) fn take_waiting(&mut self) -> Option<StoreRequest> {
        self.waiting.pop_front()
    }

    /// Puts back what could not be sent.
    pub(super) fn put_back(&mut self, request: StoreRequest) {
        self.waiting.push_front(request);
    }

    /// The id for a request about to be sent; never used twice.
    pub(super) fn new_id(&mut self) -> u64 {
        let id = self.next;
        self.next += 1;
        id
    }

    /// Says that a request was sent.
    pub(super) fn sent(&mut self, id: u64, request: &StoreRequest, connection: ConnectionId, now: Instant) {
        self.pending.insert(id, Pending { connection, due: now + self.answer, kind: Kind::of(request) });
    }

    /// Says that a sign of life was asked for.
    pub(super) fn probed(&mut self, id: u64, connection: ConnectionId, now: Instant) {
        self.pending.insert(id, Pending { connection, due: now + self.answer, kind: Kind::Probe });
    }

    /// What a request that can never be sent becomes.
    pub(super) fn never_sent(request: &StoreRequest, fault: Fault) -> Option<Input> {
        Kind::of(request).failed(fault)
    }

    /// The host's answer.
    pub(super) fn reply(
        &mut self,
        connection: ConnectionId,
        id: u64,
        result: Result<StoreAnswer, Fault>,
        now: Instant,
    ) -> Result<Option<Input>, Violation> {
        let answer = self.answer;
        let Some(pending) = self.of(connection, id)? else { return Ok(None) };
        let input = match (&mut pending.kind, result) {
            (Kind::Ledger(Some(_)) | Kind::Snapshot(Some(_)), _) => return Err(Violation),
            (kind, Err(fault)) => kind.failed(fault),
            (Kind::Commit, Ok(StoreAnswer::Committed)) => Some(Input::Committed(Ok(()))),
            (Kind::Head, Ok(StoreAnswer::Head(head))) => Some(Input::Head(Ok(head))),
            (Kind::Cosign, Ok(StoreAnswer::Cosigned(lines))) if lines.len() <= MAX_COSIGNATURES => {
                Some(Input::Cosigned(Ok(lines)))
            }
            (Kind::Cosign, Ok(StoreAnswer::Contradicted(lines))) if lines.len() <= MAX_COSIGNATURES => {
                Some(Input::Contradicted(lines))
            }
            (Kind::Probe, Ok(StoreAnswer::Head(_))) => None,
            (Kind::Ledger(stream) | Kind::Snapshot(stream), Ok(StoreAnswer::Stream)) => {
                *stream = Some(Receiver::default());
                pending.due = now + answer;
                return Ok(None);
            }
            _ => return Err(Violation),
        };
        self.pending.remove(&id);
        Ok(input)
    }

    /// A piece of a stream.
    pub(super) fn chunk(
        &mut self,
        connection: ConnectionId,
        id: u64,
        data: Blob,
        last: bool,
        now: Instant,
    ) -> Result<Option<Piece>, Violation> {
        let answer = self.answer;
        let Some(pending) = self.of(connection, id)? else { return Ok(None) };
        let of_ledger = matches!(pending.kind, Kind::Ledger(_));
        let (Kind::Ledger(Some(stream)) | Kind::Snapshot(Some(stream))) = &mut pending.kind else {
            return Err(Violation);
        };
        let credit = stream.accept(&data, last).map_err(|_| Violation)?;
        pending.due = now + answer;
        if last {
            self.pending.remove(&id);
        }
        let result = Ok(data.0);
        let input = if of_ledger {
            Input::LedgerOctets { result, last }
        } else {
            Input::SnapshotOctets { result, last }
        };
        Ok(Some(Piece { input, credit }))
    }

    /// Ends what was under way on a lost connection.
    pub(super) fn lost(&mut self, connection: ConnectionId) -> Vec<Input> {
        let ended: Vec<u64> =
            self.pending.iter().filter(|(_, p)| p.connection == connection).map(|(id, _)| *id).collect();
        ended
            .into_iter()
            .filter_map(|id| self.pending.remove(&id)?.kind.failed(Fault::Disconnected))
            .collect()
    }

    /// Ends what was not answered in time: the inputs, and the connections that failed to answer.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<(ConnectionId, Option<Input>)> {
        let ended: Vec<u64> = self.pending.iter().filter(|(_, p)| p.due <= now).map(|(id, _)| *id).collect();
        ended
            .into_iter()
            .filter_map(|id| self.pending.remove(&id))
            .map(|pending| (pending.connection, pending.kind.failed(Fault::Deadline)))
            .collect()
    }

    /// When the next of them is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.pending.values().map(|pending| pending.due).min()
    }

    /// The request with this id; none when it has ended. An id that was never used is a violation, as is one
    /// of another connection.
    fn of(&mut self, connection: ConnectionId, id: u64) -> Result<Option<&mut Pending>, Violation> {
        if id >= self.next {
            return Err(Violation);
        }
        match self.pending.get_mut(&id) {
            Some(pending) if pending.connection != connection => Err(Violation),
            found => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests;
