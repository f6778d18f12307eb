//! Place: SSA. Revocation lists for X.509 means. The operator keeps files fresh; the host brings them to the enclave, which
//! checks every octet. A list that stays away makes the enclave refuse the means once the manifest's greatest age is over.

use crate::relay::Relay;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::message::{Command, ProvideRevocation};
use fuin_shared::pki::certificate::MAX_CERTIFICATE;
use fuin_shared::pki::crl::MAX_CRL;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Most lists.
pub(crate) const MAX_LISTS: usize = 32;
/// Most certificates of one issuer.
const MAX_ISSUER: usize = 10;
/// Time between two rounds: as long as a newly booted enclave may have to wait for its lists.
const ROUND: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(30);

/// `[[revocation]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationConfig {
    /// File with the newest list, DER. Replace it by renaming, so that no half of it is read.
    pub list: PathBuf,
    /// Files with certificates, DER: the list's issuer, then those above it up to an anchor of the manifest.
    pub issuer: Vec<PathBuf>,
}

impl RevocationConfig {
    /// Field and remedy, if it cannot work.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if (1..=MAX_ISSUER).contains(&self.issuer.len()) {
            Ok(())
        } else {
            Err(("revocation.issuer", "name 1 to 10 files, the certificate of the list's issuer first"))
        }
    }

    async fn read(&self) -> io::Result<ProvideRevocation> {
        let list = read(&self.list, MAX_CRL).await?;
        let mut issuer = Vec::with_capacity(self.issuer.len());
        for path in &self.issuer {
            issuer.push(read(path, MAX_CERTIFICATE).await?);
        }
        Ok(ProvideRevocation { list, issuer })
    }
}

async fn read(path: &Path, most: usize) -> io::Result<Blob> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let length = tokio::fs::metadata(path).await.map_err(named)?.len();
    if length > most as u64 {
        return Err(named(io::Error::other(format!("has {length} octets, more than {most}"))));
    }
    tokio::fs::read(path).await.map(Blob::from).map_err(named)
}

/// Brings every list in every round and to every enclave that connects.
pub(crate) async fn bring(lists: Vec<RevocationConfig>, relay: Relay) {
    if lists.is_empty() {
        return;
    }
    let mut instance = relay.instance();
    let mut last: Vec<Option<String>> = vec![None; lists.len()];
    loop {
        for (list, last) in lists.iter().zip(&mut last) {
            let outcome = bring_one(list, &relay).await;
            // Said once for each change.
            if last.as_ref() != Some(&outcome) {
                tracing::info!(list = %list.list.display(), outcome, "revocation list");
                *last = Some(outcome);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            changed = instance.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

async fn bring_one(list: &RevocationConfig, relay: &Relay) -> String {
    let command = match list.read().await {
        Ok(command) => command,
        Err(error) => return format!("cannot be read: {error}"),
    };
    match relay.call(Command::ProvideRevocation(command), PATIENCE).await {
        Ok(_) => "taken".to_owned(),
        Err(Fault::Disconnected | Fault::WrongPhase) => "waits for an enclave in operation".to_owned(),
        Err(fault) => format!("refused: {fault}"),
    }
}
