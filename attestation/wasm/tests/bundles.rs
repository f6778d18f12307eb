//! Place: none. Evidence bundles as files, `tests/vectors/bundles`: made here, judged here, and again by the module and the command line in `test.mjs`.
//!
//! Written anew with FUIN_WRITE_BUNDLE_VECTORS=1.

#[path = "../../tests/kit/mod.rs"]
mod kit;

use fuin_shared::ids::{PersonId, RaClientId};
use fuin_shared::manifest::{Officer, RaClient};
use fuin_shared::phase::Phase;
use fuin_wasm::desk::{Desk, Slot};
use kit::NOW;
use kit::bundle::{INSTANCE, Service};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const NONCE: &[u8] = b"the caller's nonce";
/// Key number of an officer who is not ours.
const STRANGER: u8 = 41;

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
            proof_key: key,
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

fn samples() -> Vec<(&'static str, Service)> {
    vec![
        ("service", Service::new()),
        (
            "cached",
            Service { doc: Service::new().doc.without("nonce"), ..Service::new() }
                .freshness(NONCE, NOW, INSTANCE),
        ),
        ("somebody-elses", somebody_elses()),
        ("recovering", Service::new().statement(|statement| statement.phase = Phase::Recovering)),
        ("ended", ended()),
        ("unsigned", Service { officer: STRANGER, ..Service::new() }),
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
        (
            "only authenticity",
            "somebody-elses",
            json!({"authentic-only": true, "nonce": null, "pcr": null, "service": null}),
            None,
        ),
    ]
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

#[test]
fn bundles_stay_what_they_are() {
    let write = std::env::var_os("FUIN_WRITE_BUNDLE_VECTORS").is_some();
    let check = |name: String, octets: Vec<u8>| {
        let path = folder().join(&name);
        if write {
            std::fs::write(&path, &octets).unwrap();
        }
        assert!(
            std::fs::read(&path).unwrap() == octets,
            "{name} changed: say why in the changelog, write it anew with FUIN_WRITE_BUNDLE_VECTORS=1"
        );
    };
    for (name, service) in samples() {
        check(format!("{name}.cbor"), service.octets());
    }
    check("root.pem".to_owned(), Service::new().doc.root_pem().into_bytes());
    check("cases.json".to_owned(), format!("{:#}\n", written()).into_bytes());
}

#[test]
fn each_case_ends_at_its_step() {
    let root = Service::new().doc.root_pem();
    let samples = samples();
    let mut desk = Desk::new();
    for (name, file, change, step) in cases() {
        let evidence = samples.iter().find(|sample| sample.0 == file).unwrap().1.octets();
        let options = serde_json::to_vec(&options(&change, &root)).unwrap();
        desk.room(Slot::Evidence, evidence.len()).unwrap().copy_from_slice(&evidence);
        desk.room(Slot::Options, options.len()).unwrap().copy_from_slice(&options);
        let report: Value = serde_json::from_slice(desk.judge()).unwrap();
        assert_eq!(report["accepted"], step.is_none(), "{name}: {report:#}");
        assert_eq!(report["step"], json!(step), "{name}: {}", report["error"]);
    }
}
