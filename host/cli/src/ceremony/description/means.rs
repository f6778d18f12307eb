//! Place: none. eID means in the description of a service: who issues them, and whose signers may use what can be guessed.

use anyhow::Context as _;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::{MeansId, RaClientId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::manifest::means::{IdentityProvider, MeansPolicy, ProviderKey, X509Issuer};
use serde::Deserialize;
use std::path::PathBuf;

/// `[means]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DescribedMeans {
    #[serde(default)]
    x509: Vec<DescribedIssuer>,
    #[serde(default)]
    providers: Vec<DescribedProvider>,
    /// RA clients whose signers may use a PIN with one-time passwords.
    #[serde(default)]
    pin_totp: Vec<RaClientId>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribedIssuer {
    id: MeansId,
    clients: Vec<RaClientId>,
    /// Certificates in PEM.
    anchors: Vec<PathBuf>,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    content_commitment: bool,
    status_seconds: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribedProvider {
    id: MeansId,
    clients: Vec<RaClientId>,
    issuer: String,
    audience: String,
    keys: Vec<DescribedKey>,
    acr: Vec<String>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(default)]
    shows_transaction: bool,
    token_seconds: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribedKey {
    id: String,
    /// SubjectPublicKeyInfo in PEM.
    key: PathBuf,
}

impl DescribedMeans {
    /// What the manifest says; `pem` reads a file with this label.
    pub(super) fn policy(
        self,
        pem: &impl Fn(&'static str, &PathBuf) -> anyhow::Result<Blob>,
    ) -> anyhow::Result<MeansPolicy> {
        let x509 = self.x509.into_iter().map(|told| {
            let anchors = told.anchors.iter().map(|path| pem("CERTIFICATE", path));
            anyhow::Ok(X509Issuer {
                id: told.id,
                clients: told.clients,
                anchors: anchors.collect::<anyhow::Result<_>>()?,
                policies: told.policies,
                content_commitment: told.content_commitment,
                status_seconds: told.status_seconds,
            })
        });
        let providers = self.providers.into_iter().map(|told| {
            let keys = told.keys.into_iter().map(|told| {
                let spki = pem("PUBLIC KEY", &told.key)?;
                let key = PublicKey::from_spki(spki.as_slice())
                    .with_context(|| format!("{}", told.key.display()))?;
                anyhow::Ok(ProviderKey { id: told.id, key: Spki::from(&key) })
            });
            anyhow::Ok(IdentityProvider {
                id: told.id,
                clients: told.clients,
                issuer: told.issuer,
                audience: told.audience,
                keys: keys.collect::<anyhow::Result<_>>()?,
                acr: told.acr,
                amr: told.amr,
                shows_transaction: told.shows_transaction,
                token_seconds: told.token_seconds,
            })
        });
        Ok(MeansPolicy {
            x509: x509.collect::<anyhow::Result<_>>()?,
            providers: providers.collect::<anyhow::Result<_>>()?,
            pin_totp: self.pin_totp,
        })
    }
}
