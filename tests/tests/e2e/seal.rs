//! Place: none. An organization seals PDFs without a person present: `fuin seal`, judged by pyHanko; and everything that
//! its mandate does not allow.

use fuin_tests::peers::{assert_valid, documents, openssl};
use fuin_tests::programs::{bounded, program, run, scratch};
use fuin_tests::service::{Mode, Service};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// `fuin seal COMMAND ... --dir DIR`.
pub fn seal(service: &Service, command: &str, arguments: &[&str]) -> Command {
    let mut fuin = bounded(program("fuin"));
    fuin.args(["seal", command]).args(arguments).arg("--dir").arg(service.dir());
    fuin
}

/// A mandate's terms: so many seals, at this rate, for an hour.
fn terms(service: &Service, count: &str, rate: &str) -> String {
    let arguments = ["--count", count, "--minutes", "60", "--rate", rate, "--class", "invoice", "--quiet"];
    run(&mut seal(service, "mandate", &arguments)).trim().to_owned()
}

/// The same, granted by the first and the third approver.
fn mandate(service: &Service, count: &str, rate: &str) -> String {
    let id = terms(service, count, rate);
    let said = run(&mut seal(service, "grant", &[&id, "--approver", "1", "--approver", "3"]));
    assert!(said.contains("granted:") && said.contains("invoice"), "{said}");
    id
}

fn sign(service: &Service, mandate: &str, sealed: &Path, more: &[&str]) -> Output {
    let mut fuin = seal(service, "sign", &["--json", "--mandate", mandate]);
    fuin.args(more).arg(&documents()[0]).arg("-o").arg(sealed).output().expect("fuin seal sign")
}

pub fn sealed(service: &Service, mandate: &str, at: &Path, more: &[&str]) -> Value {
    let output = sign(service, mandate, at, more);
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), service.logs());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Refused with exit status 1 and this text, and no output.
fn refused(output: &Output, sealed: &Path, text: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(text), "{said}");
    assert!(!sealed.exists());
}

/// The organization's report: exit status and JSON.
fn report(service: &Service, mandate: &str) -> (i32, Value) {
    let facts = service.facts();
    let mut fuin = bounded(program("fuin"));
    fuin.args(["seal", "report", "--json", "--mandate", mandate, "--place"]).arg(service.dir());
    fuin.args(["--url", &facts.ledger, "--token", &facts.auditor_token, "--card"]).arg(&facts.service_card);
    let output = fuin.output().expect("fuin seal report");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().expect("a status"), serde_json::from_slice(&output.stdout).expect(&said))
}

#[test]
fn seal_02_a_mandate_of_five_seals_five_pdfs_across_a_restart() {
    let folder = scratch();
    let dir = folder.path().join("dev");
    let mut service = Service::start(&Mode::Sealing, &dir);
    let id = mandate(&service, "5", "100/60");
    let path = |n: u64| folder.path().join(format!("{n}.pdf"));
    for number in 1..=5 {
        if number == 3 {
            service.stop();
            service = Service::start(&Mode::Sealing, &dir);
            // What was spent before the restart stays spent.
            refused(&sign(&service, &id, &path(9), &["--number", "2"]), &path(9), "running number");
        }
        let said = sealed(&service, &id, &path(number), &[]);
        assert_eq!(said["number"], number);
        let report = assert_valid(&path(number), &service.facts().trust, 1);
        assert_eq!(report["signatures"][0]["subFilter"], "/ETSI.CAdES.detached");
    }
    refused(&sign(&service, &id, &path(9), &[]), &path(9), "so many more seals");
    let (status, report) = report(&service, &id);
    assert_eq!((status, &report["seals"]), (0, &5.into()), "{report:#}");
    let numbers: Vec<_> = report["orders"].as_array().unwrap().iter().map(|o| o["number"].as_u64()).collect();
    assert_eq!(numbers, (1..=5).map(Some).collect::<Vec<_>>());
    assert_eq!(report["granted"]["approvers"], serde_json::json!([1, 3]));
    // The certificate is an organization's.
    let cms = folder.path().join("seal.p7s");
    std::fs::write(&cms, fuin_tests::pdf::signature(&std::fs::read(path(1)).unwrap()).cms).unwrap();
    let cms = cms.to_str().unwrap();
    let said = openssl(&["pkcs7", "-inform", "DER", "-in", cms, "-print_certs", "-noout"]);
    assert!(said.contains("organizationIdentifier") && said.contains("NTRJP-0000000000000"), "{said}");
    service.stop();
}

