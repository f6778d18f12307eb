//! Place: none. The heartbeat: the guest dials, sends one octet, gets it back. The first right one makes the enclave ready.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fuin_image::layout;

use super::LaunchError;
use super::run_dir::{HEARTBEAT, RunDir};

/// A dial that says nothing must not keep the next one waiting for long.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Heartbeat(Arc<AtomicBool>);

impl Heartbeat {
    /// Listens and answers on a thread of its own.
    pub(super) fn listen(run: &RunDir) -> Result<Self, LaunchError> {
        let listener = run.listen(HEARTBEAT)?;
        let seen = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&seen);
        std::thread::spawn(move || answer(&listener, &flag));
        Ok(Self(seen))
    }

    pub(super) fn seen(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

fn answer(listener: &UnixListener, seen: &AtomicBool) {
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { return };
        let mut octet = [0];
        let asked = stream.set_read_timeout(Some(TIMEOUT)).and_then(|()| stream.read_exact(&mut octet));
        if asked.is_ok() && octet == [layout::HEARTBEAT] && stream.write_all(&octet).is_ok() {
            seen.store(true, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn only_the_right_octet_makes_it_ready() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::claim(folder.path()).unwrap();
        let heartbeat = Heartbeat::listen(&run).unwrap();
        let ask = |octet: u8| {
            let mut stream = UnixStream::connect(run.file(HEARTBEAT)).unwrap();
            stream.write_all(&[octet]).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            answer
        };
        assert!(ask(0xB6).is_empty());
        assert!(!heartbeat.seen());
        assert_eq!(ask(0xB7), [0xB7]);
        // The flag is set after the answer was written.
        while !heartbeat.seen() {
            std::thread::yield_now();
        }
    }
}
