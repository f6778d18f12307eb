//! Place: SAM. Another card or account in the place of the linked one.

use super::super::relinking::relink;
use super::super::world::{Enrolled, START, World, hash};
use super::card::{List, Plan};
use super::cards::{by_card, by_other, cards, enrolled as enrolled_with_card, provide};
use super::idp::{claims, token};
use super::provider::{enrolled as enrolled_with_account, id, logged_in};
use super::*;
use fuin_shared::ids::MeansId;
use serde_json::json;

/// The RA names what the new means shows, and the linked means authorizes just that.
fn relinked(
    world: &mut World,
    key: &Enrolled,
    means: MeansProfile,
    action: impl Fn(Digest32) -> ManageAction,
    old: impl Fn(&Digest32) -> Assertion,
    new: impl Fn(&Digest32) -> Assertion,
) -> Result<Answer, Fault> {
    let showing = sad_of(world, key, means, Purpose::Link, Vec::new());
    let shown = new(&digest_of(&showing));
    let registration = shown.registration().unwrap();
    let hash = HashAlgorithm::Sha256.digest(registration.as_ref());
    let authorizing = sad_of(world, key, means, Purpose::Relink, vec![hash.into()]);
    let authorization = world.sealed(&authorizing, old(&digest_of(&authorizing)));
    let shown = world.sealed(&showing, shown);
    relink(world, key, action(registration), Some(authorization), shown)
}

fn authorized(
    world: &mut World,
    key: &Enrolled,
    means: MeansProfile,
    by: impl Fn(&Digest32) -> Assertion,
) -> Result<Blob, Fault> {
    let sad = sad_of(world, key, means, Purpose::Sign, vec![hash(1)]);
    let assertion = by(&digest_of(&sad));
    authorize(world, key, &sad, assertion)
}

fn to_card(issuer: MeansId) -> impl Fn(Digest32) -> ManageAction {
    move |certificate| ManageAction::RelinkX509 { issuer: issuer.clone(), certificate }
}

fn to_account(provider: &str) -> impl Fn(Digest32) -> ManageAction {
    let provider = id(provider);
    move |token| ManageAction::RelinkOidc { provider: provider.clone(), token }
}

/// An account of somebody else at the same provider.
fn other_account(now: u64) -> impl Fn(&Digest32) -> Assertion {
    logged_in(now, Some(("sub", json!("taro-0002"))))
}

const X509: MeansProfile = MeansProfile::X509;
const OIDC: MeansProfile = MeansProfile::Oidc;

#[test]
fn a_new_card_takes_the_place_of_the_old_one() {
    let mut world = World::operational(171);
    let key = enrolled_with_card(&mut world);
    let before = stated(relinked(&mut world, &key, X509, to_card(cards()), by_card, by_card).unwrap());
    let after = stated(relinked(&mut world, &key, X509, to_card(cards()), by_card, by_other).unwrap());
    assert_eq!((after.means, after.scal), (Some(X509), 2));
    assert_ne!(after.eid_ref, before.eid_ref);
    assert_eq!(authorized(&mut world, &key, X509, by_card), Err(Fault::AssertionCredential));
    let token = authorized(&mut world, &key, X509, by_other).unwrap();
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
}

#[test]
fn a_card_that_the_linked_one_did_not_authorize_is_not_relinked() {
    let mut world = World::operational(172);
    let key = enrolled_with_card(&mut world);
    // The new card authorizes itself; a card of an issuer that is not open to the client; a revoked one.
    let itself = relinked(&mut world, &key, X509, to_card(cards()), by_other, by_other);
    assert_eq!(itself, Err(Fault::AssertionCredential));
    let elsewhere = to_card(MeansId::new("other-cards").unwrap());
    assert_eq!(relinked(&mut world, &key, X509, elsewhere, by_card, by_other), Err(Fault::MeansIssuer));
    let named = |_| to_card(cards())(by_card(&IDENTITY).registration().unwrap());
    assert_eq!(relinked(&mut world, &key, X509, named, by_card, by_other), Err(Fault::EidMismatch));
    let revoked = List { number: 1_000_000, revoked: vec![43], ..List::of_middle(START) };
    provide(&mut world, &revoked, &Plan::middle(START)).unwrap();
    let refused = relinked(&mut world, &key, X509, to_card(cards()), by_card, by_other);
    assert_eq!(refused, Err(Fault::MeansRevoked));
    assert!(authorized(&mut world, &key, X509, by_card).is_ok());
}

#[test]
fn a_new_account_takes_the_place_of_the_old_one() {
    let mut world = World::operational(173);
    let key = enrolled_with_account(&mut world, "idp");
    world.advance(20);
    let now = world.seconds();
    let (old, new) = (logged_in(now, None), other_account(now));
    let after = stated(relinked(&mut world, &key, OIDC, to_account("idp"), &old, &new).unwrap());
    assert_eq!((after.means, after.scal), (Some(OIDC), 1));
    assert_eq!(authorized(&mut world, &key, OIDC, &old), Err(Fault::AssertionCredential));
    assert!(authorized(&mut world, &key, OIDC, &new).is_ok());
}

#[test]
fn an_account_that_lowers_the_level_is_not_relinked() {
    let mut world = World::operational(174);
    let key = enrolled_with_account(&mut world, "showing-idp");
    let now = world.seconds();
    let (old, new) = (logged_in(now, None), other_account(now));
    let lower = relinked(&mut world, &key, OIDC, to_account("idp"), &old, &new);
    assert_eq!(lower, Err(Fault::EidMismatch));
    let equal = stated(relinked(&mut world, &key, OIDC, to_account("showing-idp"), &old, &new).unwrap());
    assert_eq!(equal.scal, 2);
    let key = enrolled_with_account(&mut world, "idp");
    let higher = stated(relinked(&mut world, &key, OIDC, to_account("showing-idp"), &old, &new).unwrap());
    assert_eq!(higher.scal, 2);
}

#[test]
fn an_account_that_the_linked_one_did_not_authorize_is_not_relinked() {
    let mut world = World::operational(175);
    let key = enrolled_with_account(&mut world, "idp");
    let now = world.seconds();
    let (old, new) = (logged_in(now, None), other_account(now));
    let itself = relinked(&mut world, &key, OIDC, to_account("idp"), &new, &new);
    assert_eq!(itself, Err(Fault::AssertionCredential));
    let closed = relinked(&mut world, &key, OIDC, to_account("other-idp"), &old, &new);
    assert_eq!(closed, Err(Fault::MeansIssuer));
    // A login for something else is no answer to the new registration.
    let elsewhere = |_: &Digest32| Assertion::IdToken { token: token(&claims(&Digest32([1; 32]), now)) };
    let refused = relinked(&mut world, &key, OIDC, to_account("idp"), &old, elsewhere);
    assert_eq!(refused, Err(Fault::AssertionChallenge));
    assert!(authorized(&mut world, &key, OIDC, &old).is_ok());
}

#[test]
fn a_card_does_not_take_the_place_of_an_account() {
    let mut world = World::operational(176);
    enrolled_with_card(&mut world);
    let key = enrolled_with_account(&mut world, "idp");
    let now = world.seconds();
    let refused = relinked(&mut world, &key, OIDC, to_card(cards()), logged_in(now, None), by_other);
    assert_eq!(refused, Err(Fault::EidMismatch));
}
