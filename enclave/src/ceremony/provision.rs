//! Place: SAM. Custodians give their shares to this boot: each sealed to the instance and signed over {service id,
//! instance, manifest hash, root commitment, newest checkpoint seen} (design section 3.5).
//!
//! Each share is held against the commitment that its custodian names as it comes. A bad one is refused to whoever gave
//! it, and what others gave stays. Shares under another commitment count by themselves, so that one custodian who names
//! a wrong one stands in nobody's way.

use super::sharing::join;
use crate::channel::InstanceKeyPairs;
use crate::ledger::keys::RootKey;
use crate::sam::ServiceContext;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, PersonId, RootCommitment};
use fuin_shared::message::ProvideShare;
use fuin_shared::share::Share;
use fuin_shared::statement::{HpkeSealed, SHARE_TO_INSTANCE, ShareStatement, SignedStatement, share_aad};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Shares that came so far, at most one of each custodian.
#[derive(Default)]
pub struct Provision {
    given: BTreeMap<PersonId, Given>,
}

struct Given {
    commitment: RootCommitment,
    share: Share,
    seen: Option<String>,
}

/// The root key, and which ledger it belongs to.
pub struct Provisioned {
    /// The root key, equal to its commitment.
    pub root: RootKey,
    /// The commitment.
    pub commitment: RootCommitment,
    /// Checkpoints that the custodians of these shares have seen, or the one that ends with the hand-over.
    pub seen: Vec<String>,
    /// Whose shares it was made of; nobody's after a hand-over.
    pub custodians: Vec<PersonId>,
    /// After a hand-over: the boot to which the ledger must have been handed last.
    pub heir: Option<InstanceId>,
}

impl Provision {
    /// Takes a share. `Ok(Err(n))`: `n` more are needed.
    ///
    /// # Errors
    /// [`Fault::StatementMalformed`], [`Fault::UnknownPerson`], [`Fault::StatementSignature`],
    /// [`Fault::StatementForeign`]; [`Fault::ShareMalformed`]: it does not open, or is no share;
    /// [`Fault::RootMismatch`]: it is not the share of this commitment under this manifest's threshold;
    /// [`Fault::StatementSpent`]: this custodian gave one under this commitment, or another gave this very share.
    /// Shares of others stay in each case.
    pub fn accept(
        &mut self,
        context: &ServiceContext,
        keys: &InstanceKeyPairs,
        instance: &InstanceId,
        command: &ProvideShare,
    ) -> Result<Result<Provisioned, u8>, Fault> {
        let signed: SignedStatement =
            codec::decode(command.statement.as_slice()).map_err(|_| Fault::StatementMalformed)?;
        let custodian = context.manifest.custodian(&signed.signer).ok_or(Fault::UnknownPerson)?;
        let key = custodian.signing.key().map_err(|_| Fault::ManifestMalformed)?;
        let body: ShareStatement = signed.open(&key)?;
        let for_us = body.service == context.service
            && &body.instance == instance
            && body.manifest == context.hash
            && body.sealed == Digest32(Sha256::digest(command.sealed.as_slice()).into());
        if !for_us {
            return Err(Fault::StatementForeign);
        }
        let sealed: HpkeSealed =
            codec::decode(command.sealed.as_slice()).map_err(|_| Fault::StatementMalformed)?;
        let aad = share_aad(&context.service, &body.commitment, &custodian.id);
        let octets = keys
            .open(SHARE_TO_INSTANCE, &aad, sealed.encapsulated.as_slice(), sealed.ciphertext.as_slice())
            .map_err(|_| Fault::ShareMalformed)?;
        let share = Share::parse(&octets)?;
        share.check(&context.service, &body.commitment)?;
        if share.opening().threshold != context.manifest.share_threshold {
            return Err(Fault::RootMismatch);
        }
        if self.under(&body.commitment).any(|(id, given)| *id == custodian.id || given.share.x() == share.x())
        {
            return Err(Fault::StatementSpent);
        }
        let given = Given { commitment: body.commitment, share, seen: body.newest_checkpoint };
        self.given.insert(custodian.id.clone(), given);
        let missing = self.missing_under(&body.commitment, context.manifest.share_threshold);
        if missing > 0 {
            return Ok(Err(missing));
        }
        let shares: Vec<&Share> = self.under(&body.commitment).map(|(_, given)| &given.share).collect();
        let root = join(&shares, &context.service)?;
        let seen = self.under(&body.commitment).filter_map(|(_, given)| given.seen.clone()).collect();
        let custodians = self.under(&body.commitment).map(|(id, _)| id.clone()).collect();
        self.given.clear();
        Ok(Ok(Provisioned { root, commitment: body.commitment, seen, custodians, heir: None }))
    }

    /// Whose shares are here.
    pub fn custodians(&self) -> impl Iterator<Item = &PersonId> {
        self.given.keys()
    }

    /// How many more shares are needed of the root key that most shares are of.
    #[must_use]
    pub fn missing(&self, threshold: u8) -> u8 {
        let fewest = self.given.values().map(|given| self.missing_under(&given.commitment, threshold)).min();
        fewest.unwrap_or(threshold)
    }

    fn under(&self, commitment: &RootCommitment) -> impl Iterator<Item = (&PersonId, &Given)> {
        let commitment = *commitment;
        self.given.iter().filter(move |(_, given)| given.commitment == commitment)
    }

    fn missing_under(&self, commitment: &RootCommitment, threshold: u8) -> u8 {
        let here = u8::try_from(self.under(commitment).count()).unwrap_or(u8::MAX);
        threshold.saturating_sub(here)
    }
}
