//! Place: SAM. A new epoch of the ledger: the only exit from a lost quorum of witnesses (spec/ledger.md, gap 4). On the word of
//! the officers' quorum one boot goes on from the last cosigned head, under another key and origin and with its own witnesses.

use crate::bytes::Blob;
use crate::fault::Fault;
use crate::ids::{InstanceId, ManifestHash, ServiceId, StatementId};
use crate::log::note::Note;
use crate::manifest::{Manifest, ManifestChange};
use crate::statement::Body;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What is to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochPlan {
    /// The service.
    pub service: ServiceId,
    /// Origin of the ledger in the epoch that ends.
    pub ledger: String,
    /// Number of the epoch that is to begin: one more.
    pub epoch: u32,
    /// The last head that the witnesses cosigned, its three lines. A ledger without it is not gone on with.
    pub checkpoint: String,
    /// The manifest under which it begins: the current one, or one that is to follow.
    pub manifest: ManifestHash,
    /// The boot that is to do it.
    pub instance: InstanceId,
}

/// An officer approves a new epoch. Spent by the event that begins it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochApproval {
    /// What is approved.
    pub plan: EpochPlan,
    /// Random.
    pub statement: StatementId,
    /// Unix seconds.
    pub not_after: u64,
}

impl Body for EpochApproval {
    const DOMAIN: &'static str = "fuin/epoch-approval/v1";
}

/// A new epoch with all that is needed for it. See [`crate::message::Command::NewEpoch`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEpoch {
    /// What is to happen.
    pub plan: EpochPlan,
    /// The plan's head as a note, signed by the ledger and cosigned by a quorum of the witnesses that it had.
    pub checkpoint: String,
    /// The manifest that is to follow, with the approvals that every manifest needs; null goes on under the current one.
    pub change: Option<ManifestChange>,
    /// [`crate::statement::SignedStatement`] over [`EpochApproval`], one per officer of the current manifest's quorum.
    pub approvals: Vec<Blob>,
}

impl NewEpoch {
    /// What the officers say, as far as it shows without ledger and clock. The manifest that is to follow is checked by
    /// [`ManifestChange::verify`].
    ///
    /// # Errors
    /// [`Fault::EpochUnwitnessed`]; [`Fault::StatementForeign`]: the plan is not for this service, boot or manifest, or an
    /// approval is for another plan; [`Fault::EpochCheckpoint`]: the note is not over the plan's head;
    /// [`Fault::StatementMalformed`], [`Fault::UnknownPerson`], [`Fault::StatementSignature`], [`Fault::StatementSpent`]: an
    /// approval; [`Fault::EpochQuorum`].
    pub fn verify(
        &self,
        service: &ServiceId,
        current: &Manifest,
        next: &ManifestHash,
        instance: &InstanceId,
    ) -> Result<Vec<EpochApproval>, Fault> {
        if current.witnesses.is_none() {
            return Err(Fault::EpochUnwitnessed);
        }
        let EpochPlan { manifest, instance: boot, .. } = &self.plan;
        if self.plan.service != *service || manifest != next || boot != instance {
            return Err(Fault::StatementForeign);
        }
        let note = Note::parse(self.checkpoint.as_bytes()).map_err(|_| Fault::EpochCheckpoint)?;
        if note.text() != self.plan.checkpoint {
            return Err(Fault::EpochCheckpoint);
        }
        let ours = |approval: &EpochApproval| approval.plan == self.plan;
        let said = current.officers_say(&self.approvals, ours, |approval| approval.statement)?;
        said.ok_or(Fault::EpochQuorum)
    }
}
