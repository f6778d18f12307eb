//! Place: none. A witness that lost its memory never cosigns again (gap 7 of the ledger's specification).

use crate::kit::TestLog;
use crate::{open, post, watching};
use fuin_witness::{Report, Witness, WitnessError, origin_id};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn refused(folder: &Path) -> WitnessError {
    Witness::open(folder).err().expect("the witness must not start")
}

#[test]
fn key_without_records_is_refused() {
    let log = TestLog::new(1, 0);
    for lost in ["known", "records", "record"] {
        let (_place, folder, _) = watching(&log);
        post(&open(&folder, None), &log.request(0, 5), 5).answer();
        match lost {
            "known" => fs::remove_file(folder.join("known")).unwrap(),
            "records" => fs::remove_dir_all(folder.join("records")).unwrap(),
            _ => fs::remove_file(folder.join("records").join(origin_id(log.origin()))).unwrap(),
        }
        let error = refused(&folder);
        assert!(matches!(error, WitnessError::Amnesia { .. }), "{lost}: {error}");
        assert!(error.to_string().contains("new one in another folder"), "{error}");
        assert!(matches!(Report::read(&folder), Err(WitnessError::Amnesia { .. })), "{lost}");
    }
}

#[test]
fn records_lost_before_the_first_checkpoint_are_missed_too() {
    let (_place, folder, _) = watching(&TestLog::new(1, 0));
    fs::remove_dir_all(folder.join("records")).unwrap();
    assert!(matches!(refused(&folder), WitnessError::Amnesia { .. }));
}

#[test]
fn record_lost_while_serving_cosigns_nothing() {
    let log = TestLog::new(1, 0);
    let (_place, folder, _) = watching(&log);
    let witness = open(&folder, None);
    post(&witness, &log.request(0, 5), 5).answer();
    fs::remove_file(folder.join("records").join(origin_id(log.origin()))).unwrap();
    for (old, new) in [(0, 5), (5, 5), (5, 9)] {
        let answer = witness.add_checkpoint(log.request(old, new).as_bytes(), 6);
        assert!(matches!(answer, Err(WitnessError::Amnesia { .. })), "{answer:?}");
    }
    assert!(witness.checkpoint(&origin_id(log.origin()), 6).is_err());
}

#[test]
fn damaged_records_are_not_guessed() {
    let (log, other) = (TestLog::new(1, 0), TestLog::new(2, 0));
    for damage in
        [String::new(), "x".into(), log.note(5).replace('\n', ""), other.note(5), "a".repeat(200_000)]
    {
        let (_place, folder, _) = watching(&log);
        post(&open(&folder, None), &log.request(0, 5), 5).answer();
        fs::write(folder.join("records").join(origin_id(log.origin())), damage).unwrap();
        assert!(matches!(refused(&folder), WitnessError::Damaged { .. }));
    }
}

#[test]
fn key_is_needed_private_and_whole() {
    let log = TestLog::new(1, 0);
    let (place, folder, _) = watching(&log);
    assert!(matches!(refused(place.path()), WitnessError::NoWitness { .. }));
    let key = folder.join("key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(refused(&folder), WitnessError::Exposed { .. }));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "name\n00\n").unwrap();
    assert!(matches!(refused(&folder), WitnessError::Damaged { .. }));
    fs::remove_file(&key).unwrap();
    assert!(matches!(refused(&folder), WitnessError::NoWitness { .. }));
}

#[test]
fn only_one_program_serves() {
    let (_place, folder, _) = watching(&TestLog::new(1, 0));
    let first = open(&folder, None);
    assert!(matches!(refused(&folder), WitnessError::Busy { .. }));
    drop(first);
    open(&folder, None);
}
