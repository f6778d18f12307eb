//! Place: none. What the tests of the whole service share.
//!
//! | module | what it holds |
//! |---|---|
//! | [`programs`] | where the programs under test are, and commands that end |
//! | [`service`] | a real `fuin dev`, started, stopped and killed |
//! | [`csc`] | HTTP calls as a stranger makes them |
//! | [`signer`] | the signer's device, step by step |
//! | [`peers`] | software nobody here wrote: pyHanko, openssl |
//! | [`hostile`] | a real enclave behind a host that attacks it |
//! | [`pdf`] | what a validator takes out of a signed PDF |
//! | [`ledger`] | the events that a stopped service has kept |
//! | [`place`] | a ceremony: host, enclave, and the files of officers and custodians |
//! | [`registration`] | an RA, a CA and a signer of a service that was founded by a ceremony |

pub mod csc;
pub mod hostile;
pub mod ledger;
pub mod pdf;
pub mod peers;
pub mod place;
pub mod programs;
pub mod registration;
pub mod service;
pub mod signer;
