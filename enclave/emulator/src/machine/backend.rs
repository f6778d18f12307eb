//! Place: none.
//!
//! The vsock backend, `vhost-device-vsock`: one process per boot. Its single worker thread can end while the process lives on; then nothing is heard
//! any more. Hence the probe, which looks at the process's threads and touches no socket.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::child::{Child, locate};
use super::run_dir::{BACKEND, RunDir, VHOST};
use super::{LOOK, LaunchError};

const PROGRAM: &str = "vhost-device-vsock";
const REMEDY: &str = "install it with `cargo install vhost-device-vsock --version 0.3.0 --locked`, or give --vhost-device-vsock PATH";
const WORKER: &str = "vring_worker";
const START: Duration = Duration::from_secs(20);
const GUEST_CID: u32 = 4;

pub(super) struct Backend(Child);

/// The backend to use: as given, or beside this program, or in `PATH`.
#[must_use]
pub fn find(given: Option<&Path>) -> PathBuf {
    if let Some(path) = given {
        return path.to_owned();
    }
    let beside = std::env::current_exe().ok().map(|path| path.with_file_name(PROGRAM));
    beside
        .filter(|path| path.is_file())
        .or_else(|| locate(Path::new(PROGRAM)))
        .unwrap_or_else(|| PROGRAM.into())
}

impl Backend {
    /// Starts it and waits until it listens.
    pub(super) fn start(program: &Path, run: &RunDir, stop: &dyn Fn() -> bool) -> Result<Self, LaunchError> {
        let (vhost, vm) = (run.file(VHOST), run.file(BACKEND));
        let machine = format!("guest-cid={GUEST_CID},socket={},uds-path={}", vhost.display(), vm.display());
        let log = run.file("backend.log");
        let mut child = Child::start(program, &["--vm".into(), machine], &log, REMEDY)?;
        let started = Instant::now();
        while !vhost.exists() || workers(child.id()) == 0 {
            if stop() {
                return Err(LaunchError::Stopped);
            }
            if let Some(status) = child.ended() {
                return Err(LaunchError::Backend(format!("it ended at once: {status}")));
            }
            if started.elapsed() > START {
                return Err(LaunchError::Backend("it does not come up".into()));
            }
            std::thread::sleep(LOOK);
        }
        Ok(Self(child))
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    /// What is wrong with it, if something is.
    pub(super) fn fault(&mut self) -> Option<String> {
        if let Some(status) = self.0.ended() {
            return Some(format!("it ended: {status}"));
        }
        (workers(self.0.id()) == 0).then(|| format!("its thread {WORKER} has ended"))
    }
}

/// Number of worker threads of a process.
fn workers(process: u32) -> usize {
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else {
        return 0;
    };
    tasks
        .flatten()
        .filter(|task| {
            fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim_end() == WORKER)
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn the_probe_counts_threads_by_name() {
        let me = std::process::id();
        assert_eq!(workers(me), 0);
        let (started, waits) = (mpsc::channel(), mpsc::channel::<()>());
        let thread = std::thread::Builder::new().name(WORKER.into()).spawn(move || {
            started.0.send(()).unwrap();
            let _ = waits.1.recv();
        });
        started.1.recv().unwrap();
        assert_eq!(workers(me), 1);
        drop(waits.0);
        thread.unwrap().join().unwrap();
        assert_eq!(workers(u32::MAX), 0);
    }

    #[test]
    fn a_given_path_is_taken_as_it_is() {
        assert_eq!(find(Some(Path::new("/x/y"))), Path::new("/x/y"));
    }
}
