//! Place: none. Proofs from stored perfect subtrees, so that a proof costs O(log n) and not O(n).

use super::tree::{Hash, empty_root, node_hash};
use alloc::vec::Vec;

/// Where the roots of perfect subtrees come from: memory, or hash tiles.
pub trait NodeSource {
    /// Root of the perfect subtree over leaves `index * 2^level` to `(index + 1) * 2^level` (excluded).
    ///
    /// `None` if the source does not hold it.
    fn node(&self, level: u8, index: u64) -> Option<Hash>;
}

/// Root of the tree of the first `size` leaves.
#[must_use]
pub fn root(source: &impl NodeSource, size: u64) -> Option<Hash> {
    if size == 0 { Some(empty_root()) } else { range_root(source, 0, size) }
}

/// Inclusion proof of leaf `index` in the tree of the first `size` leaves, from the leaf upwards.
///
/// `None` if `index` is outside the tree or a node is missing.
#[must_use]
pub fn inclusion_proof(source: &impl NodeSource, index: u64, size: u64) -> Option<Vec<Hash>> {
    if index >= size {
        return None;
    }
    let (mut begin, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            proof.push(range_root(source, middle, end)?);
            end = middle;
        } else {
            proof.push(range_root(source, begin, middle)?);
            begin = middle;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Consistency proof from the tree of `old` leaves to the tree of `size` leaves.
///
/// Empty for `old` = 0 and for equal sizes; `None` if `old > size` or a node is missing.
#[must_use]
pub fn consistency_proof(source: &impl NodeSource, old: u64, size: u64) -> Option<Vec<Hash>> {
    if old > size {
        return None;
    }
    if old == 0 || old == size {
        return Some(Vec::new());
    }
    let (mut begin, mut end) = (0, size);
    let mut proof = Vec::new();
    while end != old {
        let middle = begin + split(end - begin);
        if old <= middle {
            proof.push(range_root(source, middle, end)?);
            end = middle;
        } else {
            proof.push(range_root(source, begin, middle)?);
            begin = middle;
        }
    }
    // With begin = 0 the verifier already holds this hash: it is the old root.
    if begin != 0 {
        proof.push(range_root(source, begin, end)?);
    }
    proof.reverse();
    Some(proof)
}

/// Largest power of two below `n`, for `n` of at least 2.
const fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Root over leaves `begin..end`, a range that the recursive split of a tree produces, so never empty.
fn range_root(source: &impl NodeSource, begin: u64, end: u64) -> Option<Hash> {
    let width = end - begin;
    if width.is_power_of_two() {
        let level = width.trailing_zeros();
        return source.node(level as u8, begin >> level);
    }
    let middle = begin + split(width);
    Some(node_hash(&range_root(source, begin, middle)?, &range_root(source, middle, end)?))
}

/// All perfect subtrees of a tree in memory: about 64 octets for each leaf.
#[derive(Debug, Clone, Default)]
pub struct Nodes {
    // levels[0] holds the leaf hashes; levels[l + 1] is half as long as levels[l], rounded down.
    levels: Vec<Vec<Hash>>,
}

impl Nodes {
    /// The empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { levels: Vec::new() }
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        let mut level = 0;
        loop {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(level) else { return };
            row.push(node);
            let ([.., left, right], 0) = (row.as_slice(), row.len() % 2) else { return };
            node = node_hash(left, right);
            level += 1;
        }
    }

    /// Keeps the first `size` leaves; no change if there are fewer.
    pub fn truncate(&mut self, size: u64) {
        let mut keep = usize::try_from(size).unwrap_or(usize::MAX);
        for row in &mut self.levels {
            row.truncate(keep);
            keep /= 2;
        }
    }

    /// Root of the first `size` leaves; `None` if there are fewer.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        root(self, size)
    }

    /// Inclusion proof of leaf `index` in the tree of the first `size` leaves; `None` if there are fewer.
    #[must_use]
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if size > self.size() {
            return None;
        }
        inclusion_proof(self, index, size)
    }

    /// Consistency proof from the tree of `old` leaves to the tree of `size` leaves; `None` if there are fewer.
    #[must_use]
    pub fn consistency_proof(&self, old: u64, size: u64) -> Option<Vec<Hash>> {
        if size > self.size() {
            return None;
        }
        consistency_proof(self, old, size)
    }
}

impl NodeSource for Nodes {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        self.levels.get(usize::from(level))?.get(usize::try_from(index).ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    fn leaves(n: u64) -> Vec<Hash> {
        (0..n).map(|i| tree::leaf_hash(&i.to_be_bytes())).collect()
    }

    #[test]
    fn stored_nodes_agree_with_the_slice_functions() {
        let all = leaves(69);
        let mut nodes = Nodes::new();
        for leaf in &all {
            nodes.push(*leaf);
        }
        assert_eq!(nodes.size(), 69);
        for n in 0..=69u64 {
            let part = &all[..n as usize];
            assert_eq!(nodes.root_at(n), Some(tree::root_of(part)));
            for m in 0..=n {
                assert_eq!(nodes.consistency_proof(m, n), tree::consistency_proof(m, part));
                assert_eq!(nodes.inclusion_proof(m, n), tree::inclusion_proof(m, part));
            }
        }
        assert_eq!(nodes.root_at(70), None);
        assert_eq!(nodes.inclusion_proof(69, 70), None);
        assert_eq!(nodes.consistency_proof(0, 70), None);
        assert_eq!(nodes.consistency_proof(64, 70), None);
    }

    #[test]
    fn truncated_then_grown_is_as_if_never_longer() {
        let all = leaves(40);
        for keep in 0..=40usize {
            let mut nodes = Nodes::new();
            for leaf in &all {
                nodes.push(*leaf);
            }
            nodes.truncate(keep as u64);
            assert_eq!(nodes.size(), keep as u64);
            for leaf in &all[keep..] {
                nodes.push(*leaf);
            }
            assert_eq!(nodes.root_at(40), Some(tree::root_of(&all)));
            assert_eq!(nodes.inclusion_proof(17, 40), tree::inclusion_proof(17, &all));
        }
    }
}
