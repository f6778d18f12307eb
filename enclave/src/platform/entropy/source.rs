//! Place: none. Sources of entropy.

use crate::platform::nsm::{self, Nsm};
use fuin_shared::fault::Fault;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Gives octets of entropy.
pub trait Source: Send {
    /// Fills all of `out`.
    ///
    /// # Errors
    /// A fault when it does not answer; it may answer later.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Fault>;
}

/// The security module's `GetRandom`.
pub struct Module(pub Arc<dyn Nsm>);

impl Source for Module {
    fn fill(&mut self, mut out: &mut [u8]) -> Result<(), Fault> {
        while !out.is_empty() {
            let random = Zeroizing::new(nsm::random(self.0.as_ref())?);
            let length = random.len().min(out.len());
            let (now, later) = std::mem::take(&mut out).split_at_mut(length);
            now.copy_from_slice(random.get(..length).ok_or(Fault::Nsm)?);
            out = later;
        }
        Ok(())
    }
}

/// The kernel's `getrandom`.
pub struct Kernel;

impl Source for Kernel {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Fault> {
        getrandom::fill(out).map_err(|_| Fault::Entropy)
    }
}
