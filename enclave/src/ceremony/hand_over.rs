//! Place: SAM. Hand-over (design section 3.5): an operational enclave gives the root key to another one, if both are the
//! same service under the same current manifest, and each measures as the manifest says. No custodian is needed, and no
//! host is believed: each enclave verifies the other's evidence itself.
//!
//! The nonce in each one's evidence is the other's instance id, so neither can be of a time before the other booted. What
//! was handed over names a checkpoint that covers the hand-over: no older ledger can be put under the one that takes.

use super::provision::Provisioned;
use crate::channel::{self, InstanceKeyPairs};
use crate::ledger::keys::RootKey;
use crate::sam::ServiceContext;
use fuin_attestation::{
    Anchors, At, DevelopmentAnchor, Expectations, Nonce, Profile, References, VerifiedEvidence, Window,
    verify_bundle,
};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::Purpose;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, InstanceId, ManifestHash, RootCommitment};
use fuin_shared::manifest::Measurement;
use fuin_shared::message::{HandOver, HandedOver, TakeOver};
use fuin_shared::phase::Phase;
use fuin_shared::share::{MAX_SHARES, RootOpening};
use fuin_shared::statement::{HandOverStatement, HpkeSealed, ROOT_TO_INSTANCE, SignedStatement, root_aad};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Root key, threshold, number of shares; then a digest for each share.
const HEAD: usize = 32 + 2;

/// The root key of an operational enclave, with what its commitment is over.
pub struct Held {
    /// The root key.
    pub root: RootKey,
    /// The commitment.
    pub commitment: RootCommitment,
    /// What the commitment is over.
    pub opening: RootOpening,
}

/// A hand-over that waits for its event.
#[derive(Debug)]
pub struct Handing {
    /// The boot that may open it.
    pub taker: InstanceId,
    /// Current manifest.
    pub manifest: ManifestHash,
    commitment: RootCommitment,
    sealed: Blob,
}

/// Checks the other enclave's evidence and seals the root key to it. It leaves only once the ledger says so.
///
/// # Errors
/// [`Fault::PeerRefused`]: its evidence; [`Fault::ManifestForeign`]: it has another current manifest;
/// [`Fault::StatementForeign`]: it is this instance itself.
pub fn give(
    context: &ServiceContext,
    instance: &InstanceId,
    held: &Held,
    command: &HandOver,
    now_seconds: u64,
    rng: &mut dyn CryptoRng,
) -> Result<Handing, Fault> {
    let peer = verify(context, instance, &command.evidence, Phase::Uninitialized, now_seconds)?;
    let taker = peer.instance_id();
    let aad = root_aad(&context.service, &held.commitment, &taker);
    let hpke = peer.instance().hpke.as_slice();
    let sealed = channel::seal_to(hpke, ROOT_TO_INSTANCE, &aad, &octets(held), rng)?;
    let (manifest, commitment) = (context.hash, held.commitment);
    Ok(Handing { taker, manifest, commitment, sealed: codec::encode(&sealed).into() })
}

