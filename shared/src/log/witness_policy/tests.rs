use proptest::prelude::*;

use super::super::cosignature::Cosigner;
use super::super::note::NoteSigner;
use super::super::tree::leaf_hash;
use super::*;

fn cosigner(seed: usize) -> Cosigner {
    Cosigner::from_seed(&format!("w{seed}"), &[seed as u8; 32]).unwrap()
}

fn policy(n: usize, threshold: u8, faults: u8) -> WitnessPolicy {
    let witnesses = (0..n).map(|seed| cosigner(seed).witness().to_string()).collect();
    WitnessPolicy { witnesses, threshold, faults }
}

fn head() -> Checkpoint {
    Checkpoint { origin: "log.example/1".into(), size: 7, root: leaf_hash(b"x") }
}

#[test]
fn quorum_rules() {
    use WitnessPolicyError as E;
    // (n, k) with the largest f that it bears.
    for (n, k, f) in [(1, 1, 0), (2, 2, 1), (3, 2, 0), (3, 3, 2), (4, 3, 1), (5, 4, 2), (7, 5, 2), (16, 9, 1)]
    {
        assert!(policy(n, k, f).check().is_ok(), "{n} {k} {f}");
        assert_eq!(policy(n, k, f + 1).check(), Err(E::Overlap), "{n} {k} {f}");
    }
    assert_eq!(policy(4, 2, 0).check(), Err(E::Overlap));
    assert_eq!(policy(0, 0, 0).check(), Err(E::Count));
    assert_eq!(policy(17, 17, 0).check(), Err(E::Count));
    assert_eq!(policy(3, 0, 0).check(), Err(E::Threshold));
    assert_eq!(policy(3, 4, 0).check(), Err(E::Threshold));
    assert_eq!(policy(3, 255, 255).check(), Err(E::Threshold));

    let with = |second: String| {
        let mut policy = policy(2, 2, 0);
        policy.witnesses[1] = second;
        policy.check().unwrap_err()
    };
    let vkey = |name: &str, seed| Cosigner::from_seed(name, &[seed; 32]).unwrap().witness().to_string();
    assert_eq!(with(vkey("other", 0)), E::SameKey(2));
    assert_eq!(with(vkey("w0", 9)), E::SameName(2));
    assert_eq!(with(vkey("w0", 0)), E::SameName(2));
    let ledger = NoteSigner::from_seed("w1", &[1; 32]).unwrap().verifier().to_string();
    assert_eq!(with(ledger), E::Key { number: 2, error: KeyError::NotACosigner(1) });
    assert_eq!(with(String::new()), E::Key { number: 2, error: KeyError::BadFormat });
}

#[test]
fn quorum_rules_each_raw_key_counts_once() {
    let set = policy(3, 2, 0).check().unwrap();
    let line = |seed, time| cosigner(seed).cosign(&head(), time).unwrap();
    let alias = Cosigner::from_seed("alias", &[0; 32]).unwrap();
    let quorum = |lines: &[SignatureLine]| set.quorum(set.cosigned(head(), lines).unwrap().cosignatures());
    assert!(!quorum(&[]));
    assert!(!quorum(&[line(0, 5)]));
    assert!(!quorum(&[line(0, 5), line(0, 6), line(0, 5)]));
    assert!(!quorum(&[line(0, 5), alias.cosign(&head(), 5).unwrap()]));
    assert!(!quorum(&[line(0, 5), line(9, 5)]));
    assert!(quorum(&[line(0, 5), line(2, 6)]));
    assert!(quorum(&[line(9, 5), line(2, 6), line(1, 6), line(0, 1)]));

    // Cosignatures that were verified against other keys count only if they are by witnesses of this set.
    let foreign = CosignedCheckpoint::verify(
        head(),
        &[line(0, 5), line(9, 5)],
        &[cosigner(0).witness().clone(), cosigner(9).witness().clone()],
    );
    assert!(!set.quorum(foreign.unwrap().cosignatures()));
    let other_head = Checkpoint { size: 8, ..head() };
    assert!(set.cosigned(other_head, &[line(0, 5)]).is_err());
}

#[test]
fn encoding_is_one_and_the_digest_covers_each_field() {
    let one = policy(3, 2, 0);
    let octets = codec::encode(&one);
    assert_eq!(codec::decode::<WitnessPolicy>(&octets), Ok(one.clone()));
    let mut digests = vec![one.digest()];
    for other in [policy(4, 2, 0), policy(3, 3, 0), policy(3, 2, 1)] {
        assert!(!digests.contains(&other.digest()));
        digests.push(other.digest());
    }
    let mut turned = one;
    turned.witnesses.swap(0, 1);
    assert!(!digests.contains(&turned.digest()));
    assert_eq!(
        codec::encode(&WitnessPolicy { witnesses: vec!["a".into()], threshold: 1, faults: 0 }),
        b"\xa3\x69witnesses\x81\x61a\x69threshold\x01\x66faults\x00"
    );
    assert!(
        codec::decode::<WitnessPolicy>(b"\xa4\x69witnesses\x81\x61a\x69threshold\x01\x66faults\x00\x61x\x00")
            .is_err()
    );
}

proptest! {
    #[test]
    fn two_quorums_share_more_than_the_liars(n in 1usize..=16, k: u8, f in 0u8..16, picks in any::<(u64, u64)>()) {
        let Ok(set) = policy(n, k % 18, f).check() else { return Ok(()) };
        let pick = |bits: u64| {
            // The threshold's number of witnesses, chosen by the bits.
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by_key(|i| (bits.rotate_left(4 * *i as u32) & 0xf, *i));
            order.truncate(set.threshold());
            order
        };
        let (one, two) = (pick(picks.0), pick(picks.1));
        prop_assert!(one.iter().filter(|i| two.contains(i)).count() > set.faults());
        let lines: Vec<_> = one.iter().map(|i| cosigner(*i).cosign(&head(), 5).unwrap()).collect();
        prop_assert!(set.quorum(set.cosigned(head(), &lines).unwrap().cosignatures()));
        prop_assert!(!set.quorum(set.cosigned(head(), &lines[1..]).unwrap().cosignatures()));
    }
}
