//! Place: none. Tests of what evidence does to the shares that are held: whatever is given up, no share is lost that a root key
//! may need.

use super::*;
use fuin_shared::statement::HpkeSealed;
use proptest::collection::vec;
use proptest::prelude::*;

fn root(number: u8) -> RootCommitment {
    RootCommitment([number; 32])
}

fn share(number: u8, from: Option<u8>) -> HeldShare {
    let sealed = HpkeSealed { encapsulated: vec![number].into(), ciphertext: vec![number; 40].into() };
    let share = CustodianShare { custodian: "kei".parse().unwrap(), sealed };
    HeldShare { commitment: root(number), share, from: from.map(root) }
}

/// Evidence of the ledger that is followed.
fn shows(current: u8, rotation: Option<(u8, u8, RotationStage)>) -> Shown {
    let rotation = rotation.map(|(from, to, stage)| RootRotation { from: root(from), to: root(to), stage });
    Shown { current: root(current), rotation, followed: true }
}

fn sharing(from: u8, to: u8) -> Shown {
    shows(from, Some((from, to, RotationStage::Sharing)))
}

/// Holds this one.
fn holding(number: u8) -> Holdings {
    Holdings { held: Some(share(number, None)), ..Holdings::default() }
}

fn held(holdings: &Holdings) -> Option<RootCommitment> {
    holdings.held.as_ref().map(|held| held.commitment)
}

fn beside(holdings: &Holdings) -> Option<(RootCommitment, bool)> {
    holdings.beside.as_ref().map(|one| (one.share().commitment, matches!(one, Beside::Former(_))))
}

fn aside(holdings: &Holdings) -> Vec<(RootCommitment, bool)> {
    holdings.aside.iter().map(|one| (one.held.commitment, one.passed)).collect()
}

/// Has given up the share of root key 2, of a rotation from 1.
fn given_up() -> Holdings {
    let mut holdings = holding(1);
    holdings.take_next(share(2, Some(1)), &sharing(1, 2)).unwrap();
    holdings.abandon_next().unwrap();
    assert_eq!((beside(&holdings), aside(&holdings)), (None, vec![(root(2), false)]));
    holdings
}

#[test]
fn a_share_that_was_given_up_is_found_again_when_its_root_key_took_over() {
    for stage in [RotationStage::Rewrapping, RotationStage::Deleting] {
        let mut holdings = given_up();
        holdings.settle(&shows(2, Some((1, 2, stage)))).unwrap();
        assert_eq!((held(&holdings), beside(&holdings)), (Some(root(2)), Some((root(1), true))));
        assert!(holdings.aside.is_empty());
    }
    let mut holdings = given_up();
    holdings.settle(&shows(2, None)).unwrap();
    assert_eq!((held(&holdings), beside(&holdings)), (Some(root(2)), Some((root(1), true))));
}

#[test]
fn one_that_was_given_up_for_another_is_found_again_and_the_other_is_past() {
    let mut holdings = given_up();
    holdings.settle(&sharing(1, 3)).unwrap();
    holdings.take_next(share(3, Some(1)), &sharing(1, 3)).unwrap();
    assert_eq!(aside(&holdings), [(root(2), false)]);
    holdings.settle(&shows(2, Some((1, 2, RotationStage::Rewrapping)))).unwrap();
    assert_eq!((held(&holdings), beside(&holdings)), (Some(root(2)), Some((root(1), true))));
    assert_eq!(aside(&holdings), [(root(3), true)]);
}

#[test]
fn one_that_was_given_up_is_past_once_another_took_its_place() {
    let mut holdings = given_up();
    holdings.take_next(share(3, Some(1)), &sharing(1, 3)).unwrap();
    holdings.settle(&shows(3, Some((1, 3, RotationStage::Rewrapping)))).unwrap();
    assert_eq!((held(&holdings), beside(&holdings)), (Some(root(3)), Some((root(1), true))));
    assert_eq!(aside(&holdings), [(root(2), true)]);
    assert!(holdings.take_passed().is_some_and(|gone| gone.commitment == root(2)));
    assert!(holdings.aside.is_empty());
}

