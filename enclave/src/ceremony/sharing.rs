//! Place: SAM. Splitting the root key among custodians.

use crate::ledger::keys::RootKey;
use fuin_shared::fault::Fault;
use zeroize::Zeroizing;

/// A way to split a root key into `n` shares of which `k` give it back.
pub trait Sharing {
    /// Splits; one share for each custodian, in their order.
    ///
    /// # Errors
    /// [`Fault::ManifestMalformed`] when the scheme does not offer this `k` of `n`.
    fn split(
        &self,
        root: &RootKey,
        threshold: u8,
        custodians: usize,
    ) -> Result<Vec<Zeroizing<Vec<u8>>>, Fault>;

    /// Joins; the caller compares the result with its commitment.
    ///
    /// # Errors
    /// [`Fault::ShareMalformed`].
    fn join(&self, shares: &[Zeroizing<Vec<u8>>]) -> Result<RootKey, Fault>;
}

/// Threshold 1: each custodian holds the whole root key. For development.
#[derive(Debug, Clone, Copy)]
pub struct WholeKey;

impl Sharing for WholeKey {
    fn split(
        &self,
        root: &RootKey,
        threshold: u8,
        custodians: usize,
    ) -> Result<Vec<Zeroizing<Vec<u8>>>, Fault> {
        if threshold != 1 {
            return Err(Fault::ManifestMalformed);
        }
        Ok((0..custodians).map(|_| Zeroizing::new(root.octets().to_vec())).collect())
    }

    fn join(&self, shares: &[Zeroizing<Vec<u8>>]) -> Result<RootKey, Fault> {
        let [share] = shares else { return Err(Fault::ShareMalformed) };
        RootKey::from_slice(share).ok_or(Fault::ShareMalformed)
    }
}
