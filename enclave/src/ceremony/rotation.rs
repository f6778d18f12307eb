//! Place: SAM. Rotation of the root key (decision 0031): the officers' quorum approves, an operational enclave makes another
//! random root key, custodians confirm their shares, and an event makes it the current one. The former one is erased when so
//! many custodians have deleted their shares of it that the others cannot bring it back.

use super::custody::Custody;
use crate::ledger::journal::Journal;
use crate::ledger::keys::RootKey;
use crate::sam::ServiceContext;
use crate::sam::outcome::Withheld;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{InstanceId, PersonId, RootCommitment, StatementId};
use fuin_shared::log::event::EventBody;
use fuin_shared::log::roots::Root;
use fuin_shared::message::GenesisShares;
use fuin_shared::rotation::{RotationApproval, RotationPlan, ShareDeletion};
use fuin_shared::statement::{SignedStatement, signers};
use rand_core::CryptoRng;
use std::collections::{BTreeMap, BTreeSet};

/// A new root key that waits for receipts. Nothing depends on it.
pub struct PendingRotation {
    custody: Custody,
    plan: RotationPlan,
    approvals: Vec<RotationApproval>,
    officers: Vec<PersonId>,
}

impl PendingRotation {
    /// Checks the approvals and makes a root key. A rotation that waited before is forgotten by the caller.
    ///
    /// # Errors
    /// [`Fault::RotationUnderWay`]: the one before has not ended; [`Fault::ManifestOutdated`]: a manifest that was adopted is
    /// not current yet; [`Fault::StatementMalformed`], [`Fault::UnknownPerson`], [`Fault::StatementSignature`],
    /// [`Fault::StatementForeign`], [`Fault::StatementExpired`], [`Fault::StatementSpent`]: an approval;
    /// [`Fault::RotationQuorum`].
    pub fn begin(
        context: &ServiceContext,
        instance: &InstanceId,
        journal: &Journal<Withheld>,
        approvals: &[Blob],
        now_seconds: u64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Fault> {
        context.check_adopted(journal.state().manifest())?;
        let roots = journal.state().roots();
        if roots.former().is_some() {
            return Err(Fault::RotationUnderWay);
        }
        let plan = RotationPlan {
            service: context.service,
            ledger: journal.identity().origin.clone(),
            instance: *instance,
            manifest: context.hash,
            commitment: roots.current().ok_or(Fault::LedgerBroken)?.commitment,
        };
        let ours = |approval: &RotationApproval| approval.plan == plan;
        let said = context.manifest.officers_say(approvals, ours, |approval| approval.statement)?;
        let said = said.ok_or(Fault::RotationQuorum)?;
        check_unspent(&said, journal, now_seconds)?;
        let officers = signers(approvals).collect::<BTreeSet<_>>().into_iter().collect();
        Ok(Self { custody: Custody::make(context, rng)?, plan, approvals: said, officers })
    }

    /// Commitments to the root key that is replaced, and to the one that was made.
    #[must_use]
    pub const fn commitments(&self) -> (RootCommitment, RootCommitment) {
        (self.plan.commitment, self.custody.shares().commitment)
    }

    /// Whether the same order made both.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        let names = |rotation: &Self| -> BTreeSet<StatementId> {
            rotation.approvals.iter().map(|approval| approval.statement).collect()
        };
        self.plan == other.plan && names(self) == names(other)
    }

    /// The sealed shares.
    #[must_use]
    pub const fn shares(&self) -> &GenesisShares {
        self.custody.shares()
    }

    /// Custodians whose receipt is missing.
    pub fn missing(&self) -> impl Iterator<Item = &PersonId> {
        self.custody.missing()
    }

    /// Officers who approved it.
    #[must_use]
    pub fn officers(&self) -> &[PersonId] {
        &self.officers
    }

    /// Takes receipts, some or all; those that were good are kept.
    ///
    /// # Errors
    /// Those of [`Custody::confirm`]; [`Fault::StatementExpired`], [`Fault::StatementSpent`]: an approval, meanwhile;
    /// [`Fault::RotationPending`] while any custodian's receipt is missing.
    pub fn confirm(
        &mut self,
        context: &ServiceContext,
        journal: &Journal<Withheld>,
        receipts: &[Blob],
        now_seconds: u64,
    ) -> Result<(), Fault> {
        context.check_adopted(journal.state().manifest())?;
        let all = self.custody.confirm(context, &self.plan.instance, receipts)?;
        check_unspent(&self.approvals, journal, now_seconds)?;
        if all { Ok(()) } else { Err(Fault::RotationPending) }
    }

    /// The event, and the root key that takes over with it.
    ///
    /// # Errors
    /// [`Fault::LedgerBroken`] without a ledger, which there is.
    pub fn finish(
        self,
        journal: &Journal<Withheld>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(EventBody, RootKey), Fault> {
        let Self { custody, plan, approvals, .. } = self;
        let to = custody.shares().commitment;
        let root = custody.into_root();
        let name = journal.state().name().ok_or(Fault::LedgerBroken)?;
        let carried = journal.keys().carry(&root, &to, name, rng)?;
        let approvals = approvals.iter().map(|approval| approval.statement).collect();
        let RotationPlan { commitment: from, manifest, .. } = plan;
        Ok((EventBody::RootRotated { from, to, manifest, carried, approvals }, root))
    }
}

