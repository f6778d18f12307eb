//! Place: SAM. Rotation of the root key with 2 of 3 officers and custodians: all must have their new share, any two bring the service
//! back, and two deletions of three end the former one.

use super::*;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::log::event::EventBody;
use fuin_shared::manifest::ManifestChange;
use fuin_shared::rotation::{EraseRoot, ShareDeletion};

impl Quorum {
    /// Operational, with a key.
    fn working() -> Self {
        let mut quorum = Self::installed();
        quorum.begin(&[0, 1]).unwrap();
        for custodian in 0..2 {
            assert_eq!(quorum.receipt(custodian), Err(Fault::GenesisPending));
        }
        let answer = quorum.receipt(2).unwrap();
        quorum.world.became_operational(answer);
        quorum.world.enrol(KeyAlgorithm::EcdsaP256, 21);
        quorum
    }

    fn order_rotation(&mut self, officers: &[usize]) -> Result<GenesisShares, Fault> {
        let approvals = officers.iter().map(|officer| {
            let approval = self.world.rotation_approval();
            self.officers[*officer].state(&approval)
        });
        let approvals = approvals.collect();
        self.world.order_rotation(approvals)
    }

    fn confirms(&mut self, custodian: usize) -> Result<Answer, Fault> {
        let receipts = vec![self.receipt_of(custodian)];
        self.world.call(Command::ConfirmRotation(ConfirmGenesis { receipts }))
    }

    /// Every custodian has a share of another root key; answers the shares of the one before.
    fn rotated(&mut self) -> GenesisShares {
        let shares = self.order_rotation(&[0, 2]).unwrap();
        let former = self.held.replace(shares).unwrap();
        assert_eq!(self.confirms(0), Err(Fault::RotationPending));
        assert_eq!(self.world.rotation_status().unwrap().receipts_missing, self.ids(&[1, 2]));
        assert_eq!(self.confirms(1), Err(Fault::RotationPending));
        assert!(matches!(self.confirms(2), Ok(Answer::RootRotated { .. })));
        former
    }

    fn share_message(&mut self, custodian: usize) -> ProvideShare {
        let (share, commitment) = self.share(custodian);
        self.message(custodian, &share, commitment)
    }

    /// The new share with the former one.
    fn gives_both(&mut self, custodian: usize, former: &GenesisShares) -> Result<Answer, Fault> {
        let new = self.held.replace(former.clone()).unwrap();
        let ProvideShare { statement, sealed, .. } = self.share_message(custodian);
        self.held = Some(new);
        let other = Some(OtherShare { statement, sealed });
        let message = ProvideShare { other, ..self.share_message(custodian) };
        self.world.call(Command::ProvideShare(message))
    }

    fn boots(&mut self) {
        self.world.power_on();
        self.world.install().unwrap();
    }

    fn deletion(&mut self, former: &GenesisShares) -> ShareDeletion {
        ShareDeletion {
            service: self.world.service,
            commitment: former.commitment,
            successor: self.held.as_ref().unwrap().commitment,
            statement: self.world.statement_id(),
        }
    }

    fn says_deleted(&mut self, custodian: usize, deletion: &ShareDeletion) -> Result<Answer, Fault> {
        let deletions = vec![self.custodians[custodian].person.state(deletion)];
        self.world.call(Command::EraseRoot(EraseRoot { deletions }))
    }

    fn deletes(&mut self, custodian: usize, former: &GenesisShares) -> Result<Answer, Fault> {
        let deletion = self.deletion(former);
        self.says_deleted(custodian, &deletion)
    }
}

#[test]
fn one_officer_alone_rotates_nothing_and_one_missing_receipt_holds_it_back() {
    let mut quorum = Quorum::working();
    assert_eq!(quorum.order_rotation(&[1]).err(), Some(Fault::RotationQuorum));
    quorum.rotated();
    assert!(quorum.world.bodies().iter().any(|body| matches!(body, EventBody::RootRotated { .. })));
}

