//! Place: none. `--ear`: nothing is affirmed that was not checked.

use crate::kit::bundle::Service;
use crate::{Doc, judge, run, vector};
use serde_json::Value;

fn vector_of(claims: &Value) -> [i64; 5] {
    let vector = &claims["submods"]["enclave"]["ear.trustworthiness-vector"];
    ["hardware", "executables", "instance-identity", "configuration", "runtime-opaque"]
        .map(|name| vector[name].as_i64().unwrap())
}

fn status(claims: &Value) -> &str {
    claims["submods"]["enclave"]["ear.status"].as_str().unwrap()
}

#[test]
fn an_emulation_is_never_affirmed() {
    let service = Service::new();
    let id = service.statement.service.to_string();
    let flags = ["--service", &id, "--min-release", "durable", "--allow-development", "--ear"];
    let run = judge(&service.octets(), &flags);
    assert_eq!(run.code, 0);
    let claims = run.json();
    assert_eq!(vector_of(&claims), [97, 3, 2, 32, 0]);
    assert_eq!(status(&claims), "contraindicated");
    assert_eq!(claims["eat_profile"], "tag:github.com,2023:veraison/ear");
    assert_eq!(claims["eat_nonce"], "dGhlIGNhbGxlcidzIG5vbmNl");
    assert!(claims["iat"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(claims["fuin.report"]["schema"], "fuin-verify/1");
}

#[test]
fn a_real_document_is_affirmed_no_further_than_it_was_asked() {
    let name = vector("real/28_20251110_fastcrypto.bin");
    let only = run(&[&name, "--at", "archive", "--authentic-only", "--ear"]).json();
    assert_eq!((vector_of(&only), status(&only)), ([2, 0, 0, 0, 0], "none"));
    assert_eq!(only["eat_nonce"], Value::Null);
    let debug = vector("real/29_20251225_dstack.bin");
    let debug = run(&[&debug, "--at", "archive", "--authentic-only", "--allow-debug", "--ear"]).json();
    assert_eq!((vector_of(&debug), status(&debug)), ([2, 0, 0, 0, 96], "contraindicated"));
}

#[test]
fn refusals_are_contraindicated() {
    let service = Service::new();
    let flags = ["--service", &"11".repeat(32), "--ear"];
    let claims = judge(&service.octets(), &flags).json();
    assert_eq!((vector_of(&claims), status(&claims)), ([97, 0, 97, 0, 0], "contraindicated"));
    let doc = Doc::new();
    let wrong = judge(&doc.octets(), &["--pcr", &format!("4={}", "11".repeat(48)), "--ear"]).json();
    assert_eq!((vector_of(&wrong), status(&wrong)), ([97, 33, 0, 0, 0], "contraindicated"));
    let name = vector("tampered/t03_signature_bitflip_s.bin");
    let forged = run(&[&name, "--at", "archive", "--ear"]).json();
    assert_eq!((vector_of(&forged), status(&forged)), ([99, 0, 0, 0, 0], "contraindicated"));
    let stranger = run(&[&vector("synthetic/s00_ok_definite.bin"), "--at", "archive", "--ear"]).json();
    assert_eq!((vector_of(&stranger), status(&stranger)), ([97, 0, 0, 0, 0], "contraindicated"));
    run(&[&name, "--ear", "--json"]).unusable("--json");
}
