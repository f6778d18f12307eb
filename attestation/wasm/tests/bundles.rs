//! Place: none. Evidence bundles and key statements as files, `tests/vectors/bundles`, judged here, and again by the module and the command line in
//! `test.mjs`.
//!
//! FUIN_WRITE_BUNDLE_VECTORS=1 writes them anew.

#[path = "../../tests/kit/mod.rs"]
mod kit;

use fuin_shared::ids::{PersonId, RaClientId};
use fuin_shared::manifest::{Officer, RaClient};
use fuin_shared::phase::Phase;
use fuin_wasm::desk::{Desk, Slot};
use kit::NOW;
use kit::bundle::{INSTANCE, Service};
use kit::key::{SPKI, StatedKey};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const NONCE: &[u8] = b"the caller's nonce";
/// Key number of an officer who is not ours.
const STRANGER: u8 = 41;
const THEIR_RA: u8 = 42;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/bundles")
}

/// The true code (same registers), provisioned by somebody else: own officer, own RA client.
fn somebody_elses() -> Service {
    let key =
        fuin_shared::key::Spki::from(&fuin_shared::key::PublicKey::P384(*kit::key(STRANGER).verifying_key()));
    let mut service = Service::new().manifest(|manifest| {
        manifest.officers = vec![Officer { id: PersonId::new("stranger").unwrap(), key: key.clone() }];
        manifest.ra_clients = vec![RaClient {
            id: RaClientId::new("their-ra").unwrap(),
            proof_key: fuin_shared::key::Spki::from(&fuin_shared::key::PublicKey::P384(
                *kit::key(THEIR_RA).verifying_key(),
            )),
            authorities: Vec::new(),
            relying_parties: Vec::new(),
        }];
    });
    service.officer = STRANGER;
    service
}

fn ended() -> Service {
    Service::new().manifest(|manifest| manifest.not_after = NOW - 1)
}

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let cached = Service { doc: Service::new().doc.without("nonce"), ..Service::new() };
    let destroyed = StatedKey { event: Some(kit::key::destroyed()), ..StatedKey::new() };
    let mut unproven = StatedKey::new().parts();
    unproven.ledger = None;
    vec![
        ("service", Service::new().octets()),
        ("cached", cached.freshness(NONCE, NOW, INSTANCE).octets()),
        ("somebody-elses", somebody_elses().octets()),
        ("recovering", Service::new().statement(|statement| statement.phase = Phase::Recovering).octets()),
        ("ended", ended().octets()),
        ("unsigned", Service { officer: STRANGER, ..Service::new() }.octets()),
        ("key", StatedKey::new().octets()),
        ("key-unproven", fuin_shared::codec::encode(&unproven)),
        ("key-destroyed", destroyed.octets()),
        ("key-of-somebody-else", StatedKey::new().service(|_| somebody_elses()).octets()),
    ]
}

/// What is asked of the sample `service`, everything as it should be.
fn asked() -> Value {
    json!({
        "at": NOW,
        "nonce": hex::encode(NONCE),
        "pcr": (0..3).map(|index| format!("{index}={}", format!("{:02x}", index + 1).repeat(48))).collect::<Vec<_>>(),
        "service": Service::new().statement.service.to_string(),
        "min-release": "durable",
        "allow-development": true,
    })
}

