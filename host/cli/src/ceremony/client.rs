//! Place: none. A client of the host's listener for ceremonies. What it says is shown, and believed in nothing.

use crate::outcome::Failure;
use anyhow::{Context as _, bail};
use fuin_sca::csc::CscClient;
use fuin_shared::codec;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::manifest::ManifestHistory;
use fuin_shared::message::GenesisShares;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Longest wait for an answer: that to the last share comes after the replay of the ledger.
const PATIENCE: Duration = Duration::from_secs(310);
/// Largest answer taken, octets: a history of manifests.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The client.
pub struct CeremonyClient {
    http: reqwest::Client,
    evidence: CscClient,
    base: String,
}

/// `GET /ceremony/status`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CeremonyState {
    /// Phase of the enclave.
    pub phase: String,
    /// This boot.
    pub instance: String,
    /// The service, once a manifest is installed.
    pub service: Option<String>,
    /// The host's ledger.
    pub ledger: LedgerState,
    /// Whose approvals wait.
    pub approvals: Vec<String>,
    /// A genesis under way.
    pub genesis: Option<GenesisState>,
    /// Shares for this boot.
    pub shares: Option<SharesState>,
    /// A rotation of the root key under way.
    pub rotation: Option<RotationState>,
    /// What the kept manifest asks for.
    pub manifest: Option<ManifestState>,
}

/// The ledger as the host has it.
#[derive(Debug, Clone, Deserialize)]
pub struct LedgerState {
    /// Entries.
    pub size: u64,
    /// Newest checkpoint.
    pub checkpoint: Option<String>,
    /// The ledger that witnesses were asked about last.
    pub asked: Option<LedgerIdentity>,
}

/// A genesis that waits for receipts.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenesisState {
    /// Commitment to the root key, hex.
    pub root_commitment: String,
    /// Custodians who are missing.
    pub receipts_missing: Vec<String>,
}

/// Shares that came.
#[derive(Debug, Clone, Deserialize)]
pub struct SharesState {
    /// Whose.
    pub from: Vec<String>,
    /// How many more are needed.
    pub missing: u8,
    /// Number of the epoch that they would begin, if officers planned one.
    pub epoch: Option<u32>,
    /// Where there are two root keys.
    #[serde(default)]
    pub roots: Vec<RootState>,
}

/// Shares of one root key for this boot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootState {
    /// Its commitment, hex.
    pub root_commitment: String,
    /// Whose.
    pub from: Vec<String>,
    /// How many more are needed.
    pub missing: u8,
    /// Whether the ledger showed that it is needed.
    pub needed: bool,
}

/// How far a rotation is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RotationState {
    /// Commitment to the root key before, hex.
    pub from: String,
    /// To the one that takes its place.
    pub to: String,
    /// `sharing`, `rewrapping` or `deleting`.
    pub stage: String,
    /// Custodians who have not taken their new share.
    pub receipts_missing: Vec<String>,
    /// Records that are still sealed under the root key before.
    pub records_left: u64,
    /// Custodians who have deleted their former share.
    pub deletions: Vec<String>,
    /// How many more must.
    pub deletions_missing: u8,
}

/// The kept manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestState {
    /// Officers.
    pub officers: Vec<String>,
    /// How many must approve.
    pub officer_quorum: u8,
    /// Custodians.
    pub custodians: Vec<String>,
}

#[derive(Deserialize)]
struct Refused {
    error_description: String,
}

impl CeremonyClient {
    /// For the listener at `base`, `http` on loopback.
    ///
    /// # Errors
    /// [`Failure::Usage`] for another address.
    pub fn new(base: &str) -> Result<Self, Failure> {
        let evidence = CscClient::new(base).map_err(|error| Failure::Usage(format!("--host: {error}")))?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        Ok(Self { http, evidence, base: base.trim_end_matches('/').to_owned() })
    }

    /// How far it is.
    pub async fn state(&self) -> anyhow::Result<CeremonyState> {
        json(&self.get("status").await?)
    }

    /// Evidence that answers a fresh nonce, with the nonce.
    pub async fn evidence(&self) -> anyhow::Result<(Vec<u8>, [u8; 32])> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce)?;
        Ok((self.evidence.evidence(&nonce, None).await?, nonce))
    }

    /// The shares of the genesis or the rotation under way.
    pub async fn shares(&self) -> anyhow::Result<GenesisShares> {
        codec::decode(&self.get("shares").await?).context("shares of the genesis")
    }

    /// All manifests of the service, the first one first.
    pub async fn manifests(&self) -> anyhow::Result<ManifestHistory> {
        codec::decode(&self.get("manifests").await?).context("manifests of the service")
    }

    async fn get(&self, what: &str) -> anyhow::Result<Vec<u8>> {
        let request = self.http.get(format!("{}/ceremony/{what}", self.base));
        Self::answer(request).await
    }

    /// Sends a message; the answer is JSON.
    pub async fn post<T: DeserializeOwned>(&self, what: &str, message: Vec<u8>) -> anyhow::Result<T> {
        let request = self.http.post(format!("{}/ceremony/{what}", self.base)).body(message);
        json(&Self::answer(request).await?)
    }

    async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<Vec<u8>> {
        let mut response = request.send().await.context("the host")?;
        let status = response.status();
        let mut octets = Vec::new();
        while let Some(piece) = response.chunk().await.context("the host")? {
            anyhow::ensure!((octets.len() + piece.len()) as u64 <= LARGEST, "the host's answer is too large");
            octets.extend_from_slice(&piece);
        }
        if status.is_success() {
            return Ok(octets);
        }
        match json::<Refused>(&octets) {
            Ok(refused) => bail!("{}", refused.error_description.escape_debug()),
            Err(_) => bail!("the host answers {status}"),
        }
    }
}

fn json<T: DeserializeOwned>(octets: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(octets).context("the host's answer is not what was asked for")
}
