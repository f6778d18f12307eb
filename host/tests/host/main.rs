//! Place: SSA. The host alone, over its real sockets. A scripted peer stands where an enclave dials, for the mechanics of
//! the wire only; what an enclave decides is tested with the real one elsewhere.

mod attestation;
mod authorize;
mod back_pressure;
mod bad_input;
mod ceremony;
mod certificate;
mod credentials;
mod documents;
mod hostile_frames;
mod http;
mod kill;
mod ledger;
mod login;
mod mandates;
mod peer;
mod relay;
mod revocation;
mod revoked;
mod rotation;
mod setup;
mod snapshots;
mod standing;
mod store;
mod stream;
mod weather;
mod witness;
