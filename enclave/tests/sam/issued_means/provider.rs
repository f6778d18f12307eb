//! Place: SAM. Accounts at an OpenID provider.

use super::super::world::{Enrolled, World, evidence, hash};
use super::idp::{SUBJECT, claims, token};
use super::*;
use fuin_shared::ids::MeansId;
use fuin_shared::key::PublicKey;
use fuin_shared::message::MeansHint;
use serde_json::{Value, json};

const OIDC: MeansProfile = MeansProfile::Oidc;

pub fn id(name: &str) -> MeansId {
    MeansId::new(name).unwrap()
}

fn link_account(provider: &str) -> impl Fn(Digest32) -> ManageAction {
    let provider = id(provider);
    move |token| ManageAction::LinkOidc { identity: IDENTITY, provider: provider.clone(), token }
}

/// The signer logs in at `at`, for this SAD; one claim is changed.
pub fn logged_in(at: u64, change: Option<(&str, Value)>) -> impl Fn(&Digest32) -> Assertion {
    let change = change.map(|(name, value)| (name.to_owned(), value));
    move |digest| {
        let mut claims = claims(digest, at);
        if let Some((name, value)) = &change {
            claims[name] = value.clone();
        }
        Assertion::IdToken { token: token(&claims) }
    }
}

pub fn enrolled(world: &mut World, provider: &str) -> Enrolled {
    let key = generated(world);
    let now = world.seconds();
    link_seen(world, &key, OIDC, link_account(provider), logged_in(now, None)).unwrap();
    certify(world, &key, OIDC, logged_in(now, None));
    key
}

fn authorized(world: &mut World, key: &Enrolled, by: impl Fn(&Digest32) -> Assertion) -> Result<Blob, Fault> {
    let sad = sad_of(world, key, OIDC, Purpose::Sign, vec![hash(1)]);
    let assertion = by(&digest_of(&sad));
    authorize(world, key, &sad, assertion)
}

#[test]
fn a_credential_with_an_account_signs_what_the_login_authorized() {
    let mut world = World::operational(61);
    let key = enrolled(&mut world, "idp");
    let challenge = world.challenge(&key.id, Purpose::Sign).unwrap();
    assert_eq!(challenge.means, Some(OIDC));
    assert_eq!(challenge.hint, Some(MeansHint::Oidc { provider: id("idp") }));
    for _ in 0..2 {
        world.advance(20);
        let now = world.seconds();
        let token = authorized(&mut world, &key, logged_in(now, None)).unwrap();
        let signatures = world.sign(&key, &token, vec![hash(1)]).unwrap();
        let public = PublicKey::from_spki(&key.spki).unwrap();
        public.verify_digest(hash(1).as_slice(), signatures[0].as_slice()).unwrap();
    }
}

#[test]
fn an_account_is_scal_1_unless_the_provider_shows_the_transaction() {
    let mut world = World::operational(62);
    for (provider, scal) in [("idp", 1), ("showing-idp", 2)] {
        let key = generated(&mut world);
        let login = logged_in(world.seconds(), None);
        let answer = link_seen(&mut world, &key, OIDC, link_account(provider), login).unwrap();
        let said = codec::encode(&answer);
        let statement = stated(answer);
        assert_eq!((statement.means, statement.scal), (Some(OIDC), scal));
        assert!(!said.windows(SUBJECT.len()).any(|window| window == SUBJECT.as_bytes()));
    }
}

#[test]
fn an_unsealed_token_is_refused() {
    let mut world = World::operational(63);
    let key = enrolled(&mut world, "idp");
    let sad = sad_of(&mut world, &key, OIDC, Purpose::Sign, vec![hash(1)]);
    let plain = evidence(&sad, logged_in(world.seconds(), None));
    let request = world.authorize_request(&key, &sad, plain);
    assert_eq!(world.authorize_call(request), Err(Fault::SadUnsealed));
}

#[test]
fn a_token_that_the_ra_did_not_see_is_not_linked() {
    let mut world = World::operational(64);
    let key = generated(&mut world);
    let login = logged_in(world.seconds(), None);
    let unseen = |_| link_account("idp")(Digest32([3; 32]));
    assert_eq!(link_seen(&mut world, &key, OIDC, unseen, login), Err(Fault::EidMismatch));
}

#[test]
fn a_provider_that_is_not_open_to_the_client_is_not_linked() {
    let mut world = World::operational(65);
    let key = generated(&mut world);
    for name in ["other-idp", "unknown", "cards"] {
        let login = logged_in(world.seconds(), None);
        let refused = link_seen(&mut world, &key, OIDC, link_account(name), login);
        assert_eq!(refused, Err(Fault::MeansIssuer), "{name}");
    }
}

#[test]
fn a_login_before_the_challenge_authorizes_nothing() {
    let mut world = World::operational(66);
    let key = enrolled(&mut world, "idp");
    world.advance(20);
    let now = world.seconds();
    let early = logged_in(now, Some(("auth_time", json!(now - 1))));
    assert_eq!(authorized(&mut world, &key, early), Err(Fault::TokenTime));
    assert!(authorized(&mut world, &key, logged_in(now, None)).is_ok());
}

#[test]
fn an_expired_token_authorizes_nothing() {
    let mut world = World::operational(67);
    let key = enrolled(&mut world, "idp");
    let now = world.seconds();
    let sad = sad_of(&mut world, &key, OIDC, Purpose::Sign, vec![hash(1)]);
    let assertion = logged_in(now, Some(("exp", json!(now + 30))))(&digest_of(&sad));
    world.advance(30);
    assert_eq!(authorize(&mut world, &key, &sad, assertion), Err(Fault::TokenTime));
}

#[test]
fn another_account_authorizes_nothing() {
    let mut world = World::operational(68);
    let key = enrolled(&mut world, "idp");
    let now = world.seconds();
    let other = logged_in(now, Some(("sub", json!("taro-0002"))));
    assert_eq!(authorized(&mut world, &key, other), Err(Fault::AssertionCredential));
    let weaker = logged_in(now, Some(("acr", json!("low"))));
    assert_eq!(authorized(&mut world, &key, weaker), Err(Fault::TokenClaims));
}

#[test]
fn a_token_for_another_sad_or_used_before_is_refused() {
    let mut world = World::operational(69);
    let key = enrolled(&mut world, "idp");
    let now = world.seconds();
    let elsewhere = move |_: &Digest32| logged_in(now, None)(&Digest32([1; 32]));
    assert_eq!(authorized(&mut world, &key, elsewhere), Err(Fault::AssertionChallenge));
    let sad = sad_of(&mut world, &key, OIDC, Purpose::Sign, vec![hash(1)]);
    let assertion = logged_in(now, None)(&digest_of(&sad));
    assert!(authorize(&mut world, &key, &sad, assertion.clone()).is_ok());
    assert_eq!(authorize(&mut world, &key, &sad, assertion), Err(Fault::SadReplayed));
}
