//! Place: none. The state machine: every row of the table of C2SP tlog-witness.

use crate::error::WitnessError;
use crate::folder::{Folder, origin_id};
use crate::log::Log;
use crate::record::{self, Record};
use crate::write::Interrupt;
use fuin_shared::log::add_checkpoint::{AddCheckpoint, Answer};
use fuin_shared::log::checkpoint::{Checkpoint, CheckpointError};
use fuin_shared::log::cosignature::{Cosigner, WitnessKey};
use fuin_shared::log::note::SignatureLine;
use fuin_shared::log::proof::verify_consistency;
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A witness that serves. Shared between threads; each origin is served in turn.
pub struct Witness {
    folder: Folder,
    cosigner: Cosigner,
    interrupt: Interrupt,
    /// For each watched origin that was asked for, its lock, and whether its record is known to be durable.
    origins: Mutex<HashMap<String, Arc<Mutex<bool>>>>,
    /// Lock of the list of known origins.
    known: Mutex<()>,
    /// Held as long as this lives; the system frees it when the process dies.
    _lock: File,
}

impl Witness {
    /// Opens the witness in a folder, for this process alone.
    ///
    /// # Errors
    /// [`WitnessError::Amnesia`] for a key without its records; [`WitnessError::NoWitness`], [`WitnessError::Busy`],
    /// [`WitnessError::Exposed`], [`WitnessError::Damaged`], [`WitnessError::File`].
    pub fn open(folder: &Path) -> Result<Self, WitnessError> {
        Self::open_interruptible(folder, Box::new(|_| Ok(())))
    }

    /// As [`Witness::open`], and asks `interrupt` before each step of each write: for tests of crashes.
    ///
    /// # Errors
    /// As [`Witness::open`].
    pub fn open_interruptible(folder: &Path, interrupt: Interrupt) -> Result<Self, WitnessError> {
        let folder = Folder::at(folder);
        let cosigner = folder.cosigner()?;
        let path = folder.lock();
        let lock = File::create(&path).map_err(|error| WitnessError::File { path: path.clone(), error })?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => WitnessError::Busy { path: folder.path().to_owned() },
            TryLockError::Error(error) => WitnessError::File { path, error },
        })?;
        for id in record::known(&folder)? {
            let path = folder.log(&id);
            // Without its configuration an origin is not served, but its record must be there all the same.
            match Log::read(&folder, &id)? {
                Some(log) => drop(Record::read(&folder, &id, log.origin())?),
                None if folder.record(&id).is_file() => {}
                None => return Err(WitnessError::Amnesia { path }),
            }
        }
        if !folder.records().is_dir() {
            return Err(WitnessError::Amnesia { path: folder.records() });
        }
        Ok(Self {
            folder,
            cosigner,
            interrupt,
            origins: Mutex::default(),
            known: Mutex::default(),
            _lock: lock,
        })
    }

    /// The key that verifies its cosignatures.
    #[must_use]
    pub const fn key(&self) -> &WitnessKey {
        self.cosigner.witness()
    }

    /// Answers `POST /add-checkpoint` at `now`, POSIX seconds.
    ///
    /// # Errors
    /// [`WitnessError`] if its own files or clock fail: status 500, nothing is cosigned.
    pub fn add_checkpoint(&self, body: &[u8], now: u64) -> Result<Answer, WitnessError> {
        let Ok(request) = AddCheckpoint::parse(body) else { return Ok(Answer::Malformed) };
        let note = request.note();
        let parsed = Checkpoint::parse(note.text());
        if parsed.as_ref().is_err_and(|error| *error != CheckpointError::NotEmptyRoot) {
            return Ok(Answer::Malformed);
        }
        let id = origin_id(note.text().lines().next().unwrap_or_default());
        let Some(log) = Log::read(&self.folder, &id)? else { return Ok(Answer::UnknownOrigin) };
        let Ok(signed_by) = note.verify(log.keys()) else { return Ok(Answer::Untrusted) };
        // Size 0 with another root than the empty one, signed.
        let Ok(checkpoint) = parsed else { return Ok(Answer::Inconsistent) };
        if request.old() > checkpoint.size {
            return Ok(Answer::Malformed);
        }

        let lock = self.lock_of(&id);
        let mut durable = held(&lock);
        let record = Record::read(&self.folder, &id, log.origin())?;
        let seen = record.checkpoint();
        if request.old() != seen.size {
            return Ok(Answer::Conflict { recorded: seen.size });
        }
        let (old, new) = (seen.size, checkpoint.size);
        if verify_consistency(old, new, request.proof(), &seen.root, &checkpoint.root).is_err() {
            return Ok(Answer::Inconsistent);
        }
        let trusted = signed_by.iter().filter_map(|i| log.keys().get(*i));
        let own: Vec<_> = trusted.map(|key| (key.name(), key.id())).collect();
        let is_own = |line: &&SignatureLine| own.contains(&(line.name(), line.id()));
        let lines: String = note.signatures().iter().filter(is_own).map(SignatureLine::to_text).collect();
        if *seen != checkpoint || record.note().is_none() {
            *durable = false;
        }
        self.record(&id, &format!("{}\n{lines}", note.text()), &mut durable)?;
        Ok(Answer::Cosigned(vec![self.cosigner.cosign(&checkpoint, now)?]))
    }

    /// Answers `GET /<id>/checkpoint`: the newest checkpoint of an origin, cosigned at `now`; none if there is none.
    ///
    /// # Errors
    /// [`WitnessError`] if its own files or clock fail.
    pub fn checkpoint(&self, id: &str, now: u64) -> Result<Option<String>, WitnessError> {
        let is_id = id.len() == 64 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let log = if is_id { Log::read(&self.folder, id)? } else { None };
        let Some(log) = log else { return Ok(None) };
        let lock = self.lock_of(id);
        let mut durable = held(&lock);
        let record = Record::read(&self.folder, id, log.origin())?;
        let Some(note) = record.note() else { return Ok(None) };
        self.record(id, note, &mut durable)?;
        let cosignature = self.cosigner.cosign(record.checkpoint(), now)?;
        Ok(Some(format!("{note}{}", cosignature.to_text())))
    }

    /// Makes a record durable, and the origin known, unless they are. A write that failed half-way, now or in an earlier
    /// process, may show what a loss of power would still take back.
    fn record(&self, id: &str, note: &str, durable: &mut bool) -> Result<(), WitnessError> {
        if !*durable {
            record::write(&self.folder, id, note, &self.interrupt)?;
            let _turn = held(&self.known);
            record::enter(&self.folder, id, &self.interrupt)?;
            *durable = true;
        }
        Ok(())
    }

    /// The lock of a watched origin.
    fn lock_of(&self, id: &str) -> Arc<Mutex<bool>> {
        Arc::clone(held(&self.origins).entry(id.to_owned()).or_default())
    }
}

/// Takes a lock. Whoever panicked with it left files that are whole, so that a poisoned one can be taken.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
