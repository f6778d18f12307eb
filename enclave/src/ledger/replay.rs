//! Place: SAM. Reads a ledger back at boot. The host is believed in nothing: every entry is parsed and applied, the
//! tree is rebuilt, and it must agree with its own signed checkpoint and with what the custodians have seen, or with the
//! hand-over by which this boot has the root key.
//!
//! A ledger that went through several epochs has a key for each, and the newest checkpoint must be of the last one. Keys of
//! epochs before a rotation of the root key cannot be derived from the one that took over: then the events name them, and
//! the newest checkpoint covers the events.
//!
//! A replay may begin from a snapshot ([`Replay::begin_from`]). Whose word that is: the enclave's that appended its event, under
//! the manifest that is current still (decision 0032).

use super::keys::{LedgerKeys, RootKey};
use crate::ceremony::new_epoch::PlannedEpoch;
use crate::ceremony::provision::{Provision, Provisioned};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, ManifestHash, PersonId, RootCommitment, ServiceId};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::growth::Growth;
use fuin_shared::log::note::{Note, VerifierKey};
use fuin_shared::log::snapshot::{MAX_MARKS, Snapshot};
use fuin_shared::log::state::{LedgerName, State};
use fuin_shared::log::tree::{Frontier, Hash, leaf_hash};
use fuin_shared::message::Head;
use std::collections::{BTreeMap, BTreeSet};

/// A replay under way.
pub struct Replay {
    /// Those that no key was derived from yet.
    roots: BTreeMap<RootCommitment, RootKey>,
    /// Which root keys there were at the beginning.
    provided: BTreeSet<RootCommitment>,
    shares: Provision,
    service: ServiceId,
    prefix: String,
    /// Notes that the ledger must hold.
    seen: Vec<String>,
    /// Its roots at the sizes that these notes speak of.
    met: BTreeMap<u64, Option<Hash>>,
    /// Where a new epoch is planned: the proof that the ledger goes on from its checkpoint.
    growth: Option<Growth>,
    /// Digest in the snapshot event that must come next.
    begun_from: Option<Digest32>,
    /// Whose shares the root keys were made of.
    custodians: Vec<PersonId>,
    /// The boot that the last event must name.
    heir: Option<InstanceId>,
    head: Head,
    buffer: Vec<u8>,
    state: State,
    frontier: Frontier,
    /// From the first event on whose root key is here.
    keys: Option<LedgerKeys>,
    /// Of the epochs before, with the size at which each ended.
    former: Vec<(VerifierKey, u64)>,
}

/// A ledger that passed.
pub struct Replayed {
    /// Derived keys of the last epoch.
    pub keys: LedgerKeys,
    /// Keys of the epochs before, in their order.
    pub former: Vec<VerifierKey>,
    /// State.
    pub state: State,
    /// Tree.
    pub frontier: Frontier,
    /// Newest signed checkpoint.
    pub checkpoint: String,
    /// Where a new epoch is planned: the proof that the ledger goes on from its checkpoint.
    pub growth: Option<Vec<Hash>>,
    /// Whose shares the root keys were made of; nobody's after a hand-over.
    pub custodians: Vec<PersonId>,
}

/// What the end of a ledger shows.
pub enum Outcome {
    /// It passed.
    Whole(Box<Replayed>),
    /// It cannot be judged before another root key is here: the shares that are, and what they lack.
    Wanting(Provision),
}

impl Replay {
    /// Begins; `head` is the host's word, to be disproved. A planned epoch's checkpoint must be met as what custodians saw.
    ///
    /// # Errors
    /// [`Fault::LedgerShortened`] when the host says that there is no ledger, or less than the planned epoch's checkpoint.
    pub fn new(
        provisioned: Provisioned,
        planned: Option<&PlannedEpoch>,
        service: ServiceId,
        prefix: String,
        head: Head,
    ) -> Result<Self, Fault> {
        if head.size == 0 || head.checkpoint.is_none() {
            return Err(Fault::LedgerShortened);
        }
        let Provisioned { roots, mut seen, custodians, heir, shares } = provisioned;
        let growth = match planned {
            Some(planned) => {
                seen.push(planned.note().to_owned());
                Some(planned.growth(head.size).ok_or(Fault::LedgerShortened)?)
            }
            None => None,
        };
        let mut replay = Self {
            provided: roots.keys().copied().collect(),
            roots,
            shares,
            service,
            prefix,
            met: BTreeMap::new(),
            seen,
            growth,
            begun_from: None,
            custodians,
            heir,
            head,
            buffer: Vec::new(),
            state: State::default(),
            frontier: Frontier::new(),
            keys: None,
            former: Vec::new(),
        };
        // Whose signature is under them shows later.
        replay.met = replay.marked().map(|mark| (mark.size, None)).collect();
        Ok(replay)
    }