#[test]
fn two_custodians_with_both_shares_bring_the_service_back() {
    for [first, second] in PAIRS {
        let mut quorum = Quorum::working();
        let former = quorum.rotated();
        quorum.boots();
        assert_eq!(quorum.gives_both(first, &former), Ok(Answer::ShareAccepted { missing: 1 }));
        assert!(matches!(quorum.gives_both(second, &former), Ok(Answer::Operational { .. })));
        assert_eq!(quorum.world.rewrap(), Ok((1, 0)));
    }
}

#[test]
fn a_custodian_who_has_deleted_too_early_is_made_up_for_by_the_third() {
    let mut quorum = Quorum::working();
    let former = quorum.rotated();
    quorum.boots();
    assert_eq!(quorum.gives_both(0, &former), Ok(Answer::ShareAccepted { missing: 1 }));
    // The new root key is whole, and the ledger says that the former one is needed.
    assert_eq!(quorum.provide(1), Ok(Answer::ShareAccepted { missing: 1 }));
    let status = quorum.status();
    assert_eq!(status.shares_missing, 1);
    let of_former = status.roots.iter().find(|root| root.commitment == former.commitment).unwrap();
    assert_eq!((of_former.missing, of_former.needed, &of_former.shares), (1, true, &quorum.ids(&[0])));
    let of_new = status.roots.iter().find(|root| root.commitment != former.commitment).unwrap();
    assert_eq!((of_new.missing, of_new.needed), (0, true));
    assert!(matches!(quorum.gives_both(2, &former), Ok(Answer::Operational { .. })));
    assert_eq!(quorum.world.rewrap(), Ok((1, 0)));
}

/// Who gave one of two before gives both, in whichever order: the one that is here already stands in nobody's way.
#[test]
fn a_share_that_is_here_already_keeps_no_other_one_out() {
    for new_first in [false, true] {
        let mut quorum = Quorum::working();
        let former = quorum.rotated();
        quorum.boots();
        let new = quorum.held.clone().unwrap();
        if !new_first {
            quorum.held = Some(former.clone());
        }
        assert_eq!(quorum.provide(0), Ok(Answer::ShareAccepted { missing: 1 }));
        assert_eq!(quorum.provide(0), Err(Fault::StatementSpent));
        quorum.held = Some(new);
        assert_eq!(quorum.gives_both(0, &former), Ok(Answer::ShareAccepted { missing: 1 }));
        assert_eq!(quorum.gives_both(0, &former), Err(Fault::StatementSpent), "both are here");
        assert!(matches!(quorum.gives_both(1, &former), Ok(Answer::Operational { .. })));
        assert_eq!(quorum.world.rewrap(), Ok((1, 0)));
    }
}

/// The good one of two is kept, and who gave them is told of the bad one.
#[test]
fn of_two_shares_the_good_one_is_kept() {
    let mut quorum = Quorum::working();
    let former = quorum.rotated();
    quorum.boots();
    let spoilt = |message: ProvideShare| ProvideShare { sealed: vec![1].into(), ..message };
    let new = quorum.held.replace(former.clone()).unwrap();
    let ProvideShare { statement, sealed, .. } = quorum.share_message(0);
    quorum.held = Some(new);
    let message =
        spoilt(ProvideShare { other: Some(OtherShare { statement, sealed }), ..quorum.share_message(0) });
    assert_eq!(quorum.world.call(Command::ProvideShare(message)), Err(Fault::StatementForeign));
    assert_eq!(quorum.status().roots.len(), 0, "one root key so far");
    assert_eq!(quorum.gives_both(0, &former), Ok(Answer::ShareAccepted { missing: 1 }));
    assert!(matches!(quorum.gives_both(1, &former), Ok(Answer::Operational { .. })));
}

#[test]
fn shares_of_two_root_keys_do_not_mix() {
    let mut quorum = Quorum::working();
    let former = quorum.rotated();
    quorum.boots();
    assert_eq!(quorum.provide(0), Ok(Answer::ShareAccepted { missing: 1 }));
    let new = quorum.held.replace(former).unwrap();
    assert_eq!(quorum.provide(1), Ok(Answer::ShareAccepted { missing: 1 }));
    assert_eq!(quorum.status().roots.len(), 2);
    quorum.held = Some(new);
    assert_eq!(quorum.world.phase(), Phase::Uninitialized);
}

