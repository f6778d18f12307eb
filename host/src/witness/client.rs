//! Place: SSA. One witness over HTTP: `add-checkpoint` of C2SP tlog-witness.

use super::config::WitnessConfig;
use super::refusal::Refusal;
use crate::store::Store;
use base64ct::{Base64, Encoding};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::{CosignedCheckpoint, WitnessKey};
use fuin_shared::log::note::SignatureLine;
use fuin_shared::message::Cosign;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Time for one exchange.
const PATIENCE: Duration = Duration::from_secs(4);
/// Largest answer.
const MAX_ANSWER: usize = 16 * 1024;
/// Questions for one checkpoint: the first may guess the recorded size wrong, another request may have moved it.
const ROUNDS: u32 = 3;

/// A witness.
pub(super) struct Client {
    key: WitnessKey,
    url: String,
    http: reqwest::Client,
    /// Size that the witness has recorded, as far as we know; held while a request is under way.
    recorded: tokio::sync::Mutex<u64>,
    /// How the last request ended, so that a log tells what changes and not what stays.
    last: Mutex<Option<Refusal>>,
}

impl Client {
    pub(super) fn new(config: &WitnessConfig, key: WitnessKey) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let url = format!("{}/add-checkpoint", config.url);
        Ok(Self { key, url, http, recorded: tokio::sync::Mutex::new(0), last: Mutex::new(None) })
    }

    pub(super) fn name(&self) -> &str {
        self.key.name()
    }

    /// How the last request ended; none if it was cosigned, or there was none.
    pub(super) fn last(&self) -> Option<Refusal> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for a cosignature: its line, verified.
    pub(super) async fn ask(
        &self,
        wanted: &Cosign,
        checkpoint: &Checkpoint,
        store: &dyn Store,
    ) -> Result<String, Refusal> {
        let result = match self.recorded.try_lock() {
            Ok(mut recorded) => self.exchange(wanted, checkpoint, store, &mut recorded).await,
            Err(_) => Err(Refusal::Busy),
        };
        let now = result.as_ref().err().cloned();
        let before =
            std::mem::replace(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner), now.clone());
        match (&before, &now) {
            (_, Some(reason)) if now != before => {
                tracing::warn!(witness = self.name(), %reason, "not cosigned yet");
            }
            (Some(_), None) => tracing::info!(witness = self.name(), "cosigns again"),
            _ => {}
        }
        result
    }

    async fn exchange(
        &self,
        wanted: &Cosign,
        checkpoint: &Checkpoint,
        store: &dyn Store,
        recorded: &mut u64,
    ) -> Result<String, Refusal> {
        let size = checkpoint.size;
        // If it was ahead of us when last asked, it is asked anew where it stands.
        let mut old = if *recorded > size { 0 } else { *recorded };
        for _ in 0..ROUNDS {
            let proof = store.consistency(old, size).await.ok().flatten();
            let proof = proof.ok_or(Refusal::NoProof { old, size })?;
            let mut body = format!("old {old}\n");
            for hash in proof {
                // Writing to a string does not fail.
                let _ = writeln!(body, "{}", Base64::encode_string(&hash));
            }
            let _ = write!(body, "\n{}", wanted.checkpoint);
            let unreachable = |error: reqwest::Error| Refusal::Unreachable(reason(&error));
            let response = self.http.post(&self.url).body(body).send().await.map_err(unreachable)?;
            let status = response.status();
            let sized = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/x.tlog.size");
            let answer = read(response).await?;
            match status {
                StatusCode::OK => {
                    let line = self.own_line(&answer, checkpoint)?;
                    *recorded = size;
                    return Ok(line);
                }
                StatusCode::CONFLICT if sized => {
                    let found = size_of(&answer).ok_or(Refusal::Malformed("no size with 409"))?;
                    *recorded = found;
                    if found > size {
                        return Err(Refusal::Newer { recorded: found, size });
                    }
                    old = found;
                }
                StatusCode::NOT_FOUND => {
                    let ledger = wanted.ledger.clone();
                    return Err(Refusal::UnknownLedger { origin: ledger.origin, vkey: ledger.vkey });
                }
                StatusCode::FORBIDDEN => {
                    return Err(Refusal::UntrustedLedger { vkey: wanted.ledger.vkey.clone() });
                }
                // Our proofs are made from our own tree: if one fails, the witness has seen another.
                StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY if old > 0 => {
                    return Err(Refusal::OtherHistory { recorded: old, size });
                }
                status => return Err(Refusal::Status(status.as_u16())),
            }
        }
        Err(Refusal::Malformed("its recorded size does not stand still"))
    }

    /// The line of this witness among those in an answer; others are ignored.
    fn own_line(&self, answer: &str, checkpoint: &Checkpoint) -> Result<String, Refusal> {
        let lines = SignatureLine::parse_all(answer).map_err(|_| Refusal::Malformed("no signature lines"))?;
        let own = lines.iter().find(|line| line.name() == self.key.name() && line.id() == self.key.id());
        let own = own.ok_or(Refusal::Malformed("no cosignature under its vkey"))?;
        let (line, key) = (std::slice::from_ref(own), std::slice::from_ref(&self.key));
        CosignedCheckpoint::verify(checkpoint.clone(), line, key)
            .map_err(|_| Refusal::Malformed("its cosignature does not verify"))?;
        Ok(own.to_text())
    }
}

/// At most [`MAX_ANSWER`] octets.
async fn read(mut response: Response) -> Result<String, Refusal> {
    let mut octets = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| Refusal::Unreachable(reason(&error)))? {
        octets.extend_from_slice(&piece);
        if octets.len() > MAX_ANSWER {
            return Err(Refusal::Malformed("it is too long"));
        }
    }
    String::from_utf8(octets).map_err(|_| Refusal::Malformed("it is not UTF-8"))
}

fn size_of(answer: &str) -> Option<u64> {
    let digits = answer.strip_suffix('\n').unwrap_or(answer);
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// The deepest cause: what the system said.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
