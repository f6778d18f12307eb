//! Place: none. A ledger over HTTP: checkpoint, hash tiles and, with an auditor's token, entry bundles.

use super::filling::Filling;
use super::{PIECE, Piece};
use crate::command::ledger::Trouble;
use anyhow::{Context as _, anyhow};
use fuin_shared::codec;
use fuin_shared::log::bundle::entries;
use fuin_shared::log::detail::bundle::{self, MAX_BUNDLE};
use fuin_shared::log::event::{Event, MAX_ENTRY};
use fuin_shared::log::note::MAX_NOTE;
use fuin_shared::log::tiles::{Tile, TileKind};
use fuin_shared::log::tree::Hash;
use reqwest::StatusCode;
use std::time::Duration;
use zeroize::Zeroizing;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a host that has too much to do is asked again, and after which pause.
const AGAIN: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// A client of one ledger.
pub struct Tiles {
    http: reqwest::Client,
    prefix: String,
    token: Option<Zeroizing<String>>,
}

impl Tiles {
    /// Of the ledger at `url`, which must be `http` on loopback: the token must not cross a network in the clear.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, Trouble> {
        let parsed = reqwest::Url::parse(url).map_err(|_| anyhow!("--url: {url} is no URL"))?;
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let loopback =
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if parsed.scheme() != "http" || !loopback {
            return Err(anyhow!(
                "--url: only http to loopback is spoken; put a TLS client such as a tunnel on this machine before it"
            )
            .into());
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        Ok(Self { http, prefix: url.trim_end_matches('/').to_owned(), token: token.map(Zeroizing::new) })
    }

    pub async fn checkpoint(&self) -> Result<String, Trouble> {
        let octets = self.fetch("checkpoint", MAX_NOTE).await?;
        let octets =
            octets.with_context(|| format!("--url: {}/checkpoint: no ledger is there", self.prefix))?;
        Ok(String::from_utf8(octets).context("--url: the checkpoint is no text")?)
    }

    pub async fn piece(&self, first: u64, width: u16) -> Result<Piece, Trouble> {
        let name = |kind| {
            let tile = Tile::new(kind, first / PIECE, width);
            tile.ok_or_else(|| Trouble::from(anyhow!("an empty tile was asked for")))
        };
        let octets = self.get(name(TileKind::Entries)?).await?;
        let entries = entries(&octets).map_err(|e| Trouble::broken(first, e.to_string()))?;
        if entries.len() != usize::from(width) {
            let at = first + entries.len().min(width.into()) as u64;
            return Err(Trouble::broken(at, "the bundle has another number of entries than its path"));
        }
        let leaves = self.get(name(TileKind::Hashes(0))?).await?;
        let mut filling = Filling::new(first, width);
        // Nothing is asked for where no event has one.
        let any = entries.iter().any(|entry| has_detail(entry));
        while let Some(wanted) = filling.wanted().filter(|_| any) {
            filling.take(self.details(wanted).await?);
        }
        Ok(Piece {
            entries: entries.into_iter().map(<[u8]>::to_vec).collect(),
            details: filling.finish(),
            leaves: Some(leaves.chunks(size_of::<Hash>()).map(<[u8]>::to_vec).collect()),
            checkpoints: Vec::new(),
        })
    }

    /// Sealed details from an entry on, with the indices of theirs.
    pub async fn details(&self, first: u64) -> Result<Vec<(u64, Vec<u8>)>, Trouble> {
        let path = format!("details/{first}");
        let octets = self.fetch(&path, MAX_BUNDLE).await?;
        let octets = octets.with_context(|| format!("--url: {path}: the host serves no details"))?;
        let found = bundle::details(&octets).map_err(|e| anyhow!("--url: {path}: {e}"))?;
        Ok(found.into_iter().map(|(index, sealed)| (index, sealed.to_vec())).collect())
    }

    /// A tile that the checkpoint says is there.
    pub async fn get(&self, tile: Tile) -> Result<Vec<u8>, Trouble> {
        let width = usize::from(tile.width());
        let (limit, level) = match tile.kind() {
            TileKind::Entries => (width * (MAX_ENTRY + 2), 0),
            TileKind::Hashes(level) => (width * size_of::<Hash>(), level),
        };
        let first = tile.index().saturating_mul(PIECE).checked_shl(u32::from(level) * 8).unwrap_or(0);
        let octets = self.fetch(&tile.to_string(), limit).await?;
        octets.ok_or_else(|| Trouble::broken(first, format!("{tile} is not served")))
    }

    /// None where the host says that there is nothing.
    async fn fetch(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, Trouble> {
        let url = format!("{}/{path}", self.prefix);
        let mut again = AGAIN;
        let mut response = loop {
            let mut request = self.http.get(&url);
            if let Some(token) = &self.token {
                request = request.bearer_auth(token.as_str());
            }
            let response = request.send().await.with_context(|| format!("--url: {url}"))?;
            let busy =
                matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            if !busy || again == 0 {
                break response;
            }
            again -= 1;
            tokio::time::sleep(PAUSE).await;
        };
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                let text = "the host serves entries to its auditors only; give the auditor's --token";
                return Err(anyhow!("--url: {path}: {status}: {text}").into());
            }
            status => return Err(anyhow!("--url: {path}: {status}").into()),
        }
        let mut octets = Vec::new();
        while let Some(part) = response.chunk().await.with_context(|| format!("--url: {url}"))? {
            if octets.len() + part.len() > limit {
                return Err(anyhow!("--url: {path}: the answer is longer than {limit} octets").into());
            }
            octets.extend_from_slice(&part);
        }
        Ok(Some(octets))
    }
}

fn has_detail(entry: &[u8]) -> bool {
    codec::decode::<Event>(entry).is_ok_and(|event| event.detail.is_some())
}
