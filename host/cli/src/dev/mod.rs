//! Place: none. A development installation: everybody's part in one process, so that a newcomer needs no ceremony.
//!
//! | module | whose part |
//! |---|---|
//! | [`layout`], [`run_dir`], [`keys`], [`find`], [`stop`], [`progress`] | the folder, the socket's folder, key files, programs, signals, what a person sees |
//! | [`child`], [`measure`] | the enclave: its process, and the measurement that is pinned |
//! | [`founding`] | the officer: manifest and approvals |
//! | [`ceremony`] | from a boot to an operational enclave |
//! | [`authority`] | the CA |
//! | [`registration`], [`enrolment`] | the RA, and the way of a credential |
//! | [`organization`] | a seal credential and its approvers, where they are wanted |
//! | [`publish`] | service card and `dev.json` |
//! | [`witnesses`] | witnesses of the ledger, where they are wanted |
//! | [`session`] | brings all of it up and keeps it up |

mod authority;
mod ceremony;
mod child;
mod enrolment;
pub mod find;
mod founding;
pub mod keys;
mod layout;
mod measure;
mod organization;
mod progress;
pub mod publish;
mod registration;
mod run_dir;
pub mod session;
pub mod stop;
mod witnesses;

pub use child::{EnclaveChild as Child, EnclaveKind, EnclaveProgram};
pub use founding::{Founded, RELYING_PARTY};
pub use layout::Layout;
pub use organization::ORGANIZATION;
pub use progress::Progress;
pub use registration::{link_subject, manage_proof};
pub use run_dir::RunDir;
pub use witnesses::DevWitnesses;
