//! Place: none. Rotation of the root key, as honest officer, custodian and host do it (decision 0031).

use super::*;
use fuin_shared::ids::RootCommitment;
use fuin_shared::rotation::{
    EraseRoot, MAX_REWRAP, Rewrap, RotateRoot, RotationApproval, RotationPlan, RotationStage, RotationStatus,
};

/// How often the host gives all records before it is said that some are missing.
const ROUNDS: usize = 3;
/// How often one looks whether the enclave has noted that the former root key is unused.
const LOOKS: u32 = 500;

impl World {
    /// How far a rotation is.
    #[must_use]
    pub fn rotation(&self) -> Option<RotationStatus> {
        match self.host.call(Command::CeremonyStatus) {
            Ok(Answer::CeremonyStatus(status)) => status.rotation.map(|rotation| *rotation),
            other => panic!("status of the ceremony: {other:?}"),
        }
    }

    fn stage(&self) -> Option<RotationStage> {
        self.rotation().map(|status| status.rotation.stage)
    }

    /// What an officer approves who looks at this boot.
    #[must_use]
    pub fn rotation_approval(&self) -> RotationApproval {
        let evidence = self.officer_checks(Phase::Operational);
        let plan = RotationPlan {
            service: self.service,
            ledger: self.ledger.as_ref().unwrap().origin.clone(),
            instance: evidence.instance_id(),
            manifest: evidence.manifest_hash(),
            commitment: evidence.root_commitment().unwrap(),
        };
        RotationApproval { plan, statement: StatementId(random()), not_after: now() + 600 }
    }

    /// The officer orders that another root key takes over, and means it.
    #[must_use]
    pub fn order_rotation(&self) -> Command {
        let approval = self.rotation_approval();
        self.oracle.borrow_mut().roots.ordered(&approval);
        Command::RotateRoot(RotateRoot { approvals: vec![self.officer.state(&approval)] })
    }

    /// The custodian keeps the new share beside the old one and signs for it. One of a rotation that was forgotten is set aside.
    ///
    /// # Errors
    /// As the custodian.
    pub fn accept_next(&mut self, shares: &GenesisShares) -> Result<Command, CustodianError> {
        let (bundle, nonce) = self.evidence();
        let share = shares.shares.first().ok_or(CustodianError::NoShare)?;
        let custodian = &mut self.custodian;
        let accepted = match custodian.accept_next_share(&bundle, &nonce, now(), &shares.commitment, share) {
            Err(CustodianError::ShareHeld) => {
                custodian.abandon_next_share()?;
                custodian.accept_next_share(&bundle, &nonce, now(), &shares.commitment, share)
            }
            accepted => accepted,
        };
        let receipts = vec![codec::encode(&accepted?).into()];
        self.oracle.borrow_mut().roots.received(shares.commitment);
        Ok(Command::ConfirmRotation(ConfirmGenesis { receipts }))
    }

    /// Whether these shares of the rotation that evidence shows are for the custodian. Nothing is kept.
    ///
    /// # Errors
    /// As the custodian.
    pub fn would_accept(&mut self, shares: &GenesisShares) -> Result<(), CustodianError> {
        let copy = Custodian::from_bytes(&self.custodian.to_bytes())?;
        let custodian = std::mem::replace(&mut self.custodian, copy);
        let (bundle, nonce) = self.evidence();
        let _ = self.custodian.abandon_next_share();
        let share = shares.shares.first().ok_or(CustodianError::NoShare);
        let accepted = share.and_then(|share| {
            self.custodian.accept_next_share(&bundle, &nonce, now(), &shares.commitment, share)
        });
        self.custodian = custodian;
        accepted.map(drop)
    }

    /// The custodian looks at the enclave at work.
    ///
    /// # Errors
    /// As the custodian.
    pub fn learn(&mut self) -> Result<(), CustodianError> {
        let (bundle, nonce) = self.evidence();
        self.custodian.learn_ledger(&bundle, &nonce, now()).map(drop)
    }

    /// The host gives all records that it has. Answers how many are still under the former root key.
    ///
    /// # Errors
    /// The enclave's refusal.
    pub fn feed(&self) -> Result<u64, Refused> {
        let records: Vec<_> = self.host.state().store.records.values().cloned().collect();
        let mut newest = u64::MAX;
        for batch in records.chunks(MAX_REWRAP) {
            match self.call(Command::Rewrap(Rewrap { records: batch.to_vec() })) {
                Ok(Answer::Rewrapped { left, .. }) => newest = left,
                // It is unused: nothing waits for records.
                Err(Refused::Fault(Fault::RotationPending)) => return Ok(0),
                other => other.map(drop)?,
            }
        }
        Ok(newest)
    }

    /// The custodian deletes the share of the former root key, and says so.
    ///
    /// # Errors
    /// As the custodian; [`CustodianError::NoFormer`] if there was no share of it.
    pub fn delete_former(&mut self) -> Result<Command, CustodianError> {
        let (bundle, nonce) = self.evidence();
        let said = self.custodian.delete_former_share(&bundle, &nonce, now(), &mut UnwrapErr(SysRng))?;
        let said = said.ok_or(CustodianError::NoFormer)?;
        self.oracle.borrow_mut().roots.deleted(&said);
        Ok(Command::EraseRoot(EraseRoot { deletions: vec![codec::encode(&said).into()] }))
    }

    /// Another root key takes over. Answers its commitment.
    ///
    /// # Errors
    /// What hindered it.
    pub fn rotate(&mut self) -> Result<RootCommitment, String> {
        let order = self.order_rotation();
        let shares = match self.call(order) {
            Ok(Answer::RotationShares(shares)) => shares,
            other => return Err(format!("no rotation: {other:?}")),
        };
        let confirm = self.accept_next(&shares).map_err(|e| e.to_string())?;
        match self.call(confirm) {
            Ok(Answer::RootRotated { commitment, .. }) => Ok(commitment),
            other => Err(format!("the rotation was not confirmed: {other:?}")),
        }
    }

    /// Records are sealed anew until nothing needs the former root key.
    ///
    /// # Errors
    /// Some are not in the honest store, or the enclave refuses them.
    pub fn rewrap(&self) -> Result<(), String> {
        let mut left = u64::MAX;
        for _ in 0..ROUNDS {
            left = self.feed().map_err(|e| format!("records of the honest store: {e:?}"))?;
            if left == 0 {
                break;
            }
        }
        if left > 0 {
            return Err(format!("{left} records are under the former root key, and not in the honest store"));
        }
        // The enclave notes it by itself, and its event must be released.
        for _ in 0..LOOKS {
            if self.stage() != Some(RotationStage::Rewrapping) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the former root key is not noted as unused".to_owned())
    }

    /// Ends the rotation that is under way, if the new root key has taken over; one that waits for receipts stays.
    ///
    /// # Errors
    /// What hindered it.
    pub fn finish_rotation(&mut self) -> Result<(), String> {
        if self.stage() == Some(RotationStage::Rewrapping) {
            self.rewrap()?;
        }
        if self.stage() != Some(RotationStage::Deleting) {
            return Ok(());
        }
        let erase = self.delete_former().map_err(|e| e.to_string())?;
        match self.call(erase) {
            Ok(Answer::RootErased(_)) => Ok(()),
            other => Err(format!("the former root key was not erased: {other:?}")),
        }
    }
}