#[test]
fn seal_02_to_05_what_a_mandate_does_not_allow_is_refused() {
    let service = Service::fresh(&Mode::Sealing);
    let folder = scratch();
    let out = folder.path().join("sealed.pdf");

    // One approver is not enough, one twice is one.
    let alone = terms(&service, "5", "2/3600");
    for approvers in [&["--approver", "2"][..], &["--approver", "2", "--approver", "2"]] {
        let output = seal(&service, "grant", &[&[alone.as_str()], approvers].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    }
    refused(&sign(&service, &alone, &out, &[]), &out, "mandateID");

    // Another SCA's key, a skipped number.
    let id = mandate(&service, "5", "2/3600");
    let foreign = folder.path().join("foreign.pem");
    let generated = bounded("openssl")
        .args(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"])
        .arg(&foreign)
        .output()
        .unwrap();
    assert!(generated.status.success());
    refused(
        &sign(&service, &id, &out, &["--sca-key", foreign.to_str().unwrap()]),
        &out,
        "Invalid parameter SAD",
    );
    refused(&sign(&service, &id, &out, &["--number", "2"]), &out, "running number");

    // Too fast: two an hour.
    for n in 1..=2 {
        sealed(&service, &id, &folder.path().join(format!("{n}.pdf")), &[]);
    }
    refused(&sign(&service, &id, &out, &[]), &out, "in this interval");

    // A receipt that is lost shows in the report as a number without one.
    let receipts = service.dir().join("mandates").join(&id).join("receipts");
    let kept = std::fs::read_to_string(&receipts).unwrap();
    std::fs::write(&receipts, kept.lines().next().unwrap()).unwrap();
    let (status, found) = report(&service, &id);
    assert_eq!((status, found["findings"].as_array().map(Vec::len)), (1, Some(1)), "{found:#}");
    std::fs::write(&receipts, kept).unwrap();
    assert_eq!(report(&service, &id).0, 0);

    // Ended by one approver, and by an officer.
    run(&mut seal(&service, "end", &[&id, "--approver", "2"]));
    refused(&sign(&service, &id, &out, &[]), &out, "mandate was ended");
    assert_eq!(report(&service, &id).1["ended"]["approver"], 2);
    let second = mandate(&service, "5", "2/3600");
    let officer = service.dir().join("keys/officer.pem");
    run(&mut seal(&service, "end", &[&second, "--officer-key", officer.to_str().unwrap()]));
    refused(&sign(&service, &second, &out, &[]), &out, "mandate was ended");
    // The RA's key is no officer's.
    let third = mandate(&service, "5", "2/3600");
    let ra = service.dir().join("keys/ra-proof.pem");
    let output = seal(&service, "end", &[&third, "--officer-key", ra.to_str().unwrap()]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("Invalid parameter statement"), "{output:?}");
    sealed(&service, &third, &out, &[]);
}

#[test]
fn seal_01_a_seal_credential_authorizes_no_signature() {
    let service = Service::fresh(&Mode::Sealing);
    let dev: Value = serde_json::from_slice(&std::fs::read(service.dir().join("dev.json")).unwrap()).unwrap();
    let id = dev["seal"]["credentialID"].as_str().unwrap().to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let csc = fuin_tests::csc::Csc::of(service.facts());
        let token = dev["seal"]["serviceToken"].as_str();
        let organization = csc.with_token(token);
        let request = serde_json::json!({ "credentialID": id, "authObjectID": "passkey" });
        let answer = organization.post("/csc/v2/credentials/getChallenge", &request).await;
        assert_eq!(answer.refusal(), crate::invalid("The credential is for another purpose"));
        let info = organization.post("/csc/v2/credentials/info", &request).await.ok();
        assert_eq!(info["auth"]["expression"], "mandate");
        // The signer does not see it, nor the organization the signer's.
        let answer = csc.post("/csc/v2/credentials/info", &request).await;
        assert_eq!(answer.refusal(), crate::invalid("Invalid parameter credentialID"));
        for credential in &service.facts().credentials {
            let request = serde_json::json!({ "credentialID": credential.id });
            let answer = organization.post("/csc/v2/credentials/info", &request).await;
            assert_eq!(answer.refusal(), crate::invalid("Invalid parameter credentialID"));
        }
        let request = serde_json::json!({
            "credentialID": service.facts().credentials[0].id, "approver": 1, "purpose": "mandate"
        });
        let answer = csc.post("/csc/v2/mandates/challenge", &request).await;
        assert_eq!(answer.refusal(), crate::invalid("The credential is for another purpose"));
    });
}
