//! Place: none. A share custodian's device: keeps one share of the service's root key and gives it only to an enclave
//! whose evidence it checked itself (design section 3.5).
//!
//! Pure: time and randomness are arguments; the caller keeps the octets of [`Custodian::to_bytes`] (mode 0600, replaced
//! atomically) and must have written them *before* it sends on what a method returned. The life of a custodian:
//!
//! 1. [`Custodian::new`] makes its keys, or [`Custodian::on_device`] takes those of a [`KeyDevice`];
//!    [`Custodian::manifest_entry`] is what the manifest names;
//! 2. [`Custodian::join`] pins the service, its anchors and the image;
//! 3. [`Custodian::accept_share`] at genesis: evidence, share -> signed receipt;
//! 4. [`Custodian::learn_ledger`] once operational: evidence -> the ledger's key;
//! 5. [`Custodian::observe_checkpoint`] remembers the newest head of the ledger, never an older one;
//! 6. [`Custodian::provide_share`] at each boot: evidence -> share sealed to the instance and signed statement;
//! 7. in a rotation [`Custodian::accept_next_share`]: evidence -> another root key's share beside the one that is held, receipt;
//!    then [`Custodian::learn_ledger`] again, and [`Custodian::delete_former_share`] when nothing needs the former one;
//! 8. [`Custodian::abandon_share`], [`Custodian::abandon_next_share`]: what came to nothing is set aside, and found again if it did not.
#![forbid(unsafe_code)]

mod checkpoint;
mod deletion;
mod device;
mod error;
mod evidence;
mod holdings;
mod keys;
mod opening;
mod rotation;
mod share;
mod state;

pub use checkpoint::Seen;
pub use device::{DeviceError, KeyDevice};
pub use error::CustodianError;
pub use evidence::Pins;
pub use share::ProvidedShare;
pub use state::Custodian;
