//! Place: SAM. Custodians give their shares to this boot: each sealed to the instance and signed over {service id,
//! instance, manifest hash, root commitment, newest checkpoint seen} (design section 3.5).
//!
//! Each share is held against the commitment that its custodian names as it comes. A bad one is refused to whoever gave
//! it, and what others gave stays. Shares under another commitment count by themselves, so that one custodian who names
//! a wrong one stands in nobody's way. While records are sealed under two root keys (decision 0031) a boot needs both, which
//! the ledger says once it is read.

use super::sharing::join;
use crate::channel::InstanceKeyPairs;
use crate::ledger::keys::RootKey;
use crate::sam::ServiceContext;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, PersonId, RootCommitment};
use fuin_shared::message::{ProvideShare, RootShares};
use fuin_shared::share::Share;
use fuin_shared::statement::{HpkeSealed, SHARE_TO_INSTANCE, ShareStatement, SignedStatement, share_aad};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most shares that are kept of one custodian, each of another root key.
const MAX_OF_ONE: usize = 2;

/// Shares that came so far, of each custodian at most one of each root key.
#[derive(Default)]
pub struct Provision {
    given: BTreeMap<PersonId, VecDeque<Given>>,
    /// Root keys that the ledger needs, once it was read and one of them was not here.
    needed: Vec<RootCommitment>,
}

struct Given {
    commitment: RootCommitment,
    share: Share,
    seen: Option<String>,
}

/// The root keys that are here, and which ledger they belong to.
pub struct Provisioned {
    /// Each equal to its commitment.
    pub roots: BTreeMap<RootCommitment, RootKey>,
    /// Checkpoints that the custodians of these shares have seen, or the one that ends with the hand-over.
    pub seen: Vec<String>,
    /// Whose shares they were made of; nobody's after a hand-over.
    pub custodians: Vec<PersonId>,
    /// After a hand-over: the boot to which the ledger must have been handed last.
    pub heir: Option<InstanceId>,
    /// The shares, for the case that the ledger needs another root key besides.
    pub shares: Provision,
}

impl Provision {
    /// Takes a share, and the custodian's other one that may come with it. `Ok(Err(n))`: `n` more are needed.
    ///
    /// # Errors
    /// [`Fault::StatementMalformed`], [`Fault::UnknownPerson`], [`Fault::StatementSignature`],
    /// [`Fault::StatementForeign`]; [`Fault::ShareMalformed`]: it does not open, or is no share;
    /// [`Fault::RootMismatch`]: it is not the share of this commitment under this manifest's threshold;
    /// [`Fault::StatementSpent`]: this custodian gave one under this commitment, or another gave this very share, and no other one
    /// came with it.
    /// Shares of others stay in each case, and of two the one that is good.
    pub fn accept(
        &mut self,
        context: &ServiceContext,
        keys: &InstanceKeyPairs,
        instance: &InstanceId,
        command: &ProvideShare,
    ) -> Result<Result<Provisioned, u8>, Fault> {
        let other = command.other.as_ref().map(|other| (&other.statement, &other.sealed));
        let (mut taken, mut spent, mut refused) = (false, false, None);
        for given in std::iter::once((&command.statement, &command.sealed)).chain(other) {
            match self.take(context, keys, instance, given) {
                Ok(()) => taken = true,
                Err(Fault::StatementSpent) => spent = true,
                Err(fault) => refused = refused.or(Some(fault)),
            }
        }
        let threshold = context.manifest.share_threshold;
        let missing = self.missing(threshold);
        // One that is here already is no reason to refuse the other, and a bad one none to wait when that was the last.
        let refused = refused.or((spent && !taken).then_some(Fault::StatementSpent));
        if let Some(fault) = refused.filter(|_| !taken || missing > 0) {
            return Err(fault);
        }
        if missing > 0 {
            return Ok(Err(missing));
        }
        let whole: Vec<RootCommitment> =
            self.commitments().into_iter().filter(|one| self.missing_of(one, threshold) == 0).collect();
        let (mut roots, mut seen, mut custodians) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        for commitment in whole {
            let shares: Vec<&Share> = self.of(&commitment).map(|(_, given)| &given.share).collect();
            roots.insert(commitment, join(&shares, &context.service)?);
            for (id, given) in self.of(&commitment) {
                custodians.insert(id.clone());
                seen.extend(given.seen.clone());
            }
        }
        seen.sort_unstable();
        seen.dedup();
        let custodians = custodians.into_iter().collect();
        Ok(Ok(Provisioned { roots, seen, custodians, heir: None, shares: std::mem::take(self) }))
    }

