//! Place: none. The whole service in process mode, through real clients only: `fuin`, `fuin-verify`, pyHanko, openssl, HTTP.

mod approvers;
mod bad_input;
mod details;
mod device_key;
mod documents;
mod evidence;
mod hashes;
mod info;
mod kill;
mod ledger;
mod manifest;
mod order;
mod pin_totp;
mod pyhanko;
mod restart;
mod rotation;
mod sad;
mod sca_key;
mod seal;
mod sign;
mod snapshots;
mod witnessed;

use fuin_tests::service::{Mode, Service};
use std::sync::OnceLock;

/// The service that tests share which do not stop it.
fn shared() -> &'static Service {
    static SHARED: OnceLock<Service> = OnceLock::new();
    SHARED.get_or_init(|| Service::fresh(&Mode::Process))
}

/// What `error` and `error_description` are for most mistakes.
const fn invalid(description: &str) -> (u16, &str, &str) {
    (400, "invalid_request", description)
}
