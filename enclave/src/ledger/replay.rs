//! Place: SAM. Reads a ledger back at boot. The host is believed in nothing: every entry is parsed and applied, the
//! tree is rebuilt, and it must agree with its own signed checkpoint and with what the custodians have seen, or with the
//! hand-over by which this boot has the root key.
//!
//! A ledger that went through several epochs has a key for each. A note is opened by the key of whichever epoch it is of;
//! the newest checkpoint must be of the last one.

use super::keys::{LedgerKeys, RootKey};
use super::state::State;
use crate::ceremony::new_epoch::PlannedEpoch;
use crate::ceremony::provision::Provisioned;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{InstanceId, PersonId, RootCommitment, ServiceId};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::growth::Growth;
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::tree::{Frontier, Hash, leaf_hash};
use fuin_shared::message::Head;

/// A replay under way.
pub struct Replay {
    /// Until the ledger's keys are derived.
    root: Option<RootKey>,
    service: ServiceId,
    commitment: RootCommitment,
    prefix: String,
    /// Notes that the ledger must hold, as far as the key that opens them is not known yet.
    seen: Vec<String>,
    /// Where a new epoch is planned: the proof that the ledger goes on from its checkpoint.
    growth: Option<Growth>,
    /// Whose shares the root key was made of.
    custodians: Vec<PersonId>,
    /// The boot that the last event must name.
    heir: Option<InstanceId>,
    head: Head,
    buffer: Vec<u8>,
    state: State,
    frontier: Frontier,
    opened: Option<Opened>,
}

struct Opened {
    /// Of the epoch that the replay is in.
    keys: LedgerKeys,
    /// Keys of the epochs before.
    former: Vec<VerifierKey>,
    head: Option<Checkpoint>,
    /// Checkpoints of this epoch that must be met on the way.
    marks: Vec<Checkpoint>,
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
    /// Whose shares the root key was made of; nobody's after a hand-over.
    pub custodians: Vec<PersonId>,
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
        let Provisioned { root, commitment, mut seen, custodians, heir } = provisioned;
        let growth = match planned {
            Some(planned) => {
                seen.push(planned.note().to_owned());
                Some(planned.growth(head.size).ok_or(Fault::LedgerShortened)?)
            }
            None => None,
        };
        Ok(Self {
            root: Some(root),
            service,
            commitment,
            prefix,
            seen,
            growth,
            custodians,
            heir,
            head,
            buffer: Vec::new(),
            state: State::default(),
            frontier: Frontier::new(),
            opened: None,
        })
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
    pub fn finish(self) -> Result<Replayed, Fault> {
        let opened = self.opened.ok_or(Fault::LedgerShortened)?;
        let checkpoint = self.head.checkpoint.ok_or(Fault::LedgerShortened)?;
        // What no key of this ledger opens is not of this ledger, or of an epoch of it that is not here.
        let (Some(head), true) = (opened.head, self.seen.is_empty()) else {
            return Err(Fault::CheckpointForeign);
        };
        if !self.buffer.is_empty() || self.frontier.size() != head.size {
            return Err(Fault::LedgerBroken);
        }
        if self.frontier.root() != head.root {
            return Err(Fault::LedgerBroken);
        }
        // A mark that was never met lies beyond the end.
        if !opened.marks.is_empty() {
            return Err(Fault::LedgerShortened);
        }
        if self.heir.is_some_and(|heir| self.state.heir() != Some(heir)) {
            return Err(Fault::HandOverVoid);
        }
        let growth = match self.growth {
            Some(growth) => Some(growth.finish().ok_or(Fault::LedgerBroken)?),
            None => None,
        };
        let Opened { keys, former, .. } = opened;
        let (state, frontier, custodians) = (self.state, self.frontier, self.custodians);
        Ok(Replayed { keys, former, state, frontier, checkpoint, growth, custodians })
    }

    fn entry(&mut self, entry: &[u8]) -> Result<(), Fault> {
        let event: Event = codec::decode(entry).map_err(|_| Fault::LedgerBroken)?;
        if let EventBody::Boot { size, root, .. } | EventBody::EpochBegun { size, root, .. } = &event.body
            && (*size != self.frontier.size() || root.0 != self.frontier.root())
        {
            return Err(Fault::LedgerBroken);
        }
        self.state.apply(&event).map_err(|_| Fault::LedgerBroken)?;
        if self.frontier.size() == 0 {
            self.open()?;
        }
        if let EventBody::EpochBegun { .. } = &event.body {
            self.succeed()?;
        }
        let leaf = leaf_hash(entry);
        self.frontier.push(leaf);
        if let Some(growth) = &mut self.growth {
            growth.push(leaf);
        }
        let (size, root) = (self.frontier.size(), self.frontier.root());
        let opened = self.opened.as_mut().ok_or(Fault::LedgerBroken)?;
        if size > self.head.size {
            return Err(Fault::LedgerBroken);
        }
        if opened.marks.iter().any(|mark| mark.size == size && mark.root != root) {
            return Err(Fault::LedgerShortened);
        }
        opened.marks.retain(|mark| mark.size != size);
        Ok(())
    }

    /// The first event names the ledger, and with that its key: now checkpoints can be opened.
    fn open(&mut self) -> Result<(), Fault> {
        let foundation = self.state.foundation().ok_or(Fault::LedgerBroken)?;
        if foundation.service != self.service || foundation.commitment != self.commitment {
            return Err(Fault::LedgerBroken);
        }
        let root = self.root.take().ok_or(Fault::LedgerBroken)?;
        let keys = LedgerKeys::derive(root, &self.prefix, foundation.name)?;
        self.opened = Some(self.opened_by(keys, Vec::new())?);
        Ok(())
    }

    /// An epoch begins: from here on its key signs.
    fn succeed(&mut self) -> Result<(), Fault> {
        let opened = self.opened.take().ok_or(Fault::LedgerBroken)?;
        let Opened { keys, mut former, head: None, marks } = opened else {
            return Err(Fault::LedgerBroken);
        };
        // What was seen of the epoch that ends lies in it.
        if !marks.is_empty() {
            return Err(Fault::LedgerShortened);
        }
        let name = self.state.name().ok_or(Fault::LedgerBroken)?;
        let before = keys.identity.clone();
        former.push(keys.signer.verifier().clone());
        let keys = keys.succeed(&self.prefix, name)?;
        let begun = self.state.epochs().begun().last().ok_or(Fault::LedgerBroken)?;
        if begun.predecessor != before || begun.ledger != keys.identity {
            return Err(Fault::LedgerBroken);
        }
        self.opened = Some(self.opened_by(keys, former)?);
        Ok(())
    }

    /// Opens what these keys open of the checkpoints that are not opened yet.
    fn opened_by(&mut self, keys: LedgerKeys, former: Vec<VerifierKey>) -> Result<Opened, Fault> {
        let open = |note: &str| Checkpoint::open(note, keys.signer.verifier()).ok();
        let head = self.head.checkpoint.as_deref().and_then(open);
        if head.as_ref().is_some_and(|head| head.size != self.head.size) {
            return Err(Fault::LedgerBroken);
        }
        let mut marks = Vec::new();
        self.seen.retain(|note| open(note).map(|mark| marks.push(mark)).is_none());
        marks.retain(|mark| mark.size > 0);
        // One that lies before the epoch was never this key's to sign, and is not met any more.
        if marks.iter().any(|mark| mark.size > self.head.size || mark.size <= self.frontier.size()) {
            return Err(Fault::LedgerShortened);
        }
        Ok(Opened { keys, former, head, marks })
    }
}
