//! Place: none. The auditor: reads a ledger entry by entry and holds it to every rule that shows from outside.
//!
//! It has no key and opens no hash. What breaks a rule here, no honest enclave wrote. It makes the enclave's own fold too
//! ([`super::state`]), so that it knows what a snapshot must say.

use alloc::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

mod standing;

use standing::Standing;

use super::RuleBroken;
use super::epoch::Epochs;
use super::event::{Event, EventBody, MAX_ENTRY, VERSION};
use super::possession::Possession;
use super::roots::{Records, Roots};
use super::sealing::Sealing;
use super::state::State;
use super::tree::{Frontier, Hash, leaf_hash};
use crate::codec;
use crate::ids::{MandateId, ManifestHash, StatementId, Subject};

/// A rule of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rule {
    /// An entry is one event in its one encoding.
    #[error("the entry is not an event in its one encoding")]
    Encoding,
    /// Version of the event.
    #[error("the event has a version that is not known")]
    Version,
    /// The first event is the genesis, and only that.
    #[error("the genesis must be the first event, and only that")]
    Genesis,
    /// Time does not go back.
    #[error("time goes back")]
    Time,
    /// A boot names size and root of the ledger that it found.
    #[error("the boot names another ledger than the one before it")]
    BootHead,
    /// A credential begins with its key, and the key is made once.
    #[error("the first event of a credential must make its key, and no other may")]
    FirstOfCredential,
    /// Events of a credential are numbered without gaps.
    #[error("the running number of the credential is not the next one")]
    Sequence,
    /// Nothing follows the destruction of a key.
    #[error("the credential was destroyed before")]
    Destroyed,
    /// A statement is spent once.
    #[error("the statement was spent before")]
    Statement,
    /// No more signatures than were authorized.
    #[error("more signatures than were authorized")]
    Signatures,
    /// Manifests only become newer, and a boot works under the newest.
    #[error("the manifest is not newer than the one before it, or a boot is under another")]
    Manifest,
    /// A hand-over is under the current manifest, by whoever has the ledger; only a boot of another follows.
    #[error("the hand-over is not by who has the ledger, not under its manifest, or not followed by a boot")]
    HandOver,
    /// What is suspended neither authorizes nor signs, and keeps its means.
    #[error("the credential is suspended")]
    Suspended,
    /// Only a suspension ends.
    #[error("there is no suspension that could end")]
    NotSuspended,
    /// The signer's word is an answer of the means, everybody else's is a statement.
    #[error("the event lacks the word on which it happened, or has another's")]
    Word,
    /// Attempts are counted one by one up to the limit.
    #[error("the number of attempts is not the next one, or the means is locked")]
    Attempts,
    /// Approvals, mandates, and what is sealed under them.
    #[error("the approvers or the mandate do not allow it")]
    Mandate,
    /// Only a lock is opened, and not without end.
    #[error("there is no lock that could be opened, or it was opened too often")]
    Unlock,
    /// An epoch goes on from a cosigned head of the one before it, whose tree is in this one.
    #[error("the epoch does not go on from the ledger before it, or says nothing that could be checked")]
    Epoch,
    /// A root key takes the place of the current one, and the one before is erased when nothing is sealed under it.
    #[error("the root key or its rotation is another, or records are still sealed under the former one")]
    Rotation,
    /// A snapshot says what the events before it add up to.
    #[error("the snapshot says something else than the events before it add up to")]
    Snapshot,
    /// What else the enclave's own fold refuses.
    #[error("{0}")]
    State(&'static str),
}

/// What is known of a credential from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    next: u64,
    allowed: u64,
    destroyed: bool,
    standing: Standing,
    sealing: Sealing,
}

/// What the events add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Events of each kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Credentials that are or were.
    pub credentials: u64,
    /// Credentials that were destroyed.
    pub destroyed: u64,
    /// Signatures that were authorized.
    pub authorized: u64,
    /// Signatures that were made.
    pub signed: u64,
    /// Time of the first event, Unix milliseconds.
    pub first_time: u64,
    /// Time of the newest event, Unix milliseconds.
    pub last_time: u64,
}

/// The audit under way. Memory grows with credentials and statements, not with events.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    frontier: Frontier,
    credentials: BTreeMap<Subject, Known>,
    spent: BTreeSet<StatementId>,
    manifest: Option<(ManifestHash, u64)>,
    possession: Possession,
    epochs: Epochs,
    roots: Roots,
    totals: Totals,
    state: State,
}

impl Audit {
    /// Begins with the empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Entries read.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Root of the tree of the entries read.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// What the events add up to.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The newest manifest.
    #[must_use]
    pub fn manifest(&self) -> Option<ManifestHash> {
        self.manifest.map(|(hash, _)| hash)
    }

    /// Its epochs.
    #[must_use]
    pub const fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// Its root keys.
    #[must_use]
    pub const fn roots(&self) -> &Roots {
        &self.roots
    }

    /// How many records are still sealed under a root key that another one replaced.
    #[must_use]
    pub fn records_left(&self) -> u64 {
        self.roots.in_use().map_or(0, |former| {
            former.left(|subject, mandate| {
                let known = self.credentials.get(subject);
                known.is_some_and(|known| known.sealing.is_live(mandate, self.totals.last_time))
            })
        })
    }

