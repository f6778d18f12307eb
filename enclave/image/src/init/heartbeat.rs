//! Place: none.
//!
//! The heartbeat: the guest dials first, once everything before the enclave program is in place. Nothing connects into the guest, ever.

use std::io::{Read, Write};
use std::time::Duration;

use vsock::VsockStream;

use super::InitError;
use crate::layout::HEARTBEAT;

/// How often to dial; the vsock device may need a moment after its module is loaded.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// A closed connection with unread octets would otherwise keep the guest reading without end.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Dials the launcher, writes the heartbeat octet, expects it back.
///
/// # Errors
/// [`InitError::Heartbeat`].
pub fn beat(cid: u32, port: u32) -> Result<(), InitError> {
    let failed = |reason: String| InitError::Heartbeat { cid, port, reason };
    let mut stream = dial(cid, port).map_err(|error| failed(error.to_string()))?;
    match exchange(&mut stream) {
        Ok(HEARTBEAT) => Ok(()),
        Ok(other) => Err(failed(format!("answer {other:#04x} instead of {HEARTBEAT:#04x}"))),
        Err(error) => Err(failed(error.to_string())),
    }
}

fn dial(cid: u32, port: u32) -> std::io::Result<VsockStream> {
    let mut attempt = 1;
    loop {
        match VsockStream::connect_with_cid_port(cid, port) {
            Ok(stream) => {
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                return Ok(stream);
            }
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(_) => {
                attempt += 1;
                std::thread::sleep(PAUSE);
            }
        }
    }
}

fn exchange(stream: &mut (impl Read + Write)) -> std::io::Result<u8> {
    stream.write_all(&[HEARTBEAT])?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    Ok(answer[0])
}
