//! Place: none. Lines on the console. On hardware the console is readable only in debug mode; no secret is written anyway.

use std::fmt::Arguments;
use std::io::Write;

/// Writes one line; a console that is gone is no reason to stop.
pub(super) fn log(line: Arguments<'_>) {
    if cfg!(test) {
        // The form that the test harness captures.
        return eprintln!("fuin-enclave: {line}");
    }
    let _ = writeln!(std::io::stderr(), "fuin-enclave: {line}");
}
