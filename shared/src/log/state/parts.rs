//! Place: SAM, SSA, none. The state in pieces, each small enough to be read by itself, in one order: from the same events come the
//! same octets, and their digest stands in the ledger.
//!
//! There is no state in pieces while records are under two root keys: then no snapshot is made.

use super::{Adopted, Carried, CredentialState, Ended, Foundation, State, Taken, Takeover};
use crate::codec;
use crate::ids::{Digest32, MandateId, ManifestHash, StatementId, Subject};
use crate::log::RuleBroken;
use crate::log::epoch::{Begun, Epochs};
use crate::log::mandates::Mandate;
use crate::log::possession::Possession;
use crate::log::roots::Roots;
use alloc::boxed::Box;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Domain of the digest.
pub const STATE_DOMAIN: &[u8] = b"fuin/state/v1\0";
/// Identifiers in one piece.
const MANY: usize = 1024;

/// What there is once.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ledger {
    foundation: Foundation,
    manifest: Adopted,
    first_epoch: u32,
    roots: Roots,
    carried: Option<Carried>,
    last_time: u64,
    boots: u64,
    possession: Possession,
    snapshot: Option<Taken>,
}

/// A piece, in the order in which they come.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum Part {
    /// The first one, and only that.
    Ledger(Box<Ledger>),
    /// How the witnesses of a manifest took over.
    Witnesses(ManifestHash, Takeover),
    /// An epoch after the first, and under what the one before it ended.
    Epoch(Begun, Ended),
    /// A credential without its mandates.
    Credential(Subject, CredentialState),
    /// A mandate, which names its credential.
    Mandate(MandateId, Mandate),
    /// Certificates that are linked, or were.
    Certificates(Vec<Subject>),
    /// Statements that are spent.
    Spent(Vec<StatementId>),
    /// Sealed bodies by what took their place.
    Replaced(Vec<(Digest32, Digest32)>),
}

impl State {
    /// The pieces, each in CBOR, in their order; nothing of a ledger without events, or with records under two root keys.
    pub fn parts(&self) -> impl Iterator<Item = Vec<u8>> {
        self.typed_parts().map(|part| codec::encode(&part))
    }

    /// Digest of the pieces, each with its length before it.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        let mut digest = Sha256::new_with_prefix(STATE_DOMAIN);
        self.parts().for_each(|part| take(&mut digest, &part));
        Digest32(digest.finalize().into())
    }

    fn typed_parts(&self) -> impl Iterator<Item = Part> {
        let ledger = self.ledger_part();
        let some = ledger.is_some();
        let witnesses =
            self.witnesses.iter().map(|(hash, takeover)| Part::Witnesses(*hash, takeover.clone()));
        let epochs = self.epochs.begun().iter().zip(&self.ended);
        let epochs = epochs.map(|(begun, ended)| Part::Epoch(begun.clone(), *ended));
        let credentials = self.credentials.iter();
        let credentials = credentials.map(|(subject, known)| Part::Credential(*subject, known.clone()));
        let mandates = self.mandates.keys().filter_map(|id| Some((*id, self.mandate(id)?.clone())));
        let mandates = mandates.map(|(id, mandate)| Part::Mandate(id, mandate));
        let certificates = chunks(self.certificates.iter().copied()).map(Part::Certificates);
        let spent = chunks(self.spent.iter().copied()).map(Part::Spent);
        let replaced = chunks(self.replaced.iter().map(|(new, old)| (*new, *old))).map(Part::Replaced);
        let rest = witnesses
            .chain(epochs)
            .chain(credentials)
            .chain(mandates)
            .chain(certificates)
            .chain(spent)
            .chain(replaced);
        ledger.into_iter().chain(rest.filter(move |_| some))
    }

    fn ledger_part(&self) -> Option<Part> {
        if self.roots.in_use().is_some() {
            return None;
        }
        Some(Part::Ledger(Box::new(Ledger {
            foundation: self.foundation.clone()?,
            manifest: self.manifest?,
            first_epoch: self.epochs.first(),
            roots: self.roots.clone(),
            carried: self.carried.clone(),
            last_time: self.last_time,
            boots: self.boots,
            possession: self.possession,
            snapshot: self.snapshot,
        })))
    }
}

/// A state that is made of pieces. Only their digest says whether it ever was the ledger's.
#[derive(Debug)]
pub struct Restoring {
    state: State,
    begun: Vec<Begun>,
    first_epoch: u32,
    digest: Sha256,
}

impl Default for Restoring {
    fn default() -> Self {
        Self {
            state: State::default(),
            begun: Vec::new(),
            first_epoch: 0,
            digest: Sha256::new_with_prefix(STATE_DOMAIN),
        }
    }
}

impl Restoring {
    /// Takes the next piece.
    ///
    /// # Errors
    /// [`RuleBroken`] for what is no piece, or cannot follow those before.
    pub fn push(&mut self, part: &[u8]) -> Result<(), RuleBroken> {
        let typed = codec::decode(part).map_err(|_| RuleBroken("encoding of a snapshot"))?;
        take(&mut self.digest, part);
        let state = &mut self.state;
        let first = matches!(typed, Part::Ledger(_));
        if state.foundation.is_none() != first {
            return Err(RuleBroken("order of a snapshot"));
        }
        match typed {
            Part::Ledger(ledger) => {
                self.first_epoch = ledger.first_epoch;
                state.foundation = Some(ledger.foundation);
                state.manifest = Some(ledger.manifest);
                state.roots = ledger.roots;
                state.carried = ledger.carried;
                state.last_time = ledger.last_time;
                state.boots = ledger.boots;
                state.possession = ledger.possession;
                state.snapshot = ledger.snapshot;
            }
            Part::Witnesses(manifest, takeover) => {
                state.witnesses.insert(manifest, takeover);
            }
            Part::Epoch(begun, ended) => {
                self.begun.push(begun);
                state.ended.push(ended);
            }
            Part::Credential(subject, known) => {
                if known.record.is_some() {
                    *state.signers.entry(known.signer).or_default() += 1;
                }
                state.credentials.insert(subject, known);
            }
            Part::Mandate(id, mandate) => {
                let of = mandate.credential;
                let known =
                    state.credentials.get_mut(&of).ok_or(RuleBroken("a mandate without credential"))?;
                known.sealing.restore(id, mandate)?;
                state.mandates.insert(id, of);
            }
            Part::Certificates(some) => state.certificates.extend(some),
            Part::Spent(some) => state.spent.extend(some),
            Part::Replaced(some) => state.replaced.extend(some),
        }
        Ok(())
    }

    /// The state, and the digest of what it was made of.
    #[must_use]
    pub fn finish(self) -> (State, Digest32) {
        let Self { mut state, begun, first_epoch, digest } = self;
        state.epochs = Epochs::restored(first_epoch, begun);
        (state, Digest32(digest.finalize().into()))
    }
}

fn take(digest: &mut Sha256, part: &[u8]) {
    digest.update((part.len() as u64).to_be_bytes());
    digest.update(part);
}

/// In pieces of [`MANY`].
fn chunks<T>(mut all: impl Iterator<Item = T>) -> impl Iterator<Item = Vec<T>> {
    core::iter::from_fn(move || {
        let some: Vec<T> = all.by_ref().take(MANY).collect();
        (!some.is_empty()).then_some(some)
    })
}
