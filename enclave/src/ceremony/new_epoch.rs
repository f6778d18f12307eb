//! Place: SAM. A new epoch (spec/ledger.md, gap 4): on the word of the officers' quorum this boot does not wait for witnesses
//! that are lost. It goes on from the last head that they cosigned, under another ledger key, with witnesses to whom this
//! ledger is new.
//!
//! What shows without the ledger is checked when the command comes, the rest when the ledger has been read.

use crate::ledger::replay::Replayed;
use crate::sam::ServiceContext;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, PersonId, StatementId};
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::CosignedCheckpoint;
use fuin_shared::log::event::EventBody;
use fuin_shared::log::growth::Growth;
use fuin_shared::log::note::Note;
use fuin_shared::log::witness_policy::WitnessSet;
use fuin_shared::manifest::{ManifestApproval, ManifestChange};
use fuin_shared::message::RecordChange;
use fuin_shared::new_epoch::{EpochApproval, EpochPlan, NewEpoch};
use fuin_shared::statement::signers;

/// A new epoch that was approved for this boot.
#[derive(Debug)]
pub struct PlannedEpoch {
    plan: EpochPlan,
    note: String,
    head: Checkpoint,
    next: ServiceContext,
    change: Option<ManifestChange>,
    approvals: Vec<EpochApproval>,
    officers: Vec<PersonId>,
    manifest_approvals: Vec<ManifestApproval>,
}

/// What the first event of the epoch says of the ledger before it.
pub struct Continued {
    predecessor: LedgerIdentity,
    size: u64,
    root: Digest32,
    note: String,
    growth: Vec<Digest32>,
}

impl PlannedEpoch {
    /// Checks what the officers say.
    ///
    /// # Errors
    /// Those of [`NewEpoch::verify`]; those of [`ManifestChange::verify`] where another manifest is to follow.
    pub fn new(context: &ServiceContext, instance: &InstanceId, command: NewEpoch) -> Result<Self, Fault> {
        let (next, manifest_approvals) = match &command.change {
            Some(change) => context.succeed(change)?,
            None => (context.clone(), Vec::new()),
        };
        let approvals = command.verify(&context.service, &context.manifest, &next.hash, instance)?;
        let head = Checkpoint::parse(&command.plan.checkpoint).map_err(|_| Fault::EpochCheckpoint)?;
        let officers = signers(&command.approvals).collect();
        let NewEpoch { plan, checkpoint: note, change, .. } = command;
        Ok(Self { plan, note, head, next, change, approvals, officers, manifest_approvals })
    }

    /// Number of the epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.plan.epoch
    }

    /// The officers who approved it.
    #[must_use]
    pub fn officers(&self) -> &[PersonId] {
        &self.officers
    }

    /// The note that the ledger must hold, as it must hold what custodians have seen.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// To be fed with the ledger of this size.
    #[must_use]
    pub fn growth(&self, size: u64) -> Option<Growth> {
        Growth::new(self.head.size, size)
    }

    /// Holds it against the ledger that was read; `witnesses` are those who cosigned it until now.
    ///
    /// # Errors
    /// [`Fault::StatementForeign`]: another ledger is meant; [`Fault::EpochNumber`]; [`Fault::EpochCheckpoint`]: no quorum
    /// cosigned the head, or it is of an earlier epoch; [`Fault::ManifestExpired`], [`Fault::StatementExpired`],
    /// [`Fault::StatementSpent`].
    pub fn check(
        &self,
        replayed: &Replayed,
        witnesses: &WitnessSet,
        now_seconds: u64,
    ) -> Result<Continued, Fault> {
        let (state, predecessor) = (&replayed.state, &replayed.keys.identity);
        if self.plan.ledger != predecessor.origin {
            return Err(Fault::StatementForeign);
        }
        if state.epochs().current().checked_add(1) != Some(self.plan.epoch) {
            return Err(Fault::EpochNumber);
        }
        if now_seconds >= self.next.manifest.not_after {
            return Err(Fault::ManifestExpired);
        }
        if self.manifest_approvals.iter().any(|approval| approval.ledger != predecessor.origin) {
            return Err(Fault::StatementForeign);
        }
        for (statement, not_after) in self.statements() {
            if now_seconds >= not_after {
                return Err(Fault::StatementExpired);
            }
            if state.is_spent(&statement) {
                return Err(Fault::StatementSpent);
            }
        }
        let growth = replayed.growth.as_ref().ok_or(Fault::LedgerBroken)?;
        Ok(Continued {
            predecessor: predecessor.clone(),
            size: replayed.frontier.size(),
            root: Digest32(replayed.frontier.root()),
            note: self.cosigned(replayed, witnesses)?,
            growth: growth.iter().copied().map(Digest32).collect(),
        })
    }

    /// The head with the lines of those who count, and no others.
    fn cosigned(&self, replayed: &Replayed, witnesses: &WitnessSet) -> Result<String, Fault> {
        // An epoch that no witness ever cosigned goes on from where it began itself.
        if let Some(last) = replayed.state.epochs().begun().last()
            && last.head == self.head
        {
            return Ok(last.note.clone());
        }
        let signer = &replayed.keys.signer;
        let opened = CosignedCheckpoint::open(&self.note, signer.verifier(), witnesses.keys())
            .map_err(|_| Fault::EpochCheckpoint)?;
        if !witnesses.quorum(opened.cosignatures()) {
            return Err(Fault::EpochCheckpoint);
        }
        let note = Note::parse(self.note.as_bytes()).map_err(|_| Fault::EpochCheckpoint)?;
        let own = self.head.sign(signer).map_err(|_| Fault::EpochCheckpoint)?;
        Ok(own + &witnesses.lines(note.signatures()))
    }

    /// The event, what goes along with it, and the service that there is from then on. `ledger` is the epoch's own identity.
    #[must_use]
    pub fn begin(
        self,
        continued: Continued,
        ledger: LedgerIdentity,
        nonce: Digest32,
    ) -> (EventBody, Vec<RecordChange>, ServiceContext) {
        let Continued { predecessor, size, root, note, growth } = continued;
        let approvals = self.statements().map(|(statement, _)| statement).collect();
        let body = EventBody::EpochBegun {
            epoch: self.plan.epoch,
            nonce,
            instance: self.plan.instance,
            manifest: self.next.hash,
            version: self.next.manifest.version,
            size,
            root,
            predecessor,
            ledger,
            checkpoint: note,
            growth,
            approvals,
        };
        (body, self.change.map(RecordChange::Manifest).into_iter().collect(), self.next)
    }

    /// What is spent, with its end.
    fn statements(&self) -> impl Iterator<Item = (StatementId, u64)> {
        let of_epoch = self.approvals.iter().map(|approval| (approval.statement, approval.not_after));
        of_epoch.chain(self.manifest_approvals.iter().map(|one| (one.statement, one.not_after)))
    }
}
