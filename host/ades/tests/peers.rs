//! Signed PDFs before software nobody here wrote: poppler, openssl, pyHanko.
//!
//! Needs `pdfsig`, `qpdf` (Debian: poppler-utils, qpdf), `openssl`, and Python 3 for `scripts/peers-venv`.

mod support;

use fuin_ades::pades::{Appearance, SignatureOptions, prepare};
use fuin_shared::algorithm::SignatureAlgorithm;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use support::{DOCUMENTS, SIGNING_TIME, Signer, document, repository};

fn run(command: &mut Command) -> Output {
    let program = command.get_program().to_owned();
    command
        .output()
        .unwrap_or_else(|error| panic!("{program:?}: {error}; install it to run the tests with real peers"))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn python() -> String {
    let output = run(&mut Command::new(repository().join("scripts/peers-venv")));
    assert!(output.status.success(), "scripts/peers-venv: {}", text(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// pyHanko's verdict, with whether it was accepted.
fn pyhanko(pdf: &Path, root: &Path) -> (bool, Value) {
    let script = repository().join("tests/peers/validate.py");
    let output = run(Command::new(python()).arg(script).arg(pdf).arg("--trust").arg(root));
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    (output.status.success(), report)
}

/// Every signature of the PDF must be good for each of the peers.
fn all_agree(pdf: &[u8], signer: &Signer, signatures: usize) {
    let dir = tempfile::tempdir().expect("directory");
    let (file, root) = (dir.path().join("signed.pdf"), dir.path().join("root.pem"));
    std::fs::write(&file, pdf).expect("written");
    std::fs::write(&root, &signer.root_pem).expect("written");

    let output = run(Command::new("qpdf").arg("--check").arg(&file));
    assert!(output.status.success(), "{}", text(&output));

    let report = text(&run(Command::new("pdfsig").arg("-nocert").arg(&file)));
    assert_eq!(report.matches("Signature is Valid.").count(), signatures, "{report}");
    assert_eq!(report.matches("Signature Type: ETSI.CAdES.detached").count(), signatures, "{report}");
    assert_eq!(report.matches("Total document signed").count(), 1, "the newest covers all: {report}");

    let (accepted, report) = pyhanko(&file, &root);
    assert!(accepted, "{report:#}");
    assert_eq!(report["signatures"].as_array().map(Vec::len), Some(signatures), "{report:#}");
    assert_eq!(report["coverage"], "ENTIRE_FILE");
    assert_eq!(report["indication"], "TOTAL-PASSED");
}

fn options() -> SignatureOptions {
    SignatureOptions {
        signer_name: Some("署名 太郎".to_owned()),
        reason: Some("Agreed".to_owned()),
        ..SignatureOptions::new(SIGNING_TIME)
    }
}

#[test]
fn every_document_signed_once_and_twice() {
    for name in DOCUMENTS {
        let signer = Signer::p256();
        let first = signer.sign_pdf(&document(name), &options(), SignatureAlgorithm::EcdsaSha256);
        all_agree(&first, &signer, 1);
        let second = signer.sign_pdf(&first, &options(), SignatureAlgorithm::EcdsaSha384);
        all_agree(&second, &signer, 2);
    }
}

#[test]
fn p384_and_longer_digests() {
    let signer = Signer::p384();
    for algorithm in SignatureAlgorithm::ALL {
        let signed = signer.sign_pdf(&document("contract.pdf"), &options(), algorithm);
        all_agree(&signed, &signer, 1);
    }
}

#[test]
fn a_visible_signature_and_a_filled_field() {
    let signer = Signer::p256();
    let appearance = Appearance::Visible { rect: [72.0, 300.0, 292.0, 350.0] };
    let visible = SignatureOptions { page: 3, appearance, ..options() };
    let signed =
        signer.sign_pdf(&document("contract-object-streams.pdf"), &visible, SignatureAlgorithm::EcdsaSha256);
    all_agree(&signed, &signer, 1);

    let filled = SignatureOptions { field_name: Some("Inspector".to_owned()), ..options() };
    let signed = signer.sign_pdf(&document("form.pdf"), &filled, SignatureAlgorithm::EcdsaSha256);
    all_agree(&signed, &signer, 1);
}

#[test]
fn one_changed_octet_is_noticed() {
    let signer = Signer::p256();
    let signed = signer.sign_pdf(&document("contract.pdf"), &options(), SignatureAlgorithm::EcdsaSha256);
    let dir = tempfile::tempdir().expect("directory");
    let (file, root) = (dir.path().join("changed.pdf"), dir.path().join("root.pem"));
    let place = signed.windows(6).position(|w| w == b"/Title").expect("title") + 8;
    let mut changed = signed;
    changed[place] ^= 1;
    std::fs::write(&file, changed).expect("written");
    std::fs::write(&root, &signer.root_pem).expect("written");
    let (accepted, report) = pyhanko(&file, &root);
    assert!(!accepted, "{report:#}");
    assert_eq!(report["intact"], false, "{report:#}");
    let report = text(&run(Command::new("pdfsig").arg("-nocert").arg(&file)));
    assert!(report.contains("Digest Mismatch"), "{report}");
}

#[test]
fn another_root_is_not_trusted() {
    let signer = Signer::p256();
    let signed = signer.sign_pdf(&document("contract.pdf"), &options(), SignatureAlgorithm::EcdsaSha256);
    let dir = tempfile::tempdir().expect("directory");
    let (file, root) = (dir.path().join("signed.pdf"), dir.path().join("root.pem"));
    std::fs::write(&file, signed).expect("written");
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "30",
    ]);
    openssl
        .args(["-subj", "/CN=Throw-away Root/O=Fuin test/C=JP", "-keyout", "/dev/null", "-out"])
        .arg(&root);
    let output = run(&mut openssl);
    assert!(output.status.success(), "{}", text(&output));
    let (accepted, report) = pyhanko(&file, &root);
    assert!(!accepted, "{report:#}");
    assert_eq!(
        (&report["intact"], &report["trusted"]),
        (&Value::Bool(true), &Value::Bool(false)),
        "{report:#}"
    );
}

#[test]
fn openssl_verifies_the_cms_as_cades() {
    for signer in [Signer::p256(), Signer::p384()] {
        for algorithm in SignatureAlgorithm::ALL {
            let prepared = prepare(&document("contract.pdf"), &options()).expect("prepared");
            let dir = tempfile::tempdir().expect("directory");
            let path = |name: &str| dir.path().join(name);
            let cms = signer.cms(&prepared.document_digest(algorithm.hash()), algorithm);
            std::fs::write(path("cms.der"), cms).expect("written");
            std::fs::write(path("content"), prepared.signed_parts().concat()).expect("written");
            std::fs::write(path("root.pem"), &signer.root_pem).expect("written");
            let verify = |content: &Path| {
                let mut openssl = Command::new("openssl");
                openssl.args([
                    "cms",
                    "-verify",
                    "-binary",
                    "-inform",
                    "DER",
                    "-cades",
                    "-purpose",
                    "any",
                    "-out",
                    "/dev/null",
                ]);
                openssl
                    .arg("-in")
                    .arg(path("cms.der"))
                    .arg("-CAfile")
                    .arg(path("root.pem"))
                    .arg("-content")
                    .arg(content);
                run(&mut openssl)
            };
            let output = verify(&path("content"));
            assert!(output.status.success(), "{algorithm:?}: {}", text(&output));
            std::fs::write(path("other"), b"another content").expect("written");
            assert!(!verify(&path("other")).status.success());
        }
    }
}
