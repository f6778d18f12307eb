//! Place: SSA. Snapshots for the next boot: when the enclave says in the ledger what its events add up to, the host adds them up too, and
//! keeps what comes of it. Nobody waits for it: without a snapshot a boot reads the whole ledger. It goes on from the one that is kept, if that can
//! be read.

use crate::store::{SharedStore, StoreError};
use fuin_shared::codec;
use fuin_shared::log::RuleBroken;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::snapshot::{Kept, Summing};
use std::time::Duration;

/// How often the store is asked whether there is something to do.
const ROUND: Duration = Duration::from_secs(2);
/// After a round that failed.
const LONG_ROUND: Duration = Duration::from_secs(600);
/// Entries that are read at once.
const BATCH: u32 = 256;

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rule(#[from] RuleBroken),
    #[error("entry {0} of the ledger is missing or is another event; verify it with fuin ledger verify")]
    Entry(u64),
    #[error(
        "the events before entry {0} add up to something else than it says; verify with fuin ledger verify"
    )]
    Sum(u64),
    #[error("the work was broken off")]
    Ended,
}

/// Watches, for ever.
pub(crate) async fn watch(store: SharedStore) {
    loop {
        let pause = match round(&store).await {
            Ok(()) => ROUND,
            Err(error) => {
                tracing::error!(%error, "no snapshot of the ledger is made");
                LONG_ROUND
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn round(store: &SharedStore) -> Result<(), Failed> {
    let Some(size) = store.snapshot_wanted().await? else { return Ok(()) };
    let kept = store.snapshot().await?;
    let begun = apart(|| kept.and_then(|kept| Summing::from_kept(kept).ok()).unwrap_or_default()).await?;
    let made = if begun.size() > 0 {
        match add_up(store, begun, size).await {
            // What was kept may be spoilt; the entries decide.
            Err(Failed::Rule(_) | Failed::Sum(_)) => add_up(store, Summing::default(), size).await?,
            made => made?,
        }
    } else {
        add_up(store, begun, size).await?
    };
    store.put_snapshot(made).await?;
    tracing::info!(size, "snapshot of the ledger is kept");
    Ok(())
}

/// Goes on to the snapshot event after `size` entries, and holds the state against it.
async fn add_up(store: &SharedStore, mut summing: Summing, size: u64) -> Result<Kept, Failed> {
    while summing.size() < size {
        let left = u32::try_from(size - summing.size()).unwrap_or(u32::MAX);
        let entries = store.entries(summing.size(), left.min(BATCH)).await?;
        if entries.is_empty() {
            return Err(Failed::Entry(summing.size()));
        }
        entries.iter().try_for_each(|entry| summing.push(entry))?;
        // Others first.
        tokio::task::yield_now().await;
    }
    let entry = store.entries(size, 1).await?.pop().ok_or(Failed::Entry(size))?;
    let Ok(Event { body: EventBody::Snapshot { state, .. }, .. }) = codec::decode(&entry) else {
        return Err(Failed::Entry(size));
    };
    let (digest, kept) = apart(move || (summing.digest(), summing.keep())).await?;
    if digest == state { Ok(kept?) } else { Err(Failed::Sum(size)) }
}

/// What takes long goes where nobody waits for it.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failed> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Failed::Ended)
}
