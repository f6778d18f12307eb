//! Place: none. Another root key takes over while a service with credentials signs, and over a restart.

use fuin_tests::peers::{assert_valid, documents};
use fuin_tests::programs::{bounded, program, run, scratch};
use fuin_tests::service::{Mode, Service};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// `fuin ceremony ...` in this folder, which must succeed.
fn ceremony(service: &Service, own: &Path, command: &str) -> String {
    let dir = service.dir();
    let place = |name: &str| dir.join(name).display().to_string();
    let mut fuin = bounded(program("fuin"));
    fuin.current_dir(own).arg("ceremony").args(command.split_whitespace().map(|word| match word {
        "HOST" => service.facts().ceremony.clone(),
        "MANIFEST" => place("manifest.cbor"),
        "RELEASE" => place("release.json"),
        "OFFICER" => place("keys/officer.pem"),
        "CUSTODIAN" => place("keys/custodian.state"),
        word => word.to_owned(),
    }));
    run(&mut fuin)
}

fn signs(service: &Service, own: &Path) {
    let signed = own.join("signed.pdf");
    run(service
        .fuin("sign")
        .arg(&documents()[0])
        .arg("-o")
        .arg(&signed)
        .args(["--credential", &service.facts().credential("P-256").id]));
    assert_valid(&signed, &service.facts().trust, 1);
}

fn rotation(service: &Service, own: &Path) -> Value {
    let status = ceremony(service, own, "status --host HOST --json");
    serde_json::from_str::<Value>(&status).unwrap()["rotation"].clone()
}

#[test]
fn a_service_goes_on_signing_under_another_root_key() {
    let folder = scratch();
    let (dir, own) = (folder.path().join("dev"), folder.path().join("own"));
    std::fs::create_dir(&own).unwrap();
    let service = Service::start(&Mode::Sealing, &dir);
    signs(&service, &own);
    let evidence = "--host HOST --manifest MANIFEST --release RELEASE";
    ceremony(&service, &own, &format!("rotate draft {evidence} -o root.draft"));
    ceremony(&service, &own, &format!("rotate sign {evidence} --draft root.draft --key OFFICER"));
    ceremony(&service, &own, "rotate begin --host HOST --draft root.draft");
    signs(&service, &own);
    let said = ceremony(&service, &own, "share --host HOST --state CUSTODIAN");
    assert!(said.contains("that root key is the current one"), "{said}");
    signs(&service, &own);

    // The host does its part by itself, with every credential that there is.
    let begin = Instant::now();
    let rotation_now = loop {
        let now = rotation(&service, &own);
        if now["stage"] == "deleting" {
            break now;
        }
        assert_eq!(now["stage"], "rewrapping");
        assert!(begin.elapsed() < Duration::from_secs(120), "{now}");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!((&rotation_now["recordsLeft"], &rotation_now["deletionsMissing"]), (&0.into(), &1.into()));
    signs(&service, &own);
    let mut verify = bounded(program("fuin"));
    let verify = verify.args(["ledger", "verify", "--json", "--dir"]).arg(dir.join("host"));
    let verified: Value =
        serde_json::from_str(&run(verify.arg("--card").arg(&service.facts().service_card))).unwrap();
    assert_eq!((&verified["good"], &verified["events"]["root-unused"]), (&true.into(), &1.into()));
    assert_eq!(
        (&verified["formerRoot"]["recordsLeft"], &verified["formerRoot"]["rootCommitment"]),
        (&0.into(), &rotation_now["from"])
    );
    assert_eq!(verified["rootCommitment"], rotation_now["to"]);
    assert!(verified["events"]["records-rewrapped"].as_u64() >= Some(1), "{verified}");
    service.stop();

    let service = Service::start(&Mode::Sealing, &dir);
    signs(&service, &own);
    let said = ceremony(&service, &own, "share --host HOST --state CUSTODIAN --delete-former");
    assert!(said.contains("the former root key is erased"), "{said}");
    assert_eq!(rotation(&service, &own), Value::Null);
    signs(&service, &own);
    service.stop();

    let service = Service::start(&Mode::Sealing, &dir);
    signs(&service, &own);
    service.stop();
}