    fn take(
        &mut self,
        context: &ServiceContext,
        keys: &InstanceKeyPairs,
        instance: &InstanceId,
        (statement, sealed): (&Blob, &Blob),
    ) -> Result<(), Fault> {
        let signed: SignedStatement =
            codec::decode(statement.as_slice()).map_err(|_| Fault::StatementMalformed)?;
        let custodian = context.manifest.custodian(&signed.signer).ok_or(Fault::UnknownPerson)?;
        let key = custodian.signing.key().map_err(|_| Fault::ManifestMalformed)?;
        let body: ShareStatement = signed.open(&key)?;
        let for_us = body.service == context.service
            && &body.instance == instance
            && body.manifest == context.hash
            && body.sealed == Digest32(Sha256::digest(sealed.as_slice()).into());
        if !for_us {
            return Err(Fault::StatementForeign);
        }
        let sealed: HpkeSealed = codec::decode(sealed.as_slice()).map_err(|_| Fault::StatementMalformed)?;
        let aad = share_aad(&context.service, &body.commitment, &custodian.id);
        let octets = keys
            .open(SHARE_TO_INSTANCE, &aad, sealed.encapsulated.as_slice(), sealed.ciphertext.as_slice())
            .map_err(|_| Fault::ShareMalformed)?;
        let share = Share::parse(&octets)?;
        share.check(&context.service, &body.commitment)?;
        if share.opening().threshold != context.manifest.share_threshold {
            return Err(Fault::RootMismatch);
        }
        if self.of(&body.commitment).any(|(id, given)| *id == custodian.id || given.share.x() == share.x()) {
            return Err(Fault::StatementSpent);
        }
        let kept = self.given.entry(custodian.id.clone()).or_default();
        if kept.len() == MAX_OF_ONE {
            kept.pop_front();
        }
        kept.push_back(Given { commitment: body.commitment, share, seen: body.newest_checkpoint });
        Ok(())
    }

    /// The ledger was read: these are the root keys that it needs.
    #[must_use]
    pub fn needing(self, needed: Vec<RootCommitment>) -> Self {
        Self { needed, ..self }
    }

    /// Whose shares are here.
    pub fn custodians(&self) -> impl Iterator<Item = &PersonId> {
        self.given.keys()
    }

    /// How many more shares are needed: of the root keys that the ledger needs, or before that is known of the one that most
    /// shares are of.
    #[must_use]
    pub fn missing(&self, threshold: u8) -> u8 {
        let of_needed = self.needed.iter().map(|one| self.missing_of(one, threshold));
        let of_given = self.commitments().into_iter().map(|one| self.missing_of(&one, threshold));
        of_needed.max().or(of_given.min()).unwrap_or(threshold)
    }

    /// What is here and what is needed of each root key; nothing where there is but one, and no ledger was read.
    #[must_use]
    pub fn roots(&self, threshold: u8) -> Vec<RootShares> {
        let mut all = self.commitments();
        all.extend(self.needed.iter().copied());
        if self.needed.is_empty() && all.len() < 2 {
            return Vec::new();
        }
        let roots = all.into_iter().map(|commitment| RootShares {
            shares: self.of(&commitment).map(|(id, _)| id.clone()).collect(),
            missing: self.missing_of(&commitment, threshold),
            needed: self.needed.contains(&commitment),
            commitment,
        });
        roots.collect()
    }

    fn commitments(&self) -> BTreeSet<RootCommitment> {
        self.given.values().flatten().map(|given| given.commitment).collect()
    }

    fn of(&self, commitment: &RootCommitment) -> impl Iterator<Item = (&PersonId, &Given)> {
        let commitment = *commitment;
        let all = self.given.iter().flat_map(|(id, kept)| kept.iter().map(move |given| (id, given)));
        all.filter(move |(_, given)| given.commitment == commitment)
    }

    fn missing_of(&self, commitment: &RootCommitment, threshold: u8) -> u8 {
        let here = u8::try_from(self.of(commitment).count()).unwrap_or(u8::MAX);
        threshold.saturating_sub(here)
    }
}
