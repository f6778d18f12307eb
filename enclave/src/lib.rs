//! Place: SAM, CM. Everything trusted: the signature activation module, the signature value generation module
//! (crypto module) and what carries them.
//!
//! | module | place | what it does |
//! |---|---|---|
//! | [`sam`] | SAM | the synchronous state machine: phases, commands, credentials, means, activation |
//! | [`crypto_module`] | CM | makes, wraps and uses signers' keys |
//! | [`ledger`] | SAM | the state as a fold of events; sealed records; commit and release |
//! | [`ceremony`] | SAM | root key: genesis, shares, recovery |
//! | [`channel`] | SAM | instance keys, HPKE |
//! | [`platform`] | none | the only place that touches the machine: NSM, vsock, clock, entropy |
//! | [`runtime`] | none | threads around the state machine |
//!
//! The state machine does no I/O: [`sam::Machine::handle`] takes an input, the time and randomness, and returns effects.
#![forbid(unsafe_code)]

pub mod ceremony;
pub mod channel;
pub mod crypto_module;
pub mod ledger;
pub mod platform;
pub mod runtime;
pub mod sam;

pub use platform::endpoint::Endpoint;
pub use runtime::{Config, RunError, run};
