//! Place: SIC, SCA. Electronic seals: approvers grant a mandate from their own devices, and a program of the organization
//! seals under it without a person present.
//!
//! | module | what it holds |
//! |---|---|
//! | `approve` | what one approver signs |
//! | `change` | who comes when approvers change |
//! | `key` | the SCA's key, which signs orders |
//! | `pdf` | a sealed PDF |
//! | `receipt` | what the SAM says of an order, checked |
//! | `report` | the digest report for the organization: mandates and running numbers, with gaps shown |

mod approve;
mod change;
mod key;
mod pdf;
mod receipt;
mod report;

pub use approve::{Approval, ScaClaim, approve, sca_key_place};
pub use change::{Newcomer, register};
pub use key::{ScaKey, ScaKeyError};
pub use pdf::{SealedPdf, UnderMandate, seal_pdf};
pub use receipt::{ReceiptError, check_receipt};
pub use report::{Granted, Order, Report};
