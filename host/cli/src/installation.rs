//! Place: SIC. What the commands of the signer read of a development installation.

use crate::file;
use crate::outcome::Failure;
use anyhow::Context as _;
use fuin_sca::card::{MAX_CARD, ServiceCard};
use fuin_sca::csc::CscClient;
use fuin_sca::device_key::DeviceKeyDirectory;
use fuin_sca::means::SoftwareMeans;
use fuin_sca::passkey::PasskeyDirectory;
use fuin_sca::pin_totp::PinTotpDirectory;
use fuin_sca::sign::Credential;
use fuin_shared::ids::CredentialId;
use fuin_sic::Sic;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Folder of the installation unless `--dir` says another.
pub const DEFAULT_DIR: &str = ".fuin-dev";
/// Its file for machines.
pub const DEV_JSON: &str = "dev.json";
const MAX_DEV_JSON: u64 = 1024 * 1024;

/// A credential that can sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DevCredential {
    /// `credentialID`.
    #[serde(rename = "credentialID")]
    pub id: CredentialId,
    /// `P-256` or `P-384`.
    pub key_algo: String,
    /// `passkey`, `device-key` or `pin-totp`.
    pub means: String,
}

/// The seal credential of the development organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DevSeal {
    /// `credentialID`.
    #[serde(rename = "credentialID")]
    pub id: CredentialId,
    /// Bearer token of the organization's SCA.
    pub service_token: String,
    /// Folder of the approvers' software passkeys.
    pub approvers: PathBuf,
    /// How many approvers there are, numbered from 1.
    pub approver_count: u8,
    /// How many must sign.
    pub threshold: u8,
}

/// `dev.json`, written once the service is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DevJson {
    /// Base URL without `/csc`.
    pub csc: String,
    /// Bearer token of the development signer.
    pub service_token: String,
    /// Credentials of the development signer.
    pub credentials: Vec<DevCredential>,
    /// Roots of the development CA, PEM files.
    pub trust: Vec<PathBuf>,
    /// Root of the evidence, PEM file.
    pub evidence_root: PathBuf,
    /// Where evidence is had.
    pub attestation: String,
    /// The service, hex.
    pub service: String,
    /// Service card, JSON file.
    pub service_card: PathBuf,
    /// Measurement for `fuin-verify --release`, JSON file.
    pub release: PathBuf,
    /// `qemu` or `process`.
    pub enclave: String,
    /// Folder of the signer's software passkeys.
    pub passkeys: PathBuf,
    /// Folder of the signer's device keys.
    pub device_keys: PathBuf,
    /// Folder of the signer's PINs with their generators.
    pub pins: PathBuf,
    /// Origin through which they are used.
    pub origin: String,
    /// Name of the development signer at the host.
    pub user: String,
    /// Its password, for auth/login.
    pub password: String,
    /// The host's listener for ceremonies, for `fuin manifest`.
    pub ceremony: String,
    /// URL of the ledger.
    pub ledger: String,
    /// Token that opens the ledger's entries.
    pub auditor_token: String,
    /// Key that opens their details, PEM file; none in an installation of before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auditor_key: Option<PathBuf>,
    /// Seal credential, of an installation with `--seals`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<DevSeal>,
}

/// A running installation, as its signer knows it.
pub struct Installation {
    /// Its `dev.json`.
    pub dev: DevJson,
    /// The pins.
    pub card: ServiceCard,
}

impl Installation {
    /// Reads the installation in `dir`.
    ///
    /// # Errors
    /// [`Failure::Usage`] when there is none.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(DEV_JSON);
        if !path.is_file() {
            let text = format!(
                "--dir: {} does not exist; start the service with `fuin dev --dir {}` and wait until it is ready",
                path.display(),
                dir.display()
            );
            return Err(Failure::Usage(text));
        }
        let octets = file::read(&path, MAX_DEV_JSON)?;
        let dev: DevJson = serde_json::from_slice(&octets).with_context(|| format!("{}", path.display()))?;
        let octets = file::read(&dev.service_card, MAX_CARD as u64)?;
        let card = ServiceCard::parse(&octets).with_context(|| format!("{}", dev.service_card.display()))?;
        Ok(Self { dev, card })
    }

    /// A client that speaks for the development signer.
    pub fn client(&self) -> anyhow::Result<CscClient> {
        Ok(CscClient::new(&self.dev.csc)?.with_token(&self.dev.service_token))
    }

    /// The seal credential.
    ///
    /// # Errors
    /// [`Failure::Usage`] when the installation has none.
    pub fn seal(&self) -> Result<&DevSeal, Failure> {
        self.dev.seal.as_ref().ok_or_else(|| {
            Failure::Usage(
                "--dir: the installation has no seal credential; start it with `fuin dev --seals`".into(),
            )
        })
    }

    /// A client that speaks for the organization.
    pub fn seal_client(&self) -> Result<CscClient, Failure> {
        Ok(CscClient::new(&self.dev.csc)?.with_token(&self.seal()?.service_token))
    }

    /// The approvers' passkeys.
    pub fn approvers(&self) -> Result<PasskeyDirectory, Failure> {
        Ok(PasskeyDirectory::new(&self.seal()?.approvers, &self.dev.origin, false))
    }

    /// The signer's interaction component with the card's pins.
    pub fn sic(&self) -> anyhow::Result<Sic> {
        Ok(Sic::new(self.card.pins()?)?)
    }

    /// The signer's means.
    #[must_use]
    pub fn means(&self) -> SoftwareMeans {
        SoftwareMeans {
            passkeys: PasskeyDirectory::new(&self.dev.passkeys, &self.dev.origin, false),
            device_keys: DeviceKeyDirectory::new(&self.dev.device_keys),
            pins: PinTotpDirectory::new(&self.dev.pins, now),
        }
    }

    /// The credential of this name, or the first.
    ///
    /// # Errors
    /// [`Failure::Usage`] when there is no such credential.
    pub async fn credential(&self, client: &CscClient, wanted: Option<&str>) -> Result<Credential, Failure> {
        let known = &self.dev.credentials;
        let found = match wanted {
            Some(wanted) => known.iter().find(|c| c.id.as_str() == wanted),
            None => known.first(),
        };
        let Some(found) = found else {
            let list: Vec<_> = known.iter().map(|c| c.id.as_str()).collect();
            let text = format!("--credential: not one of this installation's: {}", list.join(", "));
            return Err(Failure::Usage(text));
        };
        Ok(Credential::fetch(client, &found.id).await?)
    }
}

/// Unix seconds.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}
