//! Place: none. SEAL-07 with real programs: approvers change by the word of the former ones, and not by the RA's alone.

use crate::seal::{seal, sealed};
use fuin_tests::programs::{run, scratch};
use fuin_tests::service::{Mode, Service};
use std::process::Output;

fn refused(output: &Output, text: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains(text), "{:?}: {said}", output.status);
}

#[test]
fn seal_07_an_approver_leaves_and_another_comes_by_the_word_of_the_former_ones() {
    let service = Service::fresh(&Mode::Sealing);
    let folder = scratch();
    let change = |more: &[&str]| {
        let mut fuin = seal(&service, "approvers", &["--keep", "2", "--keep", "3", "--threshold", "2"]);
        fuin.args(["--add", "CN=Approver 4,O=Fuin Development,C=JP"]).args(more);
        fuin
    };
    // One former approver is not enough, and nobody speaks for the RA but the RA.
    refused(&change(&["--approver", "1"]).output().unwrap(), "Too few approvers");
    let officer = service.dir().join("keys/officer.pem");
    let foreign = change(&["--approver", "1", "--approver", "2", "--ra-key", officer.to_str().unwrap()])
        .output()
        .unwrap();
    refused(&foreign, "The proof is not acceptable");
    // Four would have to sign, of three.
    let mut many =
        seal(&service, "approvers", &["--keep", "1", "--keep", "2", "--keep", "3", "--threshold", "4"]);
    refused(
        &many.args(["--approver", "1", "--approver", "2"]).output().unwrap(),
        "Invalid parameter approver",
    );
    let said = run(&mut change(&["--approver", "1", "--approver", "2"]));
    assert!(said.contains("stay:           2, 3") && said.contains("changed:"), "{said}");

    // Who left approves nothing any more; who came does.
    let arguments = ["--count", "5", "--class", "invoice", "--quiet"];
    let id = run(&mut seal(&service, "mandate", &arguments)).trim().to_owned();
    let grant = |who: [&str; 2]| seal(&service, "grant", &[&id, "--approver", who[0], "--approver", who[1]]);
    refused(&grant(["1", "2"]).output().unwrap(), "Invalid parameter approver");
    assert!(run(&mut grant(["2", "4"])).contains("granted:"));
    sealed(&service, &id, &folder.path().join("out.pdf"), &[]);
}
