//! Place: none. Requests that race, and kills at any moment: the recorded size never falls, and nothing is cosigned
//! without a record.

use crate::kit::{TestLog, cosigned_at};
use crate::program::{Serving, post, watching};
use fuin_shared::log::add_checkpoint::Answer;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::cosignature::WitnessKey;
use fuin_witness::Report;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

fn recorded(folder: &Path) -> Option<Checkpoint> {
    Report::read(folder).unwrap().logs[0].1.clone()
}

/// Requests for `step` more each, until the witness is gone; notes what was cosigned.
fn grow(log: &TestLog, address: SocketAddr, key: &WitnessKey, step: u64, cosigned: &Mutex<Vec<Checkpoint>>) {
    let mut old = 0;
    loop {
        let new = (old + step).min(1024);
        let Ok(reply) = post(address, &log.request(old, new)) else { return };
        match reply.answer() {
            Answer::Conflict { recorded } => old = recorded,
            Answer::Cosigned(lines) => {
                cosigned_at(log, new, key, &Answer::Cosigned(lines));
                cosigned.lock().unwrap().push(log.checkpoint(new));
                old = new;
            }
            // Another branch was there first.
            Answer::Inconsistent => {}
            answer => panic!("{answer:?}"),
        }
    }
}

#[test]
fn witness_race_and_kill() {
    let (log, fork) = (TestLog::new(1, 0), TestLog::new(1, 9));
    let place = tempfile::tempdir().unwrap();
    let (folder, key) = watching(place.path(), &log);
    let cosigned = Mutex::new(Vec::new());
    let mut before = 0;
    for round in 0..25 {
        let serving = Serving::start(&folder, &[]);
        let address = serving.address;
        std::thread::scope(|scope| {
            // From one head: N, N + K, and another history; none may overwrite the others.
            for (log, step) in [(&log, 1), (&log, 5), (&fork, 3)] {
                let (key, cosigned) = (&key, &cosigned);
                scope.spawn(move || grow(log, address, key, step, cosigned));
            }
            // Somewhere in a write, mostly.
            let mut moment = [0; 1];
            getrandom::fill(&mut moment).unwrap();
            std::thread::sleep(Duration::from_micros(5000 + 120 * u64::from(moment[0])));
            serving.kill();
        });
        let now = recorded(&folder);
        let size = now.as_ref().map_or(0, |now| now.size);
        assert!(size >= before, "round {round}: the record fell from {before} to {size}");
        before = size;
        for cosigned in cosigned.lock().unwrap().iter() {
            assert!(cosigned.size <= size, "round {round}: cosigned {cosigned:?}, recorded {now:?}");
        }
    }
    // All that was cosigned is of one history: that of the record.
    let now = recorded(&folder).unwrap();
    let cosigned = cosigned.into_inner().unwrap();
    assert!(!cosigned.is_empty());
    let history = if now == log.checkpoint(now.size) { &log } else { &fork };
    assert_eq!(now, history.checkpoint(now.size));
    for cosigned in cosigned {
        assert_eq!(cosigned, history.checkpoint(cosigned.size));
    }
}

/// Of all who want to go on from one head, one can.
#[test]
fn of_racing_requests_from_one_head_one_is_cosigned() {
    let log = TestLog::new(1, 0);
    let place = tempfile::tempdir().unwrap();
    let (folder, key) = watching(place.path(), &log);
    let serving = Serving::start(&folder, &[]);
    let head = AtomicU64::new(0);
    for _ in 0..20 {
        let old = head.load(Ordering::SeqCst);
        let won = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for step in 1..=4 {
                let (log, key, head, won, address) = (&log, &key, &head, &won, serving.address);
                scope.spawn(move || match post(address, &log.request(old, old + step)).unwrap().answer() {
                    Answer::Conflict { recorded } => assert!(recorded > old),
                    answer => {
                        cosigned_at(log, old + step, key, &answer);
                        assert!(!won.swap(true, Ordering::SeqCst), "two went on from {old}");
                        head.store(old + step, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(won.load(Ordering::SeqCst));
        assert_eq!(recorded(&folder).unwrap().size, head.load(Ordering::SeqCst));
    }
}
