//! Place: none. Taking a share at genesis and giving it to a later boot.

use crate::error::CustodianError;
use crate::holdings::HeldShare;
use crate::keys::seal;
use crate::state::Custodian;
use fuin_attestation::VerifiedEvidence;
use fuin_shared::codec;
use fuin_shared::evidence::Purpose;
use fuin_shared::ids::{Digest32, RootCommitment};
use fuin_shared::message::{OtherShare, ProvideShare};
use fuin_shared::phase::Phase;
use fuin_shared::share::Share;
use fuin_shared::statement::{
    CustodianShare, HpkeSealed, SHARE_TO_CUSTODIAN, SHARE_TO_INSTANCE, ShareReceipt, ShareStatement,
    SignedStatement, share_aad,
};
use rand_core::CryptoRng;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What [`fuin_shared::message::ProvideShare`] carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvidedShare {
    /// Signed statement over a [`ShareStatement`].
    pub statement: SignedStatement,
    /// The share, sealed to the instance.
    pub sealed: HpkeSealed,
    /// The same of the other share, if there are two.
    pub other: Option<Box<Self>>,
}

impl ProvidedShare {
    /// As the enclave takes it.
    #[must_use]
    pub fn message(&self) -> ProvideShare {
        let other = self.other.as_ref().map(|other| OtherShare {
            statement: codec::encode(&other.statement).into(),
            sealed: codec::encode(&other.sealed).into(),
        });
        let (statement, sealed) = (codec::encode(&self.statement), codec::encode(&self.sealed));
        ProvideShare { statement: statement.into(), sealed: sealed.into(), other }
    }
}

impl Custodian {
    /// At genesis: checks the evidence, which must name the new root key's commitment, opens the share once, holds it against the
    /// commitment and the manifest, keeps it sealed, and signs the receipt.
    ///
    /// # Errors
    /// [`CustodianError::Evidence`] unless the evidence is for a genesis of the pinned service in phase
    /// `Uninitialized` and answers `nonce`; [`CustodianError::NotNamed`], [`CustodianError::OtherRoot`], [`CustodianError::OtherCustodian`],
    /// [`CustodianError::ShareHeld`], [`CustodianError::ShareOpen`], [`CustodianError::ShareWrong`].
    pub fn accept_share(
        &mut self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        commitment: &RootCommitment,
        share: &CustodianShare,
    ) -> Result<SignedStatement, CustodianError> {
        let seen = self.check(bundle, nonce, now, &[Purpose::Genesis], Phase::Uninitialized)?;
        if seen.root_commitment() != Some(*commitment) {
            return Err(CustodianError::OtherRoot);
        }
        if self.ledger.is_some() && self.holdings.held.is_none() {
            // It was deleted: a genesis begins another service's life, or this one's anew.
            return Err(CustodianError::OtherLedger);
        }
        // The receipt for the share that is held may have ended the genesis: only that very share is taken again.
        let (mut holdings, new) =
            (self.holdings.clone(), HeldShare { commitment: *commitment, share: share.clone(), from: None });
        if holdings.held.as_ref().is_some_and(|held| !held.is(&new)) {
            return Err(CustodianError::ShareHeld);
        }
        holdings.take_back(&new)?;
        let receipt = self.receipt(&seen, commitment, share)?;
        holdings.held = Some(new);
        self.holdings = holdings;
        Ok(receipt)
    }

    /// Opens a new share once, holds it against the commitment and the manifest, and signs for it.
    pub(crate) fn receipt(
        &self,
        seen: &VerifiedEvidence,
        commitment: &RootCommitment,
        share: &CustodianShare,
    ) -> Result<SignedStatement, CustodianError> {
        if share.custodian != self.id {
            return Err(CustodianError::OtherCustodian(share.custodian.to_string()));
        }
        let aad = share_aad(&seen.service(), commitment, &self.id);
        let plain = self.keys.open(&share.sealed, SHARE_TO_CUSTODIAN, &aad)?;
        let manifest = seen.manifest();
        let opened = Share::parse(&plain).map_err(|_| CustodianError::ShareWrong)?;
        opened.check(&seen.service(), commitment).map_err(|_| CustodianError::ShareWrong)?;
        let opening = opened.opening();
        if opening.threshold != manifest.share_threshold || opening.shares.len() != manifest.custodians.len()
        {
            return Err(CustodianError::ShareWrong);
        }
        let receipt = ShareReceipt {
            service: seen.service(),
            instance: seen.instance_id(),
            commitment: *commitment,
            share: digest(share),
        };
        self.keys.sign(&self.id, &receipt)
    }

