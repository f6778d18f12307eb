//! Place: none. The report a person reads: what, who signed, when, which code, which service, what was not checked.

use super::Page;
use super::json::name;
use super::text::{moment, octets, shown};
use crate::judge::{Form, Report, Subject};
use fuin_attestation::appraise::DebugMode;
use fuin_attestation::time::utc;
use fuin_attestation::{AnchorKind, At, Claims, Step, VerifiedEvidence, VerifiedKey};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::key_statement::{CryptoModuleKind, KeyPurpose};
use fuin_shared::manifest::ReleaseMode;
use fuin_shared::sad::MeansProfile;

/// The whole report; its last line is the verdict.
pub fn human(report: &Report) -> String {
    let form = match report.form {
        Form::Document => "attestation document",
        Form::Bundle => "evidence bundle of a service",
        Form::Key => "statement of a signer's key",
    };
    let mut page = Page::new(format!("{form}, {} octets", report.length));
    if let Some(subject) = &report.subject {
        origin(&mut page, subject.claims());
        code(&mut page, subject.claims());
        match subject {
            Subject::Document(claims) => data(&mut page, claims),
            Subject::Service(evidence) => service(&mut page, evidence),
            Subject::Key(stated) => {
                key(&mut page, stated);
                service(&mut page, stated.evidence());
            }
        }
    }
    if report.accepted() {
        checks(&mut page, report);
    }
    if report.accepted() && report.authentic_only {
        page.heading("Only authenticity was asked for");
        page.row("", "Nonce, age, measurement, service and phase count only where an option named them.");
        page.row("", "By itself this says: such an enclave existed at that time. Release nothing for it.");
    }
    if !report.warnings.is_empty() {
        page.heading("Warnings");
        for warning in &report.warnings {
            page.line(format!("! {warning}"));
        }
    }
    page.verdict("evidence", report.refusal.as_ref().map(ToString::to_string).as_deref());
    page.finish()
}

fn origin(page: &mut Page, claims: &Claims) {
    page.heading("Who signed, and when");
    match claims.anchor() {
        AnchorKind::Production { partition } => {
            page.row("platform", format!("AWS Nitro enclave, partition {partition}"));
            page.row("root", format!("{} (known vendor root)", hex::encode(claims.root())));
        }
        AnchorKind::Development => {
            page.row("platform", "EMULATION OR TEST: development anchor named by the caller");
            page.row("root", hex::encode(claims.root()));
        }
    }
    page.row("module", shown(claims.module_id()));
    page.row("made", moment(claims.timestamp()));
    let (from, to) = claims.leaf_period();
    page.row("certificate", format!("{} to {}", utc(from), utc(to)));
    let judged = utc(claims.judged_at());
    page.row(
        "judged at",
        match claims.at() {
            At::Unix(_) => judged,
            At::Archive => format!("{judged}, the document's own time (archive)"),
        },
    );
}

fn code(page: &mut Page, claims: &Claims) {
    page.heading("Which code");
    for (index, value) in claims.pcrs().filter(|(_, value)| **value != [0; 48]) {
        let meaning = match index {
            0 => "whole image",
            1 => "kernel and boot ramdisk",
            2 => "application",
            3 => "parent's IAM role",
            4 => "parent instance",
            8 => "who signed the image",
            _ => "",
        };
        let label = format!("PCR{index}");
        page.row(&label, format!("{} {meaning}", hex::encode(value)).trim_end());
    }
    page.row("other registers", "zero or absent");
    page.row(
        "debug mode",
        match DebugMode::of(claims) {
            DebugMode::Off => "no",
            DebugMode::On => "YES: measurements are zero, the parent reads the console",
            DebugMode::Unknown => "UNKNOWN: registers 0 to 2 are absent or zero",
        },
    );
}

fn data(page: &mut Page, claims: &Claims) {
    page.heading("What the enclave put in");
    for (label, value) in
        [("nonce", claims.nonce()), ("user_data", claims.user_data()), ("public_key", claims.public_key())]
    {
        page.row(label, value.map_or_else(|| "none".to_owned(), octets));
    }
}

