//! Place: none. Races, and a crash at every step of every write.

use crate::kit::{TestLog, cosigned_at};
use crate::{open, post, watching};
use fuin_shared::log::add_checkpoint::Answer;
use fuin_witness::{Report, Step, Witness, WitnessError};
use proptest::prelude::*;
use std::io::Error;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

fn recorded(folder: &Path) -> u64 {
    let report = Report::read(folder).unwrap();
    report.logs[0].1.as_ref().map_or(0, |checkpoint| checkpoint.size)
}

#[test]
fn witness_race_and_kill_concurrent_sizes_never_fall() {
    let log = TestLog::new(1, 0);
    let (_place, folder, key) = watching(&log);
    let witness = open(&folder, None);
    let largest = AtomicU64::new(0);
    // Each thread wants other steps from the same head; whoever comes second learns of it by 409.
    std::thread::scope(|scope| {
        for step in 1..=4 {
            let (witness, log, key, folder, largest) = (&witness, &log, &key, &folder, &largest);
            scope.spawn(move || {
                let mut old = 0;
                for _ in 0..25 {
                    let new = old + step;
                    match post(witness, &log.request(old, new), 5).answer() {
                        Answer::Conflict { recorded } => {
                            assert!(recorded > old, "the record fell from {old} to {recorded}");
                            old = recorded;
                        }
                        answer => {
                            cosigned_at(log, new, key, &answer);
                            assert!(recorded(folder) >= new, "cosigned without a record");
                            largest.fetch_max(new, Ordering::SeqCst);
                            old = new;
                        }
                    }
                }
            });
        }
    });
    assert_eq!(recorded(&folder), largest.load(Ordering::SeqCst));
    assert!(recorded(&folder) > 0);
}

#[test]
fn witness_race_and_kill_at_every_step_of_every_write() {
    let log = TestLog::new(1, 0);
    let steps = [Step::Create, Step::Write, Step::Sync, Step::Rename, Step::SyncFolder];
    // The first checkpoint writes the record and the list of origins, later ones both again.
    for first in [true, false] {
        for crash in 0..steps.len() * 2 {
            let (_place, folder, key) = watching(&log);
            if !first {
                post(&open(&folder, None), &log.request(0, 3), 5).answer();
            }
            let before = recorded(&folder);
            let passed = Mutex::new(Vec::new());
            let witness = open(
                &folder,
                Some(Box::new(move |step| {
                    let mut passed = passed.lock().unwrap();
                    if passed.len() == crash {
                        return Err(Error::other("crash"));
                    }
                    passed.push(step);
                    Ok(())
                })),
            );
            let answer = witness.add_checkpoint(log.request(before, 7).as_bytes(), 6);
            assert!(matches!(answer, Err(WitnessError::File { .. })), "{crash}: {answer:?}");
            // In the same process the next answer comes only with a durable record, here never.
            let now = recorded(&folder);
            assert!(now == before || now == 7);
            let again = witness.add_checkpoint(log.request(now, 7).as_bytes(), 6);
            assert!(again.is_err(), "{crash}: {again:?}");
            drop(witness);

            let witness = open(&folder, None);
            let now = recorded(&folder);
            assert!(now == before || now == 7, "{crash}: {now}");
            cosigned_at(&log, 9, &key, &post(&witness, &log.request(now, 9), 7).answer());
            drop(witness);
            assert_eq!(recorded(&folder), 9);
            open(&folder, None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn witness_race_and_kill_any_history(moves in proptest::collection::vec((1u64..40, 0u32..16, any::<bool>()), 1..20)) {
        let log = TestLog::new(1, 0);
        let fork = TestLog::new(1, 9);
        let (_place, folder, key) = watching(&log);
        let mut cosigned = 0;
        for (growth, crash, forks) in moves {
            let left = Mutex::new(crash);
            let interrupt = move |_| {
                let mut left = left.lock().unwrap();
                *left = left.checked_sub(1).ok_or_else(|| Error::other("crash"))?;
                Ok(())
            };
            let witness = Witness::open_interruptible(&folder, Box::new(interrupt)).unwrap();
            let old = recorded(&folder);
            let new = old + growth;
            if forks && old > 3 {
                let refused = witness.add_checkpoint(fork.request(old, new).as_bytes(), 5).unwrap();
                prop_assert_eq!(refused, Answer::Inconsistent);
            }
            if let Ok(answer) = witness.add_checkpoint(log.request(old, new).as_bytes(), 5) {
                cosigned_at(&log, new, &key, &answer);
                cosigned = new;
            }
            prop_assert!(recorded(&folder) >= old.max(cosigned));
        }
    }
}
