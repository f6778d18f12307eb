#![allow(
    unsafe_code,
    reason = "an exported name is an unsafe attribute, because it could collide with another; there is no unsafe block here"
)]
//! Place: none. The functions that the module exports. A caller asks for room, writes into it, asks for the judgement and reads the answer, all in the
//! module's own memory; nothing here follows an address that it was given.

use crate::desk::{Desk, Slot};
use std::sync::{Mutex, MutexGuard, PoisonError};

static DESK: Mutex<Desk> = Mutex::new(Desk::new());

/// A panic ends the module's instance, so a poisoned desk is never seen there.
fn desk() -> MutexGuard<'static, Desk> {
    DESK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Room for `length` octets in slot 0 (evidence) or 1 (options); null when that is too much or there is no such slot. Good until the next call for the
/// same slot or [`fuin_judge`].
#[unsafe(no_mangle)]
extern "C" fn fuin_room(slot: u32, length: usize) -> *mut u8 {
    let mut desk = desk();
    let room = Slot::of(slot).and_then(|slot| desk.room(slot, length));
    room.map_or(std::ptr::null_mut(), <[u8]>::as_mut_ptr)
}

/// Judges; returns the length of the report.
#[unsafe(no_mangle)]
extern "C" fn fuin_judge() -> usize {
    desk().judge().len()
}

/// Where the report lies. Good until the next [`fuin_judge`].
#[unsafe(no_mangle)]
extern "C" fn fuin_answer() -> *const u8 {
    desk().answer().as_ptr()
}
