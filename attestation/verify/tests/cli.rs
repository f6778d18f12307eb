//! Place: none. The command as people and scripts meet it: exit status, last line, JSON.

#[path = "../../tests/kit/mod.rs"]
mod kit;

use ciborium::Value;
use fuin_shared::manifest::ReleaseMode;
use fuin_shared::phase::Phase;
use kit::bundle::{INSTANCE, Service};
use kit::{Doc, NOW};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NONCE: &[u8] = b"the caller's nonce";

/// What one run gave.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn last(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).expect(&self.out)
    }

    /// Refused at a step, with a last line that says so.
    fn refused(&self, step: u8) {
        assert_eq!(self.code, 1, "{}{}", self.out, self.err);
        let start = format!("evidence: REFUSED (step {step} ");
        assert!(self.last().starts_with(&start), "{}", self.last());
    }

    fn accepted(&self) {
        assert_eq!((self.code, self.last()), (0, "evidence: ACCEPTED"), "{}{}", self.out, self.err);
    }

    fn unusable(&self, word: &str) {
        assert_eq!(self.code, 2, "{}{}", self.out, self.err);
        assert!(self.err.contains(word), "{}", self.err);
        assert!(!self.out.contains("ACCEPTED"));
    }
}

fn run_with(input: &[u8], args: &[&str]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fuin-verify"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The command may stop reading early; that is its right.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(args: &[&str]) -> Run {
    run_with(&[], args)
}

fn vector(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/attestation").join(name);
    path.to_str().unwrap().to_owned()
}

/// Files of one test: evidence, root and release.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, octets: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, octets).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn release() -> String {
    let pcr = |fill: u8| hex::encode([fill; 48]);
    serde_json::json!({"pcrs": {"0": pcr(1), "1": pcr(2), "2": pcr(3)}, "commit": "abc", "inputs": []})
        .to_string()
}

/// Judges octets under the kit's root with everything that is required.
fn judge(octets: &[u8], more: &[&str]) -> Run {
    let files = Files::new();
    let evidence = files.write("evidence.bin", octets);
    let root = files.write("root.pem", Doc::new().root_pem());
    let release = files.write("release.json", release());
    let (nonce, at) = (hex::encode(NONCE), NOW.to_string());
    let mut args = vec![&*evidence, "--root", &root, "--release", &release, "--nonce", &nonce, "--at", &at];
    args.extend(more);
    run(&args)
}

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

#[test]
fn text_from_evidence_cannot_steer_the_terminal() {
    let doc = Doc::new().with("module_id", "i-\u{1b}[2Jx".into());
    let run = judge(&doc.octets(), &[]);
    run.accepted();
    assert!(!run.out.contains('\u{1b}') && run.out.contains("\\u{1b}"));
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
fn a_services_bundle() {
    let service = Service::new();
    let run = judge(&service.octets(), &[]);
    run.accepted();
    for part in [
        "development anchor named by the caller",
        "DEVELOPMENT: protects nobody's keys",
        &service.statement.service.to_string(),
        "operational",
        "durable",
        "NO WITNESSES",
        "- which service: no service id was expected",
    ] {
        assert!(run.out.contains(part), "{part}");
    }
    judge(&service.octets(), &["--service", &service.statement.service.to_string()]).accepted();
    judge(&service.octets(), &["--service", &"11".repeat(32)]).refused(28);
    judge(&service.octets(), &["--min-release", "cosigned"]).refused(30);
    let json = judge(&service.octets(), &["--json"]).json();
    assert_eq!(json["form"], "bundle");
    assert_eq!(json["service"]["service_id"], service.statement.service.to_string());
    assert_eq!(
        (&json["service"]["development"], &json["service"]["phase"]),
        (&true.into(), &"operational".into())
    );
    assert_eq!(json["service"]["release"], "durable");
}

#[test]
fn a_services_bundle_is_refused_for_what_is_wrong() {
    let service = Service::new();
    judge(&service.clone().statement(|s| s.phase = Phase::Recovering).octets(), &[]).refused(29);
    judge(&service.clone().manifest(|m| m.not_after = NOW - 1).octets(), &[]).refused(32);
    let other = Service { doc: service.doc.clone().without("nonce"), ..service.clone() };
    judge(&other.octets(), &[]).refused(20);
    judge(&other.freshness(NONCE, NOW, INSTANCE).octets(), &[]).accepted();
    let pretender = service
        .clone()
        .manifest(|m| (m.development, m.release) = (false, ReleaseMode::Cosigned))
        .statement(|s| s.release = Some(ReleaseMode::Cosigned));
    judge(&pretender.octets(), &[]).refused(31);
    // Without the root's being named, evidence of an emulation is nothing.
    let files = Files::new();
    let evidence = files.write("evidence.bin", service.octets());
    run(&[&evidence, "--at", &NOW.to_string()]).refused(10);
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
