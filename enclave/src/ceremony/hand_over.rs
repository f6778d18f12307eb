//! Place: SAM. Hand-over (design section 3.5): an operational enclave gives the root key to another one, if both are the
//! same service under the same current manifest, and each measures as the manifest says. No custodian is needed, and no
//! host is believed: each enclave verifies the other's evidence itself.
//!
//! The nonce in each one's evidence is the other's instance id, so neither can be of a time before the other booted. The
//! statement names the checkpoint that ends with the hand-over: no older ledger can be put under the one that takes.

use super::provision::{Provision, Provisioned};
use crate::channel::{self, InstanceKeyPairs};
use crate::ledger::journal::Journal;
use crate::ledger::keys::RootKey;
use crate::sam::ServiceContext;
use crate::sam::outcome::Withheld;
use fuin_attestation::{
    Anchors, At, Expectations, Nonce, Profile, References, VerifiedEvidence, Window, verify_bundle,
};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::Purpose;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, ManifestHash, RootCommitment};
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{HandOver, HandedOver, TakeOver};
use fuin_shared::phase::Phase;
use fuin_shared::statement::{HandOverStatement, HpkeSealed, ROOT_TO_INSTANCE, SignedStatement, root_aad};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A root key that is sealed to another instance, and waits for its event.
#[derive(Debug)]
pub struct Handing {
    giver: InstanceId,
    taker: InstanceId,
    manifest: ManifestHash,
    commitment: RootCommitment,
    sealed: Blob,
}

