//! Place: none. Whole ceremonies of several people through `fuin ceremony` as processes, with `fuin serve` and an enclave.
//!
//! With `--nocapture` the first test tells the transcript of docs/ceremony.md.

mod new_epoch;
mod rotation;
mod tokens;

use fuin_tests::place::{CUSTODIANS, DESCRIPTION, Enclave, Place, Said, mode, service_in};

#[test]
fn two_of_three_found_a_service_and_bring_it_back() {
    let mut place = Place::new(&Enclave::Process);
    place.found("");
    assert_eq!((mode(&place.path("ada.pem")), mode(&place.path("kei.state"))), (0o600, 0o600));

    place.approve("ada").says("officers still needed: 1");
    place.approve("ada").says("officers still needed: 1");
    place.approve("cem").says("genesis has begun");
    place.tell("approving");
    stranger(&mut place).refuses(" service: ");
    place
        .fuin("approve --host HOST --manifest other.cbor --release release.json --key eve.pem")
        .refuses(" service: ");
    place.tell("a stranger");
    place.share("lea").says("missing: kei, mio");
    place.fuin("status --host HOST").says("missing:     2 of kei, mio");
    place.share("kei").says("missing: mio");
    place.share("mio").says("the enclave is operational");
    place.share("kei").says("kei follows the ledger");
    place.share("lea").says("lea follows the ledger");
    place.tell("shares");
    let card = place.card();
    place.tell("card");
    assert!(card["ledger"]["origin"].as_str().unwrap().starts_with("sign.example/ledger/"));
    assert_eq!(card["rootCommitment"].as_str().unwrap().len(), 64);
    let held: Vec<_> =
        CUSTODIANS.map(|name| std::fs::read(place.path(&format!("{name}.state"))).unwrap()).into();

    place.kill_enclave();
    let state = place.wait_for("uninitialized");
    assert_eq!((&state["needed"], &state["ledgerSize"]), (&2.into(), &1.into()));
    place.approve("ada").refuses("genesis is over");
    place.share("kei").says("1 more needed");
    place.share("kei").refuses("used before");
    let state = place.wait_for("uninitialized");
    assert_eq!((&state["needed"], &state["missing"]), (&1.into(), &["lea", "mio"].as_slice().into()));
    place.share("mio").says("the enclave is operational");
    place.tell("the next boot");
    assert_eq!(place.wait_for("operational")["ledgerSize"], 2);
    assert_eq!(place.card(), card);
    assert!(place.is_ready());
    // The shares are what they were; only the checkpoint moves.
    for (name, held) in CUSTODIANS.iter().zip(&held) {
        let now = std::fs::read(place.path(&format!("{name}.state"))).unwrap();
        assert_eq!(now == *held, *name != "mio", "{name}");
    }
}

/// A custodian of the same name whose pins name another service under the same roots and with the same image.
fn stranger(place: &mut Place) -> Said {
    place.fuin("init officer --name eve --key eve.pem --entry eve.json").says("eve");
    place.fuin("init custodian --name kei --state other.state --entry other.json").says("kei");
    let alone = DESCRIPTION.replace("_quorum = 2", "_quorum = 1").replace("_threshold = 2", "_threshold = 1");
    std::fs::write(place.path("other.toml"), alone).unwrap();
    let made =
        "init manifest --description other.toml --entry eve.json --entry other.json --output other.cbor";
    let service = service_in(&place.fuin(made).says("1 of kei").out);
    place.fuin("init sign --manifest other.cbor --key eve.pem").says("signatures: 1");
    let wrong = "0".repeat(64);
    let join = "init join --state other.state --manifest other.cbor --release release.json --service";
    assert_eq!(place.fuin(&format!("{join} {wrong}")).status, 2);
    place.fuin(&format!("{join} {service}")).says("has joined");
    place.share("other")
}