#[test]
fn two_deletions_of_three_erase_the_former_root_key() {
    let mut quorum = Quorum::working();
    let former = quorum.rotated();
    assert_eq!(quorum.deletes(0, &former), Err(Fault::RootInUse));
    assert_eq!(quorum.world.rewrap(), Ok((1, 0)));
    assert_eq!(quorum.world.rotation_status().unwrap().deletions_missing, 2);
    let deletion = quorum.deletion(&former);
    assert_eq!(quorum.says_deleted(0, &deletion), Err(Fault::DeletionsMissing));
    // The same custodian again is no second one, and nobody has another's words.
    assert_eq!(quorum.deletes(0, &former), Err(Fault::DeletionsMissing));
    let deletion = quorum.deletion(&former);
    assert_eq!(quorum.says_deleted(0, &deletion), Err(Fault::DeletionsMissing));
    assert_eq!(quorum.says_deleted(1, &deletion), Err(Fault::StatementSpent));
    let status = quorum.world.rotation_status().unwrap();
    assert_eq!((status.deletions, status.deletions_missing), (quorum.ids(&[0]), 1));
    assert!(matches!(quorum.deletes(2, &former), Ok(Answer::RootErased(_))));
    let EventBody::RootErased { commitment, deletions } = quorum.world.last() else { panic!() };
    assert_eq!((commitment, deletions.len()), (former.commitment, 2));
    quorum.boots();
    assert_eq!(quorum.provide(1), Ok(Answer::ShareAccepted { missing: 1 }));
    assert!(matches!(quorum.provide(0), Ok(Answer::Operational { .. })));
}

/// An officer and a custodian who give a statement the same name: it is spent, and nothing of the ledger breaks.
#[test]
fn a_deletion_whose_name_was_spent_meanwhile_counts_no_more() {
    let mut quorum = Quorum::working();
    let former = quorum.rotated();
    assert_eq!(quorum.world.rewrap(), Ok((1, 0)));
    let deletion = quorum.deletion(&former);
    assert_eq!(quorum.says_deleted(0, &deletion), Err(Fault::DeletionsMissing));
    let draft = quorum.world.draft(|manifest| manifest.not_after -= 1);
    let officers = [Person::new("ada", 41), Person::new("ben", 42)];
    let mut approvals = officers.each_ref().map(|_| quorum.world.manifest_approval(&draft));
    approvals[0].statement = deletion.statement;
    let approvals = officers.iter().zip(&approvals).map(|(officer, approval)| officer.state(approval));
    let change = ManifestChange { manifest: draft, approvals: approvals.collect() };
    quorum.world.change(change).unwrap();
    assert_eq!(quorum.deletes(1, &former), Err(Fault::DeletionsMissing));
    assert_eq!(quorum.world.phase(), Phase::Operational);
    assert!(matches!(quorum.deletes(2, &former), Ok(Answer::RootErased(_))));
}

/// Whoever had a share of the former root key counts among those who could bring it back, and may say that it is deleted.
#[test]
fn a_custodian_who_was_taken_out_still_counts() {
    let mut quorum = Quorum::working();
    let draft = quorum.world.draft(|manifest| {
        manifest.custodians.pop();
    });
    let (ada, ben) = (Person::new("ada", 41), Person::new("ben", 42));
    let change = quorum.world.approved_by(&draft, &[&ada, &ben]);
    quorum.world.change(change).unwrap();
    let shares = quorum.order_rotation(&[0, 1]).unwrap();
    assert_eq!(shares.shares.len(), 2, "who was taken out gets none");
    let former = quorum.held.replace(shares).unwrap();
    assert_eq!(quorum.confirms(0), Err(Fault::RotationPending));
    assert!(quorum.confirms(1).is_ok());
    assert_eq!(quorum.world.rewrap(), Ok((1, 0)));
    assert_eq!(quorum.world.rotation_status().unwrap().deletions_missing, 2);
    assert_eq!(quorum.deletes(2, &former), Err(Fault::DeletionsMissing));
    assert!(matches!(quorum.deletes(1, &former), Ok(Answer::RootErased(_))));
}
