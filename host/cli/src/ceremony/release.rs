//! Place: none. The end of the officers' suspension of a credential, with the orders that it has: a JSON file that goes from
//! officer to officer. Nothing in it is secret; what each officer signs is made anew from its terms.

use crate::file;
use anyhow::Context as _;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{CredentialId, PersonId, ServiceId};
use fuin_shared::statement::SignedStatement;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Octets of the file.
const MAX_RELEASE: u64 = 256 * 1024;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Release {
    /// The service.
    pub service: ServiceId,
    /// Origin of its ledger.
    pub ledger: String,
    /// The credential.
    #[serde(rename = "credentialID")]
    pub credential: CredentialId,
    /// Which suspension is to end: `officersEvent` of `credentials/info`.
    pub suspension: u64,
    /// What officers signed.
    pub orders: Vec<Blob>,
}

impl Release {
    /// Reads the file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let octets = file::read(path, MAX_RELEASE)?;
        serde_json::from_slice(&octets).with_context(|| format!("{}: no draft of a release", path.display()))
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut octets = serde_json::to_vec_pretty(self)?;
        octets.push(b'\n');
        file::write(path, &octets, file::PUBLIC)
    }

    /// Takes an order in place of the same officer's former one.
    pub fn put(&mut self, signed: &SignedStatement) {
        self.orders.retain(|order| signer(order).as_ref() != Some(&signed.signer));
        self.orders.push(codec::encode(signed).into());
    }

    /// Who signed, by their own word.
    pub fn signers(&self) -> Vec<PersonId> {
        self.orders.iter().filter_map(signer).collect()
    }
}

fn signer(order: &Blob) -> Option<PersonId> {
    codec::decode::<SignedStatement>(order.as_slice()).ok().map(|signed| signed.signer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::ids::ManifestHash;

    fn signed(officer: &str, signature: u8) -> SignedStatement {
        let body = codec::encode(&ManifestHash([1; ManifestHash::LEN])).into();
        SignedStatement {
            body,
            signer: PersonId::new(officer).unwrap(),
            signature: vec![signature; 8].into(),
        }
    }

    #[test]
    fn a_second_order_of_an_officer_takes_the_place_of_the_first() {
        let mut release = Release {
            service: ServiceId([1; ServiceId::LEN]),
            ledger: "ledger".to_owned(),
            credential: CredentialId::new("k1").unwrap(),
            suspension: 3,
            orders: vec![vec![0xff].into()],
        };
        for (officer, signature) in [("ada", 1), ("ben", 2), ("ada", 3)] {
            release.put(&signed(officer, signature));
        }
        let names: Vec<_> = release.signers().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["ben", "ada"]);
        assert_eq!(release.orders.last(), Some(&codec::encode(&signed("ada", 3)).into()));
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("release.json");
        release.write(&path).unwrap();
        assert_eq!(Release::read(&path).unwrap(), release);
    }
}
