//! Place: none. A consistency proof that is made while the leaves go by: for whoever reads a ledger once and cannot keep it.

use super::nodes::{NodeSource, consistency_proof};
use super::tree::{Frontier, Hash};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::RefCell;

/// A perfect subtree: level, and number among those of its level.
type Place = (u8, u64);

/// The proof from a tree of `old` leaves to one of `size`, under way. Memory grows with the proof, not with the leaves.
#[derive(Debug, Clone)]
pub struct Growth {
    old: u64,
    size: u64,
    /// Subtrees that the proof needs, in the order of their leaves. They do not overlap.
    wanted: Vec<Place>,
    made: BTreeMap<Place, Hash>,
    leaves: u64,
    /// Of the next subtree that is wanted.
    under_way: Frontier,
}

impl Growth {
    /// Begins before the first leaf; nothing if `old` is above `size`.
    #[must_use]
    pub fn new(old: u64, size: u64) -> Option<Self> {
        let names = Names(RefCell::default());
        consistency_proof(&names, old, size)?;
        let mut wanted = names.0.into_inner();
        wanted.sort_unstable_by_key(|(level, number)| number << level);
        let (made, under_way) = (BTreeMap::new(), Frontier::new());
        Some(Self { old, size, wanted, made, leaves: 0, under_way })
    }

    /// Takes the next leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let index = self.leaves;
        self.leaves = index.saturating_add(1);
        let Some(&(level, number)) = self.wanted.get(self.made.len()) else { return };
        let first = number << level;
        if index < first {
            return;
        }
        self.under_way.push(leaf);
        if self.under_way.size() == 1 << level {
            let subtree = core::mem::take(&mut self.under_way);
            self.made.insert((level, number), subtree.root());
        }
    }

    /// The proof; nothing unless all leaves went by, and no other ones.
    #[must_use]
    pub fn finish(&self) -> Option<Vec<Hash>> {
        if self.leaves != self.size {
            return None;
        }
        consistency_proof(self, self.old, self.size)
    }
}

impl NodeSource for Growth {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        self.made.get(&(level, index)).copied()
    }
}

/// Has every subtree, and notes which were asked for.
struct Names(RefCell<Vec<Place>>);

impl NodeSource for Names {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        self.0.borrow_mut().push((level, index));
        Some(Hash::default())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{consistency_proof, leaf_hash};
    use super::*;

    #[test]
    fn every_proof_is_the_one_of_the_whole_tree() {
        let leaves: Vec<Hash> = (0..70u8).map(|n| leaf_hash(&[n])).collect();
        for size in 0..=leaves.len() {
            for old in 0..=size {
                let mut growth = Growth::new(old as u64, size as u64).unwrap();
                leaves[..size].iter().for_each(|leaf| growth.push(*leaf));
                let whole = consistency_proof(old as u64, &leaves[..size]);
                assert_eq!(growth.finish(), whole, "{old} to {size}");
                assert!(growth.finish().is_some());
            }
        }
    }

    #[test]
    fn fewer_and_more_leaves_give_no_proof() {
        assert!(Growth::new(4, 3).is_none());
        let mut growth = Growth::new(3, 7).unwrap();
        for n in 0..8u8 {
            assert_eq!(growth.finish().is_some(), n == 7, "{n}");
            growth.push(leaf_hash(&[n]));
        }
        assert!(growth.finish().is_none());
    }

    #[test]
    fn sizes_without_measure_are_taken() {
        let mut growth = Growth::new(u64::MAX - 1, u64::MAX).unwrap();
        growth.push(leaf_hash(b"x"));
        assert!(growth.wanted.len() < 200 && growth.finish().is_none());
    }
}
