//! Place: none. The parent's address on the machine: a vsock endpoint, the only kind that the enclave binary knows.

use crate::platform::dial::{Connection, Dial, TimeOuts};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::str::FromStr;
use std::sync::Arc;
use vsock::VsockStream;

/// `vsock://CID:PORT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Context id: 3 for the parent on hardware, 2 in emulation.
    pub cid: u32,
    /// Port.
    pub port: u32,
}

/// The text is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("endpoint must be vsock://CID:PORT with two decimal numbers, for example vsock://3:7000")]
pub struct InvalidEndpoint;

impl Endpoint {
    /// Parses `vsock://CID:PORT`.
    ///
    /// # Errors
    /// [`InvalidEndpoint`].
    pub fn parse(text: &str) -> Result<Self, InvalidEndpoint> {
        let rest = text.strip_prefix("vsock://").ok_or(InvalidEndpoint)?;
        let (cid, port) = rest.split_once(':').ok_or(InvalidEndpoint)?;
        Ok(Self { cid: number(cid)?, port: number(port)? })
    }
}

/// Decimal digits only: `u32::from_str` would also take a sign. The wildcard value is not an address.
fn number(text: &str) -> Result<u32, InvalidEndpoint> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InvalidEndpoint);
    }
    text.parse().ok().filter(|n| *n != u32::MAX).ok_or(InvalidEndpoint)
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vsock://{}:{}", self.cid, self.port)
    }
}

impl Dial for Endpoint {
    fn dial(&self, time_outs: TimeOuts) -> io::Result<Arc<dyn Connection>> {
        let stream = VsockStream::connect_with_cid_port(self.cid, self.port)?;
        stream.set_read_timeout(Some(time_outs.read))?;
        stream.set_write_timeout(Some(time_outs.write))?;
        Ok(Arc::new(VsockConnection(stream)))
    }
}

struct VsockConnection(VsockStream);

impl Connection for VsockConnection {
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

    #[test]
    fn vsock_endpoints_parse_and_show() {
        let endpoint = Endpoint::parse("vsock://3:7000").unwrap();
        assert_eq!(endpoint, Endpoint { cid: 3, port: 7000 });
        assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "vsock://",
            "vsock://3",
            "vsock://3:",
            "vsock://:7000",
            "vsock://+3:7000",
            "vsock://3:-1",
            "vsock://3:7000/",
            "vsock://4294967295:1",
            "vsock://3:4294967296",
            "vsock:// 3:1",
            "unix:///tmp/socket",
            "tcp://127.0.0.1:7000",
        ] {
            assert_eq!(Endpoint::parse(text), Err(InvalidEndpoint), "{text}");
        }
    }
}
