//! Place: none.
//!
//! The way of an NSM request out of the guest: one vsock connection, frames of a 4-octet big-endian length and that many octets. One request is in
//! flight at a time, as with the real device.

use std::io::{Read, Write};
use std::time::Duration;

use nix::errno::Errno;
use vsock::VsockStream;

use crate::layout::NSM_RESPONSE_MAX;

/// Answers encoded NSM requests.
pub trait NsmLink {
    /// Sends one request, returns its response (1..=[`NSM_RESPONSE_MAX`] octets).
    ///
    /// # Errors
    /// The number that the calling process gets from its ioctl.
    fn exchange(&mut self, request: &[u8]) -> Result<Vec<u8>, Errno>;
}

/// The driver of the real device gives up after two minutes.
const TIMEOUT: Duration = Duration::from_secs(120);

/// An [`NsmLink`] over vsock, dialled when first needed.
pub struct VsockLink {
    cid: u32,
    port: u32,
    stream: Option<VsockStream>,
}

impl VsockLink {
    /// A link that will dial `cid`, `port`.
    #[must_use]
    pub const fn new(cid: u32, port: u32) -> Self {
        Self { cid, port, stream: None }
    }

    fn dial(&self) -> std::io::Result<VsockStream> {
        let stream = VsockStream::connect_with_cid_port(self.cid, self.port)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(stream)
    }
}

impl NsmLink for VsockLink {
    fn exchange(&mut self, request: &[u8]) -> Result<Vec<u8>, Errno> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.dial().map_err(|_| Errno::EIO)?,
        };
        // A request is never sent twice: extending a register is not idempotent. After a failure the connection is dropped, so that a late
        // response cannot be taken for the next one's.
        let response = exchange(&mut stream, request)?;
        self.stream = Some(stream);
        Ok(response)
    }
}

fn exchange(stream: &mut (impl Read + Write), request: &[u8]) -> Result<Vec<u8>, Errno> {
    let length = u32::try_from(request.len()).map_err(|_| Errno::EMSGSIZE)?;
    let mut frame = Vec::with_capacity(4 + request.len());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(request);
    stream.write_all(&frame).map_err(number)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(number)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| Errno::EIO)?;
    if length == 0 || length > NSM_RESPONSE_MAX {
        return Err(Errno::EIO);
    }
    let mut response = vec![0; length];
    stream.read_exact(&mut response).map_err(number)?;
    Ok(response)
}

fn number(error: std::io::Error) -> Errno {
    match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => Errno::ETIMEDOUT,
        _ => Errno::EIO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn peer_that_answers(answer: Vec<u8>) -> (UnixStream, std::thread::JoinHandle<Vec<u8>>) {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let thread = std::thread::spawn(move || {
            let mut length = [0; 4];
            theirs.read_exact(&mut length).unwrap();
            let mut request = vec![0; u32::from_be_bytes(length) as usize];
            theirs.read_exact(&mut request).unwrap();
            theirs.write_all(&answer).unwrap();
            request
        });
        (ours, thread)
    }

    #[test]
    fn a_request_and_its_response() {
        let (mut stream, peer) = peer_that_answers(vec![0, 0, 0, 2, 7, 8]);
        assert_eq!(exchange(&mut stream, b"ask"), Ok(vec![7, 8]));
        assert_eq!(peer.join().unwrap(), b"ask");
    }

    #[test]
    fn an_oversized_an_empty_and_a_truncated_response_are_refused() {
        for answer in [vec![0, 0, 0x30, 1], vec![0, 0, 0, 0], vec![0, 0, 0, 3, 1]] {
            let (mut stream, peer) = peer_that_answers(answer);
            assert_eq!(exchange(&mut stream, b"ask"), Err(Errno::EIO));
            peer.join().unwrap();
        }
    }
}
