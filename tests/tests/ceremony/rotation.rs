//! Place: none. Another root key takes over in an operational service, by real programs.

use fuin_tests::place::{CUSTODIANS, Enclave, Place};
use serde_json::Value;

fn founded() -> Place {
    let mut place = Place::new(&Enclave::Process);
    place.found("");
    place.approve("ada").says("officers still needed: 1");
    place.approve("cem").says("genesis has begun");
    for name in CUSTODIANS {
        place.share(name).says("receipt given");
    }
    for name in CUSTODIANS {
        place.share(name).says("follows the ledger");
    }
    place
}

fn status(place: &mut Place) -> Value {
    serde_json::from_str(&place.fuin("status --host HOST --json").says("phase").out).unwrap()
}

const EVIDENCE: &str = "--host HOST --manifest manifest.cbor --release release.json";

/// Up to the officers' order.
fn ordered(place: &mut Place) {
    place.fuin(&format!("rotate draft {EVIDENCE} -o root.draft")).says("signatures needed: 2");
    let sign = |name: &str| format!("rotate sign {EVIDENCE} --draft root.draft --key {name}.pem");
    place.fuin(&sign("ada")).says("signatures: 1 of 2 (ada)");
    place.fuin("rotate begin --host HOST --draft root.draft").refuses("(366)");
    place.fuin(&sign("ben")).says("signatures: 2 of 2 (ada, ben)");
    let begun = place.fuin("rotate begin --host HOST --draft root.draft --json").says("rootCommitment");
    let begun: Value = serde_json::from_str(&begun.out).unwrap();
    assert_eq!(status(place)["rotation"]["to"], begun["rootCommitment"]);
}

#[test]
fn two_of_three_have_another_root_key_take_over_and_delete_the_former_one() {
    let mut place = founded();
    let card = place.card();
    place.tell("before");
    place.share("kei").says("follows the ledger");
    place.fuin("share --host HOST --state kei.state --delete-former").refuses("none of a former root key");
    ordered(&mut place);
    place.share("lea").says("of the next root key").says("missing: kei, mio");
    place.fuin("status --host HOST").says("rotation:    sharing").says("missing:     2 of kei, mio");
    place.share("kei").says("missing: mio");
    place.share("mio").says("that root key is the current one").says("is kept too");
    place.tell("rotation");
    let rotation = status(&mut place)["rotation"].clone();
    // There is no credential: nothing is sealed under the former one.
    assert_eq!((&rotation["stage"], &rotation["recordsLeft"]), (&"deleting".into(), &0.into()));
    assert_eq!(rotation["deletionsMissing"], 2);
    assert_eq!(rotation["from"], card["rootCommitment"]);
    place.fuin("status --host HOST").says("needed:      2 more deletions");

    // A boot between: who has both gives both.
    place.kill_enclave();
    place.wait_for("uninitialized");
    place.share("kei").says("1 more needed");
    place.share("lea").says("the enclave is operational");

    let delete = |name: &str| format!("share --host HOST --state {name}.state --delete-former");
    place.fuin(&delete("lea")).says("1 more needed");
    place.fuin(&delete("lea")).says("1 more needed");
    place.fuin(&delete("mio")).says("the former root key is erased");
    place.tell("deletion");
    assert_eq!(status(&mut place)["rotation"], Value::Null);
    place.fuin(&delete("kei")).says("the former root key is erased");
    // The card names the root key that there is now; the ledger is what it was.
    let new = place.card();
    assert_eq!((&new["rootCommitment"], &new["ledger"]), (&rotation["to"], &card["ledger"]));

    place.kill_enclave();
    place.wait_for("uninitialized");
    place.share("mio").says("1 more needed");
    place.share("kei").says("the enclave is operational");
    assert!(place.is_ready());
}

#[test]
fn an_enclave_that_dies_before_the_last_receipt_has_forgotten_the_new_root_key() {
    let mut place = founded();
    let card = place.card();
    ordered(&mut place);
    place.share("lea").says("missing: kei, mio");
    place.kill_enclave();
    place.wait_for("uninitialized");
    place.share("lea").says("1 more needed");
    place.share("kei").says("the enclave is operational");
    assert_eq!((status(&mut place)["rotation"].clone(), place.card()), (Value::Null, card));
    // What was approved for another boot is not used again.
    place.fuin("rotate begin --host HOST --draft root.draft").refuses("(352)");
    ordered(&mut place);
    place.share("lea").refuses("holds another share already");
    place
        .fuin("share --host HOST --state lea.state --abandon")
        .says("missing: kei, mio")
        .says("set aside, and found again");
    place.share("kei").says("missing: mio");
    place.share("mio").says("that root key is the current one");
    // The one that came to nothing can never be needed now.
    place.share("lea").says("set aside, of no more use");
}

/// Custodians who look in between see whether it took over; what is given up all the same stays in the state.
#[test]
fn a_share_is_set_aside_only_while_its_root_key_is_not_at_work() {
    let mut place = founded();
    ordered(&mut place);
    place.share("lea").says("missing: kei, mio");
    place.kill_enclave();
    place.wait_for("uninitialized");
    place.share("lea").says("1 more needed");
    place.share("kei").says("the enclave is operational");
    place.share("lea").says("is kept too, which was not seen at work yet");
    place.fuin("share --host HOST --state lea.state --abandon").says("is set aside");
    place.fuin("share --host HOST --state kei.state --abandon").refuses("no share of a next root key");
    // Without asking for anything once more.
    ordered(&mut place);
    place.share("lea").says("missing: kei, mio");
    place.share("kei").says("missing: mio");
    place.share("mio").says("that root key is the current one");
    place.fuin("share --host HOST --state lea.state --abandon").refuses("no share of a next root key");
    place.share("lea").says("of the former root key");
}

#[test]
fn who_was_away_until_the_next_rotation_takes_part_in_it() {
    let mut place = founded();
    let copy = std::fs::read(place.path("lea.state")).unwrap();
    ordered(&mut place);
    for name in ["kei", "lea"] {
        place.share(name).says("receipt given");
    }
    place.share("mio").says("that root key is the current one");
    let delete = |name: &str| format!("share --host HOST --state {name}.state --delete-former");
    place.fuin(&delete("lea")).says("1 more needed");
    place.fuin(&delete("mio")).says("the former root key is erased");
    // Kei has seen nothing of that; lea's disk broke, and the copy of the state is of before.
    std::fs::write(place.path("lea.state"), copy).unwrap();
    place.share("lea").refuses("which took over since");
    ordered(&mut place);
    place.share("kei").says("missing: lea, mio").says("set aside, of no more use");
    place.share("lea").says("missing: mio").says("the only one in this state");
    place.share("mio").says("that root key is the current one");
    place.fuin(&delete("lea")).says("nothing to say to the enclave");
    place.fuin(&delete("kei")).says("1 more needed");
    place.fuin(&delete("mio")).says("the former root key is erased");
    place.kill_enclave();
    place.wait_for("uninitialized");
    place.share("kei").says("1 more needed");
    place.share("lea").says("the enclave is operational");
}
