//! Place: none. The report for programs: one JSON object, members stable.

use super::pretty;
use super::text::moment;
use crate::judge::{Form, Report, Subject};
use fuin_attestation::appraise::DebugMode;
use fuin_attestation::time::utc;
use fuin_attestation::{AnchorKind, At, Claims, Platform, Step, VerifiedEvidence, VerifiedKey};
use fuin_shared::log::event::EventBody;
use fuin_shared::sad::MeansProfile;
use serde_json::{Map, Value, json};

/// Name of the form of the object; a member that goes or changes its meaning changes it.
const SCHEMA: &str = "fuin-verify/1";

/// The report as one JSON object.
pub fn json(report: &Report) -> String {
    pretty(&value(report))
}

/// The same as a value.
pub fn value(report: &Report) -> Value {
    let refusal = report.refusal.as_ref();
    json!({
        "schema": SCHEMA,
        "accepted": report.accepted(),
        "step": refusal.map(|refusal| refusal.step().number()),
        "step_name": refusal.map(|refusal| refusal.step().name()),
        "error": refusal.map(ToString::to_string),
        "clause": refusal.map(|refusal| refusal.step().clause()),
        "form": match report.form {
            Form::Document => "document",
            Form::Bundle => "bundle",
            Form::Key => "key",
        },
        "authentic_only": report.authentic_only,
        "claims": report.subject.as_ref().map(|subject| claims(subject.claims())),
        "service": report.subject.as_ref().and_then(Subject::evidence).map(service),
        "key": report.subject.as_ref().and_then(Subject::key).map(key),
        "checked": checked(report),
        "not_checked": report.not_checked.iter()
            .map(|omission| json!({"what": omission.what, "why": omission.why}))
            .collect::<Vec<_>>(),
        "warnings": report.warnings,
    })
}

/// Input that could not be used.
#[must_use]
pub fn unusable(error: &str) -> String {
    pretty(&json!({
        "schema": SCHEMA,
        "accepted": false,
        "step": null,
        "step_name": null,
        "error": error,
        "clause": null,
        "form": null,
        "authentic_only": null,
        "claims": null,
        "service": null,
        "key": null,
        "checked": [],
        "not_checked": [],
        "warnings": [],
    }))
}

/// Steps that passed: those of the document by number, then what the appraisal found.
fn checked(report: &Report) -> Vec<Value> {
    let last = match &report.refusal {
        _ if report.subject.is_some() => Step::Signature.number(),
        Some(refusal) if refusal.step() <= Step::Signature => refusal.step().number() - 1,
        // A bundle that fell before or after its document: which of its steps ran is not told.
        _ => 0,
    };
    let document = Step::ALL
        .iter()
        .filter(|step| step.number() <= last)
        .map(|step| json!({"step": step.number(), "name": step.name(), "found": "passed"}));
    let appraised = report
        .checked
        .iter()
        .map(|check| json!({"step": check.step.number(), "name": check.step.name(), "found": check.found}));
    document.chain(appraised).collect()
}

fn claims(claims: &Claims) -> Value {
    let pcrs: Map<String, Value> =
        claims.pcrs().map(|(index, value)| (index.to_string(), hex::encode(value).into())).collect();
    let (from, to) = claims.leaf_period();
    let (anchor, partition) = match claims.anchor() {
        AnchorKind::Production { partition } => ("production", Some(partition)),
        AnchorKind::Development => ("development", None),
    };
    json!({
        "platform": match claims.platform() {
            Platform::NitroEnclave => "nitro-enclave",
            Platform::Emulation => "emulation",
        },
        "anchor": anchor,
        "partition": partition,
        "root_sha256": hex::encode(claims.root()),
        "module_id": claims.module_id(),
        "timestamp": claims.timestamp(),
        "made": moment(claims.timestamp()),
        "judged_at": claims.judged_at(),
        "archive": claims.at() == At::Archive,
        "certificate": {
            "common_name": claims.leaf_common_name(),
            "not_before": utc(from),
            "not_after": utc(to),
        },
        "debug": match DebugMode::of(claims) {
            DebugMode::On => Some(true),
            DebugMode::Off => Some(false),
            DebugMode::Unknown => None,
        },
        "pcrs": pcrs,
        "nonce": claims.nonce().map(hex::encode),
        "user_data": claims.user_data().map(hex::encode),
        "public_key": claims.public_key().map(hex::encode),
    })
}

fn service(evidence: &VerifiedEvidence) -> Value {
    let (statement, manifest) = (evidence.statement(), evidence.manifest());
    json!({
        "service_id": evidence.service().to_string(),
        "name": manifest.name,
        "development": evidence.development(),
        "purpose": statement.purpose,
        "phase": evidence.phase().as_str(),
        "release": evidence.release(),
        "manifest": {
            "hash": evidence.manifest_hash().to_string(),
            "version": manifest.version,
            "not_after": manifest.not_after,
            "officer_quorum": manifest.officer_quorum,
            "officers": manifest.officers.len(),
            "share_threshold": manifest.share_threshold,
            "custodians": manifest.custodians.len(),
            "detail_readers": manifest.detail_readers().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
        },
        "instance": {
            "id": evidence.instance_id().to_string(),
            "signing_key": hex::encode(evidence.instance().signing.0.as_slice()),
            "hpke_key": hex::encode(evidence.instance().hpke.as_slice()),
        },
        "ledger": evidence.ledger().map(|ledger| json!({"origin": ledger.origin, "vkey": ledger.vkey})),
        "epoch": evidence.epoch().map(|epoch| json!({
            "number": epoch.number,
            "predecessor": epoch.predecessor,
            "index": epoch.index,
        })),
        "rotation": evidence.rotation().map(|rotation| json!({
            "from": rotation.from.to_string(),
            "to": rotation.to.to_string(),
            "stage": rotation.stage.as_str(),
        })),
        "root_commitment": statement.root_commitment.map(|value| value.to_string()),
        "root_provider": statement.root_provider,
        "witness_policy": statement.witness_policy.map(|value| value.to_string()),
    })
}

fn key(key: &VerifiedKey) -> Value {
    let statement = key.statement();
    json!({
        "id": statement.key.as_str(),
        "spki_sha256": statement.spki.to_string(),
        "algorithm": statement.algorithm,
        "scal": statement.scal,
        "purpose": statement.purpose,
        "crypto_module": statement.crypto_module,
        "means": statement.means.map(MeansProfile::as_str),
        "eid_ref": statement.eid_ref.map(|value| value.to_string()),
        "authority": statement.authority.as_str(),
        "manifest": statement.manifest.to_string(),
        "time": statement.time,
        "digest": key.digest().to_string(),
        "ledger": key.ledger().map(|proven| json!({
            "origin": proven.origin(),
            "index": proven.index(),
            "size": proven.size(),
            "event": name(&proven.event().body),
            "event_time": proven.event().time,
        })),
    })
}

/// Name of an event's kind, as it stands in the event.
pub(super) fn name(body: &EventBody) -> String {
    serde_json::to_value(body)
        .ok()
        .and_then(|value| value.as_object()?.keys().next().cloned())
        .unwrap_or_default()
}
