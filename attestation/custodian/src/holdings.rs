//! Place: none. The shares that a custodian holds, and what evidence says of the root keys that they are of (decision 0031).
//!
//! No share is lost on anybody's word: what is given up is set aside, found again when evidence shows its root key at work, and
//! goes for good only when evidence has shown that nothing can need it any more.

use crate::error::CustodianError;
use fuin_attestation::VerifiedEvidence;
use fuin_shared::ids::RootCommitment;
use fuin_shared::rotation::{RootRotation, RotationStage};
use fuin_shared::statement::CustodianShare;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Most shares that are set aside.
pub(crate) const MAX_ASIDE: usize = 32;

/// A share as it was received, still sealed to the custodian. Its octets are erased when it is forgotten.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeldShare {
    pub(crate) commitment: RootCommitment,
    pub(crate) share: CustodianShare,
    /// The root key in whose place it was to come; none of a genesis, nor in states from before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<RootCommitment>,
}

impl HeldShare {
    /// Whether it is the very same share.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.commitment == other.commitment && self.share == other.share
    }
}

impl Drop for HeldShare {
    fn drop(&mut self) {
        self.share.sealed.ciphertext.0.zeroize();
    }
}

/// A second share.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Beside {
    /// Of a root key that was not seen at work yet.
    Next(HeldShare),
    /// Of the root key before.
    Former(HeldShare),
}

impl Beside {
    pub(crate) const fn share(&self) -> &HeldShare {
        match self {
            Self::Next(share) | Self::Former(share) => share,
        }
    }

    fn into_share(self) -> HeldShare {
        match self {
            Self::Next(share) | Self::Former(share) => share,
        }
    }
}

/// A share that was given up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetAside {
    pub(crate) held: HeldShare,
    /// Evidence has shown that nothing can need it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) passed: bool,
}

/// All of them. Whoever changes them does so on a copy: after an error it is of no use.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Holdings {
    /// Of the root key that was last seen at work.
    pub(crate) held: Option<HeldShare>,
    pub(crate) beside: Option<Beside>,
    /// Oldest first.
    pub(crate) aside: Vec<SetAside>,
}

/// What evidence of an operational enclave says of root keys.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) current: RootCommitment,
    pub(crate) rotation: Option<RootRotation>,
    /// Whether it is of the ledger that the custodian follows: then the current root key is one of that ledger's, however many
    /// rotations this custodian missed; unless somebody kept an enclave of before one alive, the newest.
    pub(crate) followed: bool,
}

impl Shown {
    pub(crate) fn of(seen: &VerifiedEvidence, followed: bool) -> Result<Self, CustodianError> {
        let current = seen.root_commitment().ok_or(CustodianError::OtherRoot)?;
        Ok(Self { current, rotation: seen.rotation(), followed })
    }

    /// The root key before, until it is erased.
    pub(crate) fn former(&self) -> Option<RootCommitment> {
        self.rotation
            .filter(|rotation| rotation.stage != RotationStage::Sharing)
            .map(|rotation| rotation.from)
    }

    /// Whether nothing can need this share again. Root keys are random and take over one after the other: one that is neither
    /// there nor the one before is erased, or was to come in the place of one that is gone.
    pub(crate) fn is_past(&self, share: &HeldShare) -> bool {
        let named = [Some(self.current), self.former(), self.rotation.map(|rotation| rotation.to)];
        !named.contains(&Some(share.commitment)) && share.from != Some(self.current)
    }

    /// Whether the current root key took the place of this one, at once or by others between.
    fn follows(&self, commitment: &RootCommitment) -> bool {
        self.followed || self.former() == Some(*commitment)
    }
}

impl Holdings {
    /// The second share.
    pub(crate) fn other(&self) -> Option<&HeldShare> {
        self.beside.as_ref().map(Beside::share)
    }

    /// The share of this root key.
    pub(crate) fn of(&self, commitment: &RootCommitment) -> Option<&HeldShare> {
        let aside = self.aside.iter().map(|one| &one.held);
        self.held.iter().chain(self.other()).chain(aside).find(|share| share.commitment == *commitment)
    }

    /// Sets a share aside. When there is room for none more, the oldest goes that nothing can need.
    ///
    /// # Errors
    /// [`CustodianError::AsideFull`]: each may still be needed.
    fn set_aside(&mut self, held: HeldShare, passed: bool) -> Result<(), CustodianError> {
        if self.aside.len() >= MAX_ASIDE {
            match self.aside.iter().position(|one| one.passed) {
                Some(oldest) => drop(self.aside.remove(oldest)),
                None if passed => return Ok(()),
                None => return Err(CustodianError::AsideFull),
            }
        }
        self.aside.push(SetAside { held, passed });
        Ok(())
    }

    /// Finds a share again. One that evidence has shown to be past is not: nobody leads back to an older root key.
    fn find_again(&mut self, commitment: &RootCommitment) -> Option<HeldShare> {
        let at = self.aside.iter().position(|one| one.held.commitment == *commitment && !one.passed)?;
        Some(self.aside.remove(at).held)
    }

    /// Evidence shows this: each share is put where it belongs. Afterwards the one that is held is of the current root key.
    ///
    /// # Errors
    /// [`CustodianError::NoShare`]; [`CustodianError::OtherRoot`]; [`CustodianError::Behind`]: that root key took over from
    /// the one whose share is held. [`CustodianError::AsideFull`].
    pub(crate) fn settle(&mut self, shown: &Shown) -> Result<(), CustodianError> {
        self.date_next();
        if self.held.as_ref().is_none_or(|held| held.commitment != shown.current) {
            self.change_over(shown)?;
        }
        // A root key that was given up took over after all, and another one after it.
        if let Some(former) = shown.former()
            && self.other().is_none_or(|other| other.commitment != former)
            && let Some(found) = self.find_again(&former)
        {
            self.put_beside(Some(Beside::Former(found)), shown)?;
        }
        for one in &mut self.aside {
            one.passed |= shown.is_past(&one.held);
        }
        Ok(())
    }

