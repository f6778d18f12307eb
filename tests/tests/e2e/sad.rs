//! Place: none. `fuin sad`, then signHash over plain HTTP on both versions; openssl judges the signatures.

use crate::shared;
use base64ct::{Base64, Encoding};
use fuin_tests::csc::{Csc, ECDSA_SHA256, ECDSA_SHA384, SHA256, SHA384, Version};
use fuin_tests::peers::openssl;
use fuin_tests::programs::{run, run_with, scratch};
use fuin_tests::signer::random;
use serde_json::json;
use sha2::{Digest, Sha256, Sha384};

/// The SAD that `fuin sad --hash` prints.
fn by_arguments(credential: &str, hashes: &[Vec<u8>], oid: &str) -> String {
    let mut fuin = shared().fuin("sad");
    fuin.args(["--credential", credential, "--hash-algo", oid]);
    for hash in hashes {
        fuin.args(["--hash", &Base64::encode_string(hash)]);
    }
    one_line(run(&mut fuin))
}

/// The SAD that `fuin sad --stdin` prints.
fn by_standard_input(credential: &str, hashes: &[Vec<u8>], oid: &str) -> String {
    let list: Vec<_> = hashes.iter().map(|h| Base64::encode_string(h)).collect();
    let request = json!({ "credentialID": credential, "hashes": list, "hashAlgorithmOID": oid, "numSignatures": list.len() });
    let output = run_with(shared().fuin("sad").arg("--stdin"), request.to_string().as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    one_line(String::from_utf8(output.stdout).unwrap())
}

fn one_line(printed: String) -> String {
    let sad = printed.trim_end().to_owned();
    assert!(!sad.is_empty() && !sad.contains(char::is_whitespace), "{printed:?}");
    sad
}

#[tokio::test]
async fn signatures_of_both_versions_verify_with_openssl() {
    let facts = shared().facts();
    let csc = Csc::of(facts);
    let folder = scratch();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, signature, key) = (path("data"), path("signature"), path("key.pem"));
    for (curve, sign_algorithm, oid) in [("P-256", ECDSA_SHA256, SHA256), ("P-384", ECDSA_SHA384, SHA384)] {
        let credential = &facts.credential(curve).id;
        let body = json!({ "credentialID": credential, "certificates": "single" });
        let info = csc.post(&Version::V2.path("credentials/info"), &body).await.ok();
        let der = Base64::decode_vec(info["cert"]["certificates"][0].as_str().unwrap()).unwrap();
        std::fs::write(path("c.der"), der).unwrap();
        openssl(&["x509", "-inform", "DER", "-in", &path("c.der"), "-noout", "-pubkey", "-out", &key]);
        for version in Version::BOTH {
            let contents: [[u8; 32]; 2] = [random(), random()];
            let digest = |octets: &[u8; 32]| match curve {
                "P-384" => Sha384::digest(octets).to_vec(),
                _ => Sha256::digest(octets).to_vec(),
            };
            let hashes: Vec<_> = contents.iter().map(digest).collect();
            let sad = match version {
                Version::V1 => by_arguments(credential, &hashes, oid),
                Version::V2 => by_standard_input(credential, &hashes, oid),
            };
            let request = version.sign_hash(credential, &sad, &hashes, sign_algorithm);
            let signatures = csc.post(&version.path("signatures/signHash"), &request).await.signatures();
            assert_eq!(signatures.len(), 2);
            let name = if curve == "P-384" { "-sha384" } else { "-sha256" };
            for (content, one) in contents.iter().zip(&signatures) {
                std::fs::write(&data, content).unwrap();
                std::fs::write(&signature, one).unwrap();
                openssl(&["dgst", name, "-verify", &key, "-signature", &signature, &data]);
            }
        }
    }
}

#[test]
fn unusable_input_prints_no_sad() {
    let credential = &shared().facts().credential("P-256").id;
    let hash = Base64::encode_string(&[1; 32]);
    let good = json!({ "credentialID": credential, "hashes": [hash], "hashAlgorithmOID": SHA256, "numSignatures": 1 });
    for (name, value) in [
        ("numSignatures", json!(2)),
        ("hashes", json!([])),
        ("hashes", json!(["AAAA"])),
        ("hashAlgorithmOID", json!("1.3.14.3.2.26")),
        ("credentialID", json!("unknown")),
        ("colour", json!("red")),
    ] {
        let mut request = good.clone();
        request[name] = value;
        let output = run_with(shared().fuin("sad").arg("--stdin"), request.to_string().as_bytes());
        assert_eq!(output.status.code(), Some(2), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}
