//! Place: none. A service with three witnesses, each a `fuin witness` of its own: what is released is cosigned by two.

use crate::restart::copy;
use fuin_shared::codec;
use fuin_shared::log::receipt::SignerReceipt;
use fuin_shared::manifest::SignedManifest;
use fuin_tests::programs::{bounded, program, scratch};
use fuin_tests::service::{Mode, Service};
use fuin_tests::signer::Signer;
use serde_json::{Value, json};
use std::process::{Command, Output};

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

fn fuin(arguments: &[&str]) -> Output {
    bounded(program("fuin")).args(arguments).output().expect("fuin")
}

fn report(output: &Output) -> (Option<i32>, Value) {
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

/// Auditors and signers hold the witnesses' cosignatures against the card, a manifest or keys of their own.
#[tokio::test]
async fn cosignatures_are_verified_from_outside() {
    let folder = scratch();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let service = Service::start(&Mode::Witnessed, &folder.path().join("dev"));
    let (facts, dir) = (service.facts().clone(), service.dir().to_str().unwrap().to_owned());
    let card = facts.service_card.to_str().unwrap();
    let shown: Value = serde_json::from_slice(&std::fs::read(card).unwrap()).unwrap();
    let vkeys: Vec<&str> =
        shown["witnesses"]["witnesses"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    let vkey = shown["ledger"]["vkey"].as_str().unwrap();

    // A signature with its receipts.
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/documents/contract.pdf");
    let signed =
        fuin(&["sign", document, "-o", &path("out.pdf"), "--dir", &dir, "--receipt", &path("r"), "--json"]);
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    let hash = report(&signed).1["hash"].as_str().unwrap().to_owned();
    let authorization = path("r.authorization");

    let verify = |more: &[&str]| report(&fuin(&[&["ledger", "verify", "--json"], more].concat()));
    let url = ["--url", &facts.ledger, "--token", &facts.auditor_token];
    for source in [&url[..], &["--dir", &dir]] {
        let (status, good) = verify(&[source, &["--card", card]].concat());
        assert_eq!((status, &good["good"]), (Some(0), &json!(true)), "{good:#}");
        assert!(good["cosigned"]["by"].as_array().unwrap().len() >= 2, "{good:#}");
        assert_eq!(good["cosigned"]["size"], good["size"], "nothing waits");
    }
    let manifest = path("dev/manifest.cbor");
    let with = |more: &[&str]| verify(&[&url[..], &["--vkey", vkey], more].concat());
    assert_eq!(with(&["--manifest", &manifest]).0, Some(0));
    assert_eq!(with(&["--manifest", &unsigned(&manifest, path("unsigned.cbor"))]).0, Some(2));
    let history = path("history.cbor");
    let kept = fuin(&["manifest", "show", "--host", &facts.ceremony, "--save", &history]);
    assert!(kept.status.success(), "{}", String::from_utf8_lossy(&kept.stderr));
    assert_eq!(with(&["--manifest", &history]).0, Some(0));
    let (_, unasked) = with(&[]);
    assert_eq!(unasked["cosigned"], Value::Null);
    let [a, b, c] = vkeys[..] else { panic!("{shown:#}") };
    assert_eq!(with(&["--witness", a, "--witness", b, "--witness", c]).0, Some(0));
    let stranger = fuin_shared::log::cosignature::Cosigner::from_seed("stranger.example", &[9; 32]).unwrap();
    let stranger = stranger.witness().to_string();
    let (status, missing) = with(&["--witness", a, "--witness", &stranger, "--threshold", "2"]);
    assert_eq!((status, &missing["good"]), (Some(1), &json!(false)));
    assert!(missing["rule"].as_str().unwrap().contains("missing: stranger.example"), "{missing:#}");
    let policy =
        format!("log {vkey}\nwitness a {a}\nwitness b {b}\nwitness c {c}\ngroup g 2 a b c\nquorum g\n");
    std::fs::write(path("policy"), policy).unwrap();
    assert_eq!(with(&["--policy", &path("policy")]).0, Some(0));
    std::fs::write(path("policy"), format!("witness s {stranger}\nquorum s\n")).unwrap();
    assert_eq!(with(&["--policy", &path("policy")]).0, Some(1));
    std::fs::write(path("policy"), "quorum s\n").unwrap();
    assert_eq!(with(&["--policy", &path("policy")]).0, Some(2));

    // An archive keeps the cosignatures.
    let saved = fuin(&[&["ledger", "export", "--out", &path("saved")], &url[..]].concat());
    assert!(saved.status.success());
    assert_eq!(verify(&[&path("saved"), "--card", card]).0, Some(0));

    // The signer's own check needs neither service nor auditor.
    service.stop();
    let proof = |receipt: &str, more: &[&str]| {
        report(&fuin(&[&["ledger", "proof", receipt, "--json"], more].concat()))
    };
    let (status, proven) = proof(&path("r"), &["--card", card, "--hash", &hash]);
    assert_eq!((status, &proven["kind"]), (Some(0), &json!("signed")), "{proven:#}");
    assert!(proven["cosigned"]["by"].as_array().unwrap().len() >= 2);
    assert_eq!(proof(&authorization, &["--card", card]).1["kind"], "authorized");
    assert_eq!(proof(&path("r"), &["--card", card, "--hash", &"00".repeat(32)]).0, Some(1));
    assert_eq!(proof(&path("r"), &["--vkey", vkey, "--witness", &stranger]).0, Some(1));
    let text = std::fs::read_to_string(path("r")).unwrap();
    let (note, _) = text.rsplit_once("\n— witness").unwrap();
    let (note, _) = note.rsplit_once("\n— witness").unwrap_or((note, ""));
    std::fs::write(path("few"), format!("{note}\n")).unwrap();
    assert_eq!(proof(&path("few"), &["--card", card]).0, Some(1), "too few witnesses");
    assert_eq!(proof(&path("few"), &["--vkey", vkey]).0, Some(0), "nobody asked for witnesses");

    // Events without a receipt show.
    let mine = report(&fuin(&["ledger", "mine", &path("r"), &authorization, "--card", card, "--json"])).1;
    let sequence = mark(&text);
    assert_eq!(mine["events"].as_array().unwrap().len(), 2, "{mine:#}");
    assert_eq!(mine["withoutReceipt"], json!([[0, sequence - 2]]), "those of the enrolment");
    let alone = report(&fuin(&["ledger", "mine", &path("r"), "--card", card, "--json"])).1;
    assert_eq!(alone["withoutReceipt"], json!([[0, sequence - 1]]));
}

/// A manifest takes a witness out, and the quorum of those before has cosigned it.
#[tokio::test]
async fn a_witness_is_taken_out_by_manifest_under_the_quorum_of_both_sets() {
    let folder = scratch();
    let (dir, draft) = (folder.path().join("dev"), folder.path().join("draft.json"));
    let draft = draft.to_str().unwrap();
    let service = Service::start(&Mode::Witnessed, &dir);
    let facts = service.facts();
    let (_, shown) = report(&fuin(&["manifest", "show", "--host", &facts.ceremony, "--json"]));
    let vkey = shown["manifest"]["witnesses"]["witnesses"][2].as_str().expect("three").to_owned();
    let name = vkey.split('+').next().unwrap();
    let refused =
        fuin(&["manifest", "draft", "--host", &facts.ceremony, "-o", draft, "--remove-witness", "nobody"]);
    assert_eq!(refused.status.code(), Some(2));
    let drafted =
        fuin(&["manifest", "draft", "--host", &facts.ceremony, "-o", draft, "--remove-witness", name]);
    let said = String::from_utf8_lossy(&drafted.stdout);
    assert!(said.contains("- witnesses: ") && said.contains("+ witnesses: "), "{said}");
    let key = dir.join("keys/officer.pem");
    let signed = fuin(&["manifest", "sign", "--draft", draft, "--key", key.to_str().unwrap()]);
    assert!(signed.status.success());
    let changed = fuin(&["manifest", "change", "--host", &facts.ceremony, "--draft", draft]);
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    // Whoever was taken out is not missed.
    let of_it = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("witnesses/3")
    };
    let third = witnesses(&service).into_iter().find(of_it).expect("the third witness");
    assert!(Command::new("kill").args(["-9", &third.to_string()]).status().expect("kill").success());
    Signer::new(facts, "P-256").await.works().await;
    let events = fuin(&["ledger", "show", "--dir", dir.to_str().unwrap(), "--kind", "witnesses-changed"]);
    assert!(String::from_utf8_lossy(&events.stdout).contains("witnesses-changed"), "{events:?}");
    service.stop();
    let service = Service::start(&Mode::Witnessed, &dir);
    Signer::new(service.facts(), "P-256").await.works().await;
    service.stop();
}

/// The same manifest, which nobody has signed, in this file.
fn unsigned(manifest: &str, path: String) -> String {
    let mut signed: SignedManifest = codec::decode(&std::fs::read(manifest).unwrap()).unwrap();
    signed.signatures.clear();
    std::fs::write(&path, codec::encode(&signed)).unwrap();
    path
}

/// The running number in a receipt.
fn mark(text: &str) -> u64 {
    SignerReceipt::parse(text).unwrap().event().body.credential().unwrap().sequence
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
