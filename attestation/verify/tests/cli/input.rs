//! Place: none. Files and options that cannot be used, and hostile ones.

use crate::{Doc, Files, judge, run, run_command, run_with, vector};
use std::process::Command;

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

/// Whatever is thrown at it: a verdict, in at most 64 MiB of address space.
#[test]
fn hostile_files_need_little_memory() {
    let script =
        "ulimit -v 65536; file=$1; shift; exec \"$0\" \"$@\" \"$file\" --at archive --authentic-only";
    let files = Files::new();
    let real = std::fs::read(vector("real/28_20251110_fastcrypto.bin")).unwrap();
    // Claims of 2^62 octets or entries in every head; nesting as deep as the file is long.
    let claims = |head: u8| [&[head][..], &[0x40, 0, 0, 0, 0, 0, 0, 0], &[0; 1000]].concat();
    let hostile = [
        ("empty", Vec::new()),
        ("truncated", real[..real.len() / 2].to_vec()),
        ("huge", vec![0xa1; 64 << 20]),
        ("arrays", vec![0x81; 300_000]),
        ("maps", [0xa1, 0x00].repeat(150_000)),
        ("tags", vec![0xc1; 300_000]),
        ("open maps", vec![0xbf; 300_000]),
        ("bytes", claims(0x5b)),
        ("text", claims(0x7b)),
        ("array", claims(0x9b)),
        ("map", claims(0xbb)),
        ("base64", b"hEShATgioFkSkalp".repeat(500)),
        ("json", b"{\"bundle\": \"hEShATgioFkSkalp\"}".to_vec()),
    ];
    for (name, octets) in hostile {
        let file = files.write(name, octets);
        for form in [&[][..], &["key"]] {
            let mut command = Command::new("sh");
            command.args(["-c", script, env!("CARGO_BIN_EXE_fuin-verify"), &file]).args(form);
            let run = run_command(&mut command, &[]);
            assert_eq!(run.code, 1, "{name} {form:?}: {}{}", run.out, run.err);
            assert!(run.last().starts_with("evidence: REFUSED (step "), "{name}: {}", run.last());
        }
    }
}

#[test]
fn nitrotpm_documents_say_what_they_are() {
    let doc = Doc::new();
    let registers = doc.fields.iter().find(|field| field.0.as_text() == Some("pcrs")).unwrap().1.clone();
    let run = judge(&doc.without("pcrs").with("nitrotpm_pcrs", registers).octets(), &[]);
    run.refused(7);
    assert!(run.last().contains("NitroTPM"));
}

#[test]
fn text_instead_of_octets_is_recognised() {
    let text = |octets: &[u8]| {
        let run = run_with(octets, &["-"]);
        run.refused(2);
        run.last().to_owned()
    };
    assert!(text(b"{\"bundle\": \"pGhk\"}").contains("JSON"));
    assert!(text(b"\n  {\"bundle\": \"pGhk\"}").contains("JSON"));
    assert!(text(b"8444a1013822a0591191a9696d6f").contains("xxd -r -p"));
    assert!(text(b"hEShATgioFkRkalpbW9kdWxlX2lk").contains("base64 -d"));
}

#[test]
fn standard_input() {
    let octets = std::fs::read(vector("real/28_20251110_fastcrypto.bin")).unwrap();
    run_with(&octets, &["-", "--at", "archive", "--authentic-only"]).accepted();
}
