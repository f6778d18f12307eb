//! Place: none.
//!
//! `/dev/nsm` for a guest whose machine has no NSM: a character device in user space (CUSE) that passes requests on through an [`NsmLink`].
//!
//! Programs use it like the real one: one ioctl whose argument is two I/O vectors. The kernel asks three times for each call: first the shim says
//! where the argument lies, then where the two buffers lie, and only then it holds the request and answers it. The calls are served one after
//! the other, as the driver of the real device does.
//!
//! The link is an ordinary vsock port: trust in what comes back rests on the development root alone, which no verifier accepts unless it is told to.

mod ioctl;
mod wire;

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;

use self::wire::{Body, Header};
use super::InitError;
use super::nsm_link::NsmLink;

/// A FUSE connection wants a read buffer for its largest message: 64 KiB of data and the headers.
const READ_BUFFER: usize = 128 * 1024;

/// The shim's side of one CUSE device.
pub struct Shim<L> {
    link: L,
}

impl<L: NsmLink> Shim<L> {
    /// A shim over `link`.
    pub const fn new(link: L) -> Self {
        Self { link }
    }

    /// The reply to one message of the kernel; `None` where none is due.
    pub fn answer(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let (header, body) = Header::parse(message)?;
        let outcome = match header.opcode {
            wire::CUSE_INIT => wire::init_reply(body).ok_or(Errno::EPROTO),
            wire::FUSE_IOCTL => ioctl::answer(&mut self.link, body),
            wire::FUSE_OPEN => Ok(wire::open_reply()),
            wire::FUSE_RELEASE => Ok(Body::empty()),
            wire::FUSE_INTERRUPT => return None,
            _ => Err(Errno::ENOSYS),
        };
        Some(wire::reply(header.unique, outcome))
    }

    fn serve(&mut self, device: &mut File) -> std::io::Result<()> {
        let mut buffer = vec![0; READ_BUFFER];
        loop {
            let length = match device.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                // A call that was given up between being queued and being read.
                Err(error) if gone_or_interrupted(&error) => continue,
                Err(error) => return Err(error),
            };
            let Some(reply) = buffer.get(..length).and_then(|message| self.answer(message)) else {
                continue;
            };
            match device.write(&reply) {
                Ok(_) => {}
                // The caller has gone meanwhile.
                Err(error) if gone_or_interrupted(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn gone_or_interrupted(error: &std::io::Error) -> bool {
    let number = error.raw_os_error();
    [Errno::ENOENT, Errno::EINTR, Errno::EAGAIN].iter().any(|known| number == Some(*known as i32))
}

/// Makes `/dev/nsm` and serves it on a thread of its own; returns when the device is there. If serving ever fails the process ends, and the
/// machine with it: an enclave without its NSM must not go on.
///
/// # Errors
/// [`InitError::Nsm`] when the kernel has no CUSE or the device does not appear within ten seconds.
pub fn serve_in_background<L: NsmLink + Send + 'static>(link: L) -> Result<(), InitError> {
    let open = OpenOptions::new().read(true).write(true).open("/dev/cuse");
    let mut device = open.map_err(|error| InitError::Nsm(format!("/dev/cuse: {error}")))?;
    let mut shim = Shim::new(link);
    let serve = move || {
        let outcome = shim.serve(&mut device);
        super::say(&format!("/dev/nsm: serving ended: {outcome:?}"));
        super::machine::power_off();
        std::process::exit(1);
    };
    std::thread::Builder::new()
        .name("nsm".into())
        .spawn(serve)
        .map_err(|error| InitError::Nsm(format!("thread: {error}")))?;
    for _ in 0..1000 {
        if Path::new("/dev/nsm").exists() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(InitError::Nsm("the kernel did not make the device".into()))
}

#[cfg(test)]
mod tests;
