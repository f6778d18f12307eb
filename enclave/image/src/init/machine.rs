//! Place: none.
//!
//! File systems, console, power.

use std::fs::OpenOptions;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::InitError;

/// Mounts `/dev`, `/proc`, `/sys` and `/tmp`.
///
/// # Errors
/// [`InitError::Mount`] or [`InitError::File`] naming the mount point.
pub fn mount_all() -> Result<(), InitError> {
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let table = [
        ("/dev", "devtmpfs", plain),
        ("/proc", "proc", plain | MsFlags::MS_NODEV),
        ("/sys", "sysfs", plain | MsFlags::MS_NODEV),
        ("/tmp", "tmpfs", plain | MsFlags::MS_NODEV),
    ];
    for (target, kind, flags) in table {
        std::fs::create_dir_all(target)
            .map_err(|source| InitError::File { path: target.to_owned(), source })?;
        match mount(Some(kind), target, Some(kind), flags, None::<&str>) {
            // EBUSY: the kernel mounted it by itself.
            Ok(()) | Err(Errno::EBUSY) => {}
            Err(source) => return Err(InitError::Mount { target, source }),
        }
    }
    Ok(())
}

/// Makes `/dev/console` the standard streams. Without a console the streams stay as they are: an enclave must also run silently.
pub fn attach_console() {
    let Ok(console) = OpenOptions::new().read(true).write(true).open("/dev/console") else {
        return;
    };
    // A failing dup2 leaves the former stream, which is the same console in the usual case.
    let _ = dup2_stdin(console.as_fd());
    let _ = dup2_stdout(console.as_fd());
    let _ = dup2_stderr(console.as_fd());
}

/// Ends the machine. Where power off is not possible it asks for a restart, which the launcher takes as the end too.
pub fn power_off() {
    let _ = nix::sys::termios::tcdrain(std::io::stderr().as_fd());
    nix::unistd::sync();
    let _ = reboot(RebootMode::RB_POWER_OFF);
    let _ = reboot(RebootMode::RB_AUTOBOOT);
}
