//! Place: SAM. Evidence bundles (design section 3.4): documents with a caller's nonce are rate-limited; otherwise a cached
//! document, at most five minutes old, with the instance key's signature over the nonce.

use super::{Effect, ServiceContext, Ticket};
use crate::channel::InstanceKeyPairs;
use crate::platform::clock::Millis;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::{
    EvidenceBundle, EvidenceStatement, Freshness, LedgerEpoch, LedgerIdentity, Purpose, RootProvider,
    STATEMENT_VERSION, user_data_of,
};
use fuin_shared::fault::Fault;
use fuin_shared::ids::{ManifestHash, RootCommitment};
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::message::Answer;
use fuin_shared::phase::Phase;
use fuin_shared::rotation::RootRotation;
use std::collections::HashMap;

const CACHE_MILLIS: u64 = 300_000;
/// Documents with a caller's nonce: a bucket of this many, refilled by one each [`REFILL_MILLIS`].
const BUCKET: u64 = 8;
const REFILL_MILLIS: u64 = 1_000;
const NONCE: std::ops::RangeInclusive<usize> = 8..=64;
const MAX_WAITING: usize = 64;

/// What the statement says beyond the service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The ledger.
    pub ledger: Option<LedgerIdentity>,
    /// Commitment to the root key.
    pub commitment: Option<RootCommitment>,
    /// Its epoch, after the first.
    pub epoch: Option<LedgerEpoch>,
    /// The rotation of the root key that is under way.
    pub rotation: Option<RootRotation>,
    /// Whether that root key is being made now: custodians see the commitment before they confirm.
    pub genesis: bool,
}

struct Waiting {
    statement: Vec<u8>,
    /// The manifest that the statement names: another may be current when the document comes.
    manifest: Stated,
    nonce_inside: bool,
    /// The caller's nonce that the instance key must sign for.
    nonce_outside: Option<Blob>,
}

/// A manifest as a bundle carries it.
struct Stated {
    hash: ManifestHash,
    signed: Blob,
}

impl Stated {
    fn by(view: &View<'_>) -> Self {
        Self { hash: view.context.hash, signed: view.context.signed.clone() }
    }
}

struct Cached {
    document: Vec<u8>,
    statement: Vec<u8>,
    made: Millis,
}

/// The instance as evidence shows it.
pub struct View<'a> {
    /// The service.
    pub context: &'a ServiceContext,
    /// Ledger and root key.
    pub facts: &'a Facts,
    /// Phase.
    pub phase: Phase,
    /// Instance keys.
    pub keys: &'a InstanceKeyPairs,
    /// The kernel's clock as far as it is corrected. It goes back when a document shows that it was ahead.
    pub now: Millis,
}

/// Hands out evidence.
pub struct EvidenceDesk {
    waiting: HashMap<Ticket, Waiting>,
    cached: Option<Cached>,
    tokens: u64,
    refilled: Millis,
}

impl Default for EvidenceDesk {
    fn default() -> Self {
        Self { waiting: HashMap::new(), cached: None, tokens: BUCKET, refilled: Millis(0) }
    }
}

impl EvidenceDesk {
    /// Answers at once from the cache, or asks the NSM.
    pub fn request(&mut self, ticket: Ticket, nonce: Option<Blob>, view: &View<'_>) -> Effect {
        if nonce.as_ref().is_some_and(|n| !NONCE.contains(&n.0.len())) {
            return Effect::Reply { ticket, result: Err(Fault::Malformed) };
        }
        let statement = statement(view);
        let octets = codec::encode(&statement);
        let inside = nonce.is_some() && self.take_token(view.now);
        if !inside
            && let Some(cached) = &self.cached
            && cached.statement == octets
            && view.now.0.abs_diff(cached.made.0) <= CACHE_MILLIS
        {
            let result = bundle(cached.document.clone(), &octets, Stated::by(view), nonce, view);
            return Effect::Reply { ticket, result };
        }
        if self.waiting.len() >= MAX_WAITING {
            return Effect::Reply { ticket, result: Err(Fault::Busy) };
        }
        let user_data = statement.user_data();
        let sent = if inside { nonce.clone().map(|n| n.0) } else { None };
        let nonce_outside = if inside { None } else { nonce };
        let waiting =
            Waiting { statement: octets, manifest: Stated::by(view), nonce_inside: inside, nonce_outside };
        self.waiting.insert(ticket, waiting);
        Effect::Attest { ticket, user_data, nonce: sent }
    }

    /// Takes a document.
    pub fn attested(
        &mut self,
        ticket: Ticket,
        result: Result<Vec<u8>, Fault>,
        view: &View<'_>,
    ) -> Option<Effect> {
        let waiting = self.waiting.remove(&ticket)?;
        let result = result.and_then(|document| {
            self.cached = Some(Cached {
                document: document.clone(),
                statement: waiting.statement.clone(),
                made: view.now,
            });
            let outside = if waiting.nonce_inside { None } else { waiting.nonce_outside };
            bundle(document, &waiting.statement, waiting.manifest, outside, view)
        });
        Some(Effect::Reply { ticket, result })
    }

    /// Whether another document with a caller's nonce may be made now.
    pub fn take_token(&mut self, now: Millis) -> bool {
        let periods = now.0.abs_diff(self.refilled.0) / REFILL_MILLIS;
        if periods > 0 {
            self.tokens = self.tokens.saturating_add(periods).min(BUCKET);
            self.refilled = now;
        }
        let granted = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        granted
    }
}

/// What the instance says of itself now.
#[must_use]
pub fn statement(view: &View<'_>) -> EvidenceStatement {
    let View { context, facts, phase, keys, .. } = *view;
    let purpose = if facts.genesis { Purpose::Genesis } else { Purpose::Service };
    EvidenceStatement {
        version: STATEMENT_VERSION,
        purpose,
        service: context.service,
        phase,
        instance: keys.public(),
        manifest: context.hash,
        ledger: facts.ledger.clone(),
        root_commitment: facts.commitment,
        root_provider: facts.commitment.map(|_| RootProvider::Custodians),
        release: Some(context.manifest.release),
        witness_policy: context.manifest.witnesses.as_ref().map(WitnessPolicy::digest),
        epoch: facts.epoch.clone(),
        rotation: facts.rotation,
    }
}

fn bundle(
    document: Vec<u8>,
    statement: &[u8],
    manifest: Stated,
    nonce: Option<Blob>,
    view: &View<'_>,
) -> Result<Answer, Fault> {
    let View { keys, now, .. } = *view;
    let freshness = match nonce {
        None => None,
        Some(nonce) => {
            let time = now.0 / 1000;
            let message =
                Freshness::message(nonce.as_slice(), time, &manifest.hash, &user_data_of(statement));
            Some(Freshness { nonce, time, signature: keys.sign(&message)?.into() })
        }
    };
    let bundle = EvidenceBundle {
        document: document.into(),
        statement: statement.into(),
        manifest: manifest.signed,
        freshness,
    };
    Ok(Answer::Evidence(codec::encode(&bundle).into()))
}