    /// Sets a share aside whose genesis never ended, so that another genesis can be taken part in. Evidence that shows its
    /// root key at work after all finds it again.
    ///
    /// # Errors
    /// [`CustodianError::ShareHeld`] once the root key has been seen at work: then its share is needed for ever;
    /// [`CustodianError::AsideFull`].
    pub fn abandon_share(&mut self) -> Result<(), CustodianError> {
        if self.ledger.is_some() {
            return Err(CustodianError::ShareHeld);
        }
        let mut holdings = self.holdings.clone();
        holdings.abandon()?;
        self.holdings = holdings;
        Ok(())
    }

    /// At a later boot: checks the evidence, seals the share to the instance and signs for it, with the newest
    /// checkpoint seen. In a rotation there are two: that of the root key seen at work comes first.
    ///
    /// # Errors
    /// [`CustodianError::Evidence`] unless the evidence is of the pinned service in phase `Uninitialized` and answers
    /// `nonce`; [`CustodianError::NotNamed`], [`CustodianError::OlderManifest`], [`CustodianError::OtherManifest`], [`CustodianError::NoShare`], [`CustodianError::ShareOpen`],
    /// [`CustodianError::Seal`].
    pub fn provide_share(
        &self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<ProvidedShare, CustodianError> {
        self.provide_needed_share(bundle, nonce, now, &[], rng)
    }

    /// The same with the shares of `needed` root keys first, even those that were set aside. That is the host's word: what the
    /// enclave works with its ledger says.
    ///
    /// # Errors
    /// As [`Custodian::provide_share`].
    pub fn provide_needed_share(
        &self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        needed: &[RootCommitment],
        rng: &mut impl CryptoRng,
    ) -> Result<ProvidedShare, CustodianError> {
        let kept = &self.holdings;
        let needed = needed.iter().filter_map(|one| kept.of(one));
        let mut shares: Vec<&HeldShare> = Vec::new();
        for share in needed.chain(&kept.held).chain(kept.other()) {
            if !shares.iter().any(|one| one.commitment == share.commitment) {
                shares.push(share);
            }
        }
        let mut shares = shares.into_iter();
        let held = shares.next().ok_or(CustodianError::NoShare)?;
        let seen = self.check_boot(bundle, nonce, now)?;
        let first = self.seal_share(held, &seen, rng)?;
        let other = match shares.next() {
            Some(other) => Some(Box::new(self.seal_share(other, &seen, rng)?)),
            None => None,
        };
        Ok(ProvidedShare { other, ..first })
    }

    fn seal_share(
        &self,
        held: &HeldShare,
        seen: &VerifiedEvidence,
        rng: &mut impl CryptoRng,
    ) -> Result<ProvidedShare, CustodianError> {
        let aad = share_aad(&seen.service(), &held.commitment, &self.id);
        let plain = self.keys.open(&held.share.sealed, SHARE_TO_CUSTODIAN, &aad)?;
        let sealed = seal(seen.instance().hpke.as_slice(), SHARE_TO_INSTANCE, &aad, &plain, rng)?;
        let statement = ShareStatement {
            service: seen.service(),
            instance: seen.instance_id(),
            manifest: seen.manifest_hash(),
            commitment: held.commitment,
            newest_checkpoint: self.seen.as_ref().map(|s| s.note.clone()),
            sealed: digest(&sealed),
        };
        Ok(ProvidedShare { statement: self.keys.sign(&self.id, &statement)?, sealed, other: None })
    }
}

/// SHA-256 of the CBOR of what is sent.
fn digest<T: Serialize>(sent: &T) -> Digest32 {
    Digest32(Sha256::digest(codec::encode(sent)).into())
}
