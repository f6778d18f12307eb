//! Place: none. `fuin sign`, judged by pyHanko, openssl and pdfsig.

use crate::shared;
use fuin_tests::pdf;
use fuin_tests::peers::{assert_valid, documents, openssl, validate};
use fuin_tests::programs::{bounded, run, scratch};
use std::path::Path;

fn sign(document: &Path, credential: &str, signed: &Path) -> String {
    run(shared().fuin("sign").arg(document).arg("-o").arg(signed).args(["--credential", credential]))
}

#[test]
fn every_document_with_every_credential_is_trusted_by_pyhanko() {
    let facts = shared().facts();
    let folder = scratch();
    for credential in &facts.credentials {
        for document in documents() {
            let signed = folder.path().join("signed.pdf");
            sign(&document, &credential.id, &signed);
            let report = assert_valid(&signed, &facts.trust, 1);
            let digest = if credential.key_algorithm == "P-384" { "sha384" } else { "sha256" };
            assert_eq!(report["signatures"][0]["digest"], digest, "{}", document.display());
            assert_eq!(report["signatures"][0]["subFilter"], "/ETSI.CAdES.detached");
        }
    }
}

#[test]
fn both_signatures_of_a_document_signed_twice_hold() {
    let facts = shared().facts();
    let folder = scratch();
    let (once, twice) = (folder.path().join("once.pdf"), folder.path().join("twice.pdf"));
    sign(&documents()[0], &facts.credential("P-256").id, &once);
    sign(&once, &facts.credential("P-384").id, &twice);
    assert_valid(&twice, &facts.trust, 2);
    let said = run(bounded("pdfsig").arg("-nocert").arg(&twice));
    assert_eq!(said.matches("Signature is Valid.").count(), 2, "{said}");
}

#[test]
fn openssl_reads_cms_and_certificate() {
    let facts = shared().facts();
    let folder = scratch();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let root = facts.trust[0].to_str().unwrap();
    for credential in &facts.credentials {
        let signed = folder.path().join("signed.pdf");
        sign(&documents()[0], &credential.id, &signed);
        let signature = pdf::signature(&std::fs::read(&signed).unwrap());
        std::fs::write(path("s.p7s"), &signature.cms).unwrap();
        std::fs::write(path("data"), &signature.covered).unwrap();
        let (cms, data, signer) = (path("s.p7s"), path("data"), path("signer.pem"));
        openssl(&[
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            &cms,
            "-content",
            &data,
            "-CAfile",
            root,
            "-purpose",
            "any",
            "-cades",
            "-signer",
            &signer,
            "-out",
            "/dev/null",
        ]);
        let text = openssl(&["x509", "-in", &signer, "-noout", "-text"]);
        assert!(text.contains("Subject: C = JP, O = Fuin Development, CN = Development Signer"), "{text}");
        assert!(text.contains("X509v3 Key Usage: critical\n                Non Repudiation\n"), "{text}");
        let curve = if credential.key_algorithm == "P-384" { "secp384r1" } else { "prime256v1" };
        assert!(text.contains(&format!("ASN1 OID: {curve}")), "{text}");
        // The same CMS over other octets.
        let mut altered = signature.covered.clone();
        altered[100] ^= 1;
        std::fs::write(&data, altered).unwrap();
        let refused = bounded("openssl")
            .args([
                "cms", "-verify", "-binary", "-inform", "DER", "-in", &cms, "-content", &data, "-CAfile",
                root,
            ])
            .args(["-purpose", "any", "-out", "/dev/null"])
            .output()
            .unwrap();
        assert!(!refused.status.success());
    }
}

/// The judges can say no.
#[test]
fn altered_document_is_refused_by_the_validator() {
    let facts = shared().facts();
    let folder = scratch();
    let signed = folder.path().join("signed.pdf");
    sign(&documents()[0], &facts.credential("P-256").id, &signed);
    let mut octets = std::fs::read(&signed).unwrap();
    let at = octets.windows(6).position(|w| w == b"stream").unwrap() + 20;
    octets[at] ^= 1;
    std::fs::write(&signed, octets).unwrap();
    let (accepted, report) = validate(&signed, &facts.trust);
    assert!(!accepted && report["intact"] != true, "{report:#}");
}

#[test]
fn unusable_input_leaves_no_output() {
    let folder = scratch();
    let (input, output) = (folder.path().join("in.pdf"), folder.path().join("out.pdf"));
    std::fs::write(&input, b"no PDF").unwrap();
    for (document, credential, status) in [
        (input.as_path(), None, 2),
        (Path::new("/nonexistent.pdf"), None, 2),
        (documents()[0].as_path(), Some("unknown"), 2),
    ] {
        let mut fuin = shared().fuin("sign");
        fuin.arg(document).arg("-o").arg(&output);
        if let Some(credential) = credential {
            fuin.args(["--credential", credential]);
        }
        let refused = fuin.output().unwrap();
        assert_eq!(
            refused.status.code(),
            Some(status),
            "{document:?}: {}",
            String::from_utf8_lossy(&refused.stderr)
        );
        assert!(!refused.stderr.is_empty() && !output.exists());
    }
    let nowhere = folder.path().join("missing").join("out.pdf");
    let refused = shared().fuin("sign").arg(&documents()[0]).arg("-o").arg(nowhere).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--output"));
}
