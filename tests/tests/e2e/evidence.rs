//! Place: none. `POST /attestation`, judged by fuin-verify.

use crate::shared;
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use fuin_tests::csc::Csc;
use fuin_tests::programs::{bounded, program, scratch};
use fuin_tests::signer::random;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

struct Fetched {
    folder: tempfile::TempDir,
    nonce: String,
}

impl Fetched {
    async fn new() -> Self {
        let nonce = random::<32>();
        let body = json!({ "nonce": Base64UrlUnpadded::encode_string(&nonce) });
        let answer = Csc::of(shared().facts()).with_token(None).post("/attestation", &body).await.ok();
        let folder = scratch();
        let bundle = Base64::decode_vec(answer["bundle"].as_str().unwrap()).unwrap();
        std::fs::write(folder.path().join("evidence.cbor"), bundle).unwrap();
        Self { folder, nonce: hex::encode(nonce) }
    }

    fn verify(&self, arguments: &[&str]) -> Output {
        bounded(program("fuin-verify"))
            .arg(self.folder.path().join("evidence.cbor"))
            .args(arguments)
            .output()
            .expect("fuin-verify")
    }
}

/// The last line of a refusal names the step.
fn refused(output: &Output, step: u8) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("evidence: REFUSED") && last.contains(&format!("step {step}")), "{said}");
}

