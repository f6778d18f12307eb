//! Place: SAM. Genesis: the officers' quorum approves, the enclave makes the root key, each custodian gets a sealed
//! share and confirms it with a signed receipt. Until then nothing depends on the key; a crash forgets it.

use super::sharing::Sharing;
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
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// A genesis that waits for receipts.
pub struct PendingGenesis {
    root: RootKey,
    commitment: RootCommitment,
    approvals: Vec<StatementId>,
    shares: BTreeMap<PersonId, Digest32>,
}

/// A genesis whose shares are safe.
pub struct ConfirmedGenesis {
    /// The root key.
    pub root: RootKey,
    /// Its commitment.
    pub commitment: RootCommitment,
    /// Approvals that the first event spends.
    pub approvals: Vec<StatementId>,
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
        sharing: &dyn Sharing,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, GenesisShares), Fault> {
        let approvals = check_approvals(context, instance, approvals, now_seconds)?;
        let mut octets = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *octets);
        let root = RootKey::new(*octets);
        let commitment = root.commitment(&context.service);
        let custodians = &context.manifest.custodians;
        let parts = sharing.split(&root, context.manifest.share_threshold, custodians.len())?;
        let mut shares = Vec::new();
        for (custodian, part) in custodians.iter().zip(&parts) {
            let aad = share_aad(&context.service, &commitment, &custodian.id);
            let sealed = channel::seal_to(custodian.sealing.as_slice(), SHARE_TO_CUSTODIAN, &aad, part, rng)?;
            shares.push(CustodianShare { custodian: custodian.id.clone(), sealed });
        }
        let digests = shares.iter().map(|share| (share.custodian.clone(), digest(share))).collect();
        Ok((Self { root, commitment, approvals, shares: digests }, GenesisShares { commitment, shares }))
    }

    /// Commitment to the root key that was made.
    #[must_use]
    pub const fn commitment(&self) -> RootCommitment {
        self.commitment
    }

    /// Takes the receipts: one of every custodian.
    ///
    /// # Errors
    /// The pending genesis and [`Fault::StatementMalformed`], [`Fault::UnknownPerson`], [`Fault::StatementSignature`],
    /// [`Fault::StatementForeign`], or [`Fault::GenesisPending`] when one is missing.
    pub fn confirm(
        self,
        context: &ServiceContext,
        instance: &InstanceId,
        receipts: &[fuin_shared::bytes::Blob],
    ) -> Result<ConfirmedGenesis, (Self, Fault)> {
        match self.check_receipts(context, instance, receipts) {
            Ok(()) => Ok(ConfirmedGenesis {
                root: self.root,
                commitment: self.commitment,
                approvals: self.approvals,
            }),
            Err(fault) => Err((self, fault)),
        }
    }

    fn check_receipts(
        &self,
        context: &ServiceContext,
        instance: &InstanceId,
        receipts: &[fuin_shared::bytes::Blob],
    ) -> Result<(), Fault> {
        let mut confirmed = BTreeSet::new();
        for receipt in receipts.iter().take(self.shares.len()) {
            let signed: SignedStatement =
                codec::decode(receipt.as_slice()).map_err(|_| Fault::StatementMalformed)?;
            let custodian = context.manifest.custodian(&signed.signer).ok_or(Fault::UnknownPerson)?;
            let key = custodian.signing.key().map_err(|_| Fault::ManifestMalformed)?;
            let body: ShareReceipt = signed.open(&key)?;
            let expected = ShareReceipt {
                service: context.service,
                instance: *instance,
                commitment: self.commitment,
                share: *self.shares.get(&custodian.id).ok_or(Fault::UnknownPerson)?,
            };
            if body != expected {
                return Err(Fault::StatementForeign);
            }
            confirmed.insert(&custodian.id);
        }
        if confirmed.len() == self.shares.len() { Ok(()) } else { Err(Fault::GenesisPending) }
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
) -> Result<Vec<StatementId>, Fault> {
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
    Ok(ids.into_iter().collect())
}
