//! Place: none. Files and options that cannot be used, and hostile ones.

use crate::{Files, run, run_with, vector};

#[test]
fn unusable_input_is_status_2() {
    let real = vector("real/28_20251110_fastcrypto.bin");
    run(&["no-such-file"]).unusable("no-such-file");
    run(&["/"]).unusable("cannot read");
    run(&[]).unusable("FILE");
    for (option, value) in [
        ("--nonce", ""),
        ("--nonce", "xyz"),
        ("--nonce", "abc"),
        ("--root", ""),
        ("--root", "no-such.pem"),
        ("--root", &real),
        ("--release", ""),
        ("--release", &real),
        ("--at", ""),
        ("--at", "yesterday"),
        ("--at", "-5"),
        ("--at", "99999999999999999999"),
        ("--pcr", ""),
        ("--pcr", "0"),
        ("--pcr", "0="),
        ("--pcr", "0=00ff"),
        ("--pcr", "x=00"),
        ("--profile", "strict"),
        ("--service", "00"),
    ] {
        run(&[&real, option, value]).unusable(option);
    }
    let zero = format!("0={}", "00".repeat(48));
    run(&[&real, "--pcr", &zero]).unusable("all zero");
    let high = format!("32={}", "11".repeat(48));
    run(&[&real, "--pcr", &high]).unusable("PCR32");
    let json = run(&["no-such-file", "--json"]);
    assert_eq!(json.code, 2);
    assert_eq!(json.json()["accepted"], false);
    assert!(json.json()["error"].as_str().unwrap().contains("no-such-file"));
}

#[test]
fn releases_that_name_no_code_are_unusable() {
    let files = Files::new();
    let real = vector("real/28_20251110_fastcrypto.bin");
    for (text, word) in [
        ("{}", "pcrs"),
        (r#"{"pcrs": {}}"#, "does not name the code"),
        (r#"{"pcrs": {"0": "zz"}}"#, "hexadecimal"),
        (r#"{"pcrs": {"0": "00"}}"#, "48 octets"),
        (r#"{"pcrs": {"x": "00"}}"#, "no register"),
    ] {
        run(&[&real, "--release", &files.write("release.json", text)]).unusable(word);
    }
    let zero = format!(r#"{{"pcrs": {{"0": "{}"}}}}"#, "00".repeat(48));
    run(&[&real, "--release", &files.write("release.json", zero)]).unusable("all zero");
}

#[test]
fn hostile_files_are_refused_with_a_step() {
    run_with(&[], &["-"]).refused(1);
    run_with(&vec![0x84; 1 << 20], &["-"]).refused(1);
    run_with(&vec![0xa1; 1 << 20], &["-"]).refused(24);
    run_with(&vec![0x81; 20_000], &["-"]).refused(2);
    run_with(&vec![0xa1; 20_000], &["-"]).refused(24);
    run_with(b"{\"document\": 1}", &["-"]).refused(2);
    let base64 = run(&[&vector("tampered/t47_base64_text.bin")]);
    base64.refused(2);
    assert!(base64.last().contains("base64 -d"));
}

#[test]
fn standard_input() {
    let octets = std::fs::read(vector("real/28_20251110_fastcrypto.bin")).unwrap();
    run_with(&octets, &["-", "--at", "archive", "--authentic-only"]).accepted();
}
