//! Place: none. What host, enclave and verifiers agree on: types, codecs and digests.
//!
//! `no_std` with `alloc`: no I/O, no clock, no randomness. The map:
//!
//! | module | what it holds |
//! |---|---|
//! | [`codec`] | strict CBOR: typed, unknown fields refused, re-encoded byte for byte |
//! | [`bytes`], [`ids`], [`algorithm`], [`key`] | newtypes: octets, identifiers, the closed set of algorithms, public keys |
//! | [`frame`], [`stream`], [`message`] | the wire between host and enclave |
//! | [`fault`] | error numbers, a range for each module |
//! | [`phase`], [`evidence`], [`manifest`] | what an enclave says of itself |
//! | [`key_statement`] | what it says of a signer's key |
//! | [`sad`] | the signature activation data and its digest |
//! | [`role`] | roles, and which of them nobody may hold together |
//! | [`seal`] | mandates for electronic seals and the orders under them |
//! | [`share`] | a custodian's share of the root key, and the root commitment |
//! | [`new_epoch`] | the exit from a lost quorum of witnesses |
//! | [`statement`] | what officers, custodians and RA/CA clients sign |
//! | [`totp`] | one-time passwords |
//! | [`log`] | the ledger: events, tree, checkpoints, proofs |
//! | [`pki`] | strict certificates and RFC 5280 validation of a supplied chain |
#![forbid(unsafe_code)]
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod algorithm;
pub mod bytes;
pub mod codec;
pub mod evidence;
pub mod fault;
pub mod frame;
pub mod ids;
pub mod key;
pub mod key_statement;
pub mod log;
pub mod manifest;
pub mod message;
pub mod new_epoch;
pub mod phase;
pub mod pki;
pub mod role;
pub mod rotation;
pub mod sad;
pub mod seal;
pub mod share;
pub mod statement;
pub mod stream;
pub mod totp;
