//! Place: none. The auditor: opens the details that the enclave sealed beside the ledger ([`fuin_shared::log::detail`]), and
//! notices one that is altered or of another event. No I/O, clock or randomness.
//!
//! | module | what it holds |
//! |---|---|
//! | [`key`] | the auditor's sealing key |
//! | [`opener`] | content keys as they are met, and the details under them |
#![forbid(unsafe_code)]

mod key;
mod opener;

pub use key::AuditorKey;
pub use opener::{DetailError, Opened, Opener, check};
