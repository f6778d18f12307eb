//! Place: none.
//!
//! The one ioctl of `/dev/nsm`: its argument is `struct { iovec request; iovec response; }`.

use nix::errno::Errno;

use super::wire::{self, Body, Ioctl, Reader, Span};
use crate::init::nsm_link::NsmLink;
use crate::layout::{NSM_REQUEST_MAX, NSM_RESPONSE_MAX};

/// `_IOWR(0x0A, 0, 32 octets)`.
const NSM_IOCTL: u32 = 0xC020_0A00;

/// Octets of the argument.
const ARGUMENT: usize = 32;

struct Argument {
    request: Span,
    response: Span,
}

impl Argument {
    fn parse(octets: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(octets);
        let mut span = || Some(Span { address: reader.u64()?, length: reader.u64()? });
        Some(Self { request: span()?, response: span()? })
    }

    /// The argument as the caller finds it afterwards: the response's real length in place of the room it had.
    fn with_response_length(&self, length: usize) -> Vec<u8> {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        [self.request.address, self.request.length, self.response.address, length]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }
}

/// One of the three rounds of a call.
pub fn answer(link: &mut impl NsmLink, body: &[u8]) -> Result<Body, Errno> {
    let call = Ioctl::parse(body).ok_or(Errno::EINVAL)?;
    if call.command != NSM_IOCTL || call.flags & wire::IOCTL_COMPAT != 0 {
        return Err(Errno::EINVAL);
    }
    let place = Span { address: call.argument, length: ARGUMENT as u64 };
    if call.data.is_empty() {
        return Ok(wire::ioctl_retry(&[place], &[]));
    }
    let (head, request) = call.data.split_at_checked(ARGUMENT).ok_or(Errno::EINVAL)?;
    let argument = Argument::parse(head).ok_or(Errno::EINVAL)?;
    if argument.request.length > NSM_REQUEST_MAX as u64 {
        return Err(Errno::EMSGSIZE);
    }
    if argument.request.length == 0 || argument.response.length == 0 {
        return Err(Errno::EINVAL);
    }
    let room = argument.response.length.min(NSM_RESPONSE_MAX as u64);
    if call.out_size == 0 {
        let response = Span { length: room, ..argument.response };
        return Ok(wire::ioctl_retry(&[place, argument.request], &[place, response]));
    }
    // The argument is read afresh in this round: a caller that has changed it meanwhile gets an error.
    if request.len() as u64 != argument.request.length || u64::from(call.out_size) != ARGUMENT as u64 + room {
        return Err(Errno::EINVAL);
    }
    let mut response = link.exchange(request)?;
    // As the real driver does with a buffer that is too small.
    response.truncate(usize::try_from(room).map_err(|_| Errno::EINVAL)?);
    let mut output = argument.with_response_length(response.len());
    output.extend_from_slice(&response);
    Ok(wire::ioctl_done(&output))
}
