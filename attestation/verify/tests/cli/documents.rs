//! Place: none. Attestation documents by themselves: what is required, what is left out, under which root.

use crate::{Doc, NOW, judge, run, vector};
use ciborium::Value;

#[test]
fn real_documents_are_authentic() {
    for name in ["real/01_20210317_go-nitro-attestation.bin", "real/28_20251110_fastcrypto.bin"] {
        let run = run(&[&vector(name), "--at", "archive", "--authentic-only"]);
        run.accepted();
        assert!(run.out.contains("AWS Nitro enclave, partition aws"));
        assert!(run.out.contains("Only authenticity was asked for"));
        assert!(run.out.contains("- nonce: none was asked for"));
    }
}

#[test]
fn every_vector_has_its_exit_status() {
    for kind in ["real", "tampered", "synthetic"] {
        for entry in std::fs::read_dir(vector(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let about: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let file = path.with_extension("bin");
            let at = about["verify_at_unix"].as_u64().map_or("archive".to_owned(), |time| time.to_string());
            let mut args = vec![file.to_str().unwrap(), "--at", &at, "--authentic-only", "--allow-debug"];
            let root = about["root"].as_str().map(vector);
            if let Some(root) = &root {
                args.extend(["--root", root]);
            }
            if let Some(nonce) = about["verify_with_nonce"].as_str() {
                args.extend(["--nonce", nonce]);
            }
            let expected = if about["expect"] == "ok" { 0 } else { 1 };
            assert_eq!(run(&args).code, expected, "{}", file.display());
        }
    }
}

#[test]
fn required_by_default_nonce_and_measurement() {
    let name = vector("synthetic/s00_ok_definite.bin");
    let root = vector("synthetic/root_test.pem");
    let with = |more: &[&str]| run(&[&[&*name, "--root", &root, "--at", "archive"], more].concat());
    let no_nonce = with(&[]);
    no_nonce.refused(20);
    assert!(no_nonce.last().contains("--nonce") && no_nonce.last().contains("--authentic-only"));
    let nonce = "33".repeat(32);
    let no_measurement = with(&["--nonce", &nonce]);
    no_measurement.refused(22);
    assert!(no_measurement.last().contains("--release") && no_measurement.last().contains("--pcr"));
    // A register that does not name the code is no measurement.
    let claims = with(&["--authentic-only", "--json"]).json();
    let pcr =
        |index: u8| format!("{index}={}", claims["claims"]["pcrs"][index.to_string()].as_str().unwrap());
    with(&["--nonce", &nonce, "--pcr", &pcr(4)]).refused(22);
    with(&["--nonce", &nonce, "--pcr", &pcr(0)]).accepted();
    with(&["--nonce", &nonce, "--pcr", &pcr(1), "--pcr", &pcr(2)]).accepted();
    with(&["--nonce", "00", "--pcr", &pcr(0)]).refused(20);
}

#[test]
fn what_is_given_counts_in_authentic_only_too() {
    let name = vector("real/28_20251110_fastcrypto.bin");
    let with = |more: &[&str]| run(&[&[&*name, "--at", "archive", "--authentic-only"], more].concat());
    with(&["--nonce", "00"]).refused(20);
    with(&["--pcr", &format!("0={}", "11".repeat(48))]).refused(22);
    with(&["--service", &"11".repeat(32)]).refused(28);
    with(&["--min-release", "durable"]).refused(30);
}

#[test]
fn debug_is_refused_in_both_modes() {
    let name = vector("real/29_20251225_dstack.bin");
    run(&[&name, "--at", "archive", "--authentic-only"]).refused(21);
    run(&[&name, "--at", "archive"]).refused(21);
    let allowed = run(&[&name, "--at", "archive", "--authentic-only", "--allow-debug"]);
    allowed.accepted();
    assert!(allowed.out.contains("DEBUG MODE"));
}

#[test]
fn now_is_the_default_time() {
    run(&[&vector("real/28_20251110_fastcrypto.bin"), "--authentic-only"]).refused(13);
}

#[test]
fn profiles() {
    let name = vector("real/21_20240907_nitrite.bin");
    let text = run(&[&name, "--at", "archive", "--authentic-only"]);
    text.refused(9);
    assert!(text.last().contains("observed"));
    run(&[&name, "--at", "archive", "--authentic-only", "--profile", "observed"]).accepted();
}

#[test]
fn roots() {
    let synthetic = vector("synthetic/s00_ok_definite.bin");
    run(&[&synthetic, "--at", "archive", "--authentic-only"]).refused(10);
    let named = run(&[
        &synthetic,
        "--at",
        "archive",
        "--authentic-only",
        "--root",
        &vector("synthetic/root_test.pem"),
    ]);
    named.accepted();
    assert!(named.out.contains("development anchor named by the caller"));
    // The vendor's own root stays what it is when it is named.
    let real = vector("real/28_20251110_fastcrypto.bin");
    let named = run(&[&real, "--at", "archive", "--authentic-only", "--root", &vector("root_g1.pem")]);
    named.accepted();
    assert!(!named.out.contains("development anchor"));
    run(&[&real, "--at", "archive", "--authentic-only", "--root", &vector("synthetic/root_test.pem")])
        .refused(10);
}

#[test]
fn a_document_by_itself() {
    let doc = Doc::new();
    judge(&doc.octets(), &[]).accepted();
    judge(&doc.clone().with("timestamp", ((NOW - 1000) * 1000).into()).octets(), &[]).refused(19);
    judge(&doc.clone().with("timestamp", ((NOW - 1000) * 1000).into()).octets(), &["--max-age", "1000"])
        .accepted();
    judge(&doc.with("nonce", Value::Null).octets(), &[]).refused(20);
}
