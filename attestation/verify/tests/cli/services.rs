//! Place: none. Evidence bundles of a service.

use crate::kit::bundle::{INSTANCE, Service};
use crate::kit::der::spki;
use crate::{Doc, Files, NONCE, NOW, Run, judge, run};
use fuin_shared::key::Spki;
use fuin_shared::phase::Phase;

/// Flags under which the kit's development service is accepted.
fn flags(service: &Service) -> Vec<String> {
    ["--service", &service.statement.service.to_string(), "--min-release", "durable", "--allow-development"]
        .map(str::to_owned)
        .to_vec()
}

/// Judged with these flags, less those at `without`, and with `more`.
fn judged(service: &Service, without: &[&str], more: &[&str]) -> Run {
    let mut given = flags(service);
    for flag in without {
        let at = given.iter().position(|known| known == flag).unwrap();
        given.drain(at..at + if *flag == "--allow-development" { 1 } else { 2 });
    }
    let given: Vec<&str> = given.iter().map(String::as_str).chain(more.iter().copied()).collect();
    judge(&service.octets(), &given)
}

#[test]
fn a_services_bundle() {
    let service = Service::new();
    let run = judged(&service, &[], &[]);
    run.accepted();
    for part in [
        "development anchor named by the caller",
        "DEVELOPMENT: protects nobody's keys",
        &service.statement.service.to_string(),
        "operational",
        "durable",
        "NO WITNESSES",
        "the expected service",
    ] {
        assert!(run.out.contains(part), "{part}");
    }
    judged(&service, &["--service"], &["--service", &"11".repeat(32)]).refused(28);
    judged(&service, &["--min-release"], &["--min-release", "cosigned"]).refused(30);
    let json = judged(&service, &[], &["--json"]).json();
    assert_eq!(json["form"], "bundle");
    assert_eq!(json["service"]["service_id"], service.statement.service.to_string());
    assert_eq!(
        (&json["service"]["development"], &json["service"]["phase"]),
        (&true.into(), &"operational".into())
    );
    assert_eq!(json["service"]["release"], "durable");
}

/// Each thing that is refused by default names the flag that allows it.
#[test]
fn defaults_are_strict_and_name_the_flag() {
    let service = Service::new();
    for (without, step, flag) in [
        ("--service", 28, "--service HEX"),
        ("--min-release", 30, "--min-release durable"),
        ("--allow-development", 31, "--allow-development"),
    ] {
        let run = judged(&service, &[without], &[]);
        run.refused(step);
        assert!(run.last().contains(flag), "{}", run.last());
    }
    judged(&service.clone().cosigned(), &["--min-release"], &[]).accepted();
    let halted = service.clone().statement(|s| s.phase = Phase::Halted);
    let run = judged(&halted, &[], &[]);
    run.refused(29);
    assert!(run.last().contains("--authentic-only"));
    // All that is missing is named at once.
    let files = Files::new();
    let evidence = files.write("evidence.bin", service.octets());
    let root = files.write("root.pem", Doc::new().root_pem());
    let at = NOW.to_string();
    let bare = [&evidence, "--root", &root, "--at", &at, "--min-release", "durable", "--allow-development"];
    let run = crate::run(&bare);
    run.refused(20);
    for flag in ["--nonce", "--release", "--service", "--authentic-only"] {
        assert!(run.last().contains(flag), "{flag}: {}", run.last());
    }
}

/// The true image under a manifest that somebody else wrote, with own officers and own RA: another service.
#[test]
fn another_services_manifest_over_the_true_image_is_refused_for_its_id() {
    let ours = Service::new();
    let theirs = Service { officer: INSTANCE, ..ours.clone() }.manifest(|m| {
        m.officers[0].key = Spki(spki(INSTANCE).into());
        m.ra_clients.clear();
    });
    judged(&theirs, &[], &[]).accepted();
    let as_ours = judged(&theirs, &["--service"], &["--service", &ours.statement.service.to_string()]);
    as_ours.refused(28);
    assert!(as_ours.last().contains(&theirs.statement.service.to_string()));
}

#[test]
fn a_services_bundle_is_refused_for_what_is_wrong() {
    let service = Service::new();
    judged(&service.clone().statement(|s| s.phase = Phase::Recovering), &[], &[]).refused(29);
    judged(&service.clone().manifest(|m| m.not_after = NOW - 1), &[], &[]).refused(32);
    let other = Service { doc: service.doc.clone().without("nonce"), ..service.clone() };
    judged(&other, &[], &[]).refused(20);
    judged(&other.freshness(NONCE, NOW, INSTANCE), &[], &[]).accepted();
    let pretender = service.clone().cosigned().manifest(|m| m.development = false);
    judged(&pretender, &[], &[]).refused(31);
    // Without the root's being named, evidence of an emulation is nothing.
    let files = Files::new();
    let evidence = files.write("evidence.bin", service.octets());
    let run = run(&[&evidence, "--at", &NOW.to_string()]);
    run.refused(10);
    assert!(run.last().contains("--root PEM"));
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
