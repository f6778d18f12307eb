//! Place: none.
//!
//! The NSM as a service on a Unix socket, for the shim inside the guest: frames of a 4-octet big-endian length and a CBOR request, answered by frames
//! of the same form. Any process of the guest can connect, as any can open `/dev/nsm`.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_nitro_enclaves_nsm_api::api::{ErrorCode, Request, Response};
use fuin_image::layout::{NSM_REQUEST_MAX, NSM_RESPONSE_MAX};

use super::EmulatedNsm;

/// More connections at a time are closed at once.
const CONNECTIONS: usize = 16;

/// Serves `listener` until it fails; one thread per connection. A connection with a malformed frame is closed, the others go on.
pub fn serve(nsm: &Arc<EmulatedNsm>, listener: &UnixListener) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { return };
        if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
            open.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let (nsm, open) = (Arc::clone(nsm), Arc::clone(&open));
        std::thread::spawn(move || {
            while matches!(exchange(&nsm, &mut stream), Ok(true)) {}
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// One request and its response; `false` at the end of the connection.
fn exchange(nsm: &EmulatedNsm, stream: &mut (impl Read + Write)) -> std::io::Result<bool> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) => return Err(error),
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length == 0 || length > NSM_REQUEST_MAX {
        return Ok(false);
    }
    let mut request = vec![0; length];
    stream.read_exact(&mut request)?;
    let response = answer_octets(nsm, &request);
    let mut frame = u32::try_from(response.len()).unwrap_or(0).to_be_bytes().to_vec();
    frame.extend_from_slice(&response);
    stream.write_all(&frame)?;
    Ok(true)
}

/// Answers one encoded request with an encoded response of at most 12288 octets. What is not exactly one request is `InvalidArgument`.
#[must_use]
pub fn answer_octets(nsm: &EmulatedNsm, mut request: &[u8]) -> Vec<u8> {
    let parsed = ciborium::from_reader::<Request, _>(&mut request);
    let response = match parsed {
        Ok(parsed) if request.is_empty() => nsm.process(parsed),
        _ => Response::Error(ErrorCode::InvalidArgument),
    };
    let encoded = encode(&response);
    if encoded.len() <= NSM_RESPONSE_MAX {
        encoded
    } else {
        encode(&Response::Error(ErrorCode::BufferTooSmall))
    }
}

fn encode(response: &Response) -> Vec<u8> {
    let mut octets = Vec::new();
    // Writing to a vector cannot fail, and every response has a CBOR form; an empty frame would be refused by the shim.
    let _ = ciborium::into_writer(response, &mut octets);
    octets
}
