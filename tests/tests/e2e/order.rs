//! Place: none. Officers stop a credential, one alone and at once, and let it go on as a quorum: `fuin order`.

use fuin_tests::peers::documents;
use fuin_tests::programs::{bounded, program, run, scratch};
use fuin_tests::service::{Mode, Service};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// A service, and two officers on a machine of their own.
struct Officers<'a> {
    service: &'a Service,
    own: &'a Path,
}

impl Officers<'_> {
    fn fuin(&self, command: &str) -> Command {
        let facts = self.service.facts();
        let mut fuin = bounded(program("fuin"));
        fuin.current_dir(self.own).args(command.split_whitespace().map(|word| match word {
            "CSC" => facts.csc.clone(),
            "HOST" => facts.ceremony.clone(),
            "CARD" => facts.service_card.display().to_string(),
            "SERVICE" => facts.service.clone(),
            "CREDENTIAL" => facts.credential("P-256").id.clone(),
            "DEV-KEY" => self.service.dir().join("keys/officer.pem").display().to_string(),
            word => word.to_owned(),
        }));
        fuin
    }

    fn says(&self, command: &str) -> String {
        run(&mut self.fuin(command))
    }

    fn refused(&self, command: &str, status: i32, text: &str) {
        let output = self.fuin(command).output().expect("fuin");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(status) && said.contains(text), "{:?}: {said}", output.status);
    }

    /// Suspends as this officer; gives the number of the suspension.
    fn suspend(&self, officer: &str, key: &str) -> u64 {
        let order = "order suspend --csc CSC --card CARD --credential CREDENTIAL --json";
        let said = self.says(&format!("{order} --officer {officer} --key {key}"));
        let said: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(said["state"], "suspended");
        said["officersEvent"].as_u64().expect("a number")
    }

    fn draft(&self, suspension: u64, file: &str) {
        self.says(&format!(
            "order draft --card CARD --credential CREDENTIAL --suspension {suspension} -o {file}"
        ));
    }

    fn sign_document(&self) -> Output {
        let (facts, signed) = (self.service.facts(), self.own.join("signed.pdf"));
        let credential = &facts.credential("P-256").id;
        let mut fuin = self.service.fuin("sign");
        fuin.arg(&documents()[0]).arg("-o").arg(signed).args(["--credential", credential]);
        fuin.output().expect("fuin sign")
    }
}

#[test]
fn one_officer_stops_a_credential_and_the_quorum_lets_it_go_on() {
    let folder = scratch();
    let (dir, own) = (folder.path().join("dev"), folder.path().join("officers"));
    std::fs::create_dir(&own).unwrap();
    let service = Service::start(&Mode::Process, &dir);
    let officers = Officers { service: &service, own: &own };

    // A second officer, and both are the quorum.
    officers.says("ceremony init officer --name ada --key ada.pem --entry ada.json");
    officers.says("ceremony init officer --name eve --key eve.pem --entry eve.json");
    officers.says("manifest draft --host HOST --service SERVICE -o m.json --add ada.json --officer-quorum 2");
    officers.says("manifest sign --draft m.json --key DEV-KEY");
    officers.says("manifest change --host HOST --draft m.json");

    // Nobody's word, and a word under somebody else's name.
    let order = "order suspend --csc CSC --card CARD --credential CREDENTIAL";
    officers.refused(&format!("{order} --officer eve --key eve.pem"), 1, "invalid_proof");
    officers.refused(&format!("{order} --officer ada --key eve.pem"), 1, "invalid_proof");
    officers.refused(&format!("{order} --officer ada --key none.pem"), 1, "none.pem");
    officers.refused(
        "order suspend --csc CSC --card CARD --credential none --officer ada --key ada.pem",
        1,
        "credentialID",
    );
    assert!(officers.sign_document().status.success());

    // One officer is enough to stop it.
    let first = officers.suspend("ada", "ada.pem");
    let stopped = officers.sign_document();
    assert!(!stopped.status.success());
    assert!(String::from_utf8_lossy(&stopped.stderr).contains("disabled"));

    // Unsigned, by one alone, by one twice, by nobody's key, from another suspension.
    let send = |draft: &str| format!("order send --csc CSC --draft {draft}");
    officers.draft(first, "r.json");
    officers.refused(&send("r.json"), 2, "nobody has signed");
    officers.refused(
        &format!("order sign --draft r.json --service {} --officer ada --key ada.pem", "0".repeat(64)),
        2,
        "--service",
    );
    officers.says("order sign --draft r.json --service SERVICE --officer ada --key ada.pem");
    officers.refused(&send("r.json"), 1, "invalid_proof");
    let again = officers.says("order sign --draft r.json --officer ada --key ada.pem");
    assert!(again.contains("signatures: 1 (ada)"), "{again}");
    officers.refused(&send("r.json"), 1, "invalid_proof");
    std::fs::copy(own.join("r.json"), own.join("forged.json")).unwrap();
    officers.says("order sign --draft forged.json --officer dev-officer --key eve.pem");
    officers.refused(&send("forged.json"), 1, "invalid_proof");
    officers.draft(first + 1, "other.json");
    officers.says("order sign --draft other.json --officer ada --key ada.pem");
    officers.says("order sign --draft other.json --officer dev-officer --key DEV-KEY");
    officers.refused(&send("other.json"), 1, "invalid_proof");
    assert!(!officers.sign_document().status.success());

    // The quorum ends it; a release that was used, or is older than the suspension, ends none.
    let told = officers.says("order sign --draft r.json --officer dev-officer --key DEV-KEY");
    assert!(told.contains("signatures: 2 (ada, dev-officer)"), "{told}");
    let said: Value = serde_json::from_str(&officers.says(&format!("{} --json", send("r.json")))).unwrap();
    assert!(said["ledgerIndex"].as_u64().is_some(), "{said}");
    assert!(officers.sign_document().status.success());
    let second = officers.suspend("dev-officer", "DEV-KEY");
    assert!(second > first);
    officers.refused(&send("r.json"), 1, "invalid_proof");
    assert!(!officers.sign_document().status.success());
}
