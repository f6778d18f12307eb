//! Place: none. Software nobody here wrote.

use crate::programs::{bounded, program, root, run};
use crate::service::Service;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

/// The Python with pyHanko; made on first use.
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| run(&mut bounded(root().join("scripts/peers-venv"))).trim().into())
}

/// pyHanko's opinion of a PDF, and whether it accepts it.
#[must_use]
pub fn validate(pdf: &Path, trust: &[PathBuf]) -> (bool, Value) {
    let script = root().join("tests/peers/validate.py");
    let output = bounded(python()).arg(script).arg(pdf).arg("--trust").args(trust).output().expect("python");
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("validate.py: {e}\n{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.success(), report)
}

/// Fails unless pyHanko calls every signature valid, whole and trusted.
pub fn assert_valid(pdf: &Path, trust: &[PathBuf], signatures: usize) -> Value {
    let (accepted, report) = validate(pdf, trust);
    assert!(accepted, "{}: {report:#}", pdf.display());
    assert_eq!(
        (&report["valid"], &report["trusted"], &report["intact"]),
        (&true.into(), &true.into(), &true.into())
    );
    assert_eq!(report["indication"], "TOTAL-PASSED");
    assert_eq!(report["signatures"].as_array().map(Vec::len), Some(signatures));
    report
}

/// pyHanko, unaltered, signs `pdf` through `/csc/v1`.
#[must_use]
pub fn sign(service: &Service, credential: &str, digest: &str, pdf: &Path, signed: &Path) -> Output {
    let mut command = bounded(python());
    command.arg(root().join("tests/peers/csc_sign.py")).arg("--dir").arg(service.dir());
    command.args(["--credential", credential, "--digest", digest, "--fuin"]).arg(program("fuin"));
    command.arg(pdf).arg(signed).output().expect("python")
}

/// Runs openssl; it must succeed.
pub fn openssl(arguments: &[&str]) -> String {
    run(bounded("openssl").args(arguments))
}

/// The documents to sign.
#[must_use]
pub fn documents() -> Vec<PathBuf> {
    ["contract.pdf", "contract-object-streams.pdf", "form.pdf"]
        .iter()
        .map(|name| root().join("tests/documents").join(name))
        .collect()
}
