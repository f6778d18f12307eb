//! Place: none.
//!
//! The enclave program of ramdisk 2: start, reap, report.

use std::fmt;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::Pid;

use super::InitError;
use super::settings::Settings;
use crate::layout::WORKLOAD;

/// How the enclave program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this status.
    Exited(i32),
    /// A signal ended it.
    Killed(Signal),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exit status {status}"),
            Self::Killed(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// Starts the enclave program with an empty environment and waits until it ends, reaping whatever else ends meanwhile.
///
/// # Errors
/// [`InitError::Workload`].
pub fn run(settings: &Settings) -> Result<Ending, InitError> {
    let connect = format!("vsock://{}:{}", settings.parent_cid, settings.parent_port);
    let child = Command::new(WORKLOAD)
        .args(["--connect", &connect])
        .env_clear()
        .current_dir("/")
        .spawn()
        .map_err(InitError::Workload)?;
    // The kernel's process numbers fit: pid_t is an i32.
    let pid =
        Pid::from_raw(i32::try_from(child.id()).map_err(|_| InitError::Workload(Errno::ERANGE.into()))?);
    loop {
        match wait() {
            Ok(WaitStatus::Exited(who, status)) if who == pid => return Ok(Ending::Exited(status)),
            Ok(WaitStatus::Signaled(who, signal, _)) if who == pid => {
                return Ok(Ending::Killed(signal));
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(InitError::Workload(error.into())),
        }
    }
}
