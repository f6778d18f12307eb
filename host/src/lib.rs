//! Place: SSA. The host: serves the APIs, keeps sealed octets, carries messages. It can sign nothing.
//!
//! The map:
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`] | one TOML file, every limit |
//! | [`store`] | one trait, SQLite behind it: ledger, sealed records, the host's own data |
//! | [`relay`] | connections that enclaves dialled: requests, deadlines, back-pressure, streams |
//! | [`accounts`] | users, passwords, bearer tokens |
//! | [`csc`] | CSC API v1 and v2, one core |
//! | [`attestation`] | evidence of the enclave for whoever asks |
//! | [`ceremony`] | officers' and custodians' messages to the enclave, on a loopback listener of their own |
//! | [`ledger`] | checkpoint, tiles and proofs for outsiders, entries for auditors |
//! | [`http`] | bodies, errors in JSON, request ids |
//! | [`revocation`] | revocation lists of X.509 means, for the enclave |
//! | `rewrap` | records under a former root key, for the enclave to seal anew |
//! | [`server`] | puts it together: [`Host::start`] |
//! | [`witness`] | the ledger's witnesses: cosignatures for the enclave |
//! | [`clock`] | where the time comes from |
#![forbid(unsafe_code)]

pub mod accounts;
pub mod attestation;
pub mod ceremony;
pub mod clock;
pub mod config;
pub mod csc;
pub mod http;
pub mod ledger;
pub mod relay;
pub mod revocation;
mod rewrap;
pub mod server;
pub mod store;
pub mod witness;

pub use config::HostConfig;
pub use server::{Host, RunningHost, StartError};
