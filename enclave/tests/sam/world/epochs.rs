//! Place: none. New epochs, as officers approve them.

use super::*;
use fuin_shared::log::epoch::Epochs;
use fuin_shared::log::note::Note;
use fuin_shared::new_epoch::{EpochApproval, EpochPlan, NewEpoch};

impl World {
    /// From this head, the last one that was cosigned, under this manifest or the current one, by this boot.
    pub fn epoch_plan(&self, note: &str, change: Option<&ManifestChange>) -> EpochPlan {
        EpochPlan {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            epoch: self.epochs().current() + 1,
            checkpoint: Note::parse(note.as_bytes()).unwrap().text().to_owned(),
            manifest: change.map_or(self.current().1, |change| change.as_signed().hash()),
            instance: self.machine.instance(),
        }
    }

    pub fn epoch_approval(&mut self, plan: &EpochPlan) -> EpochApproval {
        let (statement, not_after) = (self.statement_id(), self.seconds() + 600);
        EpochApproval { plan: plan.clone(), statement, not_after }
    }

    /// A plan with the officer's approval.
    pub fn approved_epoch(
        &mut self,
        plan: EpochPlan,
        note: &str,
        change: Option<ManifestChange>,
    ) -> NewEpoch {
        let officer = Person::new("officer", 11);
        let approvals = vec![officer.state(&self.epoch_approval(&plan))];
        NewEpoch { plan, checkpoint: note.to_owned(), change, approvals }
    }

    /// All that an honest officer makes of a head.
    pub fn new_epoch(&mut self, note: &str, change: Option<ManifestChange>) -> NewEpoch {
        let plan = self.epoch_plan(note, change.as_ref());
        self.approved_epoch(plan, note, change)
    }

    /// Gives it to this boot.
    pub fn plan_epoch(&mut self, epoch: NewEpoch) -> Result<u32, Fault> {
        match self.call(Command::NewEpoch(Box::new(epoch)))? {
            Answer::EpochPlanned { epoch } => Ok(epoch),
            other => panic!("{other:?}"),
        }
    }

    /// The epochs that the store's entries speak of.
    pub fn epochs(&self) -> Epochs {
        let mut epochs = Epochs::default();
        self.bodies().iter().for_each(|body| epochs.take(body).unwrap());
        epochs
    }
}
