//! Place: SAM. Append, group commit, release (design section 5).
//!
//! Events of concurrent requests wait in a queue; one commit is under way at a time and takes all that wait, up to a
//! bound. What a caller gets is wrapped in [`Released`], which only this module makes: after the commit, and in a
//! cosigned service after the witnesses' quorum ([`cosigning`]), while the next commits go on.

mod cosigning;

use super::details::Details;
use super::keys::{LedgerKeys, RootKey};
use crate::platform::clock::{Millis, QuorumTime};
use cosigning::{Cosigning, Durable};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::detail::{Detail, detail_hash};
use fuin_shared::log::event::{Event, EventBody, MAX_ENTRY, VERSION};
use fuin_shared::log::state::State;
use fuin_shared::log::tree::{Frontier, leaf_hash};
use fuin_shared::log::witness_policy::WitnessSet;
use fuin_shared::manifest::Manifest;
use fuin_shared::message::{Commit, Cosign, Head, KeptDetail, Receipt, RecordChange, SealedRecord};
use rand_core::CryptoRng;
use std::collections::VecDeque;
use std::time::Duration;

/// Most events that wait; more are refused with [`Fault::LedgerBusy`].
const MAX_QUEUE: usize = 4096;
/// Places beyond these for events that restrict: with the witnesses away a credential can still be suspended.
const RESERVE: usize = 1024;
/// Most events in one commit.
const MAX_BATCH: usize = 512;
/// Most octets of entries and records in one commit: a frame holds them with room to spare.
const MAX_BATCH_OCTETS: usize = 640 * 1024;
/// Most octets of entries and records that wait for the witnesses.
const MAX_HELD_OCTETS: usize = 16 * 1024 * 1024;
/// How often an unknown outcome is asked about before the journal gives up.
const MAX_QUESTIONS: u32 = 32;

/// An event to append, with what goes along.
pub struct Entry {
    /// The event.
    pub body: EventBody,
    /// Changes of sealed records that it orders.
    pub records: Vec<RecordChange>,
    /// Salts that open its hashes, for the receipt.
    pub salts: Vec<Blob>,
    /// What auditors alone read of it.
    pub detail: Detail,
}

impl Entry {
    /// An event that neither changes records nor has salts.
    #[must_use]
    pub const fn new(body: EventBody, detail: Detail) -> Self {
        Self { body, records: Vec::new(), salts: Vec::new(), detail }
    }
}

/// A result whose event is durable, and cosigned where the service says so.
pub struct Released<T> {
    outcome: T,
    receipt: Receipt,
}

impl<T> Released<T> {
    /// The result and its receipt.
    pub fn into_parts(self) -> (T, Receipt) {
        (self.outcome, self.receipt)
    }
}

struct Queued<T> {
    entry: Vec<u8>,
    records: Vec<RecordChange>,
    salts: Vec<Blob>,
    outcome: T,
    successors: Option<WitnessSet>,
}

impl<T> Queued<T> {
    fn octets(&self) -> usize {
        let records: usize = self.records.iter().map(RecordChange::octets).sum();
        self.entry.len() + records + 16
    }
}

struct Batch<T> {
    commit: Commit,
    after: Frontier,
    items: Vec<(Vec<Blob>, T)>,
    /// The kernel's clock when its checkpoint first left.
    sent: Millis,
    successors: Option<WitnessSet>,
}

/// What follows from news about the commit under way.
pub enum Progress<T> {
    /// These may leave.
    Released(Vec<Released<T>>),
    /// Durable; its results wait for the witnesses.
    Durable,
    /// No quorum of witnesses yet: ask again after this time.
    Rest(Duration),
    /// The outcome is unknown: ask the host for its head.
    AskHead,
    /// It did not happen: send this again.
    Resend(Commit),
    /// The host refused, or has something else: the journal is closed for good.
    Broken,
}

/// The journal.
pub struct Journal<T> {
    keys: LedgerKeys,
    state: State,
    frontier: Frontier,
    checkpoint: Option<String>,
    queue: VecDeque<Queued<T>>,
    in_flight: Option<Batch<T>>,
    questions: u32,
    /// None: results are released when they are durable.
    cosigning: Option<Cosigning<T>>,
    /// None: no auditor of the manifest could open details, and none are made.
    details: Option<Details>,
}

