//! Place: none. Rotation of the root key, as officer, custodian and host do it.

use super::*;
use fuin_shared::evidence::{EvidenceBundle, EvidenceStatement};
use fuin_shared::ids::RootCommitment;
use fuin_shared::rotation::{
    EraseRoot, Rewrap, RootRotation, RotateRoot, RotationApproval, RotationPlan, RotationStatus,
    ShareDeletion,
};

impl World {
    /// What evidence says of the root key.
    pub fn evident_root(&mut self) -> (RootCommitment, Option<RootRotation>) {
        let Ok(Answer::Evidence(bundle)) = self.call(Command::GetEvidence(GetEvidence { nonce: None }))
        else {
            panic!("no evidence")
        };
        let bundle: EvidenceBundle = codec::decode(bundle.as_slice()).unwrap();
        let statement: EvidenceStatement = codec::decode(bundle.statement.as_slice()).unwrap();
        (statement.root_commitment.unwrap(), statement.rotation)
    }

    pub fn rotation_status(&mut self) -> Option<RotationStatus> {
        match self.call(Command::CeremonyStatus).unwrap() {
            Answer::CeremonyStatus(status) => status.rotation.map(|rotation| *rotation),
            other => panic!("{other:?}"),
        }
    }

    pub fn rotation_approval(&mut self) -> RotationApproval {
        let plan = RotationPlan {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            instance: self.machine.instance(),
            manifest: self.current().1,
            commitment: self.evident_root().0,
        };
        RotationApproval { plan, statement: self.statement_id(), not_after: self.seconds() + 600 }
    }

    pub fn order_rotation(&mut self, approvals: Vec<Blob>) -> Result<GenesisShares, Fault> {
        match self.call(Command::RotateRoot(RotateRoot { approvals }))? {
            Answer::RotationShares(shares) => Ok(shares),
            other => panic!("{other:?}"),
        }
    }

    pub fn begin_rotation(&mut self) -> Result<GenesisShares, Fault> {
        let approval = self.rotation_approval();
        self.order_rotation(vec![self.officer.state(&approval)])
    }

    /// The custodian keeps the new share beside the old one, and signs for it.
    pub fn confirm_rotation(&mut self, shares: &GenesisShares) -> Result<RootCommitment, Fault> {
        let receipts = vec![self.custodian.person.state(&self.receipt(shares))];
        let new = Some((shares.shares[0].clone(), shares.commitment));
        if self.held.share != new {
            self.held.former = std::mem::replace(&mut self.held.share, new);
        }
        match self.call(Command::ConfirmRotation(ConfirmGenesis { receipts }))? {
            Answer::RootRotated { commitment, receipt } => {
                self.held.seen = Some(receipt.checkpoint);
                Ok(commitment)
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn rotate(&mut self) -> Result<RootCommitment, Fault> {
        let shares = self.begin_rotation()?;
        self.confirm_rotation(&shares)
    }

    pub fn rewrap_records(&mut self, records: Vec<SealedRecord>) -> Result<(u32, u64), Fault> {
        match self.call(Command::Rewrap(Rewrap { records }))? {
            Answer::Rewrapped { records, left } => Ok((records, left)),
            other => panic!("{other:?}"),
        }
    }

    /// The host gives all that it has.
    pub fn rewrap(&mut self) -> Result<(u32, u64), Fault> {
        let records = self.store.records.values().cloned().collect();
        self.rewrap_records(records)
    }

    pub fn deletion(&mut self) -> ShareDeletion {
        ShareDeletion {
            service: self.service,
            commitment: self.held.former.as_ref().unwrap().1,
            successor: self.held.share.as_ref().unwrap().1,
            statement: self.statement_id(),
        }
    }

    /// The custodian deletes the old share and says so.
    pub fn erase(&mut self) -> Result<(), Fault> {
        let deletion = self.deletion();
        let deletions = vec![self.custodian.person.state(&deletion)];
        self.held.former = None;
        match self.call(Command::EraseRoot(EraseRoot { deletions }))? {
            Answer::RootErased(_) => Ok(()),
            other => panic!("{other:?}"),
        }
    }
}
