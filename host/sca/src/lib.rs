//! Place: SIC, SSA's client. Signature creation application: speaks CSC API v2 with the service and acts as the signer's
//! device with a software passkey.
//!
//! | module | what it holds |
//! |---|---|
//! | [`card`] | the service card: what a signer pins of a service |
//! | [`csc`] | the client of the HTTP API |
//! | [`passkey`] | a software passkey (WebAuthn), its file and its directory |
//! | [`device_key`] | a device key in software, and its directory |
//! | [`pin_totp`] | a PIN with a generator of one-time passwords in software, and its directory |
//! | [`means`] | a signer's means of these kinds |
//! | [`seal`] | mandates for seals, sealed PDFs, the organization's report |
//! | [`sign`] | evidence, SAD, activation, signatures; and a PDF signed with them |
//!
//! The client speaks HTTP without TLS and therefore refuses every address that is not loopback: it is for `fuin dev` and
//! for a service behind a TLS terminator on the same machine. Nothing secret that could sign crosses it in the clear: the
//! evidence of authorization is sealed to the enclave.
#![forbid(unsafe_code)]

pub mod card;
pub mod csc;
pub mod device_key;
pub mod means;
pub mod passkey;
pub mod pin_totp;
pub mod seal;
pub mod sign;
