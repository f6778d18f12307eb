//! Place: none. pyHanko, unaltered, as client of CSC API v1.

use crate::shared;
use fuin_tests::peers::{self, assert_valid, documents};
use fuin_tests::programs::scratch;

#[test]
fn pyhanko_signs_through_v1_and_trusts_the_result() {
    let facts = shared().facts();
    let folder = scratch();
    let signed = folder.path().join("signed.pdf");
    for (curve, digest) in [("P-256", "sha256"), ("P-384", "sha384")] {
        for document in documents() {
            let output = peers::sign(shared(), &facts.credential(curve).id, digest, &document, &signed);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{curve} {}: {said}\n{}", document.display(), shared().logs());
            assert_valid(&signed, &facts.trust, 1);
            std::fs::remove_file(&signed).unwrap();
        }
    }
}

#[test]
fn pyhanko_signs_above_a_signature_of_ours() {
    let facts = shared().facts();
    let folder = scratch();
    let (first, both) = (folder.path().join("first.pdf"), folder.path().join("both.pdf"));
    let credential = &facts.credential("P-256").id;
    let document = &documents()[1];
    let ours =
        shared().fuin("sign").arg(document).arg("-o").arg(&first).args(["--field", "Ours"]).output().unwrap();
    assert!(ours.status.success(), "{}", String::from_utf8_lossy(&ours.stderr));
    let output = peers::sign(shared(), credential, "sha256", &first, &both);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_valid(&both, &facts.trust, 2);
}
