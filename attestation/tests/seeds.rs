//! Place: none. The seeds of the fuzz targets are what the test kit makes: tests/fuzz/corpus. They are golden octets, too: a change
//! of an encoding shows here. `FUIN_WRITE_SEEDS=1 cargo test -p fuin-attestation --test seeds` writes them anew.

mod kit;

use fuin_shared::codec;
use fuin_shared::key_statement::KeyAttestation;
use kit::bundle::{INSTANCE, LEDGER, LEDGER_NAME, Service, ledger_key};
use kit::key::{StatedKey, destroyed};
use kit::{Doc, NOW};
use std::fs;
use std::path::Path;

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let (service, key) = (Service::new(), StatedKey::new());
    let destruction = StatedKey { event: Some(destroyed()), ..StatedKey::new() };
    let image = kit::eif::image(&[(1, b"kernel"), (2, b"panic=30"), (5, b"{}"), (3, b"boot"), (3, b"app")]);
    let signed = kit::eif::image(&[(1, b"kernel"), (2, b"panic=30"), (3, b"boot"), (4, &signature())]);
    let with_mode = |mode: u8, image: &[u8]| [&[mode], image].concat();
    vec![
        ("document/definite.bin", Doc::new().octets()),
        ("bundle/document-nonce.cbor", service.octets()),
        ("bundle/instance-nonce.cbor", service.clone().freshness(b"nonce", NOW, INSTANCE).octets()),
        ("bundle/statement.cbor", codec::encode(&service.statement)),
        ("bundle/manifest.cbor", service.parts().manifest.0.clone()),
        ("key/attestation.cbor", key.octets()),
        ("key/no-proof.cbor", codec::encode(&KeyAttestation { ledger: None, ..key.parts() })),
        ("key/statement.cbor", codec::encode(&key.key)),
        ("key/proof-of-link.cbor", codec::encode(&key.proof())),
        ("key/proof-of-destruction.cbor", codec::encode(&destruction.proof())),
        ("eif/plain.bin", with_mode(1, &image)),
        ("eif/signed.bin", with_mode(255, &signed)),
        ("key.vkey", format!("{}\n", ledger_key(LEDGER_NAME, LEDGER).verifier()).into_bytes()),
    ]
}

/// A signature section of the right form.
fn signature() -> Vec<u8> {
    let doc = Doc::new();
    let cose = doc.envelope(b"payload");
    let entry = vec![
        ("signing_certificate".into(), kit::eif::integers(doc.root_pem().as_bytes())),
        ("signature".into(), kit::eif::integers(&cose)),
    ];
    kit::encode(&ciborium::Value::Array(vec![ciborium::Value::Map(entry)]))
}

#[test]
fn seeds_are_what_the_kit_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus");
    for (name, octets) in seeds() {
        let path = folder.join(name);
        if std::env::var_os("FUIN_WRITE_SEEDS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &octets).unwrap();
        }
        let kept = fs::read(&path).unwrap_or_default();
        assert!(kept == octets, "{name} is not what the kit makes; if that was meant, write the seeds anew");
    }
}
