//! Place: none. A real enclave behind a host that the test controls: it sends what it likes and answers as it likes.
//!
//! The honest people are real ones: they verify evidence before they give anything. Everything else is the host's doing.

mod authority;
mod commits;
mod frames;
mod host;
mod manifests;
mod mutation;
mod mutations;
mod oracle;
mod people;
mod process;
mod shares;
mod signer;
mod store;
mod tokens;
mod world;