/// Custodians' word that their shares of the former root key are deleted, as far as this boot has it.
#[derive(Default)]
pub struct Deletions {
    said: BTreeMap<PersonId, StatementId>,
}

impl Deletions {
    /// Takes statements, some or all; those that were good are kept. Answers what the event spends once they are enough:
    /// n - k + 1 of the n that there were when the root key was shared out.
    ///
    /// # Errors
    /// [`Fault::StatementMalformed`], [`Fault::UnknownPerson`], [`Fault::StatementSignature`],
    /// [`Fault::StatementForeign`], [`Fault::StatementSpent`]; [`Fault::DeletionsMissing`].
    pub fn take(
        &mut self,
        context: &ServiceContext,
        journal: &Journal<Withheld>,
        former: &Root,
        statements: &[Blob],
    ) -> Result<Vec<StatementId>, Fault> {
        let current = journal.state().roots().current().ok_or(Fault::LedgerBroken)?;
        let custodians = context.custodians_under(&former.manifest).ok_or(Fault::LedgerBroken)?;
        // Its name may have been spent by another statement since: then it would end the ledger, not the root key.
        self.said.retain(|_, statement| !journal.state().is_spent(statement));
        for statement in statements.iter().take(custodians.len()) {
            let signed: SignedStatement =
                codec::decode(statement.as_slice()).map_err(|_| Fault::StatementMalformed)?;
            let custodian = custodians.iter().find(|one| one.id == signed.signer);
            let custodian = custodian.ok_or(Fault::UnknownPerson)?;
            let key = custodian.signing.key().map_err(|_| Fault::ManifestMalformed)?;
            let body: ShareDeletion = signed.open(&key)?;
            let ours = body.service == context.service
                && body.commitment == former.commitment
                && body.successor == current.commitment;
            if !ours {
                return Err(Fault::StatementForeign);
            }
            let others = self.said.iter().filter(|(id, _)| **id != custodian.id);
            let used = others.into_iter().any(|(_, said)| *said == body.statement);
            if used || journal.state().is_spent(&body.statement) {
                return Err(Fault::StatementSpent);
            }
            self.said.insert(custodian.id.clone(), body.statement);
        }
        if self.missing(context, former) > 0 {
            return Err(Fault::DeletionsMissing);
        }
        Ok(self.said.values().copied().collect())
    }

    /// Whose are here.
    pub fn custodians(&self) -> impl Iterator<Item = &PersonId> {
        self.said.keys()
    }

    /// How many more are needed.
    #[must_use]
    pub fn missing(&self, context: &ServiceContext, former: &Root) -> u8 {
        let custodians = context.custodians_under(&former.manifest).map_or(0, <[_]>::len);
        let threshold = usize::from(context.manifest.share_threshold);
        let needed = (custodians + 1).saturating_sub(threshold).max(1);
        u8::try_from(needed.saturating_sub(self.said.len())).unwrap_or(u8::MAX)
    }
}

fn check_unspent(
    approvals: &[RotationApproval],
    journal: &Journal<Withheld>,
    now_seconds: u64,
) -> Result<(), Fault> {
    for approval in approvals {
        if now_seconds >= approval.not_after {
            return Err(Fault::StatementExpired);
        }
        if journal.state().is_spent(&approval.statement) {
            return Err(Fault::StatementSpent);
        }
    }
    Ok(())
}
