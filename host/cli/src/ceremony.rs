//! Place: none. What officers and custodians do on their own machines.
//!
//! | module | what it holds |
//! |---|---|
//! | [`custodian`] | a custodian's state and its file |
//! | [`entry`] | a person's public entry, for the manifest |
//! | [`description`] | the description of a service, a TOML file, made into a manifest |
//! | [`founded`] | a signed manifest and what follows from it: pins, checks of evidence, service card |
//! | [`draft`] | a manifest that is to follow, on its way from officer to officer |
//! | [`client`] | the host's listener for ceremonies |

pub mod client;
pub mod custodian;
pub mod description;
pub mod draft;
pub mod entry;
pub mod founded;
