//! Place: none. A service with three witnesses, each a `fuin witness` of its own: what is released is cosigned by two.

use crate::restart::copy;
use fuin_tests::programs::{program, scratch};
use fuin_tests::service::{Mode, Service};
use fuin_tests::signer::Signer;
use std::process::Command;

/// Processes of the witnesses.
fn witnesses(service: &Service) -> Vec<u32> {
    let is_witness = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("witness\0serve")
    };
    service.children().into_iter().filter(is_witness).collect()
}

/// The newest size that a witness has recorded.
fn recorded(service: &Service, number: u8) -> u64 {
    let folder = service.dir().join(format!("witnesses/{number}"));
    let mut show = Command::new(program("fuin"));
    let output = show.args(["witness", "show", "--json", "--dir"]).arg(folder).output().expect("fuin");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    shown["logs"][0]["size"].as_u64().expect("a size")
}

#[tokio::test]
async fn signatures_wait_for_two_of_three_witnesses() {
    let service = Service::fresh(&Mode::Witnessed);
    let running = witnesses(&service);
    assert_eq!(running.len(), 3);
    let mut signer = Signer::new(service.facts(), "P-256").await;
    let before = recorded(&service, 1);
    signer.works().await;
    // What was answered is what at least two have seen.
    let seen = (1..=3).filter(|number| recorded(&service, *number) > before).count();
    assert!(seen >= 2, "{seen} witnesses have seen the signature");
    let killed = Command::new("kill").args(["-9", &running[0].to_string()]).status().expect("kill");
    assert!(killed.success());
    signer.works().await;
    service.stop();
}

/// Store and custodian are both of yesterday, so that nobody but the witnesses can know better.
#[tokio::test]
async fn ledger_of_yesterday_is_refused_by_the_witnesses() {
    let folder = scratch();
    let dir = folder.path().join("dev");
    Service::start(&Mode::Witnessed, &dir).stop();
    let parts = ["host", "keys"];
    let (yesterday, today) = (folder.path().join("yesterday"), folder.path().join("today"));
    let keep = |place: &std::path::Path| {
        for part in parts {
            copy(&dir.join(part), &place.join(part));
        }
    };
    let restore = |place: &std::path::Path| {
        for part in parts {
            std::fs::remove_dir_all(dir.join(part)).unwrap();
            copy(&place.join(part), &dir.join(part));
        }
    };
    keep(&yesterday);
    let service = Service::start(&Mode::Witnessed, &dir);
    Signer::new(service.facts(), "P-256").await.works().await;
    service.stop();
    keep(&today);

    restore(&yesterday);
    let refused = Service::try_start(&Mode::Witnessed, &dir).expect_err("an old ledger was taken");
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    assert!(refused.output.contains("a witness has seen a newer ledger"), "{}", refused.output);
    assert!(refused.output.contains("restore the newest store"), "{}", refused.output);
    assert!(!dir.join("dev.json").exists());

    restore(&today);
    let service = Service::start(&Mode::Witnessed, &dir);
    Signer::new(service.facts(), "P-384").await.works().await;
    service.stop();
}
