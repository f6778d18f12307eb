//! Place: none. Any k of n shares give the root key back; fewer, or others, do not.

use super::*;
use crate::platform::entropy::testing::rng;
use proptest::prelude::*;
use proptest::sample::subsequence;

const SERVICE: ServiceId = ServiceId([7; 32]);

fn root() -> RootKey {
    RootKey::new(std::array::from_fn(|i| i as u8 ^ 0xa5))
}

fn splits() -> impl Strategy<Value = (u64, u8, usize)> {
    (any::<u64>(), 1usize..=9).prop_flat_map(|(seed, n)| (Just(seed), 1..=n as u8, Just(n)))
}

/// Shares that claim a lower threshold than they were made for, so that too few are joined.
fn lowered(shares: &[&Share]) -> Vec<Share> {
    let threshold = shares.len() as u8;
    shares
        .iter()
        .map(|share| {
            let opening = RootOpening { threshold, ..share.opening().clone() };
            Share::new(share.x(), Zeroizing::new(*share.y()), opening)
        })
        .collect()
}

proptest! {
    #[test]
    fn any_k_of_n_give_the_root_key_back(
        ((seed, k, n), order) in splits().prop_flat_map(|s| (Just(s), subsequence((0..s.2).collect::<Vec<_>>(), usize::from(s.1)).prop_shuffle())),
    ) {
        let split = split(&root(), &SERVICE, k, n, &mut rng(seed)).unwrap();
        prop_assert_eq!(split.shares.len(), n);
        for share in &split.shares {
            prop_assert_eq!(share.check(&SERVICE, &split.commitment), Ok(()));
        }
        let some: Vec<&Share> = order.iter().map(|i| &split.shares[*i]).collect();
        let (joined, was) = (join(&some, &SERVICE).unwrap(), root());
        prop_assert_eq!(joined.octets(), was.octets());
    }

    #[test]
    fn fewer_than_k_do_not(
        ((seed, k, n), order) in splits()
            .prop_filter("k > 1", |s| s.1 > 1)
            .prop_flat_map(|s| (Just(s), subsequence((0..s.2).collect::<Vec<_>>(), usize::from(s.1) - 1))),
    ) {
        let split = split(&root(), &SERVICE, k, n, &mut rng(seed)).unwrap();
        let few: Vec<&Share> = order.iter().map(|i| &split.shares[*i]).collect();
        prop_assert_eq!(join(&few, &SERVICE).err(), Some(Fault::ShareMalformed));
        // And if they say that they are enough, they no longer fit the commitment, and give another key.
        let lowered = lowered(&few);
        for share in &lowered {
            prop_assert_eq!(share.check(&SERVICE, &split.commitment), Err(Fault::RootMismatch));
        }
        let lowered: Vec<&Share> = lowered.iter().collect();
        prop_assert_eq!(join(&lowered, &SERVICE).err(), Some(Fault::RootMismatch));
    }

    #[test]
    fn an_altered_share_is_refused_by_the_commitment(seed: u64, octet in 0usize..32, bit in 0u8..8) {
        let split = split(&root(), &SERVICE, 2, 3, &mut rng(seed)).unwrap();
        let [first, second, third] = &split.shares[..] else { panic!("three") };
        let mut y = Zeroizing::new(*second.y());
        y[octet] ^= 1 << bit;
        let altered = Share::new(2, y, second.opening().clone());
        prop_assert_eq!(altered.check(&SERVICE, &split.commitment), Err(Fault::RootMismatch));
        prop_assert_eq!(join(&[first, &altered], &SERVICE).err(), Some(Fault::RootMismatch));
        prop_assert!(join(&[first, third], &SERVICE).is_ok());
    }
}

#[test]
fn one_share_twice_is_refused() {
    let split = split(&root(), &SERVICE, 2, 3, &mut rng(1)).unwrap();
    let [first, ..] = &split.shares[..] else { panic!("three") };
    assert_eq!(join(&[first, first], &SERVICE).err(), Some(Fault::ShareMalformed));
    assert_eq!(join(&[], &SERVICE).err(), Some(Fault::ShareMalformed));
}

#[test]
fn a_share_under_the_x_of_another_is_refused() {
    let split = split(&root(), &SERVICE, 2, 3, &mut rng(1)).unwrap();
    let [first, second, _] = &split.shares[..] else { panic!("three") };
    let moved = Share::new(3, Zeroizing::new(*second.y()), second.opening().clone());
    assert_eq!(moved.check(&SERVICE, &split.commitment), Err(Fault::RootMismatch));
    assert_eq!(join(&[first, &moved], &SERVICE).err(), Some(Fault::RootMismatch));
}

#[test]
fn shares_of_two_splits_of_one_key_do_not_mix() {
    let one = split(&root(), &SERVICE, 2, 3, &mut rng(1)).unwrap();
    let two = split(&root(), &SERVICE, 2, 3, &mut rng(2)).unwrap();
    assert_ne!(one.commitment, two.commitment);
    let [first, _, _] = &one.shares[..] else { panic!("three") };
    let [_, second, _] = &two.shares[..] else { panic!("three") };
    assert_eq!(second.check(&SERVICE, &one.commitment), Err(Fault::RootMismatch));
    assert_eq!(join(&[first, second], &SERVICE).err(), Some(Fault::RootMismatch));
}

#[test]
fn thresholds_that_cannot_be_met_are_refused() {
    for (threshold, custodians) in [(0, 3), (4, 3), (1, 0), (1, MAX_SHARES + 1)] {
        let refused = split(&root(), &SERVICE, threshold, custodians, &mut rng(1)).err();
        assert_eq!(refused, Some(Fault::ManifestMalformed), "{threshold} of {custodians}");
    }
    assert!(split(&root(), &SERVICE, 64, MAX_SHARES, &mut rng(1)).is_ok());
}
