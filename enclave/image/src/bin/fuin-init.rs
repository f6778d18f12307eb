//! Place: none.
//!
//! `fuin-init`: PID 1 of the enclave image. Everything is in [`fuin_image::init`].

use fuin_image::init;

fn main() {
    if std::process::id() != 1 {
        eprintln!("fuin-init: this is the first process of an enclave image; it does nothing elsewhere");
        std::process::exit(2);
    }
    match init::run() {
        Ok(ending) => init::say(&format!("enclave program ended: {ending}")),
        Err(error) => init::say(&format!("start failed: {error}")),
    }
    init::machine::power_off();
}