impl Handing {
    /// Checks the other enclave's evidence and seals the root key to it.
    ///
    /// # Errors
    /// [`Fault::PeerRefused`]: its evidence; [`Fault::PeerManifest`]: it has another current manifest;
    /// [`Fault::StatementForeign`]: it is this instance itself; [`Fault::ManifestOutdated`]: a manifest that was adopted is
    /// not current yet; [`Fault::RotationUnderWay`]: records are sealed under two root keys.
    pub fn prepare(
        context: &ServiceContext,
        giver: &InstanceId,
        journal: &Journal<Withheld>,
        command: &HandOver,
        now_seconds: u64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Fault> {
        context.check_adopted(journal.state().manifest())?;
        let roots = journal.state().roots();
        // Two would have to travel. What waits for receipts is forgotten with this boot.
        if roots.in_use().is_some() {
            return Err(Fault::RotationUnderWay);
        }
        let current = roots.current().ok_or(Fault::LedgerBroken)?;
        let peer = verify(context, giver, &command.evidence, Phase::Uninitialized, now_seconds)?;
        let (taker, commitment) = (peer.instance_id(), current.commitment);
        let aad = root_aad(&context.service, &commitment, &taker);
        let (hpke, root) = (peer.instance().hpke.as_slice(), journal.keys().root().octets());
        let sealed = channel::seal_to(hpke, ROOT_TO_INSTANCE, &aad, root, rng)?;
        let sealed = codec::encode(&sealed).into();
        Ok(Self { giver: *giver, taker, manifest: context.hash, commitment, sealed })
    }

    /// The event that comes first.
    #[must_use]
    pub const fn event(&self) -> EventBody {
        EventBody::HandedOver { giver: self.giver, taker: self.taker, manifest: self.manifest }
    }

    /// Signs it, once its event is covered by `checkpoint`.
    ///
    /// # Errors
    /// [`Fault::SelfCheck`].
    pub fn sign(
        self,
        context: &ServiceContext,
        keys: &InstanceKeyPairs,
        checkpoint: &str,
    ) -> Result<HandedOver, Fault> {
        let statement = codec::encode(&HandOverStatement {
            service: context.service,
            giver: self.giver,
            taker: self.taker,
            manifest: self.manifest,
            commitment: self.commitment,
            checkpoint: checkpoint.to_owned(),
            sealed: digest(&self.sealed),
        });
        let signature = keys.sign(&SignedStatement::message::<HandOverStatement>(&statement))?;
        Ok(HandedOver { statement: statement.into(), signature: signature.into(), sealed: self.sealed })
    }
}

/// Checks the evidence of the enclave that hands over, and takes the root key. That it is the one of the commitment shows
/// in the recovery: only its ledger key opens the checkpoint, and only its ledger names the commitment.
///
/// # Errors
/// [`Fault::PeerRefused`]: its evidence; [`Fault::PeerManifest`]: it has another current manifest;
/// [`Fault::StatementMalformed`], [`Fault::StatementSignature`], [`Fault::StatementForeign`]: its statement;
/// [`Fault::ShareMalformed`]: the root key does not open.
pub fn take(
    context: &ServiceContext,
    keys: &InstanceKeyPairs,
    instance: &InstanceId,
    command: &TakeOver,
    now_seconds: u64,
) -> Result<Provisioned, Fault> {
    let peer = verify(context, instance, &command.evidence, Phase::Operational, now_seconds)?;
    let HandedOver { statement, signature, sealed } = &command.handed;
    let message = SignedStatement::message::<HandOverStatement>(statement.as_slice());
    let key = peer.instance().signing.key().map_err(|_| Fault::PeerRefused)?;
    key.verify(key.statement_hash(), &message, signature.as_slice())
        .map_err(|_| Fault::StatementSignature)?;
    let said: HandOverStatement =
        codec::decode(statement.as_slice()).map_err(|_| Fault::StatementMalformed)?;
    let for_us = said.service == context.service
        && said.giver == peer.instance_id()
        && said.taker == *instance
        && said.manifest == context.hash
        && Some(said.commitment) == peer.root_commitment()
        && said.sealed == digest(sealed);
    if !for_us {
        return Err(Fault::StatementForeign);
    }
    let sealed: HpkeSealed = codec::decode(sealed.as_slice()).map_err(|_| Fault::StatementMalformed)?;
    let aad = root_aad(&context.service, &said.commitment, instance);
    let opened = keys
        .open(ROOT_TO_INSTANCE, &aad, sealed.encapsulated.as_slice(), sealed.ciphertext.as_slice())
        .map_err(|_| Fault::ShareMalformed)?;
    let mut octets = Zeroizing::new([0; 32]);
    if opened.len() != octets.len() {
        return Err(Fault::ShareMalformed);
    }
    octets.copy_from_slice(&opened);
    Ok(Provisioned {
        roots: BTreeMap::from([(said.commitment, RootKey::new(*octets))]),
        seen: vec![said.checkpoint],
        custodians: Vec::new(),
        heir: Some(*instance),
        shares: Provision::default(),
    })
}

/// The other enclave: of this service, under this manifest, one of its images, in this phase, and alive since this boot.
fn verify(
    context: &ServiceContext,
    instance: &InstanceId,
    bundle: &Blob,
    phase: Phase,
    now_seconds: u64,
) -> Result<VerifiedEvidence, Fault> {
    let manifest = &context.manifest;
    let (at, nonce, window) = (At::Unix(now_seconds), Nonce::Expected(instance.as_ref()), Window::default());
    let peer = verify_bundle(bundle.as_slice(), &Anchors::of(manifest), at, Profile::AwsText, nonce, window)
        .map_err(|_| Fault::PeerRefused)?;
    let accepted = manifest.measurements.iter().filter_map(References::of).any(|references| {
        let expectations = Expectations {
            purposes: Some(vec![Purpose::Service]),
            phases: Some(vec![phase]),
            minimum_release: Some(manifest.release),
            allow_development: manifest.development,
            ..Expectations::of_service(context.service, references)
        };
        peer.appraise(&expectations).is_ok()
    });
    if !accepted {
        return Err(Fault::PeerRefused);
    }
    if peer.manifest_hash() != context.hash {
        return Err(Fault::PeerManifest);
    }
    // Its own answers carry the right nonce too.
    if peer.instance_id() == *instance {
        return Err(Fault::StatementForeign);
    }
    Ok(peer)
}

fn digest(sealed: &Blob) -> Digest32 {
    Digest32(Sha256::digest(sealed.as_slice()).into())
}
