//! Place: none.
//!
//! The messages of the FUSE protocol that a CUSE device needs, in native (little-endian) byte order.

use nix::errno::Errno;

pub const CUSE_INIT: u32 = 4096;
pub const FUSE_OPEN: u32 = 14;
pub const FUSE_RELEASE: u32 = 18;
pub const FUSE_INTERRUPT: u32 = 36;
pub const FUSE_IOCTL: u32 = 39;

/// Flag of an ioctl from a 32-bit program.
pub const IOCTL_COMPAT: u32 = 1;
/// Flag of an ioctl reply: ask again, with these I/O vectors.
const IOCTL_RETRY: u32 = 4;

const PROTOCOL: (u32, u32) = (7, 31);
const CUSE_UNRESTRICTED_IOCTL: u32 = 1;
const MAX_TRANSFER: u32 = 65536;

/// Octets of `struct fuse_in_header`.
const HEADER: usize = 40;

/// Reads integers and slices from the front of a message.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub fn u32(&mut self) -> Option<u32> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*head))
    }

    pub fn u64(&mut self) -> Option<u64> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*head))
    }

    pub const fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// What is needed of `struct fuse_in_header`.
pub struct Header {
    pub opcode: u32,
    pub unique: u64,
}

impl Header {
    /// Splits a message; `None` if it is shorter than its header or than it says.
    pub fn parse(message: &[u8]) -> Option<(Self, &[u8])> {
        let mut reader = Reader::new(message);
        let length = usize::try_from(reader.u32()?).ok()?;
        let header = Self { opcode: reader.u32()?, unique: reader.u64()? };
        Some((header, message.get(HEADER..length)?))
    }
}

/// The part of a reply after its header.
pub struct Body(Vec<u8>);

impl Body {
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn octets(mut self, octets: &[u8]) -> Self {
        self.0.extend_from_slice(octets);
        self
    }
}

/// `struct fuse_out_header` and the body, or the negated error number.
pub fn reply(unique: u64, outcome: Result<Body, Errno>) -> Vec<u8> {
    let (error, body) = match outcome {
        Ok(body) => (0, body.0),
        Err(number) => (-(number as i32), Vec::new()),
    };
    // The largest body is an ioctl answer of some 12 KiB.
    let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    let head = Body::empty().u32(length).octets(&error.to_le_bytes()).u64(unique);
    head.octets(&body).0
}

/// `struct cuse_init_out` and the device's name. `None` if the kernel speaks another protocol.
pub fn init_reply(body: &[u8]) -> Option<Body> {
    let mut reader = Reader::new(body);
    let (major, minor) = (reader.u32()?, reader.u32()?);
    if major != PROTOCOL.0 || minor < PROTOCOL.1 {
        return None;
    }
    let body = Body::empty().u32(PROTOCOL.0).u32(PROTOCOL.1).u32(0).u32(CUSE_UNRESTRICTED_IOCTL);
    // Device number 0:0 = the kernel chooses.
    let body = body.u32(MAX_TRANSFER).u32(MAX_TRANSFER).u32(0).u32(0).octets(&[0; 40]);
    Some(body.octets(b"DEVNAME=nsm\0"))
}

/// `struct fuse_open_out` without handle and flags.
pub fn open_reply() -> Body {
    Body::empty().octets(&[0; 16])
}

/// A piece of the calling process's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub address: u64,
    pub length: u64,
}

/// `struct fuse_ioctl_in` and the data that came with it.
pub struct Ioctl<'a> {
    pub flags: u32,
    pub command: u32,
    pub argument: u64,
    pub out_size: u32,
    pub data: &'a [u8],
}

impl<'a> Ioctl<'a> {
    /// `None` if the body is shorter than it says.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let _handle = reader.u64()?;
        let (flags, command, argument) = (reader.u32()?, reader.u32()?, reader.u64()?);
        let (in_size, out_size) = (reader.u32()?, reader.u32()?);
        let data = reader.rest().get(..usize::try_from(in_size).ok()?)?;
        Some(Self { flags, command, argument, out_size, data })
    }
}

/// "Ask again": with these pieces as input and room for those as output.
pub fn ioctl_retry(input: &[Span], output: &[Span]) -> Body {
    let count = |spans: &[Span]| u32::try_from(spans.len()).unwrap_or(u32::MAX);
    let head = Body::empty().u32(0).u32(IOCTL_RETRY).u32(count(input)).u32(count(output));
    input.iter().chain(output).fold(head, |body, span| body.u64(span.address).u64(span.length))
}

/// The result 0 and the output, in the order of the output pieces.
pub fn ioctl_done(output: &[u8]) -> Body {
    Body::empty().octets(&[0; 16]).octets(output)
}
