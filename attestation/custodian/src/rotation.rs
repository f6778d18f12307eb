//! Place: none. A rotation of the root key: the new share beside the old one (decision 0031).

use crate::error::CustodianError;
use crate::holdings::{Beside, HeldShare};
use crate::state::Custodian;
use fuin_shared::evidence::Purpose;
use fuin_shared::ids::RootCommitment;
use fuin_shared::phase::Phase;
use fuin_shared::rotation::RotationStage;
use fuin_shared::statement::{CustodianShare, SignedStatement};

impl Custodian {
    /// In a rotation: checks the evidence, which must show it going on from the root key whose share is held, or from another one of
    /// the ledger that is followed, and keeps the new share beside the other. Answers the receipt. What rotations before
    /// left behind is set aside: this one could not have begun before they ended.
    ///
    /// # Errors
    /// [`CustodianError::Evidence`] and the like unless the evidence is of the operational enclave and answers `nonce`;
    /// [`CustodianError::NoShare`], [`CustodianError::OtherRoot`]; [`CustodianError::NoRotation`]: it shows no rotation to
    /// this commitment that waits for receipts; [`CustodianError::ShareHeld`]: another second share is there;
    /// [`CustodianError::OtherCustodian`], [`CustodianError::ShareOpen`], [`CustodianError::ShareWrong`].
    pub fn accept_next_share(
        &mut self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        commitment: &RootCommitment,
        share: &CustodianShare,
    ) -> Result<SignedStatement, CustodianError> {
        self.check_any_share()?;
        let seen = self.check(bundle, nonce, now, &[Purpose::Service], Phase::Operational)?;
        let rotation = seen.rotation().filter(|rotation| rotation.stage == RotationStage::Sharing);
        let rotation = rotation.filter(|rotation| rotation.to == *commitment);
        let rotation = rotation.ok_or(CustodianError::NoRotation)?;
        let (shown, mut holdings) = (self.shown(&seen)?, self.holdings.clone());
        match holdings.settle(&shown) {
            Err(CustodianError::Behind(_)) => holdings.leave_behind()?,
            settled => settled?,
        }
        // The receipt for one that is there may have ended its rotation.
        let from = Some(rotation.from);
        holdings.take_next(HeldShare { commitment: *commitment, share: share.clone(), from }, &shown)?;
        let receipt = self.receipt(&seen, commitment, share)?;
        self.holdings = holdings;
        Ok(receipt)
    }

    /// Sets the share of a root key aside that was never seen at work, so that another rotation can be taken part in. Evidence
    /// that shows it at work after all finds it again.
    ///
    /// # Errors
    /// [`CustodianError::ShareHeld`]: the second share is of the root key before, which only evidence ends;
    /// [`CustodianError::AsideFull`].
    pub fn abandon_next_share(&mut self) -> Result<(), CustodianError> {
        let mut holdings = self.holdings.clone();
        holdings.abandon_next()?;
        self.holdings = holdings;
        Ok(())
    }

    /// Commitment to the root key before, while its share is kept.
    #[must_use]
    pub const fn former_commitment(&self) -> Option<RootCommitment> {
        match &self.holdings.beside {
            Some(Beside::Former(share)) => Some(share.commitment),
            _ => None,
        }
    }

    /// Commitment to a new root key that was not seen at work yet.
    #[must_use]
    pub const fn next_commitment(&self) -> Option<RootCommitment> {
        match &self.holdings.beside {
            Some(Beside::Next(share)) => Some(share.commitment),
            _ => None,
        }
    }

    /// Whether there is a share of this root key, set aside or not.
    #[must_use]
    pub fn has_share_of(&self, commitment: &RootCommitment) -> bool {
        self.holdings.of(commitment).is_some()
    }

    /// Commitments of the shares that are set aside, oldest first, and whether evidence has shown that nothing can need them.
    pub fn set_aside(&self) -> impl Iterator<Item = (RootCommitment, bool)> {
        self.holdings.aside.iter().map(|one| (one.held.commitment, one.passed))
    }
}
