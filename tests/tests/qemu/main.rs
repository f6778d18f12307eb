//! Place: none. The whole service with its enclave in QEMU, from the image that scripts/build-eif writes.
//!
//! It boots the image twice, so it runs only when asked: `cargo test -p fuin-tests --test qemu -- --ignored`, as scripts/test does.
//! `FUIN_EIF` names another image; its release.json lies beside it.

use fuin_tests::ledger::Ledger;
use fuin_tests::peers::{self, assert_valid, documents};
use fuin_tests::programs::{bounded, image, program, run, scratch};
use fuin_tests::service::{Mode, Service};
use fuin_tests::signer::{Signer, random};
use std::path::Path;

/// Evidence with a fresh nonce, compared with the build.
fn evidence_holds(service: &Service, release: &Path, folder: &Path) {
    let (file, nonce) = (folder.join("evidence.cbor"), hex::encode(random::<32>()));
    run(service.fuin("evidence").args(["--nonce", &nonce, "-o"]).arg(&file));
    let facts = service.facts();
    let verify = |nonce: &str, root: Option<&Path>| {
        let mut verify = bounded(program("fuin-verify"));
        verify.arg(&file).args(["--nonce", nonce, "--service", &facts.service, "--release"]).arg(release);
        verify.args(["--allow-development", "--min-release", "durable"]);
        if let Some(root) = root {
            verify.arg("--root").arg(root);
        }
        let output = verify.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, said) = verify(&nonce, Some(&facts.evidence_root));
    assert_eq!(status, Some(0), "{said}");
    assert!(said.lines().any(|line| line.starts_with("evidence: ACCEPTED")), "{said}");
    assert_eq!(verify(&hex::encode(random::<32>()), Some(&facts.evidence_root)).0, Some(1));
    assert_eq!(verify(&nonce, None).0, Some(1), "accepted under the vendor's root");
}

#[tokio::test]
#[ignore = "boots an enclave image in QEMU; scripts/test runs it"]
async fn an_image_boots_signs_and_finds_its_credentials_again() {
    let (image, folder) = (image(), scratch());
    let release = image.with_file_name("release.json");
    let (mode, dir) = (Mode::Qemu(image), folder.path().join("dev"));
    let service = Service::start(&mode, &dir);
    let first = service.facts().clone();
    evidence_holds(&service, &release, folder.path());
    let signed = folder.path().join("signed.pdf");
    for credential in &first.credentials {
        let mut sign = service.fuin("sign");
        run(sign.arg(&documents()[0]).arg("-o").arg(&signed).args(["--credential", &credential.id]));
        assert_valid(&signed, &first.trust, 1);
    }
    let output = peers::sign(&service, &first.credential("P-256").id, "sha256", &documents()[1], &signed);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_valid(&signed, &first.trust, 1);
    service.stop();
    let before = Ledger::read(&dir).await;

    let service = Service::start(&mode, &dir);
    assert_eq!(
        (&service.facts().credentials, &service.facts().service),
        (&first.credentials, &first.service)
    );
    evidence_holds(&service, &release, folder.path());
    Signer::new(service.facts(), "P-384").await.works().await;
    run(service.fuin("sign").arg(&documents()[2]).arg("-o").arg(&signed));
    assert_valid(&signed, &first.trust, 1);
    service.stop();
    let after = Ledger::read(&dir).await;
    assert_eq!(after.entries[..before.entries.len()], before.entries[..]);
    assert_eq!((after.sums().signed, after.sums().boots), (5, before.sums().boots + 1));
}
