//! Place: SSA. Revocation lists for X.509 means. The operator keeps files fresh; the host brings them to the enclave, which
//! checks every octet. A list that stays away makes the enclave refuse the means once the manifest's greatest age is over.

use crate::relay::Relay;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Command, ProvideRevocation};
use fuin_shared::pki::certificate::MAX_CERTIFICATE;
use fuin_shared::pki::crl::MAX_CRL;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

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

/// Reads no more than it may, whatever the file system says of the file's length.
async fn read(path: &Path, most: usize) -> io::Result<Blob> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file = tokio::fs::File::open(path).await.map_err(named)?;
    let mut octets = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut octets).await.map_err(named)?;
    if octets.len() > most {
        return Err(named(io::Error::other(format!("has more than {most} octets"))));
    }
    Ok(octets.into())
}

/// What an enclave took: which boot, and the SHA-256 of list and certificates.
type Taken = (InstanceId, [u8; 32]);

/// How one list stands.
#[derive(Default)]
struct Standing {
    outcome: Option<String>,
    taken: Option<Taken>,
}

/// Brings every list to every enclave that connects, and again whenever the file is another.
pub(crate) async fn bring(lists: Vec<RevocationConfig>, relay: Relay) {
    if lists.is_empty() {
        return;
    }
    let mut instance = relay.instance();
    let mut standings: Vec<Standing> = lists.iter().map(|_| Standing::default()).collect();
    loop {
        for (list, standing) in lists.iter().zip(&mut standings) {
            let (outcome, bad) = bring_one(list, &relay, &mut standing.taken).await;
            // Said once for each change.
            if standing.outcome.as_ref() != Some(&outcome) {
                let list = list.list.display();
                if bad {
                    tracing::warn!(%list, outcome, "revocation list");
                } else {
                    tracing::info!(%list, outcome, "revocation list");
                }
                standing.outcome = Some(outcome);
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

/// What came of it, and whether the operator must do something about it.
async fn bring_one(list: &RevocationConfig, relay: &Relay, taken: &mut Option<Taken>) -> (String, bool) {
    let command = match list.read().await {
        Ok(command) => command,
        Err(error) => return (format!("cannot be read: {error}"), true),
    };
    let hash: [u8; 32] = Sha256::digest(codec::encode(&command)).into();
    let newest = *relay.instance().borrow();
    if newest.is_some_and(|instance| *taken == Some((instance, hash))) {
        return ("taken".to_owned(), false);
    }
    match relay.call_instance(Command::ProvideRevocation(command), PATIENCE).await {
        Ok((instance, _)) => {
            *taken = Some((instance, hash));
            ("taken".to_owned(), false)
        }
        Err(Fault::Disconnected | Fault::WrongPhase) => {
            ("waits for an enclave in operation".to_owned(), false)
        }
        Err(fault) => (format!("refused: {fault}"), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Such a file has the length 0, and octets nevertheless.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn no_more_is_read_than_may_be_whatever_the_length_is_said_to_be() {
        let path = Path::new("/proc/self/maps");
        assert_eq!(std::fs::metadata(path).unwrap().len(), 0);
        assert!(read(path, 10).await.is_err());
    }

    #[tokio::test]
    async fn a_file_may_be_as_long_as_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, [7; 10]).unwrap();
        assert_eq!(read(&path, 10).await.unwrap().as_slice(), [7; 10]);
        assert!(read(&path, 9).await.is_err());
    }
}
