//! Place: none. Verification of RFC 6962 inclusion and consistency proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
//!
//! A proof does not authenticate the sizes that come with it: take sizes and roots from a verified checkpoint.

use thiserror::Error;

use super::tree::{Hash, empty_root, node_hash};

/// Why an inclusion proof was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InclusionError {
    /// The index is not below the size.
    #[error("leaf index {index} is not below the tree size {size}")]
    IndexOutOfRange {
        /// Index claimed.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// Hashes are left over when the root is reached.
    #[error("the inclusion proof has too many hashes")]
    TooLong,
    /// The hashes end below the root.
    #[error("the inclusion proof has too few hashes")]
    TooShort,
    /// The hashes lead to another root.
    #[error("the inclusion proof leads to another root")]
    RootMismatch,
}

/// Why a consistency proof was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConsistencyError {
    /// The old tree is larger than the new one.
    #[error("old tree size {old} is above the new size {new}")]
    Shrunk {
        /// Size of the old tree.
        old: u64,
        /// Size of the new tree.
        new: u64,
    },
    /// A proof was given where none is needed: old size 0, or equal sizes.
    #[error("the consistency proof must be empty for old size 0 and for equal sizes")]
    NotEmpty,
    /// No proof was given where one is needed.
    #[error("the consistency proof is empty")]
    Empty,
    /// A tree of size 0 has another root than the empty root.
    #[error("a tree of size 0 must have the empty root")]
    NotEmptyRoot,
    /// Equal sizes with different roots: the log has forked.
    #[error("two trees of equal size have different roots")]
    Forked,
    /// Hashes are left over when the root is reached.
    #[error("the consistency proof has too many hashes")]
    TooLong,
    /// The hashes end below the root.
    #[error("the consistency proof has too few hashes")]
    TooShort,
    /// The hashes do not lead to the old root.
    #[error("the consistency proof leads to another old root")]
    OldRootMismatch,
    /// The hashes do not lead to the new root.
    #[error("the consistency proof leads to another new root")]
    NewRootMismatch,
}

/// Checks that `leaf` (a leaf hash) is number `index` of the tree of `size` leaves with this `root`.
///
/// # Errors
/// [`InclusionError`], one variant for each failure.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), InclusionError> {
    if index >= size {
        return Err(InclusionError::IndexOutOfRange { index, size });
    }
    let (mut first, mut last) = (index, size - 1);
    let mut node = *leaf;
    for hash in proof {
        if last == 0 {
            return Err(InclusionError::TooLong);
        }
        if first & 1 == 1 || first == last {
            node = node_hash(hash, &node);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, hash);
        }
        first >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(InclusionError::TooShort);
    }
    if node != *root {
        return Err(InclusionError::RootMismatch);
    }
    Ok(())
}

/// Checks that the tree of `new` leaves with root `new_root` extends the tree of `old` leaves with root `old_root`.
///
/// Any tree extends the empty one, with an empty proof.
///
/// # Errors
/// [`ConsistencyError`], one variant for each failure.
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), ConsistencyError> {
    if old > new {
        return Err(ConsistencyError::Shrunk { old, new });
    }
    if (old == 0 && *old_root != empty_root()) || (new == 0 && *new_root != empty_root()) {
        return Err(ConsistencyError::NotEmptyRoot);
    }
    if old == 0 || old == new {
        if !proof.is_empty() {
            return Err(ConsistencyError::NotEmpty);
        }
        if old == new && old_root != new_root {
            return Err(ConsistencyError::Forked);
        }
        return Ok(());
    }

    // A perfect old tree is itself the first hash, and the prover leaves it out.
    let (seed, rest) = if old.is_power_of_two() {
        if proof.is_empty() {
            return Err(ConsistencyError::Empty);
        }
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ConsistencyError::Empty)?
    };
    let (mut first, mut last) = (old - 1, new - 1);
    while first & 1 == 1 {
        first >>= 1;
        last >>= 1;
    }
    let (mut old_node, mut new_node) = (*seed, *seed);
    for hash in rest {
        if last == 0 {
            return Err(ConsistencyError::TooLong);
        }
        if first & 1 == 1 || first == last {
            old_node = node_hash(hash, &old_node);
            new_node = node_hash(hash, &new_node);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            new_node = node_hash(&new_node, hash);
        }
        first >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ConsistencyError::TooShort);
    }
    if old_node != *old_root {
        return Err(ConsistencyError::OldRootMismatch);
    }
    if new_node != *new_root {
        return Err(ConsistencyError::NewRootMismatch);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