    /// Sizes of the heads that the ledger must have grown from, for which a snapshot brings proofs; nothing if no snapshot
    /// serves, since a proof must be made of all leaves.
    #[must_use]
    pub fn earlier_sizes(&self) -> Option<Vec<u64>> {
        let marks: Vec<u64> = self.marked().map(|mark| mark.size).collect();
        (self.growth.is_none() && marks.len() <= MAX_MARKS).then_some(marks)
    }

    /// What the notes say, whoever signed them.
    fn marked(&self) -> impl Iterator<Item = Checkpoint> {
        let text = |note: &String| Note::parse(note.as_bytes()).ok().map(|note| note.text().to_owned());
        self.seen.iter().filter_map(text).filter_map(|text| Checkpoint::parse(&text).ok())
    }

    /// Whether this is a snapshot to begin from: of this service, made under the manifest that is current, and grown from every
    /// head that custodians have seen before it. Otherwise the whole ledger is read.
    #[must_use]
    pub fn serves(&self, snapshot: &Snapshot, manifest: &ManifestHash) -> bool {
        let (state, size) = (&snapshot.state, snapshot.frontier.size());
        let ours = state.foundation().is_some_and(|foundation| foundation.service == self.service)
            && state.manifest().is_some_and(|current| current.hash == *manifest);
        let grew = |(number, mark): (usize, Checkpoint)| {
            mark.size > size || snapshot.grew_from(number, mark.size, &mark.root)
        };
        ours && size < self.head.size && self.marked().enumerate().all(grew)
    }

    /// Begins from a snapshot that [`Replay::serves`]; answers the index of the entry to read first, which is the event of the
    /// snapshot.
    ///
    /// # Errors
    /// [`Fault::LedgerBroken`]: it names no ledger, or keys that are not those of its root key.
    pub fn begin_from(&mut self, snapshot: Snapshot) -> Result<u64, Fault> {
        for mark in self.marked().collect::<Vec<_>>() {
            if mark.size <= snapshot.frontier.size() {
                self.met.insert(mark.size, Some(mark.root));
            }
        }
        self.keys = self.keys_after(&snapshot.state)?;
        for begun in snapshot.state.epochs().begun() {
            let before = VerifierKey::parse(&begun.predecessor.vkey).map_err(|_| Fault::LedgerBroken)?;
            self.former.push((before, begun.index));
        }
        self.begun_from = Some(snapshot.digest);
        (self.state, self.frontier) = (snapshot.state, snapshot.frontier);
        Ok(self.frontier.size())
    }

    /// The keys of a ledger whose events are summed up; none if another root key took over that is not here.
    fn keys_after(&mut self, state: &State) -> Result<Option<LedgerKeys>, Fault> {
        let name = state.name().ok_or(Fault::LedgerBroken)?;
        let current = state.roots().current().ok_or(Fault::LedgerBroken)?.commitment;
        let Some(root) = self.roots.remove(&current) else { return Ok(None) };
        let (keys, epoch) = match state.carried() {
            None => {
                let first = state.foundation().ok_or(Fault::LedgerBroken)?.name;
                (LedgerKeys::derive(root, &self.prefix, first)?, first.epoch)
            }
            Some(carried) => {
                let then = LedgerName { epoch: carried.epoch, ..name };
                let keys = LedgerKeys::of_carried(root, &current, &carried.octets, &self.prefix, then)?;
                (keys, carried.epoch)
            }
        };
        let keys = if epoch == name.epoch { keys } else { keys.succeed(&self.prefix, name)? };
        let known = state.epochs().begun().last();
        if known.is_some_and(|known| known.ledger != keys.identity) {
            return Err(Fault::LedgerBroken);
        }
        Ok(Some(keys))
    }

