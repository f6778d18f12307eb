//! Place: none. What officers and custodians do on their own machines.
//!
//! | module | what it holds |
//! |---|---|
//! | [`custodian`] | a custodian's state and its file |
//! | [`officer`] | an officer's key, in a file or in a token |
//! | [`token`] | keys in a PKCS#11 token |
//! | [`prompt`] | a secret typed at the terminal |
//! | [`entry`] | a person's public entry, for the manifest |
//! | [`description`] | the description of a service, a TOML file, made into a manifest |
//! | [`founded`] | a signed manifest and what follows from it: pins, checks of evidence, service card |
//! | [`draft`] | a manifest that is to follow, on its way from officer to officer |
//! | [`release`] | the end of the officers' suspension of a credential, on its way from officer to officer |
//! | [`running`] | a running enclave: the host that leads to it, and what its evidence must show |
//! | [`client`] | the host's listener for ceremonies |

pub mod client;
pub mod custodian;
pub mod description;
pub mod draft;
pub mod entry;
pub mod founded;
pub mod officer;
pub mod prompt;
pub mod release;
pub mod running;
pub mod token;
