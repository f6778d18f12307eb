//! Place: none. A credential with a PIN and one-time passwords: enrolled by `fuin dev --pin-totp`, signing by `fuin sign`.

use fuin_tests::peers::{assert_valid, documents};
use fuin_tests::programs::{bounded, program, run, scratch};
use fuin_tests::service::{Mode, Service};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// All files below a folder.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn a_pdf_is_signed_with_a_pin_and_a_password_and_the_host_keeps_neither() {
    let service = Service::fresh(&Mode::PinTotp);
    let facts = service.facts();
    let credential = facts.credentials.iter().find(|c| c.means == "pin-totp").expect("a PIN");
    let folder = scratch();
    let signed = folder.path().join("signed.pdf");
    // The enrolment took the passwords that were good at the time: the next one is good within a step.
    loop {
        let mut sign = service.fuin("sign");
        sign.arg(&documents()[0]).arg("-o").arg(&signed).args(["--credential", &credential.id]);
        let told = sign.output().unwrap();
        if told.status.success() {
            break;
        }
        let said = String::from_utf8_lossy(&told.stderr);
        assert!(said.contains("the next one-time password is good in"), "{said}");
        std::thread::sleep(Duration::from_secs(1));
    }
    assert_valid(&signed, &facts.trust, 1);
    let mut kept = Vec::new();
    files(&service.dir().join("pins"), &mut kept);
    let kept = kept.iter().find(|path| path.extension().is_some_and(|e| e == "json")).expect("a PIN");
    let kept: Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
    let secret = kept["secret"].as_str().unwrap();
    let octets = hex::decode(secret).unwrap();
    let mut of_host = Vec::new();
    files(&service.dir().join("host"), &mut of_host);
    files(&service.dir().join("logs"), &mut of_host);
    assert!(of_host.len() > 1);
    for path in of_host {
        let Ok(content) = std::fs::read(&path) else { continue };
        for sought in [secret.as_bytes(), &octets] {
            assert!(!content.windows(sought.len()).any(|window| window == sought), "{}", path.display());
        }
    }
    // Auditors find the debits, of request and signature, in a ledger that keeps its rules.
    let ledger = |command: &str| {
        let mut fuin = bounded(program("fuin"));
        fuin.args(["ledger", command, "--json", "--url", &facts.ledger, "--token", &facts.auditor_token]);
        fuin
    };
    run(ledger("verify").arg("--card").arg(&facts.service_card));
    let debits = run(ledger("show").args(["--kind", "attempt-debited"]));
    assert_eq!(debits.lines().count(), 2, "{debits}");
}
