//! Place: none. What the document binds: statement, manifest, service id (steps 23 and 25 to 27).

use crate::appraise::Appraisal;
use crate::appraise::nonce::same;
use crate::error::{Refusal, Step};
use crate::verify::Claims;
use alloc::format;
use alloc::string::ToString;
use fuin_shared::codec;
use fuin_shared::evidence::{EvidenceStatement, Pcr, STATEMENT_VERSION, UserData};
use fuin_shared::ids::ManifestHash;
use fuin_shared::key::PublicKey;
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::manifest::{Manifest, SignedManifest, service_id};
use fuin_shared::phase::Phase;
use fuin_shared::rotation::{RootRotation, RotationStage};

/// Uncompressed point on P-384.
const HPKE_KEY_LENGTH: usize = 97;
/// Register that the enclave extends with the service id and locks.
const SERVICE_REGISTER: u8 = 16;

/// Step 23: `user_data` is what binds the parts; `binds` says so in words.
pub(super) fn binding(
    claims: &Claims,
    bound: &UserData,
    binds: &'static str,
    appraisal: &mut Appraisal,
) -> Result<(), Refusal> {
    let found =
        claims.user_data().ok_or_else(|| Refusal::new(Step::Binding, "the document has no user_data"))?;
    if !same(bound.as_ref(), found) {
        return Err(Refusal::new(Step::Binding, format!("not so: {binds}")));
    }
    appraisal.check(Step::Binding, binds);
    Ok(())
}

/// Step 25: the statement is well formed and does not contradict itself.
pub(super) fn read(octets: &[u8], appraisal: &mut Appraisal) -> Result<EvidenceStatement, Refusal> {
    let statement: EvidenceStatement = codec::decode(octets)
        .map_err(|_| Refusal::new(Step::Statement, "not the exact CBOR of a statement"))?;
    consistent(&statement)?;
    appraisal.check(Step::Statement, "well formed, keys are valid");
    Ok(statement)
}

fn consistent(statement: &EvidenceStatement) -> Result<(), Refusal> {
    let rule = |holds: bool, what: &'static str| {
        if holds { Ok(()) } else { Err(Refusal::new(Step::Statement, what)) }
    };
    rule(statement.version == STATEMENT_VERSION, "unknown version")?;
    let hpke = statement.instance.hpke.as_slice();
    rule(
        hpke.len() == HPKE_KEY_LENGTH
            && hpke.first() == Some(&0x04)
            && p384::PublicKey::from_sec1_bytes(hpke).is_ok(),
        "the instance's HPKE key is no uncompressed P-384 point",
    )?;
    rule(
        matches!(statement.instance.signing.key(), Ok(PublicKey::P384(_))),
        "the instance's signing key is no P-384 key",
    )?;
    let complete = statement.ledger.is_some()
        && statement.root_commitment.is_some()
        && statement.root_provider.is_some()
        && statement.release.is_some();
    rule(
        statement.phase != Phase::Operational || complete,
        "operational, but without ledger, root key or release mode",
    )?;
    let fits = statement.rotation.is_none_or(|RootRotation { from, to, stage }| {
        let current = if stage == RotationStage::Sharing { from } else { to };
        from != to && statement.root_commitment == Some(current)
    });
    rule(fits, "its rotation is of another root key than the one it names")
}

/// Step 26: the manifest is the stated one, keeps its rules, and names the document's root.
pub(super) fn manifest(
    claims: &Claims,
    statement: &EvidenceStatement,
    octets: &[u8],
    appraisal: &mut Appraisal,
) -> Result<(Manifest, ManifestHash), Refusal> {
    let refuse = |what: &'static str| Refusal::new(Step::Manifest, what);
    let signed: SignedManifest =
        codec::decode(octets).map_err(|_| refuse("not the exact CBOR of a signed manifest"))?;
    let hash = signed.hash();
    if hash != statement.manifest {
        return Err(refuse("its hash is not the one in the statement"));
    }
    let manifest = signed.parse().map_err(|error| Refusal::new(Step::Manifest, error.to_string()))?;
    if manifest.version == 1 {
        // The first manifest founds the service and is signed by its own officers.
        if service_id(signed.manifest.as_slice()) != statement.service {
            return Err(refuse("the first manifest's hash is not the service id"));
        }
        signed.verify_quorum(&manifest).map_err(|error| Refusal::new(Step::Manifest, error.to_string()))?;
        appraisal.check(Step::Manifest, "first manifest of the service, signed by its officers, as stated");
    } else {
        appraisal.check(Step::Manifest, "is the one the enclave stated");
        appraisal.omit(
            "officers' signatures on the manifest",
            "those who may sign a later manifest stand in the one before it; the enclave checks them",
        );
    }
    if !manifest.evidence_anchors.iter().any(|anchor| anchor.as_slice() == claims.root_der()) {
        return Err(refuse("it does not name the root in which the document ends"));
    }
    if statement.release.is_some_and(|release| release != manifest.release) {
        return Err(refuse("it has another release mode than the statement"));
    }
    if statement.witness_policy != manifest.witnesses.as_ref().map(WitnessPolicy::digest) {
        return Err(refuse("it has other witnesses than the statement"));
    }
    if !lists_measurement(&manifest, claims) {
        appraisal.warn("the manifest does not list the measurement of the image that runs");
    }
    Ok((manifest, hash))
}

fn lists_measurement(manifest: &Manifest, claims: &Claims) -> bool {
    manifest.measurements.iter().any(|accepted| {
        [(0, &accepted.pcr0), (1, &accepted.pcr1), (2, &accepted.pcr2)]
            .into_iter()
            .all(|(index, expected)| claims.pcr(index) == Some(&expected.0))
    })
}

/// Step 27.
pub(super) fn service_register(
    claims: &Claims,
    statement: &EvidenceStatement,
    appraisal: &mut Appraisal,
) -> Result<(), Refusal> {
    let expected = Pcr::extended_once(statement.service.as_ref());
    match claims.pcr(SERVICE_REGISTER) {
        None => Err(Refusal::new(Step::ServiceRegister, "the document has no PCR16")),
        Some(found) if *found != expected.0 => {
            Err(Refusal::new(Step::ServiceRegister, "PCR16 holds something else"))
        }
        Some(_) => {
            appraisal.check(Step::ServiceRegister, "PCR16 holds the service id");
            Ok(())
        }
    }
}