/// It took over after all, and the next one too: its share is needed while records are under it.
#[test]
fn one_that_was_given_up_and_is_the_former_by_now_is_the_former() {
    let mut holdings = given_up();
    holdings.held = Some(share(3, Some(2)));
    holdings.settle(&shows(3, Some((2, 3, RotationStage::Rewrapping)))).unwrap();
    assert_eq!((held(&holdings), beside(&holdings)), (Some(root(3)), Some((root(2), true))));
}

#[test]
fn the_same_share_is_taken_back_and_no_other_of_its_root_key() {
    let mut holdings = given_up();
    let mut other = share(2, Some(1));
    other.share.sealed.ciphertext.0.push(0);
    let refused = holdings.clone().take_next(other, &sharing(1, 2));
    assert_eq!(refused, Err(CustodianError::ShareHeld));
    holdings.take_next(share(2, Some(1)), &sharing(1, 2)).unwrap();
    assert_eq!((beside(&holdings), aside(&holdings)), (Some((root(2), false)), Vec::new()));
}

#[test]
fn a_next_share_that_may_still_be_needed_is_not_replaced_and_a_past_one_is() {
    let mut holdings = holding(1);
    holdings.take_next(share(2, Some(1)), &sharing(1, 2)).unwrap();
    let mut again = holdings.clone();
    assert_eq!(again.take_next(share(3, Some(1)), &sharing(1, 3)), Err(CustodianError::ShareHeld));
    // That root key took over while the custodian was away, and the next rotation from it began.
    holdings.settle(&sharing(2, 4)).unwrap();
    holdings.take_next(share(4, Some(2)), &sharing(2, 4)).unwrap();
    assert_eq!((held(&holdings), beside(&holdings)), (Some(root(2)), Some((root(4), false))));
    assert_eq!(aside(&holdings), [(root(1), true)]);
}

/// In a state from before it was kept from which root key a next share comes.
#[test]
fn an_old_next_share_is_of_a_rotation_from_the_one_that_is_held() {
    let mut holdings = holding(1);
    holdings.beside = Some(Beside::Next(share(2, None)));
    let mut again = holdings.clone();
    again.settle(&sharing(1, 3)).unwrap();
    assert_eq!(again.take_next(share(3, Some(1)), &sharing(1, 3)), Err(CustodianError::ShareHeld));
    holdings.abandon_next().unwrap();
    holdings.settle(&shows(1, None)).unwrap();
    assert_eq!(aside(&holdings), [(root(2), false)]);
}

#[test]
fn who_has_no_share_of_the_current_root_key_is_behind_and_takes_the_next_one() {
    let shown = sharing(5, 6);
    let mut holdings = holding(1);
    assert_eq!(holdings.clone().settle(&shown), Err(CustodianError::Behind(root(5))));
    holdings.leave_behind().unwrap();
    holdings.take_next(share(6, Some(5)), &shown).unwrap();
    assert_eq!((held(&holdings), beside(&holdings)), (None, Some((root(6), false))));
    assert_eq!(aside(&holdings), [(root(1), false)]);
    // While it is not at work there is none; and then it is the one.
    assert_eq!(holdings.clone().settle(&shown), Err(CustodianError::Behind(root(5))));
    holdings.settle(&shows(6, Some((5, 6, RotationStage::Rewrapping)))).unwrap();
    assert_eq!((held(&holdings), beside(&holdings)), (Some(root(6)), None));
}

#[test]
fn another_root_key_that_nothing_ties_to_the_one_that_is_held_is_no_successor() {
    let shown = |rotation| Shown { followed: false, ..shows(5, rotation) };
    assert_eq!(holding(1).settle(&shown(None)), Err(CustodianError::OtherRoot));
    let strange = Some((4, 5, RotationStage::Deleting));
    assert_eq!(holding(1).settle(&shown(strange)), Err(CustodianError::OtherRoot));
    let ours = Some((1, 5, RotationStage::Deleting));
    assert_eq!(holding(1).settle(&shown(ours)), Err(CustodianError::Behind(root(5))));
    assert_eq!(Holdings::default().settle(&shown(None)), Err(CustodianError::NoShare));
}

#[test]
fn nobody_leads_back_to_a_share_that_is_past() {
    let mut holdings = holding(1);
    holdings.take_next(share(2, Some(1)), &sharing(1, 2)).unwrap();
    holdings.settle(&sharing(2, 3)).unwrap();
    assert_eq!(holdings.clone().settle(&shows(1, None)), Err(CustodianError::OtherRoot));
    holdings.take_next(share(3, Some(2)), &sharing(2, 3)).unwrap();
    assert_eq!(aside(&holdings), [(root(1), true)]);
    assert_eq!(holdings.settle(&shows(1, None)), Err(CustodianError::OtherRoot));
}

