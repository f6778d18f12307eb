//! Place: none. SEAL-06 with real programs: once the manifest asks for it, an SCA whose key anybody could copy is granted nothing,
//! and one whose key a maker of hardware certifies is. What stands for the maker here is openssl.

use crate::invalid;
use crate::seal::{seal, sealed};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use fuin_tests::peers::openssl;
use fuin_tests::programs::{bounded, program, run, scratch};
use fuin_tests::service::{Mode, Service};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// A key in PKCS#8, and its certificate by the maker.
fn certified(folder: &Path, name: &str) {
    let path = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    let (key, request, extensions) = (path(&format!("{name}.pem")), path("request.pem"), path("leaf.cnf"));
    std::fs::write(&extensions, "keyUsage = critical,digitalSignature\n").unwrap();
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key]);
    openssl(&["req", "-new", "-key", &key, "-subj", &format!("/CN={name}"), "-out", &request]);
    let (maker, maker_key) = (path("maker.crt"), path("maker.pem"));
    let certificate = path(&format!("{name}.crt"));
    openssl(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &maker,
        "-CAkey",
        &maker_key,
        "-set_serial",
        "7",
        "-days",
        "30",
        "-extfile",
        &extensions,
        "-out",
        &certificate,
    ]);
}

/// A maker's own certificate.
fn maker(folder: &Path) {
    let path = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    let (key, certificate) = (path("maker.pem"), path("maker.crt"));
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key]);
    openssl(&[
        "req",
        "-x509",
        "-new",
        "-key",
        &key,
        "-subj",
        "/CN=Maker of Tokens",
        "-days",
        "30",
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=critical,keyCertSign",
        "-out",
        &certificate,
    ]);
}

/// The officer has the manifest ask for evidence under this maker.
fn ask(service: &Service, folder: &Path) {
    std::fs::write(folder.join("seals.toml"), "required = true\nanchors = [\"maker.crt\"]\n").unwrap();
    let host = service.facts().ceremony.as_str();
    let officer = service.dir().join("keys/officer.pem");
    let fuin = |words: &str| {
        let mut fuin = bounded(program("fuin"));
        fuin.current_dir(folder).args(words.split_whitespace());
        fuin
    };
    let said = run(&mut fuin(&format!("manifest draft --host {host} -o draft.json --seals seals.toml")));
    assert!(said.contains("+ seals: "), "{said}");
    let said = run(fuin("manifest sign --draft draft.json --key").arg(officer));
    assert!(said.contains("without evidence are refused") && said.contains("CN=Maker of Tokens"), "{said}");
    run(&mut fuin(&format!("manifest change --host {host} --draft draft.json")));
}

fn terms(service: &Service, more: &[&str]) -> String {
    let arguments = ["--count", "5", "--class", "invoice", "--quiet"];
    run(seal(service, "mandate", &arguments).args(more)).trim().to_owned()
}

fn grant(service: &Service, id: &str) -> Command {
    seal(service, "grant", &[id, "--approver", "1", "--approver", "3"])
}

fn refused(output: &Output, text: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains(text), "{:?}: {said}", output.status);
}

#[test]
fn seal_06_a_software_key_is_refused_and_one_that_hardware_holds_seals() {
    let service = Service::fresh(&Mode::Sealing);
    let folder = scratch();
    let path = |file: &str| folder.path().join(file).to_str().unwrap().to_owned();
    maker(folder.path());
    certified(folder.path(), "token");
    certified(folder.path(), "other");

    // As long as nothing asks, a key in a file will do, and whoever approves reads so.
    let before = terms(&service, &[]);
    assert!(run(&mut grant(&service, &before)).contains("it may be a file that can be copied"));
    ask(&service, folder.path());

    // The approvers' program refuses; so does the enclave, whoever asks it.
    let software = terms(&service, &[]);
    refused(&grant(&service, &software).output().unwrap(), "the manifest asks for evidence");
    let octets = std::fs::read(service.dir().join("mandates").join(&software).join("terms.cbor")).unwrap();
    let dev: Value = serde_json::from_slice(&std::fs::read(service.dir().join("dev.json")).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let organization =
            fuin_tests::csc::Csc::of(service.facts()).with_token(dev["seal"]["serviceToken"].as_str());
        let request = json!({
            "credentialID": dev["seal"]["credentialID"],
            "mandate": Base64UrlUnpadded::encode_string(&octets),
            "approvals": [],
        });
        let answer = organization.post("/csc/v2/mandates/grant", &request).await;
        assert_eq!(answer.refusal(), invalid("Evidence of the SCA's key is missing"));
    });

    // Evidence of another key; then the token's own.
    let evidence = path("token.crt");
    let other = terms(&service, &["--sca-key", &path("other.pem"), "--sca-evidence", &evidence]);
    refused(&grant(&service, &other).output().unwrap(), "it is of another key");
    let public = path("token.pub");
    openssl(&["pkey", "-in", &path("token.pem"), "-pubout", "-out", &public]);
    let id = terms(&service, &["--sca-public-key", &public, "--sca-evidence", &evidence]);
    let said = run(&mut grant(&service, &id));
    assert!(said.contains("in hardware, says CN=Maker of Tokens") && said.contains("granted:"), "{said}");
    let said = sealed(&service, &id, &folder.path().join("out.pdf"), &["--sca-key", &path("token.pem")]);
    assert_eq!(said["number"], 1);
    // What was granted before goes on.
    sealed(&service, &before, &folder.path().join("before.pdf"), &[]);
}
