//! Place: SIC. The signer's device: checks the enclave's evidence, builds the SAD, has it authorized by the signer's
//! eID means, and seals the result so that only the checked enclave can open it.
//!
//! Pure: time and randomness are arguments, nothing is read or written. The order of use:
//!
//! 1. [`Sic::check_evidence`]: bundle and nonce -> [`TrustedInstance`], or the step that refused;
//! 2. [`TrustedInstance::build_sad`]: what is to be signed, with the SAM's challenge -> SAD;
//! 3. [`SignerMeans::answer`] (or [`Authenticator::register`]) over [`fuin_shared::sad::sad_digest`];
//! 4. [`TrustedInstance::seal`]: SAD and assertion -> [`fuin_shared::sad::AuthorizationEvidence`].
//!
//! A SAD can only be built for an instance whose evidence was checked, because [`TrustedInstance`] has no other source.
#![forbid(unsafe_code)]

mod authenticator;
mod build;
mod error;
mod evidence;
mod seal;

pub use authenticator::{Authenticator, SignerMeans};
pub use build::SadRequest;
pub use error::SicError;
pub use evidence::{Pins, Sic, TrustedInstance};