    /// States from before it was kept: a next share was taken beside the one that is held.
    fn date_next(&mut self) {
        if let (Some(Beside::Next(next)), Some(held)) = (&mut self.beside, &self.held) {
            next.from.get_or_insert(held.commitment);
        }
    }

    fn change_over(&mut self, shown: &Shown) -> Result<(), CustodianError> {
        let found = match self.beside.take() {
            Some(Beside::Next(next)) if next.commitment == shown.current => Some(next),
            other => {
                self.beside = other;
                self.find_again(&shown.current)
            }
        };
        let Some(found) = found else { return Err(self.lacks(shown)) };
        let from = found.from;
        let Some(before) = self.held.replace(found) else { return Ok(()) };
        if from == Some(before.commitment) || shown.former() == Some(before.commitment) {
            self.put_beside(Some(Beside::Former(before)), shown)
        } else {
            let passed = shown.is_past(&before);
            self.set_aside(before, passed)
        }
    }

    /// Why there is no share of the current root key.
    fn lacks(&self, shown: &Shown) -> CustodianError {
        if self.of(&shown.current).is_some() {
            // It was left behind.
            return CustodianError::OtherRoot;
        }
        match &self.held {
            Some(held) if shown.follows(&held.commitment) => CustodianError::Behind(shown.current),
            Some(_) => CustodianError::OtherRoot,
            None if shown.followed => CustodianError::Behind(shown.current),
            None => CustodianError::NoShare,
        }
    }

    /// Puts this in the second place, and sets aside what was there.
    fn put_beside(&mut self, new: Option<Beside>, shown: &Shown) -> Result<(), CustodianError> {
        let Some(before) = std::mem::replace(&mut self.beside, new) else { return Ok(()) };
        let share = before.into_share();
        let passed = shown.is_past(&share);
        self.set_aside(share, passed)
    }

    /// Another root key took over, of which there is no share here: what there is goes aside. Nothing of it is past on this word
    /// alone, which may be that of an enclave of before.
    pub(crate) fn leave_behind(&mut self) -> Result<(), CustodianError> {
        for share in [self.beside.take().map(Beside::into_share), self.held.take()].into_iter().flatten() {
            self.set_aside(share, false)?;
        }
        Ok(())
    }

    /// Whether no share is held, or that of the root key before.
    pub(crate) fn holds_no_other_than(&self, former: Option<RootCommitment>) -> bool {
        self.held.as_ref().is_none_or(|held| Some(held.commitment) == former)
    }

    /// Takes a next share; the very same one once more is the same.
    ///
    /// # Errors
    /// [`CustodianError::ShareHeld`]: another second share is there, which may still be needed, or another one of the same
    /// root key; [`CustodianError::AsideFull`].
    pub(crate) fn take_next(&mut self, next: HeldShare, shown: &Shown) -> Result<(), CustodianError> {
        if let Some(beside) = self.other() {
            if beside.is(&next) {
                return Ok(());
            }
            if !shown.is_past(beside) {
                return Err(CustodianError::ShareHeld);
            }
        }
        self.take_back(&next)?;
        self.put_beside(Some(Beside::Next(next)), shown)
    }

    /// A share may be taken that was set aside, but no other one of the same root key.
    ///
    /// # Errors
    /// [`CustodianError::ShareHeld`].
    pub(crate) fn take_back(&mut self, share: &HeldShare) -> Result<(), CustodianError> {
        match self.find_again(&share.commitment) {
            Some(aside) if !aside.is(share) => Err(CustodianError::ShareHeld),
            _ => Ok(()),
        }
    }

    /// Sets the share of a genesis aside that came to nothing.
    ///
    /// # Errors
    /// [`CustodianError::AsideFull`].
    pub(crate) fn abandon(&mut self) -> Result<(), CustodianError> {
        self.held.take().map_or(Ok(()), |held| self.set_aside(held, false))
    }

    /// Sets the share of a root key aside that was not seen at work.
    ///
    /// # Errors
    /// [`CustodianError::ShareHeld`]: the second share is of the root key before, which only evidence ends;
    /// [`CustodianError::AsideFull`].
    pub(crate) fn abandon_next(&mut self) -> Result<(), CustodianError> {
        self.date_next();
        match self.beside.take() {
            Some(Beside::Next(next)) => self.set_aside(next, false),
            Some(Beside::Former(_)) => Err(CustodianError::ShareHeld),
            None => Ok(()),
        }
    }

    /// Takes out the share of the root key before, wherever it is.
    pub(crate) fn take_former(&mut self, shown: &Shown) -> Option<HeldShare> {
        if let Some(Beside::Former(_)) = self.beside {
            return self.beside.take().map(Beside::into_share);
        }
        shown.former().and_then(|former| self.find_again(&former))
    }

    /// Takes out the shares that nothing can need; answers the newest.
    pub(crate) fn take_passed(&mut self) -> Option<HeldShare> {
        let newest = self.aside.iter().rposition(|one| one.passed).map(|at| self.aside.remove(at).held);
        self.aside.retain(|one| !one.passed);
        newest
    }
}

#[cfg(test)]
mod tests;
