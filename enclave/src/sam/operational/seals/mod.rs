//! Place: SAM. Electronic seals (sam.md section 5): approvers grant a mandate, an SCA seals under it by numbered orders
//! without a person present, and any one approver or officer ends it.
//!
//! | module | what it does |
//! |---|---|
//! | [`approving`] | SADs of approvers, and how many of them there must be |
//! | [`granting`] | getChallenge for an approver, grantMandate |
//! | [`ordering`] | seal: order, mandate, event, and only then the key |
//! | [`ending`] | endMandate, mandateStatus |

mod approving;
mod ending;
mod granting;
mod ordering;

pub(super) use approving::Wanted;
pub(super) use granting::may_approve;
pub use ordering::SealJob;
pub(super) use ordering::Sealing;
