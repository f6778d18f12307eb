//! Place: none. The report as an attestation result: claims of an EAT (RFC 9711) in the shape of draft EAR, unsigned.
//!
//! A claim is affirmed only where a check stands behind it; what nobody looked at is 0, "no claim". An emulation is never
//! affirmed, whatever flags were given.

use super::json::value;
use crate::judge::Report;
use fuin_attestation::appraise::DebugMode;
use fuin_attestation::{AnchorKind, Claims, Step};
use fuin_shared::manifest::ReleaseMode;
use serde_json::{Map, Value, json};

/// The profile that names this shape.
const PROFILE: &str = "tag:github.com,2023:veraison/ear";

/// Values of the trustworthiness vector (draft AR4SI).
mod tier {
    pub const NO_CLAIM: i8 = 0;
    pub const AFFIRMING: i8 = 2;
    pub const APPROVED_AT_BOOT: i8 = 3;
    pub const WARNING: i8 = 32;
    pub const UNRECOGNIZED_CODE: i8 = 33;
    pub const CONTRAINDICATED: i8 = 96;
    pub const UNRECOGNIZED: i8 = 97;
    pub const CRYPTOGRAPHY_FAILED: i8 = 99;
}

/// Claims issued at `issued_at` (Unix seconds).
pub fn ear(report: &Report, issued_at: u64) -> String {
    let vector = Vector::of(report);
    let mut claims = json!({
        "eat_profile": PROFILE,
        "iat": issued_at,
        "ear.verifier-id": {
            "developer": "Fuin",
            "build": concat!("fuin-verify ", env!("CARGO_PKG_VERSION")),
        },
        "submods": {
            "enclave": {
                "ear.status": vector.status(report),
                "ear.trustworthiness-vector": vector.members(),
                "ear.appraisal-policy-id": "tag:fuin,2026:fuin-verify/1",
            },
        },
        "fuin.report": value(report),
    });
    if let (Some(nonce), Some(members)) = (&report.answered, claims.as_object_mut()) {
        members.insert("eat_nonce".to_owned(), base64url(nonce).into());
    }
    super::pretty(&claims)
}

/// One value per category.
struct Vector {
    instance_identity: i8,
    configuration: i8,
    executables: i8,
    hardware: i8,
    runtime_opaque: i8,
}

impl Vector {
    fn of(report: &Report) -> Self {
        let refused = report.refusal.as_ref().map(fuin_attestation::Refusal::step);
        let Some(subject) = &report.subject else {
            let hardware = match refused {
                Some(Step::Anchor) => tier::UNRECOGNIZED,
                Some(step) if (Step::Certificate..=Step::Signature).contains(&step) => {
                    tier::CRYPTOGRAPHY_FAILED
                }
                _ => tier::NO_CLAIM,
            };
            let configuration =
                if hardware == tier::NO_CLAIM { tier::CONTRAINDICATED } else { tier::NO_CLAIM };
            return Self {
                instance_identity: tier::NO_CLAIM,
                configuration,
                executables: tier::NO_CLAIM,
                hardware,
                runtime_opaque: tier::NO_CLAIM,
            };
        };
        let claims = subject.claims();
        let passed = |step| report.checked.iter().any(|check| check.step == step);
        Self {
            instance_identity: match refused {
                Some(Step::Service | Step::Card) => tier::UNRECOGNIZED,
                _ if passed(Step::Service) => tier::AFFIRMING,
                _ => tier::NO_CLAIM,
            },
            configuration: configuration(report, refused),
            executables: match refused {
                Some(Step::Measurement) => tier::UNRECOGNIZED_CODE,
                _ if report.identifies_code => tier::APPROVED_AT_BOOT,
                _ => tier::NO_CLAIM,
            },
            hardware: match claims.anchor() {
                AnchorKind::Production { .. } => tier::AFFIRMING,
                AnchorKind::Development => tier::UNRECOGNIZED,
            },
            runtime_opaque: opaque(claims),
        }
    }

    fn members(&self) -> Map<String, Value> {
        [
            ("instance-identity", self.instance_identity),
            ("configuration", self.configuration),
            ("executables", self.executables),
            ("file-system", tier::NO_CLAIM),
            ("hardware", self.hardware),
            ("runtime-opaque", self.runtime_opaque),
            ("storage-opaque", tier::NO_CLAIM),
            ("sourced-data", tier::NO_CLAIM),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
    }

    /// No better than the worst member; nothing that was refused, or only asked for its authenticity, is affirmed.
    fn status(&self, report: &Report) -> &'static str {
        let members = [
            self.instance_identity,
            self.configuration,
            self.executables,
            self.hardware,
            self.runtime_opaque,
        ];
        match members.into_iter().max().unwrap_or_default() {
            _ if !report.accepted() => "contraindicated",
            tier::CONTRAINDICATED.. => "contraindicated",
            tier::WARNING.. => "warning",
            _ if report.authentic_only => "none",
            tier::AFFIRMING.. => "affirming",
            _ => "none",
        }
    }
}

fn configuration(report: &Report, refused: Option<Step>) -> i8 {
    match refused {
        Some(step) if step != Step::Service && step != Step::Measurement => return tier::CONTRAINDICATED,
        Some(_) => return tier::NO_CLAIM,
        None => {}
    }
    let Some(evidence) = report.subject.as_ref().and_then(crate::judge::Subject::evidence) else {
        return tier::NO_CLAIM;
    };
    let weak = evidence.development()
        || evidence.release() == ReleaseMode::Durable
        || evidence.statement().witness_policy.is_none();
    if weak { tier::WARNING } else { tier::AFFIRMING }
}

/// Evidence says nothing of encrypted memory; in debug mode the console is open.
fn opaque(claims: &Claims) -> i8 {
    match DebugMode::of(claims) {
        DebugMode::On => tier::CONTRAINDICATED,
        DebugMode::Off | DebugMode::Unknown => tier::NO_CLAIM,
    }
}

fn base64url(octets: &[u8]) -> String {
    use base64ct::{Base64UrlUnpadded, Encoding};
    Base64UrlUnpadded::encode_string(octets)
}
