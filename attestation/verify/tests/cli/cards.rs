//! Place: none. `fuin-verify card`.

use crate::kit::bundle::{LEDGER, Service, ledger_key};
use crate::{Doc, Files, NONCE, NOW, Run, run};
use fuin_shared::evidence::{LedgerEpoch, LedgerIdentity};
use fuin_shared::ids::RootCommitment;
use fuin_shared::rotation::{RootRotation, RotationStage};
use serde_json::{Value, json};

fn card(service: &Service) -> Value {
    let ledger = service.statement.ledger.as_ref().unwrap();
    json!({
        "version": 1,
        "name": service.manifest.name,
        "service": service.statement.service.to_string(),
        "development": true,
        "measurement": {"pcr0": hex::encode([1; 48]), "pcr1": hex::encode([2; 48]), "pcr2": hex::encode([3; 48])},
        "release": "durable",
        "evidenceAnchors": [Doc::new().root_pem()],
        "ledger": {"origin": ledger.origin, "vkey": ledger.vkey},
        "rootCommitment": service.statement.root_commitment.unwrap().to_string(),
    })
}

/// The card by itself, changed.
fn judge(change: impl FnOnce(&mut Value)) -> Run {
    let mut card = card(&Service::new());
    change(&mut card);
    let files = Files::new();
    run(&["card", &files.write("card.json", card.to_string())])
}

/// Evidence of `service` against the kit's card, changed.
fn against(service: &Service, change: impl FnOnce(&mut Value), more: &[&str]) -> Run {
    let mut card = card(&Service::new());
    change(&mut card);
    let files = Files::new();
    let card = files.write("card.json", card.to_string());
    let evidence = files.write("evidence.cbor", service.octets());
    let (nonce, at) = (hex::encode(NONCE), NOW.to_string());
    run(&[&["card", &card, "--evidence", &evidence, "--nonce", &nonce, "--at", &at], more].concat())
}

fn refused(run: &Run, words: &str) {
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.last().starts_with("card: REFUSED") && run.last().contains(words), "{}", run.last());
}

#[test]
fn a_card_is_shown() {
    let run = judge(|_| ());
    assert_eq!((run.code, run.last()), (0, "card: ACCEPTED"), "{}", run.out);
    for part in ["DEVELOPMENT", "test.example/ledger/1", &hex::encode([2; 48]), "Test service"] {
        assert!(run.out.contains(part), "{part}");
    }
    assert_eq!(judge(|card| card["ledger"] = Value::Null).code, 0, "before there is a ledger");
}

#[test]
fn cards_that_pin_nothing_or_contradict_themselves() {
    refused(&judge(|card| card["version"] = 2.into()), "version");
    refused(&judge(|card| card["colour"] = 1.into()), "not a service card");
    refused(&judge(|card| card["evidenceAnchors"] = json!([])), "evidenceAnchors");
    refused(&judge(|card| card["evidenceAnchors"] = json!(["text"])), "evidenceAnchors");
    refused(&judge(|card| card["measurement"]["pcr2"] = hex::encode([0; 48]).into()), "measurement");
    refused(&judge(|card| card["ledger"]["vkey"] = "x".into()), "ledger.vkey");
    let other = ledger_key("other", LEDGER).verifier().to_string();
    refused(&judge(|card| card["ledger"]["vkey"] = other.into()), "origin");
    refused(&judge(|card| card["development"] = false.into()), "release");
    refused(
        &judge(|card| (card["development"], card["release"]) = (false.into(), "cosigned".into())),
        "vendors' roots",
    );
    run(&["card", "no-such-file"]).unusable("no-such-file");
    run(&["card", "card.json", "--evidence", "e.cbor"]).unusable("--nonce");
}

#[test]
fn evidence_against_a_card() {
    let service = Service::new();
    against(&service, |_| (), &[]).accepted();
    let json = against(&service, |_| (), &["--json"]).json();
    assert_eq!((&json["schema"], &json["accepted"]), (&"fuin-verify-card/1".into(), &true.into()));
    assert_eq!(json["evidence"]["schema"], "fuin-verify/1");
    assert_eq!(json["card"]["name"], "Test service");
}