#[test]
fn a_genesis_that_ended_after_all_finds_its_share_again() {
    let mut holdings = holding(1);
    holdings.abandon().unwrap();
    holdings.held = Some(share(2, None));
    holdings.settle(&Shown { followed: false, ..shows(1, None) }).unwrap();
    assert_eq!((held(&holdings), beside(&holdings)), (Some(root(1)), None));
    assert_eq!(aside(&holdings), [(root(2), true)]);
}

#[test]
fn what_is_set_aside_is_bounded_and_only_what_is_past_goes() {
    let mut holdings = holding(1);
    for number in 0..MAX_ASIDE {
        let next = 10 + u8::try_from(number).unwrap();
        holdings.take_next(share(next, Some(1)), &sharing(1, next)).unwrap();
        holdings.abandon_next().unwrap();
    }
    holdings.take_next(share(2, Some(1)), &sharing(1, 2)).unwrap();
    assert_eq!(holdings.clone().abandon_next(), Err(CustodianError::AsideFull));
    // Another took the place of root key 1: none of them can any more, and the oldest gives way.
    holdings.settle(&shows(2, None)).unwrap();
    holdings.beside = None;
    holdings.take_next(share(3, Some(2)), &sharing(2, 3)).unwrap();
    holdings.abandon_next().unwrap();
    assert_eq!(holdings.aside.len(), MAX_ASIDE);
    assert!(holdings.of(&root(10)).is_none() && holdings.of(&root(11)).is_some());
    assert_eq!(aside(&holdings).last(), Some(&(root(3), false)));
}

proptest! {
    /// A ledger in which rotations begin, come to nothing or end, and a custodian who takes every share, gives up whatever it
    /// likes, and looks when it likes: it always has the share of the current root key, and of the one before while that is
    /// needed.
    #[test]
    fn whatever_is_given_up_the_shares_that_are_needed_are_there(
        steps in vec((0u8..6, any::<bool>(), any::<bool>()), 1..50),
    ) {
        let mut holdings = holding(0);
        let (mut newest, mut current, mut under_way) = (0u8, 0u8, None);
        for (step, abandons, looks) in steps {
            match (step, under_way) {
                // A new order; one that waited for receipts before is forgotten.
                (0 | 1, None | Some((_, _, RotationStage::Sharing))) => {
                    newest += 1;
                    let shown = sharing(current, newest);
                    prop_assert_eq!(holdings.settle(&shown), Ok(()));
                    let next = share(newest, Some(current));
                    if holdings.clone().take_next(next.clone(), &shown).is_err() {
                        holdings.abandon_next().unwrap();
                    }
                    prop_assert_eq!(holdings.take_next(next, &shown), Ok(()));
                    under_way = Some((current, newest, RotationStage::Sharing));
                }
                (2, Some((_, _, RotationStage::Sharing))) => under_way = None,
                (3, Some((from, to, RotationStage::Sharing))) => {
                    current = to;
                    under_way = Some((from, to, RotationStage::Rewrapping));
                }
                (4, Some((from, to, RotationStage::Rewrapping))) => {
                    under_way = Some((from, to, RotationStage::Deleting));
                }
                (5, Some((_, _, RotationStage::Deleting))) => under_way = None,
                _ => {}
            }
            let shown = shows(current, under_way);
            if abandons && matches!(holdings.beside, Some(Beside::Next(_))) {
                prop_assert_eq!(holdings.abandon_next(), Ok(()));
            }
            for needed in [current].into_iter().chain(shown.former().map(|former| former.0[0])) {
                let there = holdings.of(&root(needed));
                prop_assert!(there.is_some(), "{needed} of {shown:?}", shown = (current, under_way));
            }
            if looks {
                prop_assert_eq!(holdings.settle(&shown), Ok(()));
                prop_assert_eq!(held(&holdings), Some(root(current)));
                let of_former = beside(&holdings).filter(|(_, former)| *former);
                if let Some(former) = shown.former() {
                    prop_assert_eq!(of_former, Some((former, true)));
                }
            }
        }
    }
}
