//! Place: none. One module for each command.

pub mod ceremony;
pub mod dev;
pub mod doctor;
pub mod evidence;
mod hash_type;
pub mod key;
pub mod ledger;
pub mod manifest;
mod nonce;
pub mod order;
mod pdf;
pub mod sad;
pub mod seal;
pub mod serve;
pub mod sign;
pub mod suspend;
pub mod witness;
