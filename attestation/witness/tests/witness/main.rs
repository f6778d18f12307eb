//! Place: none. The witness against its table, against crashes, and against the loss of its memory.

mod amnesia;
mod codes;
mod crashes;
#[path = "../kit/mod.rs"]
mod kit;

use fuin_shared::log::cosignature::WitnessKey;
use fuin_witness::{Interrupt, Log, Witness, create};
use kit::{Reply, TestLog};
use std::path::{Path, PathBuf};

/// A new witness that watches `log`; the folder goes with the first value.
fn watching(log: &TestLog) -> (tempfile::TempDir, PathBuf, WitnessKey) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("witness");
    let key = create(&folder, "witness.example/w", &[7; 32]).unwrap();
    Log::add(&folder, log.origin(), log.key().clone()).unwrap();
    (place, folder, key)
}

/// Opens with an interrupt that never comes, or the one given.
fn open(folder: &Path, interrupt: Option<Interrupt>) -> Witness {
    match interrupt {
        Some(interrupt) => Witness::open_interruptible(folder, interrupt).unwrap(),
        None => Witness::open(folder).unwrap(),
    }
}

fn post(witness: &Witness, body: &str, now: u64) -> Reply {
    let answer = witness.add_checkpoint(body.as_bytes(), now).unwrap();
    let content_type = Some(answer.content_type().to_owned());
    Reply { status: answer.status(), content_type, body: answer.body().into_bytes() }
}
