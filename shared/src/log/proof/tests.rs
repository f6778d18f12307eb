use base64ct::{Base64, Encoding};
use proptest::prelude::*;

use super::super::tree::{consistency_proof, inclusion_proof, leaf_hash, root_of};
use super::*;

const MAX: u64 = 69;

fn leaves(n: u64) -> Vec<Hash> {
    (0..n).map(|i| leaf_hash(format!("entry {i}").as_bytes())).collect()
}

fn roots(leaves: &[Hash]) -> Vec<Hash> {
    (0..=leaves.len()).map(|n| root_of(&leaves[..n])).collect()
}

/// Bits to flip: all for three sizes (all ones, a power of two, mixed), a few for the others to keep the run short.
fn bits_of(n: u64) -> impl Iterator<Item = usize> + Clone {
    (0..256).step_by(if [7, 8, 13].contains(&n) { 1 } else { 61 })
}

/// Every way to break a list of hashes: each bit flipped, one hash less at either end, one more at either end.
fn broken(proof: &[Hash], bits: impl Iterator<Item = usize> + Clone) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for i in 0..proof.len() {
        for bit in bits.clone() {
            let mut p = proof.to_vec();
            p[i][bit / 8] ^= 1 << (bit % 8);
            all.push(p);
        }
    }
    if let ([_, rest @ ..], [front @ .., _]) = (proof, proof) {
        all.push(rest.to_vec());
        all.push(front.to_vec());
    }
    for extra in [[0u8; 32], empty_root(), proof.first().copied().unwrap_or([7; 32])] {
        all.push([&[extra], proof].concat());
        all.push([proof, &[extra]].concat());
    }
    all
}

#[test]
fn proof_vectors_inclusion_all_pairs() {
    let all = leaves(MAX);
    let roots = roots(&all);
    for n in 1..=MAX {
        let (tree, root) = (&all[..n as usize], &roots[n as usize]);
        for i in 0..n {
            let leaf = &all[i as usize];
            let proof = inclusion_proof(i, tree).unwrap();
            verify_inclusion(i, n, leaf, &proof, root).unwrap();
            for other in 0..MAX {
                if other != i {
                    assert!(verify_inclusion(other, n, leaf, &proof, root).is_err(), "{i} as {other} of {n}");
                }
            }
            for bad in broken(&proof, bits_of(n)) {
                assert!(verify_inclusion(i, n, leaf, &bad, root).is_err(), "{i} of {n}");
            }
            for bit in bits_of(n) {
                let (mut leaf, mut root) = (*leaf, *root);
                leaf[bit / 8] ^= 1 << (bit % 8);
                assert!(verify_inclusion(i, n, &leaf, &proof, &root).is_err());
                leaf = all[i as usize];
                root[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(verify_inclusion(i, n, &leaf, &proof, &root), Err(InclusionError::RootMismatch));
            }
        }
    }
}

#[test]
fn proof_vectors_consistency_all_pairs() {
    let all = leaves(MAX);
    let roots = roots(&all);
    for n in 0..=MAX {
        for m in 0..=n {
            let (a, b) = (&roots[m as usize], &roots[n as usize]);
            let proof = consistency_proof(m, &all[..n as usize]).unwrap();
            verify_consistency(m, n, &proof, a, b).unwrap();
            for bad in broken(&proof, bits_of(n)) {
                assert!(verify_consistency(m, n, &bad, a, b).is_err(), "{m} -> {n}");
            }
            if m == 0 {
                continue;
            }
            for bit in bits_of(n) {
                let (mut a, mut b) = (*a, *b);
                a[bit / 8] ^= 1 << (bit % 8);
                assert!(verify_consistency(m, n, &proof, &a, &b).is_err());
                a = roots[m as usize];
                b[bit / 8] ^= 1 << (bit % 8);
                assert!(verify_consistency(m, n, &proof, &a, &b).is_err());
            }
            for other in 1..=n {
                if other != m {
                    assert!(verify_consistency(other, n, &proof, a, b).is_err(), "{m} as {other} -> {n}");
                }
            }
        }
    }
}

/// The vectors of another implementation, and every change of those that it accepts.
#[test]
fn proof_vectors() {
    let text = include_str!("../../../../tests/vectors/log/transparency-dev-merkle.txt");
    let hash = |t: &str| -> Option<Hash> {
        if t == "-" {
            return None;
        }
        Base64::decode_vec(t).unwrap().try_into().ok()
    };
    // Some roots of the source are words ("dont care 1"): their digest stands in, so that equal stays equal.
    let root = |t: &str| match hash(t) {
        None if t != "-" => Some(leaf_hash(t.as_bytes())),
        other => other,
    };
    let (mut count, mut changed) = (0, 0);
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let [kind, name, verdict, x, y, p, q, proof] = fields[..] else { panic!("{line}") };
        // The compact convention: 0 -> n has an empty proof, and every tree extends the empty one.
        let expected = verdict == "accept" || name == "additional/size1-is-zero-and-size2-is-not-zero";
        let (x, y) = (x.parse().unwrap(), y.parse().unwrap());
        let proof: Option<Vec<Hash>> =
            if proof == "[]" { Some(vec![]) } else { proof.split(',').map(hash).collect() };
        // A hash of another length does not fit the type, which is a refusal.
        let verify = |p: &Hash, q: &Hash, proof: &[Hash]| {
            if kind == "inclusion" {
                verify_inclusion(x, y, p, proof, q).is_ok()
            } else {
                verify_consistency(x, y, proof, p, q).is_ok()
            }
        };
        let hashes = (if kind == "inclusion" { hash(p) } else { root(p) }, root(q), proof);
        let accepted = matches!(&hashes, (Some(p), Some(q), Some(proof)) if verify(p, q, proof));
        assert_eq!(accepted, expected, "{kind} {name}");
        if let (true, (Some(p), Some(q), Some(proof))) = (accepted, hashes) {
            for bad in broken(&proof, 0..256) {
                assert!(!verify(&p, &q, &bad), "{kind} {name}: {bad:?}");
                changed += 1;
            }
        }
        count += 1;
    }
    assert_eq!(count, 196);
    assert!(changed > 1_000, "{changed}");
}

