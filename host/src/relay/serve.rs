//! Place: SSA. What the enclave asks: commits, the ledger's head, the ledger or a snapshot of it as a stream, cosignatures.

use super::Shared;
use super::connection::Connection;
use super::credit::Credit;
use super::outbox::{FromHost, NotSent};
use crate::store::{Store, StoreError};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::log::bundle::append_entry;
use fuin_shared::log::snapshot::MAX_MARKS;
use fuin_shared::message::{StoreAnswer, StoreRequest};
use std::sync::Arc;

/// Entries read from the store at once: at most 4 MiB.
const BATCH: u32 = 64;
/// Octets of a snapshot that are taken at once.
const PIECE: usize = 256 * 1024;

/// Answers one request.
pub(super) async fn serve(id: u64, request: StoreRequest, connection: Arc<Connection>, shared: Arc<Shared>) {
    let store = shared.store.as_ref();
    let result = match request {
        StoreRequest::Commit(commit) => {
            store.commit(commit).await.map(|()| StoreAnswer::Committed).map_err(|e| fault_of(&e))
        }
        StoreRequest::Head => store.head().await.map(StoreAnswer::Head).map_err(|e| fault_of(&e)),
        StoreRequest::Cosign(wanted) => shared.witnesses.cosign(wanted).await,
        StoreRequest::ReadLedger { first } => {
            stream_ledger(id, first, &connection, store).await;
            connection.finish(id);
            return;
        }
        StoreRequest::ReadSnapshot { marks } => {
            stream_snapshot(id, &marks, &connection, store).await;
            connection.finish(id);
            return;
        }
    };
    // Before the answer: the enclave may use the id again once it has it.
    connection.finish(id);
    // If the connection has ended there is nobody to tell; a commit that was made stays made.
    let _ = connection.outbox().control(&FromHost::Reply { id, result }).await;
}

/// What the enclave is told: whatever the reason, it is not durable here.
fn fault_of(error: &StoreError) -> Fault {
    tracing::error!(%error, "store refused the enclave");
    Fault::SinkRefused
}

/// Streams the entries from `first` up to the size at the beginning. If the store fails on the way, the stream is
/// broken off by an early end, and the enclave finds the ledger shorter than its checkpoint.
async fn stream_ledger(id: u64, first: u64, connection: &Connection, store: &dyn Store) {
    let credit = connection.streams.begin(id);
    match store.head().await {
        Ok(head) => {
            tracing::info!(first, size = head.size, "the enclave reads the ledger");
            stream(id, Source::Entries { store, next: first, size: head.size }, credit, connection).await;
        }
        Err(error) => refuse(id, fault_of(&error), connection).await,
    }
}

/// Streams the newest snapshot, with proofs that the ledger grew to it from these sizes.
async fn stream_snapshot(id: u64, marks: &[u64], connection: &Connection, store: &dyn Store) {
    let credit = connection.streams.begin(id);
    match snapshot(marks, store).await {
        Ok(octets) => stream(id, Source::Octets { octets, next: 0 }, credit, connection).await,
        Err(fault) => refuse(id, fault, connection).await,
    }
}

async fn refuse(id: u64, fault: Fault, connection: &Connection) {
    let _ = connection.outbox().control(&FromHost::Reply { id, result: Err(fault) }).await;
}

async fn snapshot(marks: &[u64], store: &dyn Store) -> Result<Vec<u8>, Fault> {
    let kept = store.snapshot().await.map_err(|error| fault_of(&error))?.ok_or(Fault::NoSnapshot)?;
    if marks.len() > MAX_MARKS {
        return Err(Fault::TooLarge);
    }
    let mut growth = Vec::new();
    for mark in marks {
        let within = *mark <= kept.size;
        let proof = if within { store.consistency(*mark, kept.size).await } else { Ok(None) };
        growth.push(proof.map_err(|error| fault_of(&error))?);
    }
    let event = store.entries(kept.size, 1).await.map_err(|error| fault_of(&error))?;
    let event = event.first().ok_or(Fault::NoSnapshot)?;
    let mut octets = kept.opening(event, growth).map_err(|_| Fault::NoSnapshot)?;
    octets.extend_from_slice(&kept.parts);
    Ok(octets)
}

/// Where the octets of a stream come from.
enum Source<'a> {
    /// Entries of the ledger.
    Entries { store: &'a dyn Store, next: u64, size: u64 },
    /// All there already.
    Octets { octets: Vec<u8>, next: usize },
}

impl Source<'_> {
    /// Adds some octets to `out`. Whether there are more.
    async fn read(&mut self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Entries { store, next, size } => read_batch(*store, next, *size, out).await,
            Self::Octets { octets, next } => {
                let rest = octets.get(*next..).unwrap_or_default();
                let some = rest.get(..PIECE).unwrap_or(rest);
                out.extend_from_slice(some);
                *next += some.len();
                *next < octets.len()
            }
        }
    }
}

async fn stream(id: u64, mut source: Source<'_>, credit: Arc<Credit>, connection: &Connection) {
    if connection.outbox().control(&FromHost::Reply { id, result: Ok(StoreAnswer::Stream) }).await.is_err() {
        return;
    }
    let mut waiting = Vec::new();
    loop {
        let more = source.read(&mut waiting).await;
        while !waiting.is_empty() {
            let Some(allowed) = credit.allowance().await else { return };
            let rest = waiting.split_off(allowed.min(waiting.len()));
            let piece = std::mem::replace(&mut waiting, rest);
            credit.sent(piece.len());
            let last = !more && waiting.is_empty();
            if send(id, piece, last, connection).await.is_err() {
                return;
            }
            if last {
                return;
            }
        }
        if !more {
            // Nothing was asked for, or the store failed: an empty last piece needs no credit.
            let _ = send(id, Vec::new(), true, connection).await;
            return;
        }
    }
}

/// Adds entries to `out` as `u16 length || entry`. Whether there are more.
async fn read_batch(store: &dyn Store, next: &mut u64, size: u64, out: &mut Vec<u8>) -> bool {
    let wanted = u32::try_from(size.saturating_sub(*next)).unwrap_or(u32::MAX).min(BATCH);
    if wanted == 0 {
        return false;
    }
    match store.entries(*next, wanted).await {
        Ok(entries) if !entries.is_empty() => {
            for entry in &entries {
                if append_entry(out, entry).is_err() {
                    tracing::error!("an entry in the store is longer than any that was committed");
                    return false;
                }
                *next += 1;
            }
            *next < size
        }
        Ok(_) => false,
        Err(error) => {
            tracing::error!(%error, "cannot read the ledger");
            false
        }
    }
}

async fn send(id: u64, data: Vec<u8>, last: bool, connection: &Connection) -> Result<(), NotSent> {
    connection.outbox().bulk(&FromHost::Chunk { id, data: Blob(data), last }).await
}