fn pcr0() -> String {
    let card: Value =
        serde_json::from_slice(&std::fs::read(&shared().facts().service_card).unwrap()).unwrap();
    card["measurement"]["pcr0"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn evidence_is_accepted_under_the_development_root_and_refused_for_what_is_wrong() {
    let facts = shared().facts();
    let fetched = Fetched::new().await;
    let root = facts.evidence_root.to_str().unwrap();
    let pcr = format!("0={}", pcr0());
    let development = ["--allow-development", "--min-release", "durable"];
    let good = ["--root", root, "--nonce", &fetched.nonce, "--pcr", &pcr, "--service", &facts.service];
    let [good, strict] = [[&good[..], &development].concat(), good.to_vec()];
    let accepted = fetched.verify(&good);
    let said = String::from_utf8_lossy(&accepted.stdout);
    assert_eq!(accepted.status.code(), Some(0), "{said}");
    assert!(said.lines().any(|line| line.starts_with("evidence: ACCEPTED")), "{said}");
    assert!(said.contains("DEVELOPMENT"), "{said}");

    // The measurement is that of the program that runs.
    let process = std::fs::read(program("fuin-enclave-process")).unwrap();
    assert_eq!(hex::encode(fuin_emulator::process::measure_program(&process).pcr0), pcr0());

    refused(&fetched.verify(&good[2..]), 10);
    let other = hex::encode(random::<32>());
    refused(&fetched.verify(&["--root", root, "--nonce", &other, "--pcr", &pcr]), 20);
    let wrong = format!("0={}", "11".repeat(48));
    refused(&fetched.verify(&["--root", root, "--nonce", &fetched.nonce, "--pcr", &wrong]), 22);
    refused(&fetched.verify(&[&good[..6], &["--service", &"22".repeat(32)], &development].concat()), 28);
    refused(&fetched.verify(&[&strict[..], &["--allow-development"]].concat()), 30);
    refused(&fetched.verify(&[&strict[..], &["--min-release", "durable"]].concat()), 31);
    refused(&fetched.verify(&[&good[..6], &development].concat()), 28);
    let unusable = fetched.verify(&["--root", "/nonexistent.pem", "--nonce", &fetched.nonce, "--pcr", &pcr]);
    assert_eq!(unusable.status.code(), Some(2));
}

#[tokio::test]
async fn altered_evidence_is_refused() {
    let facts = shared().facts();
    let fetched = Fetched::new().await;
    let file = fetched.folder.path().join("evidence.cbor");
    let good = std::fs::read(&file).unwrap();
    let pcr = format!("0={}", pcr0());
    let root = facts.evidence_root.to_str().unwrap();
    let known = ["--root", root, "--nonce", &fetched.nonce, "--pcr", &pcr];
    let development = ["--service", &facts.service, "--allow-development", "--min-release", "durable"];
    let arguments = [&known[..], &development].concat();
    assert_eq!(fetched.verify(&arguments).status.code(), Some(0), "unaltered");
    for part in 1..12 {
        let mut altered = good.clone();
        let at = good.len() * part / 12;
        altered[at] ^= 4;
        std::fs::write(&file, &altered).unwrap();
        let status = fetched.verify(&arguments).status.code();
        assert!(matches!(status, Some(1 | 2)), "octet {at}: {status:?}");
    }
    std::fs::write(&file, &good[..good.len() / 2]).unwrap();
    assert!(matches!(fetched.verify(&arguments).status.code(), Some(1 | 2)));
}

#[tokio::test]
async fn wrong_nonces_are_refused() {
    let csc = Csc::of(shared().facts()).with_token(None);
    for nonce in [json!("AAAA"), json!(1), json!("*".repeat(32)), json!("A".repeat(200))] {
        let answer = csc.post("/attestation", &json!({ "nonce": nonce })).await;
        assert_eq!(answer.refusal(), (400, "invalid_request", "Invalid parameter nonce"));
    }
}

#[test]
fn fuin_evidence_saves_what_fuin_verify_accepts() {
    let folder = scratch();
    let (file, nonce) = (folder.path().join("e.cbor"), "00112233445566778899aabbccddeeff");
    let saved = shared().fuin("evidence").args(["--nonce", nonce, "-o"]).arg(&file).output().unwrap();
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    let root: &Path = &shared().facts().evidence_root;
    let verify = bounded(program("fuin-verify"))
        .arg(&file)
        .arg("--root")
        .arg(root)
        .args(["--nonce", nonce, "--pcr", &format!("0={}", pcr0()), "--service", &shared().facts().service])
        .args(["--allow-development", "--min-release", "durable"])
        .output()
        .unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
}

#[test]
fn fuin_key_saves_what_fuin_verify_accepts() {
    let folder = scratch();
    let (file, nonce) = (folder.path().join("key.cbor"), "00112233445566778899aabbccddeeff");
    let facts = shared().facts();
    let credential = &facts.credentials[0].id;
    let mut save = shared().fuin("key");
    let saved = save.args(["--credential", credential, "--nonce", nonce, "-o"]).arg(&file).output().unwrap();
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    let verify = |more: &[&str]| {
        let mut command = bounded(program("fuin-verify"));
        command.arg("key").arg(&file).arg("--root").arg(&facts.evidence_root);
        command.args(["--nonce", nonce, "--pcr", &format!("0={}", pcr0()), "--service", &facts.service]);
        command.args(["--allow-development", "--min-release", "durable"]).args(more).output().unwrap()
    };
    let accepted = verify(&["--json"]);
    let report: Value = serde_json::from_slice(&accepted.stdout).unwrap();
    assert_eq!(accepted.status.code(), Some(0), "{report:#}");
    assert_eq!(report["key"]["id"], credential.to_string());
    assert_eq!(report["key"]["means"], "passkey");
    assert_eq!(report["key"]["ledger"]["event"], "means-linked", "the ledger attests it: {report:#}");
    let spki = report["key"]["spki_sha256"].as_str().unwrap();
    assert_eq!(verify(&["--spki", spki]).status.code(), Some(0));
    refused(&verify(&["--spki", &"11".repeat(32)]), 38);
    // A statement of a key is no evidence of the service.
    let alone = bounded(program("fuin-verify")).arg(&file).arg("--authentic-only").output().unwrap();
    assert_eq!(alone.status.code(), Some(1));
}

#[test]
fn the_service_card_describes_the_service() {
    let folder = scratch();
    let (file, nonce) = (folder.path().join("e.cbor"), "00112233445566778899aabbccddeeff");
    let saved = shared().fuin("evidence").args(["--nonce", nonce, "-o"]).arg(&file).output().unwrap();
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    let mut verify = bounded(program("fuin-verify"));
    verify.arg("card").arg(&shared().facts().service_card).arg("--evidence").arg(&file);
    let judged = verify.args(["--nonce", nonce]).output().unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.status.code(), Some(0), "{said}");
    assert!(said.contains("card: ACCEPTED") && said.contains("evidence: ACCEPTED"), "{said}");
}