#[test]
fn an_enclave_killed_in_genesis_leaves_a_state_that_recovers() {
    let mut place = Place::new(&Enclave::Process);
    place.found("");
    place.approve("ada").says("officers still needed: 1");
    // Between two approvals.
    place.kill_enclave();
    place.wait_for("uninitialized");
    place.approve("ben").says("officers still needed: 1");
    place.approve("cem").says("genesis has begun");
    place.approve("ada").refuses("made for another purpose");
    place.share("kei").says("missing: lea, mio");
    // Between two receipts.
    place.kill_enclave();
    let state = place.wait_for("uninitialized");
    assert_eq!((&state["rootCommitment"], &state["ledgerSize"]), (&serde_json::Value::Null, &0.into()));
    place.approve("ada").says("officers still needed: 1");
    place.approve("ben").says("genesis has begun");
    place.share("lea").says("missing: kei, mio");
    place.share("kei").refuses("holds another share already");
    place.fuin("share --host HOST --state kei.state --abandon").says("missing: mio");
    place.share("mio").says("the enclave is operational");
    // Between two shares.
    place.kill_enclave();
    for name in ["kei", "lea"] {
        place.wait_for("uninitialized");
        place.share(name).says("1 more needed");
        place.kill_enclave();
    }
    place.wait_for("uninitialized");
    place.share("lea").says("1 more needed");
    place.share("kei").says("the enclave is operational");
}

#[test]
fn a_custodian_gives_nothing_to_a_ledger_older_than_it_has_seen() {
    let mut place = Place::new(&Enclave::Process);
    place.found("");
    place.approve("ada").says("officers still needed: 1");
    place.approve("ben").says("genesis has begun");
    for name in CUSTODIANS {
        place.share(name).says("receipt given");
    }
    place.share("kei").says("checkpoint of size 1");
    place.share("lea").says("checkpoint of size 1");
    // The host comes back too, with all that it was told.
    place.kill_both(|place| place.copy("data", "yesterday"));
    place.wait_for("uninitialized");
    place.share("lea").says("1 more needed");
    place.share("kei").says("kei follows the ledger: newest checkpoint of size 2");
    place.kill_both(|place| {
        place.copy("data", "today");
        place.copy("yesterday", "data");
    });
    place.wait_for("uninitialized");
    place.share("kei").refuses("size 1 is older than size 2, which this custodian has seen");
    assert_eq!(place.wait_for("uninitialized")["needed"], 2);
    place.kill_both(|place| place.copy("today", "data"));
    place.wait_for("uninitialized");
    place.share("kei").says("1 more needed");
    place.share("mio").says("the enclave is operational");
    assert_eq!(place.wait_for("operational")["ledgerSize"], 3);
}

/// A second enclave beside the first: it gets the root key from that one, and no custodian is there.
#[test]
fn an_enclave_hands_over_to_one_that_was_started_beside_it() {
    let mut place = Place::new(&Enclave::Process);
    place.found("");
    place.approve("ada").says("officers still needed: 1");
    place.approve("ben").says("genesis has begun");
    for name in CUSTODIANS {
        place.share(name).says("receipt given");
    }
    let hand_over = "hand-over --host HOST";
    place.fuin(hand_over).refuses("does not wait for a root key");
    let card = place.card();
    place.tell("before");
    place.start_beside();
    assert_eq!(place.wait_for("uninitialized")["needed"], 2);
    place.fuin("status --host HOST").says("missing:     2 of kei, lea, mio");
    place.fuin(hand_over).says("which is operational");
    // The hand-over, and the boot of the one that took over.
    assert_eq!(place.wait_for("operational")["ledgerSize"], 3);
    assert_eq!(place.card(), card);
    place.share("kei").says("kei follows the ledger: newest checkpoint of size 3");
    place.tell("hand-over");
    assert!(place.is_ready());

    // The one that took over dies. The one before is still there, and does nothing any more.
    place.end_latter();
    place.wait_for("halted");
    place.share("lea").refuses("the enclave is halted");
    place.kill_enclave();
    place.wait_for("uninitialized");
    place.fuin(hand_over).refuses("no other enclave is operational");
    // The shares are what they were.
    place.share("lea").says("1 more needed");
    place.share("mio").says("the enclave is operational");
    assert_eq!(place.wait_for("operational")["ledgerSize"], 4);
}