impl<T> Journal<T> {
    /// A journal that goes on from a replayed ledger, or an empty one.
    #[must_use]
    pub const fn new(keys: LedgerKeys, state: State, frontier: Frontier, checkpoint: Option<String>) -> Self {
        Self {
            keys,
            state,
            frontier,
            checkpoint,
            queue: VecDeque::new(),
            in_flight: None,
            questions: 0,
            cosigning: None,
            details: None,
        }
    }

    /// From the next event on, details are sealed to the auditors of this manifest under a new content key.
    ///
    /// # Errors
    /// [`Fault::Malformed`] for a key that the manifest's check excludes.
    pub fn seal_details_to(&mut self, manifest: &Manifest, rng: &mut dyn CryptoRng) -> Result<(), Fault> {
        let next = self.next_index();
        self.details = Details::to_auditors(manifest, &self.keys.ledger, next, rng)?;
        Ok(())
    }

    /// Another content key for details, if the one that there is has served enough.
    ///
    /// # Errors
    /// As [`Journal::seal_details_to`].
    pub fn renew_details(&mut self, rng: &mut dyn CryptoRng) -> Result<(), Fault> {
        let next = self.next_index();
        let ledger = &self.keys.ledger;
        self.details.as_mut().map_or(Ok(()), |details| details.renew_if_due(ledger, next, rng))
    }

