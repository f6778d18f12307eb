//! Place: none. The security module (NSM): the unmodified driver library behind one trait, and the calls that the
//! enclave makes, with every answer checked.

use crate::platform::clock::Millis;
use aws_nitro_enclaves_nsm_api::api::{Digest, Request, Response};
use aws_nitro_enclaves_nsm_api::driver::{nsm_exit, nsm_init, nsm_process_request};
use fuin_attestation::document::{Document, Profile};
use fuin_shared::evidence::{Pcr, UserData};
use fuin_shared::fault::Fault;
use fuin_shared::ids::ServiceId;
use fuin_shared::manifest::Measurement;

/// Register that names the service.
pub const SERVICE_PCR: u16 = 16;
/// Longest nonce that every verifier accepts, in octets.
pub const MAX_NONCE: usize = 512;
/// Most octets of one random answer.
pub const MAX_RANDOM: usize = 256;

/// A security module. Answers are those of the device; a transport error is an error answer.
pub trait Nsm: Send + Sync {
    /// One request, one answer.
    fn process(&self, request: Request) -> Response;
}

/// `/dev/nsm`.
#[derive(Debug)]
pub struct DeviceNsm {
    descriptor: i32,
}

impl DeviceNsm {
    /// Opens the device.
    ///
    /// # Errors
    /// [`Fault::Nsm`] when there is none.
    pub fn open() -> Result<Self, Fault> {
        let descriptor = nsm_init();
        if descriptor < 0 { Err(Fault::Nsm) } else { Ok(Self { descriptor }) }
    }
}

impl Nsm for DeviceNsm {
    fn process(&self, request: Request) -> Response {
        nsm_process_request(self.descriptor, request)
    }
}

impl Drop for DeviceNsm {
    fn drop(&mut self) {
        nsm_exit(self.descriptor);
    }
}

/// Checks that the module is one that the enclave can use: SHA-384 registers, PCR0 to PCR15 locked, PCR16 there.
/// Gives its module id.
///
/// # Errors
/// [`Fault::Nsm`].
pub fn describe(nsm: &dyn Nsm) -> Result<String, Fault> {
    match nsm.process(Request::DescribeNSM) {
        Response::DescribeNSM { module_id, max_pcrs, locked_pcrs, digest: Digest::SHA384, .. }
            if max_pcrs > SERVICE_PCR && (0..SERVICE_PCR).all(|index| locked_pcrs.contains(&index)) =>
        {
            Ok(module_id)
        }
        _ => Err(Fault::Nsm),
    }
}

/// What the platform measured of this image.
///
/// # Errors
/// [`Fault::Nsm`]; also when a register could still change.
pub fn measurement(nsm: &dyn Nsm) -> Result<Measurement, Fault> {
    let register = |index| match nsm.process(Request::DescribePCR { index }) {
        Response::DescribePCR { lock: true, data } => data.try_into().map(Pcr).map_err(|_| Fault::Nsm),
        _ => Err(Fault::Nsm),
    };
    Ok(Measurement { pcr0: register(0)?, pcr1: register(1)?, pcr2: register(2)? })
}

/// Random octets from the module: 1 to [`MAX_RANDOM`], as many as it gives at once.
///
/// # Errors
/// [`Fault::Nsm`].
pub fn random(nsm: &dyn Nsm) -> Result<Vec<u8>, Fault> {
    match nsm.process(Request::GetRandom) {
        Response::GetRandom { random } if (1..=MAX_RANDOM).contains(&random.len()) => Ok(random),
        _ => Err(Fault::Nsm),
    }
}

/// Extends PCR16 with the service id's octets and locks it, then reads it back: it must be what a zero register
/// becomes by this one extension, and locked.
///
/// # Errors
/// [`Fault::Nsm`]; also when the register was used before.
pub fn seal_identity(nsm: &dyn Nsm, service: &ServiceId) -> Result<(), Fault> {
    let expected = Pcr::extended_once(service.as_ref());
    match nsm.process(Request::ExtendPCR { index: SERVICE_PCR, data: service.as_ref().to_vec() }) {
        Response::ExtendPCR { data } if data == expected.as_ref() => {}
        _ => return Err(Fault::Nsm),
    }
    let Response::LockPCR = nsm.process(Request::LockPCR { index: SERVICE_PCR }) else {
        return Err(Fault::Nsm);
    };
    match nsm.process(Request::DescribePCR { index: SERVICE_PCR }) {
        Response::DescribePCR { lock: true, data } if data == expected.as_ref() => Ok(()),
        _ => Err(Fault::Nsm),
    }
}

/// An evidence document with this `user_data` and nonce.
///
/// # Errors
/// [`Fault::Malformed`] for a nonce that is empty or over [`MAX_NONCE`], [`Fault::Nsm`].
pub fn attest(nsm: &dyn Nsm, user_data: &UserData, nonce: Option<Vec<u8>>) -> Result<Vec<u8>, Fault> {
    if nonce.as_ref().is_some_and(|n| n.is_empty() || n.len() > MAX_NONCE) {
        return Err(Fault::Malformed);
    }
    let request = Request::Attestation {
        user_data: Some(user_data.as_ref().to_vec().into()),
        nonce: nonce.map(Into::into),
        public_key: None,
    };
    match nsm.process(request) {
        Response::Attestation { document } if !document.is_empty() => Ok(document),
        _ => Err(Fault::Nsm),
    }
}

/// The time of a new document. Its signature is not looked at: the module itself gave it over its device.
///
/// # Errors
/// [`Fault::Nsm`].
pub fn time(nsm: &dyn Nsm) -> Result<Millis, Fault> {
    let request = Request::Attestation { user_data: None, nonce: None, public_key: None };
    let Response::Attestation { document } = nsm.process(request) else { return Err(Fault::Nsm) };
    let document = Document::parse(&document, Profile::Observed).map_err(|_| Fault::Nsm)?;
    Ok(Millis(document.timestamp))
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests;