impl Handing {
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
            giver: keys.public().id(),
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

/// Checks the evidence of the enclave that hands over, and takes the root key.
///
/// # Errors
/// [`Fault::PeerRefused`]: its evidence; [`Fault::ManifestForeign`]: it has another current manifest;
/// [`Fault::StatementMalformed`], [`Fault::StatementSignature`], [`Fault::StatementForeign`]: its statement;
/// [`Fault::ShareMalformed`]: the root key does not open; [`Fault::RootMismatch`]: it is not that of the commitment.
pub fn take(
    context: &ServiceContext,
    keys: &InstanceKeyPairs,
    instance: &InstanceId,
    command: &TakeOver,
    now_seconds: u64,
) -> Result<Provisioned, Fault> {
    let peer = verify(context, instance, &command.evidence, Phase::Operational, now_seconds)?;
    let handed = &command.handed;
    let message = SignedStatement::message::<HandOverStatement>(handed.statement.as_slice());
    let key = peer.instance().signing.key().map_err(|_| Fault::PeerRefused)?;
    key.verify(key.statement_hash(), &message, handed.signature.as_slice())
        .map_err(|_| Fault::StatementSignature)?;
    let statement: HandOverStatement =
        codec::decode(handed.statement.as_slice()).map_err(|_| Fault::StatementMalformed)?;
    let for_us = statement.service == context.service
        && statement.giver == peer.instance_id()
        && statement.taker == *instance
        && statement.manifest == context.hash
        && peer.root_commitment() == Some(statement.commitment)
        && statement.sealed == digest(&handed.sealed);
    if !for_us {
        return Err(Fault::StatementForeign);
    }
    let sealed: HpkeSealed =
        codec::decode(handed.sealed.as_slice()).map_err(|_| Fault::StatementMalformed)?;
    let aad = root_aad(&context.service, &statement.commitment, instance);
    let octets = keys
        .open(ROOT_TO_INSTANCE, &aad, sealed.encapsulated.as_slice(), sealed.ciphertext.as_slice())
        .map_err(|_| Fault::ShareMalformed)?;
    let (root, opening) = parse(context, &octets)?;
    let right = opening.commitment(&context.service) == statement.commitment
        && opening.threshold == context.manifest.share_threshold;
    if !right {
        return Err(Fault::RootMismatch);
    }
    Ok(Provisioned {
        root,
        commitment: statement.commitment,
        opening,
        seen: vec![statement.checkpoint],
    })
}

/// The other enclave: of this service, under this manifest, one of its images, in this phase, and no older than this boot.
fn verify(
    context: &ServiceContext,
    instance: &InstanceId,
    bundle: &Blob,
    phase: Phase,
    now_seconds: u64,
) -> Result<VerifiedEvidence, Fault> {
    let manifest = &context.manifest;
    let anchors: Vec<Anchors> = if manifest.development {
        let anchors = manifest.evidence_anchors.iter();
        anchors.filter_map(|der| DevelopmentAnchor::from_der(der.as_slice()).ok()).map(Anchors::development).collect()
    } else {
        vec![Anchors::production()]
    };
    let (at, nonce, window) = (At::Unix(now_seconds), Nonce::Expected(instance.as_ref()), Window::default());
    let verified = anchors.iter().find_map(|anchors| {
        verify_bundle(bundle.as_slice(), anchors, at, Profile::AwsText, nonce, window).ok()
    });
    let peer = verified.ok_or(Fault::PeerRefused)?;
    let accepted = manifest.measurements.iter().filter_map(references).any(|references| {
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
        return Err(Fault::ManifestForeign);
    }
    if peer.instance_id() == *instance {
        return Err(Fault::StatementForeign);
    }
    Ok(peer)
}

fn references(measurement: &Measurement) -> Option<References> {
    let mut references = References::none();
    for (index, value) in (0u8..).zip([&measurement.pcr0, &measurement.pcr1, &measurement.pcr2]) {
        references.expect(index, value.as_ref()).ok()?;
    }
    Some(references)
}

fn digest(sealed: &Blob) -> Digest32 {
    Digest32(Sha256::digest(sealed.as_slice()).into())
}

fn octets(held: &Held) -> Zeroizing<Vec<u8>> {
    let opening = &held.opening;
    // Never grown, so that nothing secret is left behind.
    let mut out = Zeroizing::new(Vec::with_capacity(HEAD + opening.shares.len() * Digest32::LEN));
    out.extend_from_slice(held.root.octets());
    // Invariant: there are at most 64 shares.
    out.extend_from_slice(&[opening.threshold, u8::try_from(opening.shares.len()).unwrap_or(u8::MAX)]);
    for share in &opening.shares {
        out.extend_from_slice(share.as_ref());
    }
    out
}

fn parse(context: &ServiceContext, octets: &[u8]) -> Result<(RootKey, RootOpening), Fault> {
    let (root, rest) = octets.split_first_chunk::<32>().ok_or(Fault::ShareMalformed)?;
    let ([threshold, count], digests) = rest.split_first_chunk::<2>().ok_or(Fault::ShareMalformed)?;
    let count = usize::from(*count);
    if count > MAX_SHARES || digests.len() != count * Digest32::LEN {
        return Err(Fault::ShareMalformed);
    }
    let shares = digests.chunks_exact(Digest32::LEN).filter_map(Digest32::from_slice).collect();
    let root = RootKey::new(*root);
    let opening = RootOpening { threshold: *threshold, root: root.digest(&context.service), shares };
    Ok((root, opening))
}