    /// Takes the next entry; gives its leaf hash.
    ///
    /// # Errors
    /// [`Rule`], the one that entry number [`Audit::size`] breaks; the audit is then of no more use.
    pub fn push(&mut self, entry: &[u8]) -> Result<Hash, Rule> {
        rule(entry.len() <= MAX_ENTRY, Rule::Encoding)?;
        let event: Event = codec::decode(entry).map_err(|_| Rule::Encoding)?;
        self.check(&event)?;
        let leaf = leaf_hash(entry);
        self.frontier.push(leaf);
        Ok(leaf)
    }

    fn check(&mut self, event: &Event) -> Result<(), Rule> {
        let (body, first) = (&event.body, self.size() == 0);
        rule(event.version == VERSION, Rule::Version)?;
        rule(matches!(body, EventBody::Genesis { .. }) == first, Rule::Genesis)?;
        rule(event.time >= self.totals.last_time, Rule::Time)?;
        if let EventBody::Boot { size, root, .. } | EventBody::EpochBegun { size, root, .. } = body {
            rule(*size == self.size() && root.0 == self.root(), Rule::BootHead)?;
        }
        if let EventBody::Snapshot { size, state } = body {
            rule(*size == self.size() && *state == self.state.digest(), Rule::Snapshot)?;
        }
        self.possession.take(body).map_err(|_| Rule::HandOver)?;
        self.epochs.take(body).map_err(|_| Rule::Epoch)?;
        let credentials = &self.credentials;
        let records = || {
            let live = credentials.iter().filter(|(_, known)| !known.destroyed);
            Records::of(live.map(|(subject, known)| (subject, &known.sealing)))
        };
        let live = |subject: &Subject, mandate: &MandateId| {
            credentials.get(subject).is_some_and(|known| known.sealing.is_live(mandate, event.time))
        };
        self.roots.take(event, records, live).map_err(|_| Rule::Rotation)?;
        match body {
            EventBody::Genesis { manifest, .. } => self.manifest = Some((*manifest, 1)),
            EventBody::Boot { manifest, .. } => {
                rule(self.manifest.is_some_and(|(current, _)| current == *manifest), Rule::Manifest)?;
            }
            EventBody::ManifestAdopted { manifest, version, .. } => {
                rule(self.manifest.is_some_and(|(_, current)| current < *version), Rule::Manifest)?;
                self.manifest = Some((*manifest, *version));
            }
            // It may be the same one: then the witnesses began anew with the ledger.
            EventBody::EpochBegun { manifest, version, .. } => {
                let next = (*manifest, *version);
                let newer = self.manifest.is_some_and(|current| current == next || current.1 < next.1);
                rule(newer, Rule::Manifest)?;
                self.manifest = Some(next);
            }
            EventBody::RecordsRewrapped { records } => {
                for one in records {
                    let Some(mandate) = one.mandate else { continue };
                    let known = self.credentials.get_mut(&one.subject).ok_or(Rule::Rotation)?;
                    known.sealing.rewrap(&mandate, one.record).map_err(|_| Rule::Rotation)?;
                }
            }
            EventBody::WitnessesChanged { manifest, .. } | EventBody::RootRotated { manifest, .. } => {
                rule(self.manifest.is_some_and(|(current, _)| current == *manifest), Rule::Manifest)?;
            }
            EventBody::HandedOver { manifest, .. } => {
                rule(self.manifest.is_some_and(|(current, _)| current == *manifest), Rule::HandOver)?;
            }
            _ => {}
        }
        if let Some(mark) = body.credential() {
            let made = matches!(body, EventBody::KeyGenerated { .. });
            rule(made != self.credentials.contains_key(&mark.subject), Rule::FirstOfCredential)?;
            let known = self.credentials.entry(mark.subject).or_default();
            rule(!known.destroyed, Rule::Destroyed)?;
            rule(mark.sequence == known.next, Rule::Sequence)?;
            known.standing.take(body)?;
            known.sealing.take(event).map_err(|_| Rule::Mandate)?;
            known.next = known.next.saturating_add(1);
            known.destroyed = body.destroys();
            known.allowed = known.allowed.saturating_add(body.allows().into());
            let left = known.allowed.checked_sub(body.signatures().into());
            known.allowed = left.ok_or(Rule::Signatures)?;
            self.totals.credentials += u64::from(made);
            self.totals.destroyed += u64::from(known.destroyed);
        }
        for statement in body.spends() {
            rule(self.spent.insert(*statement), Rule::Statement)?;
        }
        self.state.apply(event).map_err(|RuleBroken(text)| Rule::State(text))?;
        if first {
            self.totals.first_time = event.time;
        }
        self.totals.last_time = event.time;
        *self.totals.kinds.entry(body.kind()).or_default() += 1;
        self.totals.authorized = self.totals.authorized.saturating_add(body.allows().into());
        self.totals.signed = self.totals.signed.saturating_add(body.signatures().into());
        Ok(())
    }
}

const fn rule(holds: bool, rule: Rule) -> Result<(), Rule> {
    if holds { Ok(()) } else { Err(rule) }
}

#[cfg(test)]
mod tests;
