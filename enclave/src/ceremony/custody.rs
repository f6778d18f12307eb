//! Place: SAM. A new root key on its way to its custodians: each gets a sealed share and confirms it with a signed receipt.
//! Until all have, nothing depends on the key; a crash forgets it.

use super::sharing::split;
use crate::channel;
use crate::ledger::keys::RootKey;
use crate::sam::ServiceContext;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, PersonId};
use fuin_shared::message::GenesisShares;
use fuin_shared::statement::{CustodianShare, SHARE_TO_CUSTODIAN, ShareReceipt, SignedStatement, share_aad};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// A root key that waits for receipts.
pub struct Custody {
    root: RootKey,
    shares: GenesisShares,
    confirmed: BTreeSet<PersonId>,
}

impl Custody {
    /// Makes a root key, and a share for each custodian of the manifest.
    ///
    /// # Errors
    /// [`Fault::ManifestMalformed`]: the threshold is not offered.
    pub fn make(context: &ServiceContext, rng: &mut dyn CryptoRng) -> Result<Self, Fault> {
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
        Ok(Self { root, shares, confirmed: BTreeSet::new() })
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

    /// Takes receipts, some or all; those that were good are kept. Answers whether all are there.
    ///
    /// # Errors
    /// [`Fault::StatementMalformed`], [`Fault::UnknownPerson`], [`Fault::StatementSignature`],
    /// [`Fault::StatementForeign`].
    pub fn confirm(
        &mut self,
        context: &ServiceContext,
        instance: &InstanceId,
        receipts: &[Blob],
    ) -> Result<bool, Fault> {
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
        Ok(self.missing().next().is_none())
    }

    /// The root key, once [`Custody::confirm`] has every receipt.
    #[must_use]
    pub fn into_root(self) -> RootKey {
        self.root
    }
}

/// What a receipt names of a share.
fn digest(share: &CustodianShare) -> Digest32 {
    Digest32(Sha256::digest(codec::encode(share)).into())
}
