//! Place: none. A manifest follows another while the service runs, and at every boot after it.

use fuin_tests::programs::{bounded, program, run, scratch};
use fuin_tests::service::{Mode, Service};
use fuin_tests::signer::Signer;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Officers on their own machine, before a service.
struct Officers<'a> {
    service: &'a Service,
    own: &'a Path,
}

impl Officers<'_> {
    fn fuin(&self, command: &str) -> Command {
        let mut fuin = bounded(program("fuin"));
        let words = command.split_whitespace();
        let facts = self.service.facts();
        fuin.current_dir(self.own).args(words.map(|word| match word {
            "HOST" => facts.ceremony.clone(),
            "SERVICE" => facts.service.clone(),
            word => word.to_owned(),
        }));
        fuin
    }

    /// The key of the development installation's officer.
    fn dev_key(&self) -> PathBuf {
        self.service.dir().join("keys/officer.pem")
    }

    fn says(&self, command: &str) -> String {
        run(&mut self.fuin(command))
    }

    fn output(&self, command: &str) -> Output {
        self.fuin(command).output().expect("fuin")
    }

    fn sign_as_dev(&self, draft: &str) -> Output {
        let mut fuin = self.fuin(&format!("manifest sign --draft {draft} --service SERVICE --key"));
        fuin.arg(self.dev_key()).output().expect("fuin")
    }

    fn shown(&self) -> Value {
        serde_json::from_str(&self.says("manifest show --host HOST --service SERVICE --json")).expect("JSON")
    }
}

fn refused(output: &Output, status: i32, text: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(status) && said.contains(text), "{:?}: {said}", output.status);
}

/// Evidence of the running enclave names this manifest.
pub fn evident(service: &Service, own: &Path) -> Value {
    let (evidence, nonce) = (own.join("evidence.cbor"), "0f".repeat(32));
    run(service.fuin("evidence").arg("--nonce").arg(&nonce).arg("-o").arg(&evidence));
    let facts = service.facts();
    let mut verify = bounded(program("fuin-verify"));
    verify.arg(&evidence).args(["--nonce", &nonce, "--service", &facts.service, "--json"]);
    verify.args(["--allow-development", "--min-release", "durable", "--root"]).arg(&facts.evidence_root);
    verify.arg("--release").arg(service.dir().join("release.json"));
    serde_json::from_str(&run(&mut verify)).expect("JSON")
}

