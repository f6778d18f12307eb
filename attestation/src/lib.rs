#![forbid(unsafe_code)]
//! Place: none. The verifier of attestation evidence, for everyone: signers, share custodians, evaluators, hosts.
//!
//! Pure functions over borrowed octets: no input or output, no clock, no randomness; time is an argument.
//!
//! * [`cbor`]: strict bounded reader.
//! * [`eif`]: reads and measures enclave images.

pub mod cbor;
pub mod eif;
