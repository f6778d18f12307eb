//! Place: none. The share of a former root key is deleted when nothing needs it, and the custodian says so (decision 0031).

use crate::error::CustodianError;
use crate::state::Custodian;
use fuin_shared::ids::StatementId;
use fuin_shared::rotation::{RotationStage, ShareDeletion};
use fuin_shared::statement::SignedStatement;
use rand_core::CryptoRng;

impl Custodian {
    /// Deletes the share of the root key before, with all that evidence shows to be of no more use, and answers the statement
    /// that says so; once it is deleted, the same again. None if the root key before is one of which there was no share here. Whoever
    /// missed the rotation or was taken out of the manifest may hold no share of the current root key, and is left with none.
    ///
    /// # Errors
    /// [`CustodianError::Evidence`] and the like unless the evidence is of the operational enclave and answers `nonce`;
    /// [`CustodianError::OtherRoot`]: it works under another root key, which did not take over from the one whose share is kept;
    /// [`CustodianError::StillNeeded`]: records need the former one; [`CustodianError::NoFormer`].
    pub fn delete_former_share(
        &mut self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<SignedStatement>, CustodianError> {
        self.check_any_share()?;
        let seen = self.check_left(bundle, nonce, now)?;
        let (shown, mut holdings) = (self.shown(&seen)?, self.holdings.clone());
        match holdings.settle(&shown) {
            // Only what this evidence itself shows as the one before: an enclave of before a rotation that somebody kept alive is of
            // the same ledger, and shows as little of what took over since.
            Err(CustodianError::Behind(_)) if holdings.holds_no_other_than(shown.former()) => {
                holdings.leave_behind()?;
            }
            settled => settled?,
        }
        if shown.rotation.is_some_and(|rotation| rotation.stage == RotationStage::Rewrapping) {
            return Err(CustodianError::StillNeeded);
        }
        let (former, passed) = (holdings.take_former(&shown), holdings.take_passed());
        // The ledger counts the statement that was made first, which may have been lost on its way.
        let again = self.deleted.clone().filter(|deleted| deleted.successor == shown.current);
        let deletion = match (former, again, passed) {
            (None, Some(again), _) => again,
            (None, None, Some(_)) if shown.former().is_some() => {
                self.holdings = holdings;
                return Ok(None);
            }
            (Some(gone), _, _) | (None, None, Some(gone)) => {
                let mut statement = [0; StatementId::LEN];
                rng.fill_bytes(&mut statement);
                ShareDeletion {
                    service: seen.service(),
                    commitment: gone.commitment,
                    successor: shown.current,
                    statement: StatementId(statement),
                }
            }
            (None, None, None) => return Err(CustodianError::NoFormer),
        };
        let signed = self.keys.sign(&self.id, &deletion)?;
        (self.holdings, self.deleted) = (holdings, Some(deletion));
        Ok(Some(signed))
    }
}
