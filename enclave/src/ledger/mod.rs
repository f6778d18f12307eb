//! Place: SAM. The ledger is the state (design section 5): every change is an event, the state is the fold of the
//! events, and no result leaves before its event is durable.
//!
//! | module | what it does |
//! |---|---|
//! | [`journal`] | append, group commit, release |
//! | [`replay`] | reads a ledger back at boot and refuses a broken or shortened one |
//! | [`sealing`] | sealed records: a fresh derived key for each blob |
//! | [`details`] | what auditors alone read of an event |
//! | [`keys`] | what is derived from the root key |

pub mod details;
pub mod journal;
pub mod keys;
pub mod replay;
pub mod sealing;
