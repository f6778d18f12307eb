//! Place: none. Stopped and started again: the same credentials; another folder's or an older ledger: refused.

use fuin_tests::csc::Version;
use fuin_tests::ledger::Ledger;
use fuin_tests::peers::{assert_valid, documents};
use fuin_tests::programs::{run, scratch};
use fuin_tests::service::{Mode, Service};
use fuin_tests::signer::Signer;
use std::path::Path;

#[tokio::test]
async fn stopped_and_started_again_it_finds_its_credentials() {
    let folder = scratch();
    let dir = folder.path().join("dev");
    let service = Service::start(&Mode::Process, &dir);
    let first = service.facts().clone();
    let mut signer = Signer::new(&first, "P-256").await;
    let hashes = [signer.hash()];
    let sad = signer.sad(&hashes).await;
    service.stop();
    assert!(!dir.join("dev.json").exists());
    let before = Ledger::read(&dir).await;
    assert_eq!(before.sums().credentials, first.credentials.len() as u64);

    let service = Service::start(&Mode::Process, &dir);
    let facts = service.facts();
    assert_eq!(
        (&facts.credentials, &facts.service, &facts.trust),
        (&first.credentials, &first.service, &first.trust)
    );
    let mut signer = Signer::new(facts, "P-256").await;
    // Tokens do not outlive their boot.
    let request = signer.sign_request(Version::V2, &sad, &hashes);
    let answer = signer.csc.post("/csc/v2/signatures/signHash", &request).await;
    assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter SAD"));
    signer.works().await;
    let signed = folder.path().join("signed.pdf");
    run(service.fuin("sign").arg(&documents()[0]).arg("-o").arg(&signed));
    assert_valid(&signed, &facts.trust, 1);
    service.stop();

    let after = Ledger::read(&dir).await;
    assert_eq!(after.entries[..before.entries.len()], before.entries[..]);
    assert_eq!(after.sums().boots, before.sums().boots + 1);
    assert_eq!(after.sums().signed, 2);
}

#[tokio::test]
async fn ledger_of_yesterday_is_refused() {
    let folder = scratch();
    let dir = folder.path().join("dev");
    Service::start(&Mode::Process, &dir).stop();
    let (host, yesterday) = (dir.join("host"), folder.path().join("yesterday"));
    copy(&host, &yesterday);

    let service = Service::start(&Mode::Process, &dir);
    Signer::new(service.facts(), "P-256").await.works().await;
    service.stop();
    let today = folder.path().join("today");
    copy(&host, &today);

    std::fs::remove_dir_all(&host).unwrap();
    copy(&yesterday, &host);
    let refused = Service::try_start(&Mode::Process, &dir).expect_err("an old ledger was taken");
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    let text =
        "ledger is shorter than, or differs from, what custodians have seen or officers have named (801)";
    assert!(refused.output.contains(text), "{}", refused.output);
    assert!(!dir.join("dev.json").exists());

    // The true one is taken as before.
    std::fs::remove_dir_all(&host).unwrap();
    copy(&today, &host);
    let service = Service::start(&Mode::Process, &dir);
    Signer::new(service.facts(), "P-384").await.works().await;
    service.stop();
}

#[test]
fn a_folder_has_one_service() {
    let service = Service::fresh(&Mode::Process);
    let refused = service.fuin("dev").args(["--enclave", "process"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another `fuin dev` uses"));
    assert!(service.dir().join("dev.json").is_file());
    service.stop();
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
