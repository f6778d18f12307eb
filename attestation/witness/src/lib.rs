//! Place: none. A witness of ledgers, C2SP tlog-witness: remembers the newest checkpoint of each log and cosigns only
//! consistent growth (design section 5).
//!
//! Whoever cosigns must not forget. Compare, write, fsync are one step for each origin, done before a cosignature is made;
//! a record that was lost is never begun anew. Time and randomness are arguments; files are all that is touched.
//!
//! ```text
//! lock              held by the one program that serves
//! key               name and seed, mode 0600
//! known             origins that have a record: one that lost its record is refused, not begun anew
//! logs/<id>         origin and vkeys of a log; may be added while the witness serves
//! records/<id>      its newest checkpoint, as the log signed it
//! ```
//!
//! `<id>` is the hex SHA-256 of the origin.
//!
//! | module | what it holds |
//! |---|---|
//! | `folder` | the files above |
//! | `log` | which logs the witness watches |
//! | `record` | the newest checkpoint of each |
//! | `report` | what its operator sees |
//! | `witness` | the state machine |
//! | `write` | files that are replaced whole |
#![forbid(unsafe_code)]

mod error;
mod folder;
mod log;
mod record;
mod report;
mod witness;
mod write;

pub use error::WitnessError;
pub use folder::{create, origin_id};
pub use log::Log;
pub use report::Report;
pub use witness::Witness;
pub use write::{Interrupt, Step};