fn service(page: &mut Page, evidence: &VerifiedEvidence) {
    let (statement, manifest) = (evidence.statement(), evidence.manifest());
    page.heading("Which service");
    page.row("service id", evidence.service().to_string());
    page.row("name", shown(&manifest.name));
    page.row(
        "kind",
        if evidence.development() { "DEVELOPMENT: protects nobody's keys" } else { "production" },
    );
    page.row("phase", evidence.phase().as_str());
    page.row(
        "manifest",
        format!(
            "version {}, until {}, {}",
            manifest.version,
            utc(manifest.not_after),
            evidence.manifest_hash()
        ),
    );
    let quorum = format!("{} of {}", manifest.officer_quorum, manifest.officers.len());
    page.row("officers", quorum);
    page.row("share custodians", format!("{} of {}", manifest.share_threshold, manifest.custodians.len()));
    let readers: Vec<_> = manifest.detail_readers().map(|(id, _)| id.as_str()).collect();
    let nobody = "nobody: none are made";
    page.row("audit details to", if readers.is_empty() { nobody.to_owned() } else { readers.join(", ") });
    page.row(
        "results leave",
        match evidence.release() {
            ReleaseMode::Durable => "durable: when their event is stored by the host",
            ReleaseMode::Cosigned => "cosigned: when witnesses cosigned their event",
        },
    );

    page.heading("Which keys");
    page.row("instance", evidence.instance_id().to_string());
    page.row("signing key", octets(evidence.instance().signing.0.as_slice()));
    page.row("HPKE key", octets(evidence.instance().hpke.as_slice()));
    let none = || "none yet".to_owned();
    page.row("root commitment", statement.root_commitment.map_or_else(none, |value| value.to_string()));
    if let Some(rotation) = evidence.rotation() {
        let (from, to, stage) = (rotation.from, rotation.to, rotation.stage.as_str());
        page.row("rotation", format!("{stage}, from {from}"));
        page.row("", format!("to {to}"));
    }

    page.heading("Which ledger");
    match evidence.ledger() {
        None => page.row("ledger", none()),
        Some(ledger) => {
            page.row("origin", shown(&ledger.origin));
            page.row("vkey", shown(&ledger.vkey));
        }
    }
    if let Some(epoch) = evidence.epoch() {
        page.row(
            "BREAK",
            format!("epoch {} since entry {}: a quorum of witnesses was lost", epoch.number, epoch.index),
        );
        page.row("before it", shown(&epoch.predecessor));
    }
    page.row(
        "witness policy",
        statement.witness_policy.map_or("NO WITNESSES".to_owned(), |hash| hash.to_string()),
    );
}

fn key(page: &mut Page, stated: &VerifiedKey) {
    let statement = stated.statement();
    page.heading("Which signer's key");
    page.row("key", shown(statement.key.as_str()));
    page.row("public key", format!("{} (SHA-256 of SubjectPublicKeyInfo)", statement.spki));
    page.row(
        "algorithm",
        match statement.algorithm {
            KeyAlgorithm::EcdsaP256 => "ECDSA on P-256",
            KeyAlgorithm::EcdsaP384 => "ECDSA on P-384",
        },
    );
    page.row(
        "for",
        match statement.purpose {
            KeyPurpose::Signature => "signatures of a person",
            KeyPurpose::Seal => "seals of an organization",
        },
    );
    page.row(
        "lives in",
        match statement.crypto_module {
            CryptoModuleKind::Soft => "the enclave, where it was made; it cannot be exported",
        },
    );
    page.row("SCAL", statement.scal.to_string());
    page.row("eID means", statement.means.map_or("NONE LINKED YET", MeansProfile::as_str));
    if let Some(reference) = statement.eid_ref {
        page.row("eID reference", reference.to_string());
    }
    page.row("CA", shown(statement.authority.as_str()));
    page.row("stated", utc(statement.time));
    page.row("digest", stated.digest().to_string());
    page.row(
        "in the ledger",
        match stated.ledger() {
            None => "not shown: no proof came along".to_owned(),
            Some(proven) => format!(
                "entry {} of {}, {}, {}",
                proven.index(),
                proven.size(),
                name(&proven.event().body),
                moment(proven.event().time)
            ),
        },
    );
}

fn checks(page: &mut Page, report: &Report) {
    page.heading("Checked");
    page.row("1-17", "authentic: form, certificate chain, signature");
    for check in &report.checked {
        page.row(&label(check.step), &check.found);
    }
    page.heading("Not checked");
    for omission in &report.not_checked {
        page.point(format!("{}: {}", omission.what, omission.why));
    }
}

fn label(step: Step) -> String {
    format!("{} {}", step.number(), step.name())
}
