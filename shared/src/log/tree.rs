//! Place: none. RFC 6962 Merkle tree over SHA-256: hashes, the append-only frontier, proofs.
//!
//! Sizes and indices are counted in leaves. Nothing here trusts a size: a checkpoint's signature does.

use alloc::vec::Vec;
use sha2::{Digest, Sha256};

use super::nodes::{self, NodeSource};

/// SHA-256 output.
pub type Hash = [u8; 32];

/// Most leaves a tree may have (2^63 - 1).
pub const MAX_SIZE: u64 = i64::MAX as u64;

const LEAF_PREFIX: [u8; 1] = [0x00];
const NODE_PREFIX: [u8; 1] = [0x01];

/// Hash of one log entry: SHA-256(0x00 || entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update(LEAF_PREFIX).chain_update(entry).finalize().into()
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update(NODE_PREFIX).chain_update(left).chain_update(right).finalize().into()
}

/// Root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Root of the tree with these leaf hashes.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// Inclusion proof of leaf `index` in the tree of all `leaves`, from the leaf upwards.
///
/// `None` if there is no such leaf. O(n): for a growing log use [`super::nodes::Nodes`].
#[must_use]
pub fn inclusion_proof(index: u64, leaves: &[Hash]) -> Option<Vec<Hash>> {
    nodes::inclusion_proof(&Leaves(leaves), index, leaves.len() as u64)
}

/// Consistency proof from the first `old` leaves to all `leaves`.
///
/// Empty for `old` = 0 and for equal sizes; `None` if `old` is larger than the tree.
#[must_use]
pub fn consistency_proof(old: u64, leaves: &[Hash]) -> Option<Vec<Hash>> {
    nodes::consistency_proof(&Leaves(leaves), old, leaves.len() as u64)
}

/// Leaf hashes as a source of perfect subtrees, computed when asked for.
struct Leaves<'a>(&'a [Hash]);

impl NodeSource for Leaves<'_> {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let width = 1u64.checked_shl(u32::from(level))?;
        let begin = usize::try_from(index.checked_mul(width)?).ok()?;
        let end = begin.checked_add(usize::try_from(width).ok()?)?;
        self.0.get(begin..end).map(root_of)
    }
}

/// What is needed to append: the roots of the perfect subtrees, largest first. O(log n) memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    // Invariant: one hash for each bit set in `size`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Frontier of the empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// Frontier restored from [`Frontier::size`] and [`Frontier::peaks`].
    ///
    /// `None` unless there is one hash for each bit set in `size`, or if `size` is above [`MAX_SIZE`].
    #[must_use]
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (size <= MAX_SIZE && peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, largest first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            // The invariant gives a peak for every trailing one bit.
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Root of the tree so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => empty_root(),
            Some(smallest) => peaks.fold(*smallest, |right, left| node_hash(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The recursive definition of RFC 6962 section 2.1, written independently of the frontier.
    fn definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            many => {
                let mut split = 1;
                while split * 2 < many.len() {
                    split *= 2;
                }
                node_hash(&definition(&many[..split]), &definition(&many[split..]))
            }
        }
    }

    /// Inputs and roots of the reference tree of the certificate transparency code bases.
    #[test]
    fn reference_roots() {
        let inputs: [&str; 8] = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::new();
        assert_eq!(hex::encode(frontier.root()), roots[0]);
        for (input, root) in inputs.iter().zip(&roots[1..]) {
            frontier.push(leaf_hash(&hex::decode(input).unwrap()));
            assert_eq!(hex::encode(frontier.root()), *root);
        }
    }

    #[test]
    fn proofs_outside_the_tree_are_none() {
        let leaves = [leaf_hash(b"a"), leaf_hash(b"b")];
        assert_eq!(inclusion_proof(2, &leaves), None);
        assert_eq!(inclusion_proof(0, &[]), None);
        assert_eq!(consistency_proof(3, &leaves), None);
        assert_eq!(consistency_proof(0, &leaves), Some(vec![]));
        assert_eq!(consistency_proof(2, &leaves), Some(vec![]));
    }

    #[test]
    fn parts_must_fit() {
        let mut frontier = Frontier::new();
        for i in 0..11u8 {
            frontier.push(leaf_hash(&[i]));
        }
        let (size, peaks) = (frontier.size(), frontier.peaks().to_vec());
        assert_eq!(Frontier::from_parts(size, peaks.clone()), Some(frontier));
        assert_eq!(Frontier::from_parts(size + 1, peaks.clone()), None);
        assert_eq!(Frontier::from_parts(u64::MAX, vec![[0; 32]; 64]), None);
        assert_eq!(Frontier::from_parts(size, peaks[1..].to_vec()), None);
    }

    proptest! {
        #[test]
        fn frontier_equals_the_definition(leaves in proptest::collection::vec(any::<[u8; 32]>(), 0..300)) {
            prop_assert_eq!(root_of(&leaves), definition(&leaves));
        }
    }
}
