//! Place: SAM. Splitting the root key among custodians and joining it again: Shamir's scheme over GF(2^8), an octet at a
//! time (decision 0014). Any `threshold` shares give the root key; fewer say nothing about it.

mod field;

use crate::ledger::keys::RootKey;
use field::{invert, multiply};
use fuin_shared::fault::Fault;
use fuin_shared::ids::{RootCommitment, ServiceId};
use fuin_shared::share::{MAX_SHARES, RootOpening, Share, share_digest};
use rand_core::CryptoRng;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// A root key in shares.
pub struct Split {
    /// Commitment to the key, the threshold and every share.
    pub commitment: RootCommitment,
    /// One share for each custodian, in their order.
    pub shares: Vec<Share>,
}

/// Splits `root` into shares of which any `threshold` give it back.
///
/// # Errors
/// [`Fault::ManifestMalformed`] unless `threshold` is 1 to `custodians`, and `custodians` at most [`MAX_SHARES`].
pub fn split(
    root: &RootKey,
    service: &ServiceId,
    threshold: u8,
    custodians: usize,
    rng: &mut dyn CryptoRng,
) -> Result<Split, Fault> {
    if threshold == 0 || usize::from(threshold) > custodians || custodians > MAX_SHARES {
        return Err(Fault::ManifestMalformed);
    }
    // One polynomial for each octet, all of degree threshold - 1. Their coefficients but the first are uniform, zero
    // included: a highest coefficient that is never zero would say something about the key.
    let mut coefficients = Zeroizing::new(vec![[0u8; 32]; usize::from(threshold) - 1]);
    for coefficient in coefficients.iter_mut() {
        rng.fill_bytes(coefficient);
    }
    let points: Vec<(u8, Zeroizing<[u8; 32]>)> = (1u8..)
        .take(custodians)
        .map(|x| {
            let mut y = Zeroizing::new([0; 32]);
            for coefficient in coefficients.iter().rev().chain([root.octets()]) {
                for (y, coefficient) in y.iter_mut().zip(coefficient) {
                    *y = multiply(*y, x) ^ coefficient;
                }
            }
            (x, y)
        })
        .collect();
    let shares = points.iter().map(|(x, y)| share_digest(service, *x, y)).collect();
    let opening = RootOpening { threshold, root: root.digest(service), shares };
    Ok(Split {
        commitment: opening.commitment(service),
        shares: points.into_iter().map(|(x, y)| Share::new(x, y, opening.clone())).collect(),
    })
}

/// Joins shares that were each checked against one commitment.
///
/// # Errors
/// [`Fault::ShareMalformed`]: two are the same share, or there are fewer than their threshold;
/// [`Fault::RootMismatch`]: they do not give the root key that the commitment was made over.
pub fn join(shares: &[&Share], service: &ServiceId) -> Result<RootKey, Fault> {
    let opening = shares.first().ok_or(Fault::ShareMalformed)?.opening();
    let distinct: BTreeSet<u8> = shares.iter().map(|share| share.x()).collect();
    let needed = usize::from(opening.threshold);
    if distinct.len() != shares.len() || distinct.contains(&0) || shares.len() < needed {
        return Err(Fault::ShareMalformed);
    }
    let shares = shares.get(..needed).ok_or(Fault::ShareMalformed)?;
    // Lagrange's polynomials at zero, where the root key is.
    let mut octets = Zeroizing::new([0u8; 32]);
    for share in shares {
        let others = shares.iter().map(|other| other.x()).filter(|x| *x != share.x());
        let weight = others.fold(1, |weight, x| multiply(weight, multiply(x, invert(x ^ share.x()))));
        for (octet, y) in octets.iter_mut().zip(share.y()) {
            *octet ^= multiply(weight, *y);
        }
    }
    let root = RootKey::new(*octets);
    if root.digest(service) == opening.root { Ok(root) } else { Err(Fault::RootMismatch) }
}

#[cfg(test)]
mod tests;