#[tokio::test]
async fn manifest_is_changed_at_run_time_and_never_goes_back() {
    let folder = scratch();
    let (dir, own) = (folder.path().join("dev"), folder.path().join("officers"));
    std::fs::create_dir(&own).unwrap();
    let service = Service::start(&Mode::Process, &dir);
    let officers = Officers { service: &service, own: &own };
    let first = officers.shown();
    assert_eq!((&first["manifest"]["version"], &first["changes"]), (&1.into(), &Value::Array(Vec::new())));
    assert_eq!(first["service"], first["hash"]);

    // A second officer, an RA client, an operator; the first officer signs.
    officers.says("ceremony init officer --name ada --key ada.pem --entry ada.json");
    officers.says("ceremony init operator --name omi --key omi.pem --entry omi.json");
    officers.says("ceremony init officer --name key-of-the-ra --key ra.pem --entry ra-entry.json");
    let entry: Value = serde_json::from_slice(&std::fs::read(own.join("ra-entry.json")).unwrap()).unwrap();
    let mut client = first["manifest"]["ra_clients"][0].clone();
    client["id"] = "second-ra".into();
    client["proof_key"] = entry["officer"]["key"].clone();
    std::fs::write(own.join("second-ra.json"), client.to_string()).unwrap();
    let wrong = "0".repeat(64);
    let draft = "manifest draft --host HOST -o draft.json --add ada.json --add omi.json --add-ra-client second-ra.json";
    refused(&officers.output(&format!("{draft} --service {wrong}")), 1, "--service");
    let said = officers.says(&format!("{draft} --service SERVICE"));
    assert!(said.contains("+ officers: ") && said.contains("+ ra_clients: "), "{said}");
    // Whoever wants to know what a draft says need not sign for it.
    let shown = officers.says("manifest show draft.json --service SERVICE");
    assert!(shown.contains("+ officers: ") && shown.contains("signatures: 0 of 1"), "{shown}");
    let shown: Value = serde_json::from_str(&officers.says("manifest show draft.json --json")).unwrap();
    assert_eq!((&shown["manifest"]["version"], &shown["follows"]), (&2.into(), &first["hash"]));
    refused(&officers.output(&format!("manifest show draft.json --service {wrong}")), 1, "--service");
    // Nobody signed; somebody who is no officer yet; then whoever is.
    refused(&officers.output("manifest change --host HOST --draft draft.json"), 1, "(301)");
    refused(&officers.output("manifest sign --draft draft.json --key ada.pem"), 2, "--key");
    let signed = officers.sign_as_dev("draft.json");
    let told = String::from_utf8_lossy(&signed.stdout);
    assert!(told.contains("+ operators: ") && told.contains("signatures: 1 of 1"), "{told}");
    let said = officers.says("manifest change --host HOST --draft draft.json --json");
    let changed: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(changed["version"], 2);
    refused(&officers.output("manifest change --host HOST --draft draft.json"), 1, "(303)");
    let shown = officers.shown();
    assert_eq!(shown["hash"], changed["manifest"]);
    assert_eq!(shown["changes"][0]["approvedBy"], Value::Array(vec!["dev-officer".into()]));
    assert_eq!(evident(&service, &own)["service"]["manifest"]["hash"], changed["manifest"]);
    Signer::new(service.facts(), "P-256").await.works().await;

    // The first officer goes, by its own word; what it signed before, and what it would sign now, is worth nothing.
    officers
        .says("manifest draft --host HOST --service SERVICE -o stale.json --not-after 2030-01-01T00:00:00Z");
    assert!(officers.sign_as_dev("stale.json").status.success());
    officers.says("manifest draft --host HOST --service SERVICE -o draft.json --remove dev-officer");
    assert!(officers.sign_as_dev("draft.json").status.success());
    assert!(officers.says("manifest change --host HOST --draft draft.json").contains("version 3 is current"));
    refused(&officers.output("manifest change --host HOST --draft stale.json"), 1, "(303)");
    officers
        .says("manifest draft --host HOST --service SERVICE -o draft.json --not-after 2031-01-01T00:00:00Z");
    refused(&officers.sign_as_dev("draft.json"), 2, "--key");
    // Two roles for one person, and what is fixed.
    officers.says("ceremony init auditor --name ada --key rin.pem --entry rin.json");
    let both = officers.output("manifest draft --host HOST -o other.json --add rin.json");
    refused(&both, 2, "officer and for auditor");
    let mut renamed = officers.shown();
    renamed["manifest"]["name"] = "Another".into();
    std::fs::write(own.join("renamed.json"), renamed.to_string()).unwrap();
    let fixed = officers.output("manifest draft --host HOST -o other.json --manifest renamed.json");
    refused(&fixed, 2, "fixed for ever: name");
    // An image that is not accepted anyhow; another custodian.
    let mut release: Value =
        serde_json::from_slice(&std::fs::read(service.dir().join("release.json")).unwrap()).unwrap();
    release["pcrs"]["0"] = "ab".repeat(48).into();
    std::fs::write(own.join("release.json"), release.to_string()).unwrap();
    let image = officers.output("manifest draft --host HOST -o other.json --remove-image release.json");
    refused(&image, 2, "--remove-image: the manifest does not accept the image of release.json");
    officers.says("ceremony init custodian --name kei --state kei.state --entry kei.json");
    let custodian = officers.output("manifest draft --host HOST -o other.json --add kei.json");
    refused(&custodian, 2, "fixed for ever: custodians");
    service.stop();

    // Another boot: under the newest.
    let service = Service::start(&Mode::Process, &dir);
    let officers = Officers { service: &service, own: &own };
    let third = officers.shown();
    assert_eq!(third["manifest"]["version"], 3);
    assert_eq!(evident(&service, &own)["service"]["manifest"]["hash"], third["hash"]);
    Signer::new(service.facts(), "P-256").await.works().await;
    officers.says("manifest sign --draft draft.json --key ada.pem --service SERVICE");
    assert!(officers.says("manifest change --host HOST --draft draft.json").contains("version 4 is current"));
    service.stop();

    // Yesterday's manifest: the store forgets the newest, and nothing else.
    let options = SqliteConnectOptions::new().filename(dir.join("host/fuin.sqlite"));
    let mut connection = options.connect().await.unwrap();
    let forget = "DELETE FROM manifest_changes WHERE number = (SELECT max(number) FROM manifest_changes)";
    sqlx::query(forget).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let refused = Service::try_start(&Mode::Process, &dir).expect_err("an old manifest was taken");
    assert!(
        refused.output.contains("newer manifest than the one that was installed (307)"),
        "{}",
        refused.output
    );
}
