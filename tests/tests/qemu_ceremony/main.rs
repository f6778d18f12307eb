//! Place: none. A whole ceremony with the enclave in QEMU: founded by two of three officers, brought back by two of three
//! custodians, and then a document is signed.
//!
//! It boots the image twice, so it runs only when asked, as scripts/test does:
//! `cargo test -p fuin-tests --test qemu_ceremony -- --ignored --nocapture` tells the transcript of docs/ceremony.md.
//! `FUIN_EIF` names another image; its release.json lies beside it.

use fuin_tests::peers::{assert_valid, documents};
use fuin_tests::place::{Enclave, Place};
use fuin_tests::programs::{bounded, image, program, run};
use fuin_tests::registration::Registration;

#[test]
#[ignore = "boots an enclave image in QEMU; scripts/test runs it"]
fn two_of_three_custodians_bring_the_enclave_back_in_qemu_and_it_signs() {
    let mut place = Place::new(&Enclave::Image(image()));
    let registration = Registration::new(&place);
    place.found(&Registration::described());
    place.approve("ada").says("officers still needed: 1");
    place.approve("cem").says("genesis has begun");
    place.tell("approving");
    place.share("lea").says("missing: kei, mio");
    place.fuin("status --host HOST").says("missing:     2 of kei, mio");
    place.share("kei").says("missing: mio");
    place.share("mio").says("the enclave is operational");
    for name in ["kei", "lea"] {
        place.share(name).says("follows the ledger: newest checkpoint of size 1");
    }
    place.tell("shares");
    let card = place.card();
    place.tell("card");

    // Host and enclave stop; mio stays away.
    place.kill_both(|_| ());
    let state = place.wait_for("uninitialized");
    assert_eq!((&state["needed"], &state["ledgerSize"]), (&2.into(), &1.into()));
    place.approve("ada").refuses("genesis is over");
    place.share("kei").says("1 more needed");
    place.share("kei").refuses("used before");
    place.share("lea").says("the enclave is operational");
    place.tell("the next boot");
    assert_eq!(place.wait_for("operational")["ledgerSize"], 2);
    assert_eq!(place.card(), card);
    assert!(place.is_ready());

    let credential = registration.enrol(&place);
    let signed = place.path("signed.pdf");
    let mut sign = bounded(program("fuin"));
    sign.arg("sign").arg(&documents()[0]).arg("-o").arg(&signed).arg("--dir").arg(place.path(""));
    let said = run(sign.args(["--credential", credential.as_str()]));
    assert!(said.contains("evidence verified: service "), "{said}");
    assert_valid(&signed, &Registration::trust(&place), 1);
}
