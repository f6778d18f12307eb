//! Place: SSA. While records are sealed under a former root key, all of them go to the enclave, a bounded batch at a time, and
//! come back with the commits by which it seals them anew. Everything else goes on meanwhile.

use crate::relay::Relay;
use crate::store::{SharedStore, StoreError};
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::message::{Answer, Command, SealedRecord};
use fuin_shared::rotation::Rewrap;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
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
/// Most refused records that are remembered.
const MAX_REFUSED: usize = 4096;

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
    let mut refused = Refused::default();
    loop {
        tokio::time::sleep(ROUND).await;
        match store.rotating().await {
            Ok(false) => refused = Refused::default(),
            Ok(true) => match round(&store, &relay, &mut refused).await {
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

/// Records that the enclave refused, as they were: each raises an alarm, so it is not given again unless it has changed.
#[derive(Default)]
struct Refused(BTreeMap<CredentialId, (u64, Digest32)>);

impl Refused {
    fn add(&mut self, record: &SealedRecord) {
        tracing::warn!(id = %record.id, "record does not open and cannot be sealed anew");
        if self.0.len() < MAX_REFUSED {
            self.0.insert(record.id.clone(), Self::mark(record));
        }
    }

    fn has(&self, record: &SealedRecord) -> bool {
        self.0.get(&record.id).is_some_and(|refused| *refused == Self::mark(record))
    }

    fn mark(record: &SealedRecord) -> (u64, Digest32) {
        (record.version, Digest32(Sha256::digest(record.body.as_slice()).into()))
    }
}

/// Gives the enclave every record that there is, until none is left under the former root key; answers how many are, by its
/// last word.
async fn round(store: &SharedStore, relay: &Relay, refused: &mut Refused) -> Result<u64, Stopped> {
    let (mut after, mut newest): (Option<CredentialId>, u64) = (None, 0);
    loop {
        let mut batch = store.records(after.as_ref(), BATCH).await?;
        cut(&mut batch);
        let Some(last) = batch.last() else { return Ok(newest) };
        after = Some(last.id.clone());
        batch.retain(|record| !refused.has(record));
        if let Some(left) = give(&batch, relay, refused).await? {
            newest = left;
            if left == 0 {
                return Ok(0);
            }
        }
        tokio::time::sleep(BREATH).await;
    }
}

/// Leaves what fits of a batch.
fn cut(batch: &mut Vec<SealedRecord>) {
    let mut octets = 0;
    let fits = batch.iter().take_while(|record| {
        let first = octets == 0;
        octets += record.body.0.len();
        first || octets <= BATCH_OCTETS
    });
    let fits = fits.count();
    batch.truncate(fits);
}

/// Gives a batch. Answers how many records are left, if the enclave took any of it.
async fn give(batch: &[SealedRecord], relay: &Relay, refused: &mut Refused) -> Result<Option<u64>, Stopped> {
    if batch.is_empty() {
        return Ok(None);
    }
    match rewrap(batch.to_vec(), relay).await {
        // One of them is not the enclave's: the others are given by themselves.
        Err(Fault::RecordForeign) => {
            let mut newest = None;
            for record in batch {
                match rewrap(vec![record.clone()], relay).await {
                    Ok(left) => newest = Some(left),
                    Err(Fault::RecordForeign) => refused.add(record),
                    Err(fault) => return Err(Stopped::Enclave(fault)),
                }
            }
            Ok(newest)
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
