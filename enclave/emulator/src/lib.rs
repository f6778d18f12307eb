//! Place: none (the platform that a SAM runs on, emulated for development and tests; nothing here is fit for production).
//!
//! An emulated Nitro platform.
//!
//! * [`nsm`]: the security module: registers, attestation documents, randomness. Documents are signed under a development root, which no verifier
//!   accepts unless it is given that root.
//! * [`root`], [`pki`]: the development root of an installation and the short-lived certificates below it.
//! * [`clock`]: time as an argument.
//! * [`machine`]: measures an image and boots it in QEMU; serves its NSM requests.
//! * [`process`]: an enclave that runs as an ordinary process: its measurement and its way to the parent.

pub mod clock;
pub mod machine;
pub mod nsm;
pub mod pki;
pub mod process;
pub mod root;
