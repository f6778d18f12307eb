//! Place: none. A real enclave behind a host that the test controls: it sends what it likes and answers as it likes.
//!
//! The honest people are real ones: they verify evidence before they give anything. Everything else is the host's doing.
//!
//! | module | what it holds |
//! |---|---|
//! | [`world`], [`people`], [`signer`], [`authority`] | one service: officers, custodian, RA clients, CA, signers |
//! | [`means`], [`cards`], [`organization`] | what signers answer with; a legal person with approvers, programs and mandates |
//! | [`auditing`] | an honest auditor, who reads the ledger and its details at the end |
//! | [`host`], [`store`], [`snapshots`], [`process`] | sockets, frames, a store that lies on demand, the enclave's process or machine |
//! | [`witnesses`] | the witnesses of a cosigned service, and what the host does with their words on the way |
//! | [`oracle`] | what signers and RA clients authorized, and the judgement of every answer |
//! | [`mutation`] | changes of a message, had again from a seed |
//! | [`attacks`] | the attacks that have names |
//! | [`campaign`] | all of it, driven by one seed |

pub mod attacks;
pub mod auditing;
pub mod authority;
pub mod campaign;
pub mod cards;
pub mod host;
pub mod means;
pub mod mutation;
pub mod oracle;
pub mod organization;
pub mod people;
pub mod process;
pub mod signer;
pub mod snapshots;
pub mod store;
pub mod witnesses;
pub mod world;
