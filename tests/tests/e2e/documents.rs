//! Place: none. Hash type `document` from the signer's device to the key: pyHanko trusts what comes out, and over HTTP nothing
//! but the authorized document is signed.

use crate::{invalid, shared};
use base64ct::{Base64, Encoding};
use fuin_tests::csc::{Csc, ECDSA_SHA256, SHA256, Version};
use fuin_tests::peers::{assert_valid, documents, openssl};
use fuin_tests::programs::{run, scratch};
use fuin_tests::signer::random;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PATH: &str = "/signatures/document";

#[test]
fn documents_authorized_by_their_digest_are_trusted_by_pyhanko() {
    let facts = shared().facts();
    let folder = scratch();
    let signed = folder.path().join("signed.pdf");
    for credential in &facts.credentials {
        for document in documents().iter().take(2) {
            let mut fuin = shared().fuin("sign");
            fuin.arg(document).arg("-o").arg(&signed).args(["--hash-type", "document", "--json"]);
            let told: Value =
                serde_json::from_str(&run(fuin.args(["--credential", &credential.id]))).unwrap();
            assert_eq!(told["hashType"], "document");
            assert_valid(&signed, &facts.trust, 1);
        }
    }
}

/// The token that `fuin sad` prints for this hash.
fn token(credential: &str, kind: &str, hash: &[u8]) -> String {
    let mut fuin = shared().fuin("sad");
    fuin.args(["--credential", credential, "--hash-algo", SHA256, "--hash-type", kind]);
    run(fuin.args(["--hash", &Base64::encode_string(hash)])).trim_end().to_owned()
}

/// DER of fewer than 128 octets.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).ok().filter(|n| *n < 0x80).expect("short");
    [&[tag, length], content].concat()
}

fn attribute(name: &[u8], value: &[u8]) -> Vec<u8> {
    let prefix = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09];
    let name = tlv(0x06, &[&prefix[..], name].concat());
    tlv(0x30, &[name, tlv(0x31, value)].concat())
}

/// Signed attributes: content-type, message-digest, signing-certificate-v2 with the hash alone.
fn attributes(document: &[u8], certificate: &[u8]) -> Vec<u8> {
    let id_data = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
    let named = tlv(0x30, &tlv(0x30, &tlv(0x30, &tlv(0x04, &Sha256::digest(certificate)))));
    let mut list = [
        attribute(&[3], &tlv(0x06, &id_data)),
        attribute(&[4], &tlv(0x04, document)),
        attribute(&[0x10, 0x02, 0x2f], &named),
    ];
    list.sort();
    let content = list.concat();
    [&[0x31, 0x81, u8::try_from(content.len()).unwrap()][..], &content].concat()
}

fn request(credential: &str, sad: &str, attributes: &[u8]) -> Value {
    json!({
        "credentialID": credential,
        "SAD": sad,
        "toBeSigned": [{ "cms": Base64::encode_string(attributes) }],
        "signAlgo": ECDSA_SHA256,
    })
}

#[tokio::test]
async fn only_the_authorized_document_is_signed_and_only_here() {
    let facts = shared().facts();
    let csc = Csc::of(facts);
    let credential = &facts.credential("P-256").id;
    let body = json!({ "credentialID": credential, "certificates": "single" });
    let info = csc.post(&Version::V2.path("credentials/info"), &body).await.ok();
    let certificate = Base64::decode_vec(info["cert"]["certificates"][0].as_str().unwrap()).unwrap();
    let document: [u8; 32] = random();
    let good = attributes(&document, &certificate);

    // A token for documents: no other document, no other certificate, nothing added, no bare hash.
    let sad = token(credential, "document", &document);
    let renamed = attributes(&document, &[&certificate[..], &[0]].concat());
    let longer = [&good[..], &[0]].concat();
    for (wrong, text) in [
        (attributes(&random::<32>(), &certificate), "Hash is not authorized by the SAD"),
        (renamed, "toBeSigned names another certificate than the credential's"),
        (longer, "Invalid parameter toBeSigned"),
    ] {
        let answer = csc.post(PATH, &request(credential, &sad, &wrong)).await;
        assert_eq!(answer.refusal(), invalid(text));
    }
    for hash in [document.to_vec(), Sha256::digest(&good).to_vec()] {
        let request = Version::V2.sign_hash(credential, &sad, &[hash], ECDSA_SHA256);
        let answer = csc.post(&Version::V2.path("signatures/signHash"), &request).await;
        assert_eq!(answer.refusal(), invalid("The SAD is for hashes of the other type"));
    }
    let signatures = csc.post(PATH, &request(credential, &sad, &good)).await.signatures();

    // What was signed are the attributes.
    let folder = scratch();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("c.der"), &certificate).unwrap();
    std::fs::write(path("data"), &good).unwrap();
    std::fs::write(path("signature"), &signatures[0]).unwrap();
    openssl(&[
        "x509",
        "-inform",
        "DER",
        "-in",
        &path("c.der"),
        "-noout",
        "-pubkey",
        "-out",
        &path("key.pem"),
    ]);
    openssl(&[
        "dgst",
        "-sha256",
        "-verify",
        &path("key.pem"),
        "-signature",
        &path("signature"),
        &path("data"),
    ]);
    let again = csc.post(PATH, &request(credential, &sad, &good)).await;
    assert_eq!(again.refusal(), invalid("Invalid parameter SAD"));

    // A token for hashes signs no document.
    let sad = token(credential, "dtbs", &Sha256::digest(&good));
    let answer = csc.post(PATH, &request(credential, &sad, &good)).await;
    assert_eq!(answer.refusal(), invalid("The SAD is for hashes of the other type"));
}