/// A quorum of witnesses was lost since: the report shows the break, and the old card says what became of it.
#[test]
fn a_card_of_the_epoch_before() {
    let mut service = Service::new();
    let before = service.statement.ledger.clone().unwrap();
    let next = ledger_key("test.example/ledger/2", LEDGER).verifier().clone();
    let after = LedgerIdentity { origin: next.name().to_owned(), vkey: next.to_string() };
    service.statement.ledger = Some(after.clone());
    service.statement.epoch = Some(LedgerEpoch { number: 1, predecessor: before.origin.clone(), index: 57 });
    let old = against(&service, |_| (), &[]);
    old.refused(39);
    assert!(old.out.contains("epoch before") && old.out.contains("new card"), "{}", old.out);
    let new = |card: &mut Value| card["ledger"] = json!({"origin": after.origin, "vkey": after.vkey});
    let run = against(&service, new, &[]);
    run.accepted();
    assert!(run.out.contains("BREAK") && run.out.contains(&before.origin), "{}", run.out);
    let shown = &against(&service, new, &["--json"]).json()["evidence"]["service"]["epoch"];
    assert_eq!(shown, &json!({"number": 1, "predecessor": before.origin, "index": 57}));
    // A stranger's ledger stays a stranger's.
    service.statement.epoch = Some(LedgerEpoch { number: 1, predecessor: "other".into(), index: 57 });
    let other = against(&service, |_| (), &[]);
    other.refused(39);
    assert!(other.out.contains("another ledger"), "{}", other.out);
}

/// While the rotation is under way evidence names both root keys; afterwards the ledger, which goes on under its key, says it.
#[test]
fn a_card_of_a_root_key_before() {
    let mut service = Service::new();
    let before = service.statement.root_commitment.unwrap();
    let after = RootCommitment([0x77; 32]);
    service.statement.root_commitment = Some(after);
    for stage in [RotationStage::Rewrapping, RotationStage::Deleting] {
        service.statement.rotation = Some(RootRotation { from: before, to: after, stage });
        let run = against(&service, |_| (), &[]);
        run.refused(39);
        assert!(run.out.contains("of the root key before") && run.out.contains("new card"), "{}", run.out);
    }
    let remedy = "fuin ledger show --kind root-rotated";
    // That one ended; and the next one is of no root key of the card.
    let others =
        Some(RootRotation { from: RootCommitment([0x66; 32]), to: after, stage: RotationStage::Deleting });
    for rotation in [None, others] {
        service.statement.rotation = rotation;
        let run = against(&service, |_| (), &[]);
        run.refused(39);
        assert!(run.out.contains("rotated since") && run.out.contains(remedy), "{}", run.out);
        assert!(!run.out.contains("another service"), "{}", run.out);
    }
    // Nothing but the root key is pinned: it can be either.
    let run = against(&service, |card| card["ledger"] = Value::Null, &[]);
    run.refused(39);
    assert!(run.out.contains("another service, or the root key was rotated since"), "{}", run.out);
    assert!(run.out.contains(remedy), "{}", run.out);
}

#[test]
fn evidence_that_is_not_of_the_card() {
    let service = Service::new();
    against(&service, |card| card["service"] = "11".repeat(32).into(), &[]).refused(28);
    against(&service, |card| card["measurement"]["pcr1"] = "11".repeat(48).into(), &[]).refused(22);
    against(&service, |card| card["release"] = "cosigned".into(), &[]).refused(30);
    against(&service, |card| card["rootCommitment"] = "11".repeat(32).into(), &[]).refused(39);
    let ledger = |card: &mut Value| {
        card["ledger"] =
            json!({"origin": "other", "vkey": ledger_key("other", LEDGER).verifier().to_string()});
    };
    against(&service, ledger, &[]).refused(39);
    let other = Service { doc: service.doc.clone().without("nonce"), ..service.clone() };
    against(&other, |_| (), &[]).refused(20);
    // A refused card judges nothing.
    let refused_card = against(&service, |card| card["version"] = 2.into(), &["--json"]).json();
    assert_eq!((&refused_card["accepted"], &refused_card["evidence"]), (&false.into(), &().into()));
}
