//! Place: SAM. Genesis: the officers' quorum approves, the enclave makes the root key, each custodian gets a sealed
//! share and confirms it with a signed receipt. Until then nothing depends on the key; a crash forgets it.

use super::sharing::split;
use crate::channel;
use crate::ledger::keys::RootKey;
use crate::sam::ServiceContext;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, PersonId, RootCommitment, StatementId};
use fuin_shared::message::GenesisShares;
use fuin_shared::statement::{
    CustodianShare, GenesisApproval, SHARE_TO_CUSTODIAN, ShareReceipt, SignedStatement, share_aad,
};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// A genesis that waits for receipts.
pub struct PendingGenesis {
    root: RootKey,
    approvals: Vec<StatementId>,
    officers: Vec<PersonId>,
    shares: GenesisShares,
    confirmed: BTreeSet<PersonId>,
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
        let mut octets = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *octets);
        let root = RootKey::new(*octets);
        let custodians = &context.manifest.custodians;
        let made = split(&root, &context.service, context.manifest.share_threshold, custodians.len(), rng)?;
        let mut shares = Vec::new();
        for (custodian, share) in custodians.iter().zip(&made.shares) {
            let aad = share_aad(&context.service, &made.commitment, &custodian.id);
            let plain = share.to_octets();
            let sealed =
                channel::seal_to(custodian.sealing.as_slice(), SHARE_TO_CUSTODIAN, &aad, &plain, rng)?;
            shares.push(CustodianShare { custodian: custodian.id.clone(), sealed });
        }
        let shares = GenesisShares { commitment: made.commitment, shares };
        Ok(Self { root, approvals, officers, shares, confirmed: BTreeSet::new() })
    }

    /// The sealed shares, with the commitment to the root key that was made.
    #[must_use]
    pub const fn shares(&self) -> &GenesisShares {
        &self.shares
    }

    /// Custodians whose receipt is missing.
    pub fn missing(&self) -> impl Iterator<Item = &PersonId> {
        self.shares.shares.iter().map(|share| &share.custodian).filter(|id| !self.confirmed.contains(*id))
    }

    /// Takes receipts, some or all; those that were good are kept.
    ///
    /// # Errors
    /// [`Fault::StatementMalformed`], [`Fault::UnknownPerson`], [`Fault::StatementSignature`],
    /// [`Fault::StatementForeign`]; or [`Fault::GenesisPending`] while any custodian's is missing.
    pub fn confirm(
        &mut self,
        context: &ServiceContext,
        instance: &InstanceId,
        receipts: &[fuin_shared::bytes::Blob],
    ) -> Result<(), Fault> {
        for receipt in receipts.iter().take(self.shares.shares.len()) {
            let signed: SignedStatement =
                codec::decode(receipt.as_slice()).map_err(|_| Fault::StatementMalformed)?;
            let custodian = context.manifest.custodian(&signed.signer).ok_or(Fault::UnknownPerson)?;
            let key = custodian.signing.key().map_err(|_| Fault::ManifestMalformed)?;
            let body: ShareReceipt = signed.open(&key)?;
            let share = self.shares.shares.iter().find(|share| share.custodian == custodian.id);
            let expected = ShareReceipt {
                service: context.service,
                instance: *instance,
                commitment: self.shares.commitment,
                share: digest(share.ok_or(Fault::UnknownPerson)?),
            };
            if body != expected {
                return Err(Fault::StatementForeign);
            }
            self.confirmed.insert(custodian.id.clone());
        }
        if self.missing().next().is_none() { Ok(()) } else { Err(Fault::GenesisPending) }
    }

    /// Ends it, once [`PendingGenesis::confirm`] has every receipt.
    #[must_use]
    pub fn finish(self) -> ConfirmedGenesis {
        let Self { root, approvals, officers, shares, .. } = self;
        ConfirmedGenesis { root, commitment: shares.commitment, approvals, officers }
    }
}

/// What a receipt names of a share.
fn digest(share: &CustodianShare) -> Digest32 {
    Digest32(Sha256::digest(codec::encode(share)).into())
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
