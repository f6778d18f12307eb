#![forbid(unsafe_code)]
#![cfg_attr(not(test), no_std)]
//! Place: none. The verifier of attestation evidence, for everyone: signers, share custodians, evaluators, hosts.
//!
//! Pure functions over borrowed octets, `no_std` with `alloc`: no input or output, no clock, no randomness; time is an
//! argument.
//!
//! | module | what it holds |
//! |---|---|
//! | [`cbor`] | strict bounded reader |
//! | [`document`] | the document's envelope and payload, steps 1 to 9 |
//! | [`anchor`] | trust anchors, production and development apart |
//! | `chain` | the exact certificate chain, steps 10 to 16 |
//! | [`mod@verify`] | cryptography to claims, step 17; no policy |
//! | [`mod@appraise`] | claims against reference values and policy, steps 18 to 23; no octets |
//! | [`bundle`] | evidence of a service: document, statement, manifest, freshness |
//! | [`mod@key`] | statements of signers' keys |
//! | [`sca`] | where the key of a program that orders seals lives |
//! | [`ledger`] | proofs that an event stands in the ledger |
//! | [`error`] | the steps with their numbers, names, sentences and clauses |
//! | [`eif`] | reads and measures enclave images |
//!
//! `verify` then `appraise` for a plain document; [`bundle::verify_bundle`] then
//! [`bundle::VerifiedEvidence::appraise`] for a service's evidence; [`verify_key`] then [`VerifiedKey::appraise`] for a
//! statement of a key.

extern crate alloc;

pub mod anchor;
pub mod appraise;
pub mod bundle;
pub mod cbor;
mod chain;
pub mod document;
pub mod eif;
pub mod error;
pub mod key;
pub mod ledger;
pub mod sca;
pub mod time;
pub mod verify;

pub use anchor::{AnchorKind, Anchors, DevelopmentAnchor, ProductionAnchor};
pub use appraise::{Appraisal, Nonce, Policy, References, appraise};
pub use bundle::{Expectations, VerifiedEvidence, verify_bundle};
pub use document::{Document, Profile};
pub use error::{Refusal, Step};
pub use key::{VerifiedKey, verify_key};
pub use ledger::{ProvenEvent, verify_receipt};
pub use sca::{ScaKeyPlace, ScaRefusal, verify_sca_key};
pub use time::{At, Window};
pub use verify::{Claims, Platform, verify};

#[cfg(test)]
#[path = "../tests/kit/mod.rs"]
mod kit;
