//! Place: SSA. While records are sealed under a former root key, all of them go to the enclave, a bounded batch at a time, and
//! come back with the commits by which it seals them anew. Everything else goes on meanwhile.

use crate::relay::Relay;
use crate::store::{SharedStore, StoreError};
use fuin_shared::fault::Fault;
use fuin_shared::ids::CredentialId;
use fuin_shared::message::{Answer, Command, SealedRecord};
use fuin_shared::rotation::Rewrap;
use std::time::Duration;

/// How often the store is asked whether there is something to do.
const ROUND: Duration = Duration::from_secs(2);
/// Between two batches, so that signing comes first.
const BREATH: Duration = Duration::from_millis(20);
/// After a round in which something was left that the store does not have, or has spoilt.
const LONG_ROUND: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(60);
/// Most records in one batch, and most octets of them that are begun with.
const BATCH: u32 = 32;
const BATCH_OCTETS: usize = 256 * 1024;

/// Why a round came to no end; the next one begins anew.
enum Stopped {
    Store(StoreError),
    Enclave(Fault),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Watches, for ever.
pub(crate) async fn watch(store: SharedStore, relay: Relay) {
    loop {
        tokio::time::sleep(ROUND).await;
        match store.rotating().await {
            Ok(false) => {}
            Ok(true) => match round(&store, &relay).await {
                Ok(0) => {}
                Ok(left) => {
                    tracing::warn!(left, "records under the former root key are not in the store");
                    tokio::time::sleep(LONG_ROUND).await;
                }
                Err(Stopped::Store(error)) => tracing::error!(%error, "records are not sealed anew"),
                // No enclave, or one that is not operational.
                Err(Stopped::Enclave(fault)) => tracing::debug!(%fault, "records are not sealed anew now"),
            },
            Err(error) => tracing::error!(%error, "records are not sealed anew"),
        }
    }
}

/// Gives the enclave every record that there is, until none is left under the former root key; answers how many are.
async fn round(store: &SharedStore, relay: &Relay) -> Result<u64, Stopped> {
    let (mut after, mut newest): (Option<CredentialId>, u64) = (None, 0);
    loop {
        let mut batch = store.records(after.as_ref(), BATCH).await?;
        let Some(left) = give(&mut batch, relay).await? else { return Ok(newest) };
        newest = left;
        after = batch.last().map(|record| record.id.clone());
        if left == 0 {
            return Ok(0);
        }
        tokio::time::sleep(BREATH).await;
    }
}

/// Gives what fits of a batch, which is cut to that. Answers how many records are left; nothing after the last one.
async fn give(batch: &mut Vec<SealedRecord>, relay: &Relay) -> Result<Option<u64>, Stopped> {
    let mut octets = 0;
    let fits = batch.iter().take_while(|record| {
        let first = octets == 0;
        octets += record.body.0.len();
        first || octets <= BATCH_OCTETS
    });
    let fits = fits.count();
    batch.truncate(fits);
    if batch.is_empty() {
        return Ok(None);
    }
    match rewrap(batch.clone(), relay).await {
        // One of them is not the enclave's: the others are given by themselves.
        Err(Fault::RecordForeign) => {
            let mut newest = u64::MAX;
            for record in batch.iter() {
                match rewrap(vec![record.clone()], relay).await {
                    Ok(left) => newest = left,
                    Err(Fault::RecordForeign) => {
                        tracing::warn!(id = %record.id, "record does not open and cannot be sealed anew");
                    }
                    Err(fault) => return Err(Stopped::Enclave(fault)),
                }
            }
            Ok(Some(newest))
        }
        Ok(left) => Ok(Some(left)),
        Err(fault) => Err(Stopped::Enclave(fault)),
    }
}

async fn rewrap(records: Vec<SealedRecord>, relay: &Relay) -> Result<u64, Fault> {
    match relay.call(Command::Rewrap(Rewrap { records }), PATIENCE).await? {
        Answer::Rewrapped { left, .. } => Ok(left),
        _ => Err(Fault::Malformed),
    }
}
