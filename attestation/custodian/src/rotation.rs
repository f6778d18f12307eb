//! Place: none. A rotation of the root key: the new share beside the old one, and the old one deleted when nothing needs it
//! (decision 0031).

use crate::error::CustodianError;
use crate::state::{Custodian, HeldShare};
use fuin_shared::evidence::Purpose;
use fuin_shared::ids::{RootCommitment, StatementId};
use fuin_shared::phase::Phase;
use fuin_shared::rotation::{RotationStage, ShareDeletion};
use fuin_shared::statement::{CustodianShare, SignedStatement};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

/// A second share.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Beside {
    /// Of a root key that was not seen at work yet.
    Next(HeldShare),
    /// Of the root key before.
    Former(HeldShare),
}

impl Custodian {
    /// In a rotation: checks the evidence, which must name the root key whose share is held and the new one, and keeps the new
    /// share beside the other. Answers the receipt.
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
        let held = self.held.as_ref().ok_or(CustodianError::NoShare)?;
        let seen = self.check(bundle, nonce, now, &[Purpose::Service], Phase::Operational)?;
        let rotation = seen.rotation().filter(|rotation| rotation.stage == RotationStage::Sharing);
        let rotation = rotation.ok_or(CustodianError::NoRotation)?;
        if seen.root_commitment() != Some(held.commitment) || rotation.from != held.commitment {
            return Err(CustodianError::OtherRoot);
        }
        if rotation.to != *commitment {
            return Err(CustodianError::NoRotation);
        }
        let next = Beside::Next(HeldShare { commitment: *commitment, share: share.clone() });
        // The receipt for the one that is there may have ended its rotation.
        if self.beside.as_ref().is_some_and(|beside| *beside != next) {
            return Err(CustodianError::ShareHeld);
        }
        let receipt = self.receipt(&seen, commitment, share)?;
        self.beside = Some(next);
        Ok(receipt)
    }

    /// Forgets the share of a root key that was never seen at work, so that another rotation can be taken part in.
    ///
    /// # Errors
    /// [`CustodianError::ShareHeld`]: the second share is of the root key before, which only evidence ends.
    pub fn abandon_next_share(&mut self) -> Result<(), CustodianError> {
        if matches!(self.beside, Some(Beside::Former(_))) {
            return Err(CustodianError::ShareHeld);
        }
        self.beside = None;
        Ok(())
    }

    /// Deletes the share of the root key before, and answers the statement that says so; once it is deleted, the same again.
    ///
    /// # Errors
    /// [`CustodianError::Evidence`] and the like unless the evidence is of the operational enclave and answers `nonce`;
    /// [`CustodianError::OtherRoot`]: it works under another root key than the one whose share is kept;
    /// [`CustodianError::StillNeeded`]: records need the former one; [`CustodianError::NoFormer`].
    pub fn delete_former_share(
        &mut self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<SignedStatement, CustodianError> {
        let held = self.held.as_ref().ok_or(CustodianError::NoShare)?;
        let seen = self.check(bundle, nonce, now, &[Purpose::Service], Phase::Operational)?;
        if seen.root_commitment() != Some(held.commitment) {
            return Err(CustodianError::OtherRoot);
        }
        if seen.rotation().is_some_and(|rotation| rotation.stage == RotationStage::Rewrapping) {
            return Err(CustodianError::StillNeeded);
        }
        let deletion = match (&self.beside, &self.deleted) {
            (Some(Beside::Former(former)), _) => {
                let mut statement = [0; StatementId::LEN];
                rng.fill_bytes(&mut statement);
                ShareDeletion {
                    service: seen.service(),
                    commitment: former.commitment,
                    successor: held.commitment,
                    statement: StatementId(statement),
                }
            }
            (_, Some(deleted)) if deleted.successor == held.commitment => deleted.clone(),
            _ => return Err(CustodianError::NoFormer),
        };
        let signed = self.keys.sign(&self.id, &deletion)?;
        if matches!(self.beside, Some(Beside::Former(_))) {
            self.beside = None;
        }
        self.deleted = Some(deletion);
        Ok(signed)
    }

    /// The evidence shows this root key at work: answers whether it is the one whose share is held, from now on.
    pub(crate) fn works_under(&mut self, commitment: RootCommitment) -> bool {
        if self.held.as_ref().is_some_and(|held| held.commitment == commitment) {
            return true;
        }
        match self.beside.take() {
            Some(Beside::Next(next)) if next.commitment == commitment => {
                self.beside = self.held.replace(next).map(Beside::Former);
                true
            }
            other => {
                self.beside = other;
                false
            }
        }
    }

    /// The second share.
    pub(crate) const fn other(&self) -> Option<&HeldShare> {
        match &self.beside {
            Some(Beside::Next(share) | Beside::Former(share)) => Some(share),
            None => None,
        }
    }

    /// Commitment to the root key before, while its share is kept.
    #[must_use]
    pub const fn former_commitment(&self) -> Option<RootCommitment> {
        match &self.beside {
            Some(Beside::Former(share)) => Some(share.commitment),
            _ => None,
        }
    }

    /// Commitment to a new root key that was not seen at work yet.
    #[must_use]
    pub const fn next_commitment(&self) -> Option<RootCommitment> {
        match &self.beside {
            Some(Beside::Next(share)) => Some(share.commitment),
            _ => None,
        }
    }
}