    /// Takes a piece of the stream.
    ///
    /// # Errors
    /// [`Fault::LedgerBroken`], [`Fault::LedgerShortened`], [`Fault::CheckpointForeign`].
    pub fn push(&mut self, octets: &[u8]) -> Result<(), Fault> {
        self.buffer.extend_from_slice(octets);
        let buffer = std::mem::take(&mut self.buffer);
        let mut rest = buffer.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((entry, after)) = after.split_at_checked(length) else { break };
            self.entry(entry)?;
            rest = after;
        }
        self.buffer = rest.to_vec();
        Ok(())
    }

    /// Ends the replay.
    ///
    /// # Errors
    /// As [`Replay::push`]; [`Fault::HandOverVoid`]: another boot came before the one to which the ledger was handed.
    pub fn finish(mut self) -> Result<Outcome, Fault> {
        if let Some(needed) = self.wanting()? {
            return Ok(Outcome::Wanting(self.shares.needing(needed)));
        }
        let mut keys = self.keys.take().ok_or(Fault::LedgerBroken)?;
        let checkpoint = self.head.checkpoint.take().ok_or(Fault::LedgerShortened)?;
        // What no key of this ledger opens is not of this ledger, or of an epoch of it that is not here.
        let head = Checkpoint::open(&checkpoint, keys.signer.verifier());
        let of_former = || self.former.iter().any(|(key, _)| Checkpoint::open(&checkpoint, key).is_ok());
        let head =
            head.map_err(|_| if of_former() { Fault::LedgerBroken } else { Fault::CheckpointForeign })?;
        let whole = self.buffer.is_empty()
            && self.begun_from.is_none()
            && head.size == self.head.size
            && (self.frontier.size(), self.frontier.root()) == (head.size, head.root);
        let marks = self.marks(keys.signer.verifier());
        // A mark beyond the end, or of another tree, tells more than that something is wrong.
        if !whole {
            return Err(if marks == Err(Fault::LedgerShortened) {
                Fault::LedgerShortened
            } else {
                Fault::LedgerBroken
            });
        }
        marks?;
        if self.heir.is_some_and(|heir| self.state.heir() != Some(heir)) {
            return Err(Fault::HandOverVoid);
        }
        let growth = match self.growth {
            Some(growth) => Some(growth.finish().ok_or(Fault::LedgerBroken)?),
            None => None,
        };
        if self.state.roots().in_use().is_none() {
            keys.forget_former();
        }
        let former = self.former.into_iter().map(|(key, _)| key).collect();
        let Self { state, frontier, custodians, .. } = self;
        Ok(Outcome::Whole(Box::new(Replayed {
            keys,
            former,
            state,
            frontier,
            checkpoint,
            growth,
            custodians,
        })))
    }

    /// Which root keys the ledger needs, if one of them is not here and another one is.
    fn wanting(&self) -> Result<Option<Vec<RootCommitment>>, Fault> {
        let roots = self.state.roots();
        let current = roots.current().ok_or(Fault::LedgerShortened)?.commitment;
        let former = roots.in_use().map(|former| former.root.commitment);
        let needed: Vec<RootCommitment> = former.into_iter().chain([current]).collect();
        if needed.iter().all(|one| self.provided.contains(one)) {
            return Ok(None);
        }
        // No root key of this ledger, or one that it is done with.
        if !needed.iter().any(|one| self.provided.contains(one)) || self.heir.is_some() {
            return Err(Fault::LedgerBroken);
        }
        Ok(Some(needed))
    }

    /// Holds the ledger against the notes: each is of the epoch whose key opens it, lies in that epoch, and was met.
    fn marks(&self, last: &VerifierKey) -> Result<(), Fault> {
        let end = self.frontier.size();
        let epochs: Vec<(&VerifierKey, u64)> =
            self.former.iter().map(|(key, end)| (key, *end)).chain([(last, end)]).collect();
        for note in &self.seen {
            let opened = epochs.iter().enumerate().find_map(|(number, (key, end))| {
                let begun =
                    number.checked_sub(1).and_then(|before| epochs.get(before)).map_or(0, |(_, end)| *end);
                Checkpoint::open(note, key).ok().map(|mark| (mark, begun, *end))
            });
            let (mark, begun, end) = opened.ok_or(Fault::CheckpointForeign)?;
            // One that lies before the epoch was never its key's to sign; one beyond the end was never met.
            let within = mark.size > begun && mark.size <= end;
            let met = self.met.get(&mark.size).copied().flatten() == Some(mark.root);
            if mark.size > 0 && !(within && met) {
                return Err(Fault::LedgerShortened);
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &[u8]) -> Result<(), Fault> {
        let event: Event = codec::decode(entry).map_err(|_| Fault::LedgerBroken)?;
        if let EventBody::Boot { size, root, .. } | EventBody::EpochBegun { size, root, .. } = &event.body
            && (*size != self.frontier.size() || root.0 != self.frontier.root())
        {
            return Err(Fault::LedgerBroken);
        }
        self.check_snapshot(&event.body)?;
        self.state.apply(&event).map_err(|_| Fault::LedgerBroken)?;
        match &event.body {
            EventBody::Genesis { service, commitment, .. } => {
                if *service != self.service {
                    return Err(Fault::LedgerBroken);
                }
                if let Some(root) = self.roots.remove(commitment) {
                    let name = self.state.name().ok_or(Fault::LedgerBroken)?;
                    self.keys = Some(LedgerKeys::derive(root, &self.prefix, name)?);
                }
            }
            EventBody::RootRotated { to, carried, .. } => self.rotate(to, carried)?,
            EventBody::EpochBegun { .. } => self.succeed()?,
            _ => {}
        }
        let leaf = leaf_hash(entry);
        self.frontier.push(leaf);
        if let Some(growth) = &mut self.growth {
            growth.push(leaf);
        }
        if self.frontier.size() > self.head.size {
            return Err(Fault::LedgerBroken);
        }
        if let Some(met) = self.met.get_mut(&self.frontier.size()) {
            *met = Some(self.frontier.root());
        }
        Ok(())
    }

    /// A snapshot event sums up what is before it; where the replay began from one, that event comes first.
    fn check_snapshot(&mut self, body: &EventBody) -> Result<(), Fault> {
        let begun_from = self.begun_from.take();
        match body {
            EventBody::Snapshot { size, state } => {
                let summed = begun_from.unwrap_or_else(|| self.state.digest());
                let holds = *size == self.frontier.size() && *state == summed;
                if holds { Ok(()) } else { Err(Fault::LedgerBroken) }
            }
            _ if begun_from.is_some() => Err(Fault::LedgerBroken),
            _ => Ok(()),
        }
    }

    /// Another root key takes over. If it is not here, what follows is under keys that are not known.
    fn rotate(&mut self, to: &RootCommitment, carried: &Blob) -> Result<(), Fault> {
        let before = self.keys.take();
        let Some(root) = self.roots.remove(to) else { return Ok(()) };
        let name = self.state.name().ok_or(Fault::LedgerBroken)?;
        let after = LedgerKeys::of_carried(root, to, carried, &self.prefix, name)?;
        let known = self.state.epochs().begun().last();
        if known.is_some_and(|known| known.ledger != after.identity) {
            return Err(Fault::LedgerBroken);
        }
        self.keys = Some(match before {
            None => after,
            Some(before) if !after.goes_on_from(&before) => return Err(Fault::LedgerBroken),
            Some(before) => after.follow(before),
        });
        Ok(())
    }

    /// An epoch begins: from here on its key signs.
    fn succeed(&mut self) -> Result<(), Fault> {
        let begun = self.state.epochs().begun().last().ok_or(Fault::LedgerBroken)?;
        let before = VerifierKey::parse(&begun.predecessor.vkey).map_err(|_| Fault::LedgerBroken)?;
        self.former.push((before, begun.index));
        let Some(keys) = self.keys.take() else { return Ok(()) };
        if begun.predecessor != keys.identity {
            return Err(Fault::LedgerBroken);
        }
        let keys = keys.succeed(&self.prefix, self.state.name().ok_or(Fault::LedgerBroken)?)?;
        if begun.ledger != keys.identity {
            return Err(Fault::LedgerBroken);
        }
        self.keys = Some(keys);
        Ok(())
    }
}
