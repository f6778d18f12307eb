//! Place: SAM. Genesis: the officers' quorum approves, the enclave makes the root key, and custodians confirm their shares. Until
//! then nothing depends on the key; a crash forgets it.

use super::custody::Custody;
use crate::ledger::keys::RootKey;
use crate::sam::ServiceContext;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{InstanceId, PersonId, RootCommitment, StatementId};
use fuin_shared::message::GenesisShares;
use fuin_shared::statement::{GenesisApproval, SignedStatement};
use rand_core::CryptoRng;
use std::collections::BTreeSet;

/// A genesis that waits for receipts.
pub struct PendingGenesis {
    custody: Custody,
    approvals: Vec<StatementId>,
    officers: Vec<PersonId>,
}

/// A genesis whose shares are safe.
pub struct ConfirmedGenesis {
    /// The root key.
    pub root: RootKey,
    /// Its commitment.
    pub commitment: RootCommitment,
    /// Approvals that the first event spends.
    pub approvals: Vec<StatementId>,
    /// Whose they are.
    pub officers: Vec<PersonId>,
}

impl PendingGenesis {
    /// Checks the approvals and makes a root key.
    ///
    /// # Errors
    /// [`Fault::StatementMalformed`], [`Fault::StatementSignature`], [`Fault::StatementForeign`],
    /// [`Fault::StatementExpired`], [`Fault::UnknownPerson`]: an approval, or the quorum, is missing;
    /// [`Fault::ManifestMalformed`]: the threshold is not offered.
    pub fn begin(
        context: &ServiceContext,
        instance: &InstanceId,
        approvals: &[fuin_shared::bytes::Blob],
        now_seconds: u64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Fault> {
        let (approvals, officers) = check_approvals(context, instance, approvals, now_seconds)?;
        Ok(Self { custody: Custody::make(context, rng)?, approvals, officers })
    }

    /// The sealed shares, with the commitment to the root key that was made.
    #[must_use]
    pub const fn shares(&self) -> &GenesisShares {
        self.custody.shares()
    }

    /// Custodians whose receipt is missing.
    pub fn missing(&self) -> impl Iterator<Item = &PersonId> {
        self.custody.missing()
    }

    /// Takes receipts, some or all; those that were good are kept.
    ///
    /// # Errors
    /// Those of [`Custody::confirm`]; or [`Fault::GenesisPending`] while any custodian's is missing.
    pub fn confirm(
        &mut self,
        context: &ServiceContext,
        instance: &InstanceId,
        receipts: &[fuin_shared::bytes::Blob],
    ) -> Result<(), Fault> {
        let all = self.custody.confirm(context, instance, receipts)?;
        if all { Ok(()) } else { Err(Fault::GenesisPending) }
    }

    /// Ends it, once [`PendingGenesis::confirm`] has every receipt.
    #[must_use]
    pub fn finish(self) -> ConfirmedGenesis {
        let Self { custody, approvals, officers } = self;
        let commitment = custody.shares().commitment;
        ConfirmedGenesis { root: custody.into_root(), commitment, approvals, officers }
    }
}

fn check_approvals(
    context: &ServiceContext,
    instance: &InstanceId,
    approvals: &[fuin_shared::bytes::Blob],
    now_seconds: u64,
) -> Result<(Vec<StatementId>, Vec<PersonId>), Fault> {
    let (mut officers, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for approval in approvals.iter().take(context.manifest.officers.len()) {
        let signed: SignedStatement =
            codec::decode(approval.as_slice()).map_err(|_| Fault::StatementMalformed)?;
        let officer = context.manifest.officer(&signed.signer).ok_or(Fault::UnknownPerson)?;
        let key = officer.key.key().map_err(|_| Fault::ManifestMalformed)?;
        let body: GenesisApproval = signed.open(&key)?;
        if body.service != context.service || &body.instance != instance || body.manifest != context.hash {
            return Err(Fault::StatementForeign);
        }
        if now_seconds >= body.not_after {
            return Err(Fault::StatementExpired);
        }
        officers.insert(&officer.id);
        if !ids.insert(body.statement) {
            return Err(Fault::StatementSpent);
        }
    }
    if officers.len() < usize::from(context.manifest.officer_quorum) {
        return Err(Fault::UnknownPerson);
    }
    Ok((ids.into_iter().collect(), officers.into_iter().cloned().collect()))
}