/// Name, file, changes of the options (null: left out), the step that refuses.
fn cases() -> Vec<(&'static str, &'static str, Value, Option<u8>)> {
    vec![
        ("all that was asked for", "service", json!({}), None),
        ("a cached document and the instance's word", "cached", json!({}), None),
        ("true code under a manifest that somebody else wrote", "somebody-elses", json!({}), Some(28)),
        (
            "the same by its own service id",
            "somebody-elses",
            json!({"service": somebody_elses().statement.service.to_string()}),
            None,
        ),
        ("another nonce", "service", json!({"nonce": "00"}), Some(20)),
        ("other code", "service", json!({"pcr": [format!("0={}", "99".repeat(48))]}), Some(22)),
        ("too old", "service", json!({"at": NOW + 361}), Some(19)),
        ("not operational", "recovering", json!({}), Some(29)),
        ("cosigned release wanted", "service", json!({"min-release": "cosigned"}), Some(30)),
        (
            "manifest past its end",
            "ended",
            json!({"service": ended().statement.service.to_string()}),
            Some(32),
        ),
        ("manifest signed by somebody else", "unsigned", json!({}), Some(26)),
        ("under AWS's root", "service", json!({"root": null}), Some(10)),
        ("a key statement", "key", key(json!({})), None),
        ("a key statement without a ledger's proof", "key-unproven", key(json!({})), None),
        ("a key statement for another key", "key", key(json!({"spki": "11".repeat(32)})), Some(38)),
        ("a key statement of another service", "key-of-somebody-else", key(json!({})), Some(28)),
        ("a key statement with the event of something else", "key-destroyed", key(json!({})), Some(35)),
        ("a bundle that is no key statement", "service", key(json!({})), Some(33)),
        ("a key statement that is no bundle", "key", json!({}), Some(24)),
        (
            "only authenticity",
            "somebody-elses",
            json!({"authentic-only": true, "nonce": null, "pcr": null, "service": null}),
            None,
        ),
    ]
}

/// Changes for a key statement.
fn key(mut change: Value) -> Value {
    change["kind"] = "key".into();
    if change.get("spki").is_none() {
        change["spki"] = SPKI.to_string().into();
    }
    change
}

fn options(change: &Value, root: &str) -> Value {
    let mut options = asked();
    options["root"] = root.into();
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(options.as_object_mut().unwrap().remove(name)),
            value => options[name] = value.clone(),
        }
    }
    options
}

/// The cases as `test.mjs` reads them. Roots are named by their file.
fn written() -> Value {
    let case = |(name, file, change, step): (&str, &str, Value, Option<u8>)| {
        let mut options = options(&change, "root.pem");
        let root = options.as_object_mut().unwrap().remove("root");
        json!({"name": name, "file": format!("{file}.cbor"), "root": root, "options": options, "step": step})
    };
    cases().into_iter().map(case).collect()
}

/// Writes the files anew where that is asked for; then whatever lies there is judged.
fn files() -> Value {
    if std::env::var_os("FUIN_WRITE_BUNDLE_VECTORS").is_some() {
        for (name, octets) in samples() {
            std::fs::write(folder().join(format!("{name}.cbor")), octets).unwrap();
        }
        std::fs::write(folder().join("root.pem"), Service::new().doc.root_pem()).unwrap();
        std::fs::write(folder().join("cases.json"), format!("{:#}\n", written())).unwrap();
    }
    serde_json::from_slice(&read("cases.json")).unwrap()
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

#[test]
fn each_case_ends_at_its_step() {
    let written = files();
    let all = written.as_array().unwrap();
    assert_eq!(
        all.len(),
        cases().len(),
        "cases.json lacks cases: write it anew with FUIN_WRITE_BUNDLE_VECTORS=1"
    );
    let mut desk = Desk::new();
    for case in all {
        let evidence = read(case["file"].as_str().unwrap());
        let mut options = case["options"].clone();
        if let Some(root) = case["root"].as_str() {
            options["root"] = String::from_utf8(read(root)).unwrap().into();
        }
        let options = serde_json::to_vec(&options).unwrap();
        desk.room(Slot::Evidence, evidence.len()).unwrap().copy_from_slice(&evidence);
        desk.room(Slot::Options, options.len()).unwrap().copy_from_slice(&options);
        let report: Value = serde_json::from_slice(desk.judge()).unwrap();
        let (name, step) = (&case["name"], &case["step"]);
        assert_eq!(report["accepted"], step.is_null(), "{name}: {report:#}");
        assert_eq!(report["step"], *step, "{name}: {}", report["error"]);
    }
}
