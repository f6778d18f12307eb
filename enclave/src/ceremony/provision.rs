//! Place: SAM. A custodian gives a share to this boot: sealed to the instance and signed over {service id, instance,
//! manifest hash, root commitment, newest checkpoint seen} (design section 3.5).

use super::sharing::Sharing;
use crate::channel::InstanceKeyPairs;
use crate::ledger::keys::RootKey;
use crate::sam::ServiceContext;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, PersonId, RootCommitment};
use fuin_shared::message::ProvideShare;
use fuin_shared::statement::{HpkeSealed, SHARE_TO_INSTANCE, ShareStatement, SignedStatement, share_aad};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Shares that came so far. All must name the same commitment.
#[derive(Default)]
pub struct Provision {
    commitment: Option<RootCommitment>,
    shares: BTreeMap<PersonId, Zeroizing<Vec<u8>>>,
    seen: Vec<String>,
}

/// What the shares gave.
pub struct Provisioned {
    /// The root key, equal to its commitment.
    pub root: RootKey,
    /// The commitment.
    pub commitment: RootCommitment,
    /// Checkpoints that custodians have seen.
    pub seen: Vec<String>,
}

impl Provision {
    /// Takes a share. `Ok(Err(n))`: `n` more are needed.
    ///
    /// # Errors
    /// [`Fault::StatementMalformed`], [`Fault::UnknownPerson`], [`Fault::StatementSignature`],
    /// [`Fault::StatementForeign`]; [`Fault::ShareMalformed`]: it does not open; [`Fault::RootMismatch`]: the shares do
    /// not give the root key of the commitment (all are forgotten then).
    pub fn accept(
        &mut self,
        context: &ServiceContext,
        keys: &InstanceKeyPairs,
        instance: &InstanceId,
        command: &ProvideShare,
        sharing: &dyn Sharing,
    ) -> Result<Result<Provisioned, u8>, Fault> {
        let signed: SignedStatement =
            codec::decode(command.statement.as_slice()).map_err(|_| Fault::StatementMalformed)?;
        let custodian = context.manifest.custodian(&signed.signer).ok_or(Fault::UnknownPerson)?;
        let key = custodian.signing.key().map_err(|_| Fault::ManifestMalformed)?;
        let body: ShareStatement = signed.open(&key)?;
        let for_us = body.service == context.service
            && &body.instance == instance
            && body.manifest == context.hash
            && body.sealed == Digest32(Sha256::digest(command.sealed.as_slice()).into())
            && self.commitment.is_none_or(|commitment| commitment == body.commitment);
        if !for_us {
            return Err(Fault::StatementForeign);
        }
        let sealed: HpkeSealed =
            codec::decode(command.sealed.as_slice()).map_err(|_| Fault::StatementMalformed)?;
        let aad = share_aad(&context.service, &body.commitment, &custodian.id);
        let share = keys
            .open(SHARE_TO_INSTANCE, &aad, sealed.encapsulated.as_slice(), sealed.ciphertext.as_slice())
            .map_err(|_| Fault::ShareMalformed)?;
        self.commitment = Some(body.commitment);
        self.shares.insert(custodian.id.clone(), share);
        self.seen.extend(body.newest_checkpoint);
        let needed = usize::from(context.manifest.share_threshold);
        if self.shares.len() < needed {
            return Ok(Err(u8::try_from(needed - self.shares.len()).unwrap_or(u8::MAX)));
        }
        let this = std::mem::take(self);
        let shares: Vec<_> = this.shares.into_values().collect();
        let root = sharing.join(&shares)?;
        if root.commitment(&context.service) != body.commitment {
            return Err(Fault::RootMismatch);
        }
        Ok(Ok(Provisioned { root, commitment: body.commitment, seen: this.seen }))
    }
}