    /// Index that the next event will have.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        let in_flight = self.in_flight.as_ref().map_or(0, |batch| batch.items.len());
        self.frontier.size().saturating_add((in_flight + self.queue.len()) as u64)
    }

    /// From now on results wait for a quorum of these witnesses. Called before anything is appended.
    pub fn wait_for(&mut self, witnesses: WitnessSet) {
        self.cosigning = Some(Cosigning::new(witnesses));
    }

    /// A change of the witnesses that is in the ledger already waits for the quorum of these too.
    pub fn join(&mut self, successors: WitnessSet) {
        if let Some(cosigning) = &mut self.cosigning {
            cosigning.join(successors);
        }
    }

    /// The checkpoint with the cosignatures of both quorums by which a change of the witnesses came into force, until
    /// [`Journal::change_noted`].
    #[must_use]
    pub fn changed(&self) -> Option<&str> {
        self.cosigning.as_ref()?.changed()
    }

    /// The event that shows the change is appended.
    pub fn change_noted(&mut self) {
        if let Some(cosigning) = &mut self.cosigning {
            cosigning.change_noted();
        }
    }

    /// Whether a change of the witnesses waits for its quorums, or for the event that shows it.
    #[must_use]
    pub fn joining(&self) -> bool {
        let queued = self.queue.iter().any(|queued| queued.successors.is_some());
        let in_flight = self.in_flight.as_ref().is_some_and(|batch| batch.successors.is_some());
        queued || in_flight || self.cosigning.as_ref().is_some_and(Cosigning::joining)
    }

    /// Derived keys.
    #[must_use]
    pub const fn keys(&self) -> &LedgerKeys {
        &self.keys
    }

    /// Origin and vkey.
    #[must_use]
    pub const fn identity(&self) -> &LedgerIdentity {
        &self.keys.identity
    }

    /// The state, including events that still wait.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Number of durable events.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Root over the durable events.
    #[must_use]
    pub fn root(&self) -> fuin_shared::log::tree::Hash {
        self.frontier.root()
    }

    /// Whether the event that made this version of a record still waits to be released.
    #[must_use]
    pub fn awaits(&self, record: &SealedRecord) -> bool {
        let in_flight = self.in_flight.iter().flat_map(|batch| &batch.commit.records);
        let queued = self.queue.iter().flat_map(|queued| &queued.records);
        let durable = self.cosigning.iter().flat_map(Cosigning::records);
        in_flight
            .chain(queued)
            .chain(durable)
            .any(|change| matches!(change, RecordChange::Put(waiting) if waiting == record))
    }

    /// Refuses early what [`Journal::append`] would refuse for want of room.
    ///
    /// # Errors
    /// [`Fault::LedgerBusy`].
    pub fn check_room(&self) -> Result<(), Fault> {
        self.check_room_for(MAX_QUEUE, MAX_HELD_OCTETS)
    }

    /// As [`Journal::check_room`], for an event that restricts.
    ///
    /// # Errors
    /// [`Fault::LedgerBusy`].
    pub fn check_restriction_room(&self) -> Result<(), Fault> {
        self.check_room_for(MAX_QUEUE + RESERVE, MAX_HELD_OCTETS + MAX_BATCH_OCTETS)
    }

    /// Octets that are durable and wait for the witnesses.
    #[cfg(test)]
    pub(super) fn held_octets(&self) -> usize {
        self.cosigning.as_ref().map_or(0, |cosigning| cosigning.held().1)
    }

    fn check_room_for(&self, most: usize, most_octets: usize) -> Result<(), Fault> {
        let (events, octets) = self.cosigning.as_ref().map_or((0, 0), Cosigning::held);
        let full = self.queue.len() + events >= most || octets >= most_octets;
        if full { Err(Fault::LedgerBusy) } else { Ok(()) }
    }

    /// Appends an event; its result waits for the commit.
    ///
    /// # Errors
    /// [`Fault::LedgerBusy`]: the queue is full, nothing changed. [`Fault::TooLarge`]: the entry or its records are over
    /// a limit, nothing changed. [`Fault::LedgerBroken`]: the event breaks a rule of the state; callers check first, so
    /// this is a defect and the journal must be given up.
    pub fn append(&mut self, entry: Entry, now: Millis, outcome: T) -> Result<(), Fault> {
        self.check_room()?;
        self.push(entry, None, now, outcome)
    }

    /// As [`Journal::append`], for the event by which these witnesses take over: it counts under the quorum of both sets.
    ///
    /// # Errors
    /// As there; [`Fault::LedgerBusy`] too while an earlier change waits.
    pub fn append_change(
        &mut self,
        entry: Entry,
        successors: WitnessSet,
        now: Millis,
        outcome: T,
    ) -> Result<(), Fault> {
        if self.joining() {
            return Err(Fault::LedgerBusy);
        }
        self.check_room()?;
        self.push(entry, Some(successors), now, outcome)
    }

    /// As [`Journal::append`], for an event that restricts: a full queue has places in reserve for it.
    ///
    /// # Errors
    /// As there.
    pub fn append_restriction(&mut self, entry: Entry, now: Millis, outcome: T) -> Result<(), Fault> {
        self.check_restriction_room()?;
        self.push(entry, None, now, outcome)
    }

    /// As [`Journal::append`], for the event of a rotation: whatever follows it in the ledger is sealed under the new root key.
    ///
    /// # Errors
    /// As there.
    pub fn append_rotation(
        &mut self,
        entry: Entry,
        root: RootKey,
        now: Millis,
        outcome: T,
    ) -> Result<(), Fault> {
        self.append(entry, now, outcome)?;
        self.keys.rotate(root);
        Ok(())
    }

    /// What is left of a former root key is erased.
    pub fn forget_former_root(&mut self) {
        self.keys.forget_former();
    }

    fn push(
        &mut self,
        entry: Entry,
        successors: Option<WitnessSet>,
        now: Millis,
        outcome: T,
    ) -> Result<(), Fault> {
        let time = now.0.max(self.state.last_time());
        let mut event = Event { version: VERSION, time, body: entry.body, detail: None };
        let (index, mut records) = (self.next_index(), entry.records);
        if let Some(details) = &mut self.details {
            let sealed = details.seal(&self.keys.ledger, index, &event, &entry.detail)?;
            event.detail = Some(detail_hash(sealed.as_slice()));
            records.push(RecordChange::Detail(KeptDetail { index, sealed }));
        }
        let octets = codec::encode(&event);
        let queued = Queued { entry: octets, records, salts: entry.salts, outcome, successors };
        if queued.entry.len() > MAX_ENTRY || queued.octets() > MAX_BATCH_OCTETS {
            return Err(Fault::TooLarge);
        }
        self.state.apply(&event).map_err(|_| Fault::LedgerBroken)?;
        self.queue.push_back(queued);
        Ok(())
    }

    /// The next commit to send, when none is under way and something waits. `kernel` is the kernel's clock.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the checkpoint cannot be signed, which no input can cause.
    pub fn next_commit(&mut self, kernel: Millis) -> Result<Option<Commit>, Fault> {
        if self.in_flight.is_some() || self.queue.is_empty() {
            return Ok(None);
        }
        let first = self.frontier.size();
        let mut after = self.frontier.clone();
        let (mut entries, mut records, mut items) = (Vec::new(), Vec::new(), Vec::new());
        let (mut octets, mut successors) = (0, None);
        while let Some(queued) = self.queue.front() {
            octets += queued.octets();
            if entries.len() >= MAX_BATCH || (octets > MAX_BATCH_OCTETS && !entries.is_empty()) {
                break;
            }
            let Some(queued) = self.queue.pop_front() else { break };
            after.push(leaf_hash(&queued.entry));
            entries.push(Blob(queued.entry));
            records.extend(queued.records);
            items.push((queued.salts, queued.outcome));
            successors = successors.or(queued.successors);
        }
        let checkpoint =
            Checkpoint { origin: self.keys.identity.origin.clone(), size: after.size(), root: after.root() }
                .sign(&self.keys.signer)
                .map_err(|_| Fault::Internal)?;
        let commit = Commit { first, entries, checkpoint, records };
        self.in_flight = Some(Batch { commit: commit.clone(), after, items, sent: kernel, successors });
        Ok(Some(commit))
    }

    /// Takes the host's answer to the commit.
    pub fn committed(&mut self, result: Result<(), Fault>) -> Progress<T> {
        match result {
            Ok(()) => self.release(),
            Err(Fault::Disconnected | Fault::Deadline | Fault::Busy) => self.ask(),
            // The host refuses what it has already: a commit whose outcome was unknown landed after the question for
            // the head. If it did not, the head says so again, and the questions come to an end.
            Err(Fault::SinkRefused) if self.questions > 0 => self.ask(),
            Err(_) => Progress::Broken,
        }
    }

    /// Takes the host's answer to the question for its head: the commit happened as a whole, or not at all.
    pub fn head(&mut self, result: Result<Head, Fault>) -> Progress<T> {
        let Some(batch) = &self.in_flight else { return Progress::Broken };
        match result {
            Ok(head)
                if head.size == batch.after.size()
                    && head.checkpoint.as_deref() == Some(&*batch.commit.checkpoint) =>
            {
                self.release()
            }
            Ok(head) if head.size == batch.commit.first && head.checkpoint == self.checkpoint => {
                Progress::Resend(batch.commit.clone())
            }
            Ok(_) => Progress::Broken,
            Err(Fault::Disconnected | Fault::Deadline | Fault::Busy) => self.ask(),
            Err(_) => Progress::Broken,
        }
    }

    fn ask(&mut self) -> Progress<T> {
        self.questions += 1;
        if self.questions > MAX_QUESTIONS { Progress::Broken } else { Progress::AskHead }
    }

    fn release(&mut self) -> Progress<T> {
        let Some(batch) = self.in_flight.take() else { return Progress::Broken };
        self.questions = 0;
        self.frontier = batch.after;
        self.checkpoint = Some(batch.commit.checkpoint.clone());
        let origin = self.keys.identity.origin.clone();
        let head = Checkpoint { origin, size: self.frontier.size(), root: self.frontier.root() };
        let mut durable = Durable::new(batch.commit, batch.items, head, batch.sent);
        durable.successors = batch.successors;
        match &mut self.cosigning {
            None => Progress::Released(durable.release(None)),
            Some(cosigning) => {
                cosigning.push(durable);
                Progress::Durable
            }
        }
    }

    /// The next question to the witnesses: none while one is under way, or rests, or nothing waits for them. It is about
    /// the newest durable head, which covers all that wait.
    pub fn next_cosign(&mut self) -> Option<Cosign> {
        let identity = &self.keys.identity;
        self.cosigning.as_mut()?.ask(identity)
    }

    /// Takes the host's answer to the question. Only cosignatures are facts: whatever else came means "not yet".
    pub fn cosigned(&mut self, result: Result<String, Fault>) -> Option<Progress<T>> {
        Some(match self.cosigning.as_mut()?.answered(&result.unwrap_or_default())? {
            Ok(released) => Progress::Released(released),
            Err(pause) => Progress::Rest(pause),
        })
    }

    /// What the newest quorum of cosignatures says of the time; once.
    pub fn quorum_time(&mut self) -> Option<QuorumTime> {
        self.cosigning.as_mut()?.take_time()
    }

    /// The pause is over.
    pub fn rested(&mut self) {
        if let Some(cosigning) = &mut self.cosigning {
            cosigning.rested();
        }
    }

    /// Gives up: everything that waits, without its results being released.
    pub fn abandon(&mut self) -> Vec<T> {
        let waiting = self.in_flight.take().into_iter().flat_map(|b| b.items).map(|(_, outcome)| outcome);
        let durable = self.cosigning.iter_mut().flat_map(Cosigning::abandon);
        durable.chain(waiting).chain(self.queue.drain(..).map(|q| q.outcome)).collect()
    }
}
