//! Place: none. Evidence bundles of a service.

use crate::kit::bundle::{INSTANCE, Service};
use crate::{Doc, Files, NONCE, NOW, judge, run};
use fuin_shared::manifest::ReleaseMode;
use fuin_shared::phase::Phase;

#[test]
fn a_services_bundle() {
    let service = Service::new();
    let run = judge(&service.octets(), &[]);
    run.accepted();
    for part in [
        "development anchor named by the caller",
        "DEVELOPMENT: protects nobody's keys",
        &service.statement.service.to_string(),
        "operational",
        "durable",
        "NO WITNESSES",
        "- which service: no service id was expected",
    ] {
        assert!(run.out.contains(part), "{part}");
    }
    judge(&service.octets(), &["--service", &service.statement.service.to_string()]).accepted();
    judge(&service.octets(), &["--service", &"11".repeat(32)]).refused(28);
    judge(&service.octets(), &["--min-release", "cosigned"]).refused(30);
    let json = judge(&service.octets(), &["--json"]).json();
    assert_eq!(json["form"], "bundle");
    assert_eq!(json["service"]["service_id"], service.statement.service.to_string());
    assert_eq!(
        (&json["service"]["development"], &json["service"]["phase"]),
        (&true.into(), &"operational".into())
    );
    assert_eq!(json["service"]["release"], "durable");
}

#[test]
fn a_services_bundle_is_refused_for_what_is_wrong() {
    let service = Service::new();
    judge(&service.clone().statement(|s| s.phase = Phase::Recovering).octets(), &[]).refused(29);
    judge(&service.clone().manifest(|m| m.not_after = NOW - 1).octets(), &[]).refused(32);
    let other = Service { doc: service.doc.clone().without("nonce"), ..service.clone() };
    judge(&other.octets(), &[]).refused(20);
    judge(&other.freshness(NONCE, NOW, INSTANCE).octets(), &[]).accepted();
    let pretender = service
        .clone()
        .manifest(|m| (m.development, m.release) = (false, ReleaseMode::Cosigned))
        .statement(|s| s.release = Some(ReleaseMode::Cosigned));
    judge(&pretender.octets(), &[]).refused(31);
    // Without the root's being named, evidence of an emulation is nothing.
    let files = Files::new();
    let evidence = files.write("evidence.bin", service.octets());
    run(&[&evidence, "--at", &NOW.to_string()]).refused(10);
}

/// Who only asks for authenticity is not told about age, but still about a time that the certificates do not cover.
#[test]
fn a_services_bundle_authentic_only() {
    let service = Service::new().freshness(NONCE, NOW, INSTANCE);
    let files = Files::new();
    let evidence = files.write("evidence.bin", service.octets());
    let root = files.write("root.pem", Doc::new().root_pem());
    let with = |at: u64| run(&[&evidence, "--root", &root, "--authentic-only", "--at", &at.to_string()]);
    with(NOW + 7000).accepted();
    with(NOW + 7201).refused(13);
    let halted = files.write("halted.bin", service.statement(|s| s.phase = Phase::Halted).octets());
    let run = run(&[&halted, "--root", &root, "--authentic-only", "--at", "archive"]);
    run.accepted();
    assert!(run.out.contains("- phase: it is halted"));
}
