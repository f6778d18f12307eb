//! Place: none. `fuin-verify key`.

use crate::kit::key::{SPKI, StatedKey};
use crate::{Doc, Files, NONCE, NOW, Run, release, run};
use fuin_shared::codec;
use fuin_shared::key_statement::KeyAttestation;

/// Judged at `at` with all that is required, and with `more`.
fn judge_octets(octets: &[u8], service: &str, at: &str, more: &[&str]) -> Run {
    let files = Files::new();
    let file = files.write("key.cbor", octets);
    let root = files.write("root.pem", Doc::new().root_pem());
    let release = files.write("release.json", release());
    let given = ["key", &file, "--root", &root, "--release", &release, "--service", service, "--at", at];
    run(&[&given[..], &["--allow-development", "--min-release", "durable"], more].concat())
}

fn judge(key: &StatedKey, more: &[&str]) -> Run {
    judge_octets(&key.octets(), &key.key.service.to_string(), &NOW.to_string(), more)
}

#[test]
fn a_statement_with_its_ledger_proof() {
    let key = StatedKey::new();
    let nonce = hex::encode(NONCE);
    let run = judge(&key, &["--spki", &SPKI.to_string(), "--nonce", &nonce]);
    run.accepted();
    for part in [
        "statement of a signer's key",
        "c-1",
        &SPKI.to_string(),
        "ECDSA on P-256",
        "passkey",
        "ca-1",
        "entry 3 of 7, means-linked",
        "38 key",
    ] {
        assert!(run.out.contains(part), "{part}");
    }
    let json = judge(&key, &["--json"]).json();
    assert_eq!((&json["schema"], &json["form"]), (&"fuin-verify/1".into(), &"key".into()));
    assert_eq!((&json["key"]["id"], &json["key"]["scal"]), (&"c-1".into(), &2.into()));
    assert_eq!(json["key"]["ledger"]["event"], "means-linked");
    assert_eq!(json["service"]["service_id"], key.key.service.to_string());
}

#[test]
fn a_statement_without_proof_says_so() {
    let key = StatedKey::new();
    let parts = KeyAttestation { ledger: None, ..key.parts() };
    let run = judge_octets(&codec::encode(&parts), &key.key.service.to_string(), &NOW.to_string(), &[]);
    run.accepted();
    assert!(run.out.contains("not shown: no proof came along"));
    assert!(run.out.contains("- nonce: none was asked for"));
}

#[test]
fn refused_for_what_is_wrong() {
    let key = StatedKey::new();
    judge(&key, &["--spki", &"11".repeat(32)]).refused(38);
    judge(&key, &["--nonce", "0011"]).refused(20);
    judge(&key, &["--pcr", &format!("3={}", "11".repeat(48))]).refused(22);
    let service = key.key.service.to_string();
    judge_octets(&key.service.octets(), &service, &NOW.to_string(), &[]).refused(33);
    judge_octets(&key.octets(), &"11".repeat(32), &NOW.to_string(), &[]).refused(28);
    judge_octets(&key.octets(), &service, &(NOW + 400).to_string(), &[]).refused(19);
    judge_octets(&key.octets(), &service, &(NOW + 9000).to_string(), &[]).refused(13);
    judge_octets(&key.octets(), &service, "archive", &[]).accepted();
    // Neither form stands in for the other.
    let files = Files::new();
    let file = files.write("key.cbor", key.octets());
    run(&[&file, "--at", "archive", "--authentic-only"]).refused(24);
}

#[test]
fn the_service_is_required_the_nonce_is_not() {
    let files = Files::new();
    let file = files.write("key.cbor", StatedKey::new().octets());
    let root = files.write("root.pem", Doc::new().root_pem());
    let at = NOW.to_string();
    let bare =
        ["key", &file, "--root", &root, "--at", &at, "--allow-development", "--min-release", "durable"];
    let run = run(&bare);
    run.refused(22);
    assert!(run.last().contains("--service") && !run.last().contains("--nonce"));
}

#[test]
fn the_public_key_as_a_file() {
    let files = Files::new();
    let der = fuin_shared::key::Spki(crate::kit::der::spki(7).into()).0;
    let digest = fuin_shared::ids::Digest32(
        sha2::Digest::finalize(sha2::Digest::chain_update(
            <sha2::Sha256 as sha2::Digest>::new(),
            der.as_slice(),
        ))
        .into(),
    );
    let key = StatedKey::new().key(|k| k.spki = digest);
    let pem = ::der::pem::encode_string("PUBLIC KEY", ::der::pem::LineEnding::LF, der.as_slice()).unwrap();
    judge(&key, &["--spki", &files.write("key.pem", pem)]).accepted();
    judge(&key, &["--spki", &files.write("key.der", der.as_slice())]).accepted();
    judge(&key, &["--spki", &hex::encode(der.as_slice())]).accepted();
    judge(&key, &["--spki", &files.write("root.pem", Doc::new().root_pem())]).unusable("PUBLIC KEY");
    judge(&key, &["--spki", &files.write("text", "text")]).unusable("--spki");
    judge(&key, &["--spki", "no-such-file"]).unusable("--spki");
}
