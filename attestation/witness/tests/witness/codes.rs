//! Place: none. Each row of the table of C2SP tlog-witness, in the library.

use crate::kit::{TestLog, cosigned_at, each_code};
use crate::{open, post, watching};
use fuin_shared::log::add_checkpoint::Answer;
use fuin_shared::log::cosignature::CosignedCheckpoint;
use fuin_shared::log::note::NoteSigner;
use fuin_witness::{Log, Report, WitnessError, origin_id};

#[test]
fn witness_codes() {
    let log = TestLog::new(1, 0);
    let (_place, folder, key) = watching(&log);
    let witness = open(&folder, None);
    each_code(&log, &key, &[], |body| post(&witness, body, 1_700_000_000));
}

#[test]
fn refresh_has_the_new_time_and_size_0_is_cosigned() {
    let log = TestLog::new(1, 0);
    let (_place, folder, key) = watching(&log);
    let witness = open(&folder, None);
    for (old, new, now) in [(0, 0, 4), (0, 0, 5), (0, 8, 6), (8, 8, 9)] {
        let answer = post(&witness, &log.request(old, new), now).answer();
        assert_eq!(cosigned_at(&log, new, &key, &answer), now);
    }
}

#[test]
fn a_clock_at_zero_cosigns_nothing() {
    let log = TestLog::new(1, 0);
    let (_place, folder, _) = watching(&log);
    let refused = open(&folder, None).add_checkpoint(log.request(0, 5).as_bytes(), 0);
    assert!(matches!(refused, Err(WitnessError::Cosignature(_))));
}

#[test]
fn newest_checkpoint_is_served_cosigned() {
    let log = TestLog::new(1, 0);
    let (_place, folder, key) = watching(&log);
    let witness = open(&folder, None);
    let id = origin_id(log.origin());
    assert_eq!(witness.checkpoint(&id, 5).unwrap(), None);
    post(&witness, &log.request(0, 5), 6).answer();
    let note = witness.checkpoint(&id, 7).unwrap().unwrap();
    let cosigned = CosignedCheckpoint::open(&note, log.key(), &[key]).unwrap();
    assert_eq!((cosigned.checkpoint().size, cosigned.cosignatures()[0].time()), (5, 7));
    for other in ["", "..", "key", &id.to_uppercase(), &"0".repeat(64), &format!("{id}.new")] {
        assert_eq!(witness.checkpoint(other, 7).unwrap(), None, "{other}");
    }
}

#[test]
fn logs_and_keys_are_added_while_it_serves() {
    let (log, later) = (TestLog::new(1, 0), TestLog::new(2, 0));
    let (_place, folder, key) = watching(&log);
    let witness = open(&folder, None);
    assert_eq!(post(&witness, &later.request(0, 5), 5).answer(), Answer::UnknownOrigin);
    Log::add(&folder, later.origin(), later.key().clone()).unwrap();
    cosigned_at(&later, 5, &key, &post(&witness, &later.request(0, 5), 5).answer());

    // Rotation: the second key signs for the same origin, and the record stays.
    let second = NoteSigner::from_seed(later.origin(), &[9; 32]).unwrap();
    let note = later.checkpoint(5).sign(&second).unwrap();
    let request = format!("old 5\n\n{note}");
    assert_eq!(post(&witness, &request, 5).answer(), Answer::Untrusted);
    let rotated = Log::add(&folder, later.origin(), second.verifier().clone()).unwrap();
    assert_eq!(rotated.keys().len(), 2);
    assert_eq!(Log::add(&folder, later.origin(), second.verifier().clone()).unwrap(), rotated);
    cosigned_at(&later, 5, &key, &post(&witness, &request, 5).answer());

    let report = Report::read(&folder).unwrap();
    assert_eq!((report.key, report.logs.len()), (key, 2));
    let of = |log: &TestLog| report.logs.iter().find(|(l, _)| l.origin() == log.origin()).unwrap().1.clone();
    assert_eq!((of(&log), of(&later)), (None, Some(later.checkpoint(5))));
}

#[test]
fn configuration_is_refused_by_name() {
    let log = TestLog::new(1, 0);
    let (_place, folder, _) = watching(&log);
    assert!(matches!(Log::new("a b", vec![log.key().clone()]), Err(WitnessError::Origin(_))));
    assert!(matches!(Log::new("a", vec![]), Err(WitnessError::LogKeys(_))));
    assert!(matches!(Log::new("a", vec![log.key().clone(); 2]), Err(WitnessError::LogKeys(_))));
    let keys = (0..5).map(|i| TestLog::new(i, 0).key().clone()).collect();
    assert!(matches!(Log::new("a", keys), Err(WitnessError::LogKeys(_))));
    assert!(matches!(fuin_witness::create(&folder, "w", &[1; 32]), Err(WitnessError::Occupied { .. })));
    assert!(matches!(fuin_witness::create(&folder.join("x"), "a b", &[1; 32]), Err(WitnessError::Key(_))));
}
