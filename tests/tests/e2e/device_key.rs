//! Place: none. A credential with a device key: enrolled by `fuin dev --device-key`, signing by `fuin sign`.

use fuin_tests::peers::{assert_valid, documents};
use fuin_tests::programs::{bounded, program, run, scratch};
use fuin_tests::service::{Mode, Service};
use serde_json::Value;
use std::path::PathBuf;

/// The one device key of the installation.
fn key_file(service: &Service) -> PathBuf {
    let mut files = std::fs::read_dir(service.dir().join("device-keys")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

#[test]
fn a_pdf_is_signed_with_a_device_key() {
    let service = Service::fresh(&Mode::DeviceKey);
    let facts = service.facts();
    let credential = facts.credentials.iter().find(|c| c.means == "device-key").expect("a device key");
    let folder = scratch();
    let signed = folder.path().join("signed.pdf");
    let sign = || {
        let mut sign = service.fuin("sign");
        sign.arg(&documents()[0]).arg("-o").arg(&signed).args(["--credential", &credential.id]);
        sign
    };
    run(&mut sign());
    assert_valid(&signed, &facts.trust, 1);

    // What the enclave says of the key names the means, and fuin-verify says it on.
    let (statement, nonce) = (folder.path().join("key.cbor"), "00112233445566778899aabbccddeeff");
    let mut save = service.fuin("key");
    run(save.args(["--credential", &credential.id, "--nonce", nonce, "-o"]).arg(&statement));
    let mut verify = bounded(program("fuin-verify"));
    verify.arg("key").arg(&statement).arg("--root").arg(&facts.evidence_root);
    verify.arg("--release").arg(service.dir().join("release.json"));
    verify.args(["--nonce", nonce, "--service", &facts.service]);
    verify.args(["--allow-development", "--min-release", "durable", "--json"]);
    let report: Value = serde_json::from_str(&run(&mut verify)).unwrap();
    assert_eq!(report["key"]["means"], "device-key");

    // Another key under the name of the linked one authorizes nothing, nor does none: the signer's device refuses, before it
    // asks the service for anything.
    let file = key_file(&service);
    let own = std::fs::read(&file).unwrap();
    run(bounded("openssl")
        .args(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"])
        .arg(&file));
    let refused = sign().output().unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("device key file") && said.contains("not a PKCS#8 key on P-256 of this name"),
        "{said}"
    );
    std::fs::remove_file(&file).unwrap();
    let refused = sign().output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("device key: none with fingerprint"));
    std::fs::write(&file, own).unwrap();
    run(&mut sign());

    // Its signer stops it: at once, and it shows.
    let told = run(service.fuin("suspend").args(["--credential", &credential.id]));
    assert!(told.contains("suspended"), "{told}");
    let refused = sign().output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("disabled"));
    // The signer's other credentials are not touched.
    let other = facts.credentials.iter().find(|c| c.means == "passkey").expect("a passkey");
    run(service.fuin("sign").arg(&documents()[0]).arg("-o").arg(&signed).args(["--credential", &other.id]));
}
