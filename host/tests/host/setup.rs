//! Place: none. A host on a free port with a user, a token and two credentials.

use crate::certificate;
use crate::peer::Peer;
use fuin_host::clock::Clock;
use fuin_host::store::{CatalogueEntry, KeyStatus, Scal, SicClass};
use fuin_host::{Host, HostConfig, RunningHost};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::ids::CredentialId;
use fuin_shared::message::{Commit, RecordChange, SealedRecord};
use fuin_shared::sad::MeansProfile;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock that tests move.
#[derive(Clone)]
pub struct Hand(pub Arc<AtomicU64>);

impl Clock for Hand {
    fn unix_seconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// When tests begin: within the certificate's validity.
pub const NOW: u64 = certificate::NOT_BEFORE + 1000;
pub const USER: &str = "taro";
pub const PASSWORD: &str = "correct horse";

pub struct Setup {
    pub host: RunningHost,
    pub client: reqwest::Client,
    pub token: String,
    pub clock: Hand,
    pub home: tempfile::TempDir,
}

pub struct Answered {
    pub status: u16,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Answered {
    /// Status, `error`, `error_description`.
    pub fn refusal(&self) -> (u16, &str, &str) {
        let text = |name: &str| self.body[name].as_str().unwrap_or_default();
        (self.status, text("error"), text("error_description"))
    }
}

impl Setup {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut HostConfig)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("run/enclave");
        let mut config = HostConfig::local(format!("unix://{}", socket.display()), home.path().join("data"));
        change(&mut config);
        let clock = Hand(Arc::new(AtomicU64::new(NOW)));
        let host = Host::start_with_clock(config, Arc::new(clock.clone())).await.unwrap();
        for user in [USER, "hanako"] {
            host.accounts().put_user(user, PASSWORD).await.unwrap();
        }
        let token = host.accounts().issue_service_token(USER, 1_000_000).await.unwrap().text().to_owned();
        for (id, owner, algorithm) in [
            ("k256", USER, KeyAlgorithm::EcdsaP256),
            ("k384", USER, KeyAlgorithm::EcdsaP384),
            ("foreign", "hanako", KeyAlgorithm::EcdsaP256),
        ] {
            host.store().put_credential(entry(id, owner, algorithm)).await.unwrap();
        }
        Self { host, client: reqwest::Client::new(), token, clock, home }
    }

    pub fn socket(&self) -> PathBuf {
        self.home.path().join("run/enclave")
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.host.base_url())
    }

    /// A connected peer that the relay knows.
    pub async fn peer(&self, instance: u8) -> Peer {
        let peer = Peer::hello(&self.socket(), instance).await;
        let mut current = self.host.relay().instance();
        current.wait_for(|id| *id == Some(crate::peer::instance(instance))).await.unwrap();
        peer
    }

    /// Puts sealed records of both credentials, as a commit of an enclave would.
    pub async fn seal(&self) {
        let record = |id| {
            RecordChange::Put(SealedRecord { id: credential(id), version: 1, body: vec![1, 2, 3].into() })
        };
        self.host
            .store()
            .commit(Commit {
                first: 0,
                entries: vec![b"event".to_vec().into()],
                checkpoint: "checkpoint 1".into(),
                records: vec![record("k256"), record("k384")],
            })
            .await
            .unwrap();
    }

    /// POST with the user's token.
    pub async fn post(&self, path: &str, body: impl ToString) -> Answered {
        self.post_with(path, Some(&format!("Bearer {}", self.token)), body).await
    }

    pub async fn post_with(&self, path: &str, authorization: Option<&str>, body: impl ToString) -> Answered {
        let mut request = self.client.post(self.url(path)).body(body.to_string());
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        answered(request).await
    }
}

pub async fn answered(request: reqwest::RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    assert!(headers.contains_key("x-request-id"));
    let octets = response.bytes().await.unwrap();
    let body = if octets.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&octets).unwrap_or_else(|_| panic!("not JSON: {octets:?}"))
    };
    Answered { status, body, headers }
}

pub fn credential(id: &str) -> CredentialId {
    CredentialId::new(id).unwrap()
}

pub fn entry(id: &str, owner: &str, key_algorithm: KeyAlgorithm) -> CatalogueEntry {
    CatalogueEntry {
        id: credential(id),
        owner: owner.into(),
        description: Some("for tests".into()),
        certificates: vec![certificate::der().to_vec().into(), certificate::der().to_vec().into()],
        key_algorithm,
        multisign: 3,
        scal: Scal::Two,
        means: MeansProfile::Passkey,
        sic: SicClass::Independent,
        status: KeyStatus::Enabled,
    }
}
