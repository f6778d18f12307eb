//! Place: none. How `fuin witness` ends: 0 done, 1 refused or failed, 2 wrong usage.

use crate::kit::TestLog;
use crate::program::{Serving, fuin, post, text, watching};
use fuin_witness::origin_id;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn ends(arguments: &[&str], status: i32, says: &str) {
    let output = fuin(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
    assert!(said.contains(says), "{arguments:?}: {said}");
    assert!(status == 0 || output.stdout.is_empty(), "{arguments:?}: {output:?}");
}

#[test]
fn usage_is_2_and_refusal_is_1() {
    let log = TestLog::new(1, 0);
    let vkey = log.key().to_string();
    let place = tempfile::tempdir().unwrap();
    let (folder, _) = watching(place.path(), &log);
    let (dir, none) = (text(&folder).to_owned(), text(&place.path().join("none")).to_owned());
    let (dir, none) = (dir.as_str(), none.as_str());
    ends(&[], 2, "Usage");
    ends(&["init"], 2, "--dir");
    ends(&["init", "--dir", none, "--name", "a b"], 2, "--name");
    assert!(!Path::new(none).exists(), "a refused name leaves nothing behind");
    ends(&["init", "--dir", dir, "--name", "witness.example/w"], 1, "name a new folder");
    ends(&["add-log", "--dir", dir, "--vkey", "x"], 2, "--vkey");
    ends(&["add-log", "--dir", dir, "--vkey", &vkey, "--origin", "a b"], 2, "--origin");
    ends(&["add-log", "--dir", none, "--vkey", &vkey], 1, "fuin witness init");
    ends(&["add-log", "--dir", dir, "--vkey", &vkey], 0, "");
    ends(&["show", "--dir", none], 1, "fuin witness init");
    ends(&["show", "--dir", dir, "--json"], 0, "");
    ends(&["serve", "--dir", none], 1, "fuin witness init");
    ends(&["serve", "--dir", dir, "--listen", "somewhere"], 2, "--listen");
    for wrong in [["--connections", "0"], ["--connections", "5000"], ["--timeout", "0"], ["--timeout", "61"]]
    {
        ends(&["serve", "--dir", dir, wrong[0], wrong[1]], 2, wrong[0]);
    }
    let serving = Serving::start(&folder, &[]);
    ends(&["serve", "--dir", dir], 1, "another program serves this witness");
    ends(&["show", "--dir", dir], 0, "");
    let taken = serving.address.to_string();
    let other = place.path().join("other");
    ends(&["init", "--dir", text(&other), "--name", "witness.example/o"], 0, "");
    ends(&["serve", "--dir", text(&other), "--listen", &taken], 1, &taken);
}

#[test]
fn amnesia() {
    let log = TestLog::new(1, 0);
    for lost in ["known", "records", "record"] {
        let place = tempfile::tempdir().unwrap();
        let (folder, _) = watching(place.path(), &log);
        let serving = Serving::start(&folder, &[]);
        assert_eq!(post(serving.address, &log.request(0, 5)).unwrap().status, 200);
        serving.kill();
        match lost {
            "known" => fs::remove_file(folder.join("known")).unwrap(),
            "records" => fs::remove_dir_all(folder.join("records")).unwrap(),
            _ => fs::remove_file(folder.join("records").join(origin_id(log.origin()))).unwrap(),
        }
        let (dir, address) = (text(&folder).to_owned(), place.path().join("address"));
        let serve = ["serve", "--dir", &dir, "--address-file", text(&address)];
        ends(&serve, 1, "may never cosign again");
        assert!(!address.exists(), "{lost}: it served");
        ends(&["show", "--dir", &dir], 1, "Make a new one in another folder");
        // Nor does naming the log anew bring the memory back.
        assert_eq!(
            fuin(&["add-log", "--dir", &dir, "--vkey", &log.key().to_string()]).status.code(),
            Some(0)
        );
        ends(&serve, 1, "may never cosign again");
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let (folder, _) = watching(place.path(), &TestLog::new(1, 0));
    fs::set_permissions(folder.join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    ends(&["serve", "--dir", text(&folder)], 1, "chmod 600");
}
