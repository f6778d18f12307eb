//! Place: SAM. Reads a ledger back at boot. The host is believed in nothing: every entry is parsed and applied, the
//! tree is rebuilt, and it must agree with its own signed checkpoint and with what the custodians have seen, or with the
//! hand-over by which this boot has the root key.

use super::keys::{LedgerKeys, RootKey};
use super::state::State;
use crate::ceremony::provision::Provisioned;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{InstanceId, PersonId, RootCommitment, ServiceId};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::log::tree::{Frontier, leaf_hash};
use fuin_shared::message::Head;

/// A replay under way.
pub struct Replay {
    /// Until the ledger's keys are derived.
    root: Option<RootKey>,
    service: ServiceId,
    commitment: RootCommitment,
    prefix: String,
    /// Notes that the ledger must hold; opened once its key is known.
    seen: Vec<String>,
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
    keys: LedgerKeys,
    head: Checkpoint,
    /// Checkpoints that must be met on the way.
    marks: Vec<Checkpoint>,
}

/// A ledger that passed.
pub struct Replayed {
    /// Derived keys.
    pub keys: LedgerKeys,
    /// State.
    pub state: State,
    /// Tree.
    pub frontier: Frontier,
    /// Newest signed checkpoint.
    pub checkpoint: String,
    /// Whose shares the root key was made of; nobody's after a hand-over.
    pub custodians: Vec<PersonId>,
}

impl Replay {
    /// Begins; `head` is the host's word, to be disproved.
    ///
    /// # Errors
    /// [`Fault::LedgerShortened`] when the host says that there is no ledger.
    pub fn new(
        provisioned: Provisioned,
        service: ServiceId,
        prefix: String,
        head: Head,
    ) -> Result<Self, Fault> {
        if head.size == 0 || head.checkpoint.is_none() {
            return Err(Fault::LedgerShortened);
        }
        let Provisioned { root, commitment, seen, custodians, heir } = provisioned;
        Ok(Self {
            root: Some(root),
            service,
            commitment,
            prefix,
            seen,
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
        if !self.buffer.is_empty() || self.frontier.size() != opened.head.size {
            return Err(Fault::LedgerBroken);
        }
        if self.frontier.root() != opened.head.root {
            return Err(Fault::LedgerBroken);
        }
        // A mark that was never met lies beyond the end.
        if !opened.marks.is_empty() {
            return Err(Fault::LedgerShortened);
        }
        if self.heir.is_some_and(|heir| self.state.heir() != Some(heir)) {
            return Err(Fault::HandOverVoid);
        }
        let (state, frontier, custodians) = (self.state, self.frontier, self.custodians);
        Ok(Replayed { keys: opened.keys, state, frontier, checkpoint, custodians })
    }

    fn entry(&mut self, entry: &[u8]) -> Result<(), Fault> {
        let event: Event = codec::decode(entry).map_err(|_| Fault::LedgerBroken)?;
        if let EventBody::Boot { size, root, .. } = &event.body
            && (*size != self.frontier.size() || root.0 != self.frontier.root())
        {
            return Err(Fault::LedgerBroken);
        }
        self.state.apply(&event).map_err(|_| Fault::LedgerBroken)?;
        if self.frontier.size() == 0 {
            self.open()?;
        }
        self.frontier.push(leaf_hash(entry));
        let (size, root) = (self.frontier.size(), self.frontier.root());
        let opened = self.opened.as_mut().ok_or(Fault::LedgerBroken)?;
        if size > opened.head.size {
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
        let open =
            |note: &str| Checkpoint::open(note, keys.signer.verifier()).map_err(|_| Fault::CheckpointForeign);
        let head = open(self.head.checkpoint.as_deref().unwrap_or_default())?;
        if head.size != self.head.size {
            return Err(Fault::LedgerBroken);
        }
        let mut marks = self.seen.iter().map(|note| open(note)).collect::<Result<Vec<_>, _>>()?;
        marks.retain(|mark| mark.size > 0);
        if marks.iter().any(|mark| mark.size > head.size) {
            return Err(Fault::LedgerShortened);
        }
        self.opened = Some(Opened { keys, head, marks });
        Ok(())
    }
}