#[test]
fn inclusion_refusals_by_name() {
    let all = leaves(5);
    let root = root_of(&all);
    let proof = inclusion_proof(2, &all).unwrap();
    let check = |i, n, p: &[Hash]| verify_inclusion(i, n, &all[2], p, &root);
    assert_eq!(check(5, 5, &proof), Err(InclusionError::IndexOutOfRange { index: 5, size: 5 }));
    assert_eq!(check(0, 0, &[]), Err(InclusionError::IndexOutOfRange { index: 0, size: 0 }));
    assert_eq!(check(2, 5, &proof[..2]), Err(InclusionError::TooShort));
    assert_eq!(check(2, 5, &[&proof[..], &[[1; 32]]].concat()), Err(InclusionError::TooLong));
    assert_eq!(check(3, 5, &proof), Err(InclusionError::RootMismatch));
    assert_eq!(check(u64::MAX - 1, u64::MAX, &proof), Err(InclusionError::TooShort));
}

#[test]
fn consistency_refusals_by_name() {
    use ConsistencyError as E;
    let all = leaves(7);
    let roots = roots(&all);
    let (a, b) = (&roots[3], &roots[7]);
    let proof = consistency_proof(3, &all).unwrap();
    assert_eq!(verify_consistency(8, 7, &proof, a, b), Err(E::Shrunk { old: 8, new: 7 }));
    assert_eq!(verify_consistency(0, 7, &proof, &roots[0], b), Err(E::NotEmpty));
    assert_eq!(verify_consistency(7, 7, &proof, b, b), Err(E::NotEmpty));
    assert_eq!(verify_consistency(0, 7, &[], a, b), Err(E::NotEmptyRoot));
    assert_eq!(verify_consistency(0, 0, &[], &roots[0], b), Err(E::NotEmptyRoot));
    assert_eq!(verify_consistency(7, 7, &[], a, b), Err(E::Forked));
    assert_eq!(verify_consistency(3, 7, &[], a, b), Err(E::Empty));
    assert_eq!(verify_consistency(4, 7, &[], &roots[4], b), Err(E::Empty));
    assert_eq!(verify_consistency(3, 7, &proof[..proof.len() - 1], a, b), Err(E::TooShort));
    assert_eq!(verify_consistency(3, 7, &[&proof[..], &[[1; 32]]].concat(), a, b), Err(E::TooLong));
    assert_eq!(verify_consistency(3, 7, &proof, &[0; 32], b), Err(E::OldRootMismatch));
    assert_eq!(verify_consistency(3, 7, &proof, a, &[0; 32]), Err(E::NewRootMismatch));
    assert_eq!(verify_consistency(0, 7, &[], &roots[0], b), Ok(()));
    assert_eq!(verify_consistency(0, 0, &[], &roots[0], &roots[0]), Ok(()));
}

proptest! {
    #[test]
    fn hostile_sizes_never_panic(
        x in any::<u64>(), y in any::<u64>(),
        proof in proptest::collection::vec(any::<[u8; 32]>(), 0..80),
        a in any::<[u8; 32]>(), b in any::<[u8; 32]>(),
    ) {
        prop_assert!(verify_inclusion(x, y, &a, &proof, &b).is_err());
        prop_assert!(verify_consistency(x, y, &proof, &a, &b).is_err());
    }
}
