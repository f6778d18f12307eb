//! Place: none. The parent's address in process mode: a Unix socket.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use fuin_enclave::platform::dial::{Connection, Dial, TimeOuts};

/// `unix:///PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixEndpoint(PathBuf);

/// The text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUnixEndpoint {
    /// Another form.
    #[error("endpoint must be unix:///PATH with an absolute path, for example unix:///run/fuin/enclave")]
    Form,
    /// The system's limit for socket paths.
    #[error("the path is {0} octets long; sockets may have at most 107: choose a shorter one")]
    Length(usize),
}

impl UnixEndpoint {
    /// Parses `unix:///PATH`.
    ///
    /// # Errors
    /// [`InvalidUnixEndpoint`].
    pub fn parse(text: &str) -> Result<Self, InvalidUnixEndpoint> {
        let path = text.strip_prefix("unix://").ok_or(InvalidUnixEndpoint::Form)?;
        if !path.starts_with('/') || path.ends_with('/') || path.contains('\0') {
            return Err(InvalidUnixEndpoint::Form);
        }
        if path.len() > 107 {
            return Err(InvalidUnixEndpoint::Length(path.len()));
        }
        Ok(Self(path.into()))
    }

    /// The socket's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for UnixEndpoint {
    type Err = InvalidUnixEndpoint;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Dial for UnixEndpoint {
    fn dial(&self, time_outs: TimeOuts) -> io::Result<Arc<dyn Connection>> {
        let stream = UnixStream::connect(&self.0)?;
        stream.set_read_timeout(Some(time_outs.read))?;
        stream.set_write_timeout(Some(time_outs.write))?;
        Ok(Arc::new(UnixConnection(stream)))
    }
}

struct UnixConnection(UnixStream);

impl Connection for UnixConnection {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    fn send(&self, octets: &[u8]) -> io::Result<usize> {
        (&self.0).write(octets)
    }

    fn close(&self) {
        // Already closed is as good.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    #[test]
    fn absolute_paths_are_taken_and_nothing_else() {
        assert_eq!(UnixEndpoint::parse("unix:///run/x").unwrap().path(), Path::new("/run/x"));
        for text in
            ["", "unix://", "unix://run/x", "/run/x", "unix:///run/", "vsock://2:5000", "unix:///a\0b"]
        {
            assert_eq!(UnixEndpoint::parse(text), Err(InvalidUnixEndpoint::Form), "{text:?}");
        }
        let long = format!("unix:///{}", "x".repeat(107));
        assert_eq!(UnixEndpoint::parse(&long), Err(InvalidUnixEndpoint::Length(108)));
    }

    #[test]
    fn both_directions_time_out_and_close() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parent");
        let listener = UnixListener::bind(&path).unwrap();
        let endpoint = UnixEndpoint::parse(&format!("unix://{}", path.display())).unwrap();
        let time_outs = TimeOuts { read: Duration::from_millis(1), write: Duration::from_secs(5) };
        let connection = endpoint.dial(time_outs).unwrap();
        let (mut peer, _) = listener.accept().unwrap();

        let mut buffer = [0; 8];
        assert_eq!(connection.receive(&mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(connection.send(b"abc").unwrap(), 3);
        peer.read_exact(&mut buffer[..3]).unwrap();
        peer.write_all(b"de").unwrap();
        let connection_reads = loop {
            match connection.receive(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => break other.unwrap(),
            }
        };
        assert_eq!(&buffer[..connection_reads], b"de");
        connection.close();
        assert_eq!(peer.read(&mut buffer).unwrap(), 0);
    }
}
