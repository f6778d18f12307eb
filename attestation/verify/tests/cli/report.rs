//! Place: none. What is printed.

use crate::{Doc, judge, run, vector};

#[test]
fn text_from_evidence_cannot_steer_the_terminal() {
    let doc = Doc::new().with("module_id", "i-\u{1b}[2Jx".into());
    let run = judge(&doc.octets(), &[]);
    run.accepted();
    assert!(!run.out.contains('\u{1b}') && run.out.contains("\\u{1b}"));
}

#[test]
fn json_has_its_members() {
    let accepted = judge(&Doc::new().octets(), &["--json"]);
    assert_eq!(accepted.code, 0);
    let value = accepted.json();
    assert_eq!(value["schema"], "fuin-verify/1");
    assert_eq!((&value["accepted"], &value["step"], &value["error"]), (&true.into(), &().into(), &().into()));
    assert_eq!(value["claims"]["anchor"], "development");
    assert_eq!(value["claims"]["pcrs"]["0"], hex::encode([1; 48]));
    let steps: Vec<u64> =
        value["checked"].as_array().unwrap().iter().map(|check| check["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, (1..=22).chain([22, 22]).collect::<Vec<_>>());
    assert!(!value["not_checked"].as_array().unwrap().is_empty());

    let refused = judge(&Doc::new().octets(), &["--json", "--nonce", "00"]);
    assert_eq!(refused.code, 2, "an option that stands twice is no input");
    let refused = run(&[&vector("tampered/t03_signature_bitflip_s.bin"), "--at", "archive", "--json"]);
    assert_eq!(refused.code, 1);
    let value = refused.json();
    assert_eq!((&value["accepted"], &value["step"]), (&false.into(), &17.into()));
    assert_eq!(value["step_name"], "signature");
    assert_eq!(value["claims"], serde_json::Value::Null);
    assert_eq!(value["checked"].as_array().unwrap().len(), 16);
}

#[test]
fn help_is_enough() {
    let help = run(&["--help"]);
    assert_eq!(help.code, 0);
    for word in [
        "--root",
        "--at",
        "--nonce",
        "--allow-debug",
        "--profile",
        "--pcr",
        "--release",
        "--authentic-only",
        "--json",
        "Exit status",
        "Examples",
    ] {
        assert!(help.out.contains(word), "{word}");
    }
}
