//! Place: SSA. What the enclave asks: commits, the ledger's head, the ledger as a stream, cosignatures.

use super::Shared;
use super::connection::Connection;
use super::outbox::{FromHost, NotSent};
use crate::store::{Store, StoreError};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::log::bundle::append_entry;
use fuin_shared::message::{StoreAnswer, StoreRequest};
use std::sync::Arc;

/// Entries read from the store at once: at most 4 MiB.
const BATCH: u32 = 64;

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
    let size = match store.head().await {
        Ok(head) => head.size,
        Err(error) => {
            let reply = FromHost::Reply { id, result: Err(fault_of(&error)) };
            let _ = connection.outbox().control(&reply).await;
            return;
        }
    };
    if connection.outbox().control(&FromHost::Reply { id, result: Ok(StoreAnswer::Stream) }).await.is_err() {
        return;
    }
    let mut next = first;
    let mut waiting = Vec::new();
    loop {
        let more = read_batch(store, &mut next, size, &mut waiting).await;
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
