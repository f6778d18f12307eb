//! Place: SAM. The signature activation module (EN 419 241-2): a synchronous state machine without I/O.
//!
//! | module | what it does |
//! |---|---|
//! | [`io`] | inputs and effects |
//! | [`roles`] | who may send which command in which phase: one table |
//! | [`service`], [`evidence`] | the manifest in force; evidence bundles |
//! | [`operational`] | the commands of the operational phase |
//! | [`record`], [`vault`] | credential records, sealed at the host, opened here |
//! | [`clock`] | trusted time: kernel, documents and witnesses against each other |
//! | [`challenge`], [`authorization`], [`activation`] | nonces, SADs, what they permit |
//! | [`alarms`] | what is wrong around the enclave, told to the ledger |
//! | [`means`] | the signer's eID means |
//! | [`proof`], [`jose`] | `manageProof` of RA/CA clients |
//! | [`orders`] | officers' orders about a credential |
//! | [`pkcs10`], [`certificates`] | certification requests and issued certificates |
//! | [`key_attestation`] | key statements for CAs and evaluators |
//! | [`to_be_signed`] | the bytes to be signed for a document, read before they are hashed |
//! | [`staff`] | whose keys may not be an approver's |
//! | [`outcome`] | results that wait for the ledger |

pub mod activation;
pub mod alarms;
pub mod authorization;
pub mod certificates;
pub mod challenge;
pub mod clock;
pub mod evidence;
pub mod io;
pub mod jose;
pub mod key_attestation;
mod machine;
pub mod means;
pub mod operational;
pub mod orders;
pub mod outcome;
pub mod pkcs10;
pub mod proof;
pub mod record;
pub mod roles;
pub mod service;
pub mod staff;
pub mod to_be_signed;
pub mod vault;

pub use io::{Effect, Input, Ticket};
pub use machine::{Boot, Machine};
pub use service::ServiceContext;
