//! Place: none.
//!
//! The emulated Nitro security module: every request of the real one, with the answers and errors that the device model of QEMU and AWS's text give.
//! One module belongs to one boot: its registers start anew with each.

mod document;
mod encoding;
mod registers;
mod service;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use aws_nitro_enclaves_nsm_api::api::{Digest, ErrorCode, Request, Response};
use fuin_attestation::eif::Measurements;
use fuin_image::layout::NSM_REQUEST_MAX;

use self::document::Fields;
use self::registers::Registers;
pub use self::registers::{PCR_COUNT, PCR_LENGTH};
pub use self::service::{answer_octets, serve};
use crate::clock::Clock;
use crate::pki::{Chain, PkiError, random, random_hex};
use crate::root::DevelopmentRoot;

/// Octets that GetRandom gives.
const RANDOM: usize = 256;

/// The emulated NSM of one boot.
pub struct EmulatedNsm {
    root: DevelopmentRoot,
    module_id: String,
    clock: Box<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    registers: Registers,
    chain: Chain,
}

impl EmulatedNsm {
    /// A module whose registers 0, 1, 2 and 8 hold `measured`, register 4 the (made-up) instance, all of 0 to 15 locked.
    ///
    /// # Errors
    /// [`PkiError`] if no certificates can be made.
    pub fn new(
        root: &DevelopmentRoot,
        measured: &Measurements,
        clock: impl Clock + 'static,
    ) -> Result<Self, PkiError> {
        let instance = format!("i-0{}", random_hex::<8>()?);
        let module_id = format!("{instance}-enc{}", random_hex::<8>()?);
        let chain = Chain::issue(root, &module_id, clock.now_ms() / 1000)?;
        let state = State { registers: Registers::boot(measured, &instance), chain };
        Ok(Self { root: root.clone(), module_id, clock: Box::new(clock), state: Mutex::new(state) })
    }

    /// The name of this module: `i-<instance>-enc<number>`.
    #[must_use]
    pub fn module_id(&self) -> &str {
        &self.module_id
    }

    /// Answers one request. Requests that cannot travel to a real device (encoded above 4096 octets) are `InputTooLarge`.
    pub fn process(&self, request: Request) -> Response {
        match encoded_length(&request) {
            Some(length) if length <= NSM_REQUEST_MAX => {}
            Some(_) => return Response::Error(ErrorCode::InputTooLarge),
            None => return Response::Error(ErrorCode::InvalidArgument),
        }
        // A panic while the lock was held cannot have left a register half written: each changes in one assignment.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.dispatch(&mut state, request).unwrap_or_else(Response::Error)
    }

    fn dispatch(&self, state: &mut State, request: Request) -> Result<Response, ErrorCode> {
        let registers = &mut state.registers;
        Ok(match request {
            Request::DescribeNSM => Response::DescribeNSM {
                version_major: 1,
                version_minor: 0,
                version_patch: 0,
                module_id: self.module_id.clone(),
                max_pcrs: PCR_COUNT,
                locked_pcrs: registers.locked().map(|(index, _)| index).collect::<BTreeSet<_>>(),
                digest: Digest::SHA384,
            },
            Request::DescribePCR { index } => {
                let (lock, data) = registers.describe(index)?;
                Response::DescribePCR { lock, data: data.to_vec() }
            }
            Request::ExtendPCR { index, data } => {
                Response::ExtendPCR { data: registers.extend(index, &data)?.to_vec() }
            }
            Request::LockPCR { index } => {
                registers.lock(index)?;
                Response::LockPCR
            }
            Request::LockPCRs { range } => {
                registers.lock_range(range)?;
                Response::LockPCRs
            }
            Request::Attestation { user_data, nonce, public_key } => {
                let timestamp = self.clock.now_ms();
                self.renew(&mut state.chain, timestamp / 1000)?;
                let fields = Fields {
                    module_id: &self.module_id,
                    timestamp,
                    registers: &state.registers,
                    public_key: public_key.as_ref().map(|field| field.as_slice()),
                    user_data: user_data.as_ref().map(|field| field.as_slice()),
                    nonce: nonce.as_ref().map(|field| field.as_slice()),
                };
                Response::Attestation { document: document::sign(&fields, &state.chain)? }
            }
            Request::GetRandom => {
                let octets = random::<RANDOM>().map_err(|_| ErrorCode::InternalError)?;
                Response::GetRandom { random: octets.to_vec() }
            }
            // The enumeration is open: a request this module does not know.
            _ => return Err(ErrorCode::InvalidOperation),
        })
    }

    fn renew(&self, chain: &mut Chain, now: u64) -> Result<(), ErrorCode> {
        if !chain.serves(now) {
            *chain = Chain::issue(&self.root, &self.module_id, now).map_err(|_| ErrorCode::InternalError)?;
        }
        Ok(())
    }
}

/// In process mode the enclave's calls come here instead of to a device.
impl fuin_enclave::platform::nsm::Nsm for EmulatedNsm {
    fn process(&self, request: Request) -> Response {
        Self::process(self, request)
    }
}

/// Counts octets instead of keeping them.
struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0 += octets.len();
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn encoded_length(request: &Request) -> Option<usize> {
    let mut count = Count(0);
    ciborium::into_writer(request, &mut count).ok()?;
    Some(count.0)
}

#[cfg(test)]
mod tests;
