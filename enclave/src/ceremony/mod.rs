//! Place: SAM. The root key: how it is made, shared with custodians, and given back (design section 3.5).
//!
//! | module | what it does |
//! |---|---|
//! | [`sharing`] | splits and joins the root key: Shamir's scheme, k of n |
//! | [`custody`] | makes a root key and waits until each custodian has a share |
//! | [`genesis`] | makes a root key under officers' approval; ends on custodians' receipts |
//! | [`provision`] | takes shares back from custodians |
//! | [`hand_over`] | gives the root key to another enclave, and takes it |
//! | [`rotation`] | puts another root key in the place of the current one |
//! | [`new_epoch`] | what officers approve when a quorum of witnesses is lost |

pub mod custody;
pub mod genesis;
pub mod hand_over;
pub mod new_epoch;
pub mod provision;
pub mod rotation;
pub mod sharing;
