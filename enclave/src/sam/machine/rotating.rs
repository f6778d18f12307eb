//! Place: SAM. Rotation of the root key at an operational enclave (decision 0031): order, receipts, the end of the former one.

use super::{Machine, Stage};
use crate::ceremony::rotation::PendingRotation;
use crate::ledger::journal::Entry;
use crate::platform::clock::Millis;
use crate::sam::outcome::{Outcome, Turn, Withheld};
use crate::sam::{Effect, ServiceContext, Ticket};
use fuin_shared::fault::Fault;
use fuin_shared::log::detail::Detail;
use fuin_shared::log::event::EventBody;
use fuin_shared::log::roots::Roots;
use fuin_shared::log::state::State;
use fuin_shared::message::{Answer, ConfirmGenesis};
use fuin_shared::role::Role;
use fuin_shared::rotation::{EraseRoot, RootRotation, RotateRoot, RotationStage, RotationStatus};
use rand_core::CryptoRng;

impl Machine {
    /// Makes a new root key. One that waited for receipts before is forgotten: nothing depends on it. The same order again is
    /// answered with the shares that it made: receipts stay good, and one approval is for one root key.
    pub(super) fn rotate_root(
        &mut self,
        ticket: Ticket,
        command: &RotateRoot,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Effect, Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Operational(operational) = &self.stage else { return Err(Fault::WrongPhase) };
        let (journal, seconds) = (&operational.journal, now.0 / 1000);
        let pending =
            PendingRotation::begin(context, &self.instance, journal, &command.approvals, seconds, rng)?;
        let pending = match self.rotation.take() {
            Some(waiting) if waiting.is_of(&pending) => waiting,
            _ => pending,
        };
        let (from, to) = pending.commitments();
        let shares = pending.shares().clone();
        self.facts.rotation = Some(RootRotation { from, to, stage: RotationStage::Sharing });
        self.rotation = Some(pending);
        Ok(Effect::Reply { ticket, result: Ok(Answer::RotationShares(shares)) })
    }

    /// The custodians have their shares: the event makes the new root key the current one.
    pub(super) fn confirm_rotation(
        &mut self,
        ticket: Ticket,
        command: &ConfirmGenesis,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Operational(operational) = &mut self.stage else { return Err(Fault::WrongPhase) };
        let journal = &mut operational.journal;
        let pending = self.rotation.as_mut().ok_or(Fault::RotationPending)?;
        pending.confirm(context, journal, &command.receipts, now.0 / 1000)?;
        journal.check_room()?;
        let pending = self.rotation.take().ok_or(Fault::RotationPending)?;
        let detail = Detail::default().by_each(Role::Officer, pending.officers());
        let to = pending.commitments().1;
        let (body, root) = pending.finish(journal, rng)?;
        let withheld = Withheld { ticket, result: Outcome::RootRotated(to) };
        journal.append_rotation(Entry::new(body, detail), root, now, withheld)
    }

    /// Enough custodians have deleted their shares of the former root key: the event says so.
    pub(super) fn erase_root(
        &mut self,
        ticket: Ticket,
        command: &EraseRoot,
        now: Millis,
    ) -> Result<(), Fault> {
        let context = self.context.as_ref().ok_or(Fault::WrongPhase)?;
        let Stage::Operational(operational) = &mut self.stage else { return Err(Fault::WrongPhase) };
        let journal = &mut operational.journal;
        let former = journal.state().roots().former().ok_or(Fault::RotationPending)?;
        if !former.is_unused() {
            return Err(Fault::RootInUse);
        }
        let root = former.root;
        let spent = self.deletions.take(context, journal, &root, &command.deletions)?;
        journal.check_room()?;
        let custodians: Vec<_> = self.deletions.custodians().cloned().collect();
        let body = EventBody::RootErased { commitment: root.commitment, deletions: spent };
        let entry = Entry::new(body, Detail::default().by_each(Role::Custodian, &custodians));
        journal.append(entry, now, Withheld { ticket, result: Outcome::RootErased })?;
        self.deletions = Default::default();
        Ok(())
    }

    /// Appends that no record needs the former root key any more; without room there it tries again with the next input.
    pub(super) fn note_unused_root(&mut self, kernel: Millis) {
        let Stage::Operational(operational) = &mut self.stage else { return };
        let state = operational.journal.state();
        // The time is asked for by what needs it alone.
        if state.roots().in_use().is_none() {
            return;
        }
        let now = self.clock.now(kernel);
        if !state.rotation_is_done(now.0.max(state.last_time())) {
            return;
        }
        let Some(former) = state.roots().in_use() else { return };
        let body = EventBody::RootUnused { commitment: former.root.commitment };
        let withheld = Withheld { ticket: Ticket::NOBODY, result: Outcome::RootUnused };
        // Full: with the next input.
        let _ = operational.journal.append_restriction(Entry::new(body, Detail::default()), now, withheld);
    }

    /// An event of the rotation is released: evidence says so from here on.
    pub(super) fn turned(&mut self, turn: Turn) {
        match turn {
            Turn::Rotated(to) => {
                self.facts.commitment = Some(to);
                if let Some(rotation) = &mut self.facts.rotation {
                    rotation.stage = RotationStage::Rewrapping;
                }
            }
            Turn::Unused => {
                if let Some(journal) = self.journal() {
                    journal.forget_former_root();
                }
                if let Some(rotation) = &mut self.facts.rotation {
                    rotation.stage = RotationStage::Deleting;
                }
            }
            // Another one may have begun since the event was appended.
            Turn::Erased if self.rotation.is_some() => {}
            Turn::Erased => self.facts.rotation = None,
        }
    }

    /// Another manifest is current: a rotation that waits for custodians of the one before is forgotten.
    pub(super) fn forget_rotation(&mut self) {
        if self.rotation.take().is_some() {
            self.facts.rotation = None;
        }
    }

    pub(super) fn rotation_status(
        &self,
        context: &ServiceContext,
        state: &State,
        now: Millis,
    ) -> Option<RotationStatus> {
        let rotation = self.facts.rotation?;
        let former = state.roots().former();
        let pending = self.rotation.as_ref();
        Some(RotationStatus {
            rotation,
            shares: pending.map(|pending| pending.shares().clone()),
            receipts_missing: pending.into_iter().flat_map(PendingRotation::missing).cloned().collect(),
            records_left: state.records_left(now.0.max(state.last_time())),
            deletions: self.deletions.custodians().cloned().collect(),
            deletions_missing: former.map_or(0, |former| self.deletions.missing(context, &former.root)),
        })
    }
}

/// A rotation that the ledger shows, as evidence shows it.
pub(super) fn shown(roots: &Roots) -> Option<RootRotation> {
    let (from, to) = (roots.former()?.root.commitment, roots.current()?.commitment);
    let stage = if roots.in_use().is_some() { RotationStage::Rewrapping } else { RotationStage::Deleting };
    Some(RootRotation { from, to, stage })
}
