//! Place: SAM. Cards.

use super::super::world::{Enrolled, START, World, evidence, hash};
use super::card::{CARD, HOLDER, List, Plan, answer};
use super::*;
use fuin_shared::ids::MeansId;
use fuin_shared::key::PublicKey;
use fuin_shared::message::{MeansHint, ProvideRevocation};

const X509: MeansProfile = MeansProfile::X509;

pub fn cards() -> MeansId {
    MeansId::new("cards").unwrap()
}

pub fn by_card(digest: &Digest32) -> Assertion {
    let certificates = vec![Plan::card(START).make(), Plan::middle(START).make()];
    Assertion::X509 { certificates, signature: answer(CARD, digest) }
}

/// Another card of the same issuer.
pub fn by_other(digest: &Digest32) -> Assertion {
    let card = Plan { key: 77, serial: 43, subject: "CN=Taro", ..Plan::card(START) };
    Assertion::X509 {
        certificates: vec![card.make(), Plan::middle(START).make()],
        signature: answer(77, digest),
    }
}

fn link_card(certificate: Digest32) -> ManageAction {
    ManageAction::LinkX509 { identity: IDENTITY, issuer: cards(), certificate }
}

pub fn provide(world: &mut World, list: &List, issuer: &Plan) -> Result<Answer, Fault> {
    let (list, issuer) = (list.make(), vec![issuer.make()]);
    world.call(Command::ProvideRevocation(ProvideRevocation { list, issuer }))
}

/// Both lists, fresh.
fn provide_all(world: &mut World) {
    let now = world.seconds();
    let number = u32::try_from(now - START + 1).unwrap();
    let fresh = |list: List| List { number, ..list };
    provide(world, &fresh(List::of_root(now)), &Plan::root(START)).unwrap();
    provide(world, &fresh(List::of_middle(now)), &Plan::middle(START)).unwrap();
}

fn linked(world: &mut World) -> Enrolled {
    provide_all(world);
    let key = generated(world);
    link_seen(world, &key, X509, link_card, by_card).unwrap();
    key
}

pub fn enrolled(world: &mut World) -> Enrolled {
    let key = linked(world);
    certify(world, &key, X509, by_card);
    key
}

fn authorized(world: &mut World, key: &Enrolled, by: impl Fn(&Digest32) -> Assertion) -> Result<Blob, Fault> {
    let sad = sad_of(world, key, X509, Purpose::Sign, vec![hash(1)]);
    let assertion = by(&digest_of(&sad));
    authorize(world, key, &sad, assertion)
}

#[test]
fn a_credential_with_a_card_signs_what_the_card_authorized() {
    let mut world = World::operational(51);
    let key = enrolled(&mut world);
    let challenge = world.challenge(&key.id, Purpose::Sign).unwrap();
    assert_eq!(challenge.means, Some(X509));
    assert_eq!(challenge.hint, Some(MeansHint::X509 { issuer: cards() }));
    for _ in 0..2 {
        let token = authorized(&mut world, &key, by_card).unwrap();
        let signatures = world.sign(&key, &token, vec![hash(1)]).unwrap();
        let public = PublicKey::from_spki(&key.spki).unwrap();
        public.verify_digest(hash(1).as_slice(), signatures[0].as_slice()).unwrap();
    }
    let sad = sad_of(&mut world, &key, X509, Purpose::Delete, Vec::new());
    let sealed = world.sealed(&sad, by_card(&digest_of(&sad)));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    world.call(Command::DeleteKey(world.signed_manage(&statement, Some(sealed)))).unwrap();
}

#[test]
fn the_key_statement_names_the_card_and_shows_nobody() {
    let mut world = World::operational(52);
    provide_all(&mut world);
    let key = generated(&mut world);
    let answer = link_seen(&mut world, &key, X509, link_card, by_card).unwrap();
    let said = codec::encode(&answer);
    let statement = stated(answer);
    assert_eq!((statement.means, statement.scal), (Some(X509), 2));
    // Neither what the host is answered nor what it keeps has the holder's name.
    let name = HOLDER.trim_start_matches("CN=").split(',').next().unwrap().as_bytes();
    let shows = |octets: &[u8]| octets.windows(name.len()).any(|window| window == name);
    assert!(shows(Plan::card(START).make().as_slice()) && !shows(&said));
    assert!(!world.store.entries.iter().any(|entry| shows(entry)));
    assert!(!world.store.records.values().any(|record| shows(record.body.as_slice())));
}

#[test]
fn an_unsealed_answer_of_a_card_is_refused() {
    let mut world = World::operational(53);
    provide_all(&mut world);
    let key = generated(&mut world);
    let sad = sad_of(&mut world, &key, X509, Purpose::Link, Vec::new());
    let action = link_card(by_card(&IDENTITY).registration().unwrap());
    assert_eq!(link(&mut world, &key, action, evidence(&sad, by_card)), Err(Fault::SadUnsealed));
    let key = enrolled(&mut world);
    let sad = sad_of(&mut world, &key, X509, Purpose::Sign, vec![hash(1)]);
    let request = world.authorize_request(&key, &sad, evidence(&sad, by_card));
    assert_eq!(world.authorize_call(request), Err(Fault::SadUnsealed));
    // On a credential with a passkey as well.
    let other = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    let sad = world.sad(&other.id, &other.spki, Purpose::Sign, vec![hash(1)]);
    let request = world.authorize_request(&other, &sad, evidence(&sad, by_card));
    assert_eq!(world.authorize_call(request), Err(Fault::SadUnsealed));
}

#[test]
fn a_card_that_the_ra_did_not_name_is_not_linked() {
    let mut world = World::operational(54);
    provide_all(&mut world);
    let key = generated(&mut world);
    let named = |_| link_card(by_card(&IDENTITY).registration().unwrap());
    assert_eq!(link_seen(&mut world, &key, X509, named, by_other), Err(Fault::EidMismatch));
    assert!(link_seen(&mut world, &key, X509, named, by_card).is_ok());
}

#[test]
fn a_card_of_an_issuer_that_is_not_open_to_the_client_is_not_linked() {
    let mut world = World::operational(55);
    provide_all(&mut world);
    let key = generated(&mut world);
    for name in ["other-cards", "unknown", "idp"] {
        let issuer = MeansId::new(name).unwrap();
        let action =
            |certificate| ManageAction::LinkX509 { identity: IDENTITY, issuer: issuer.clone(), certificate };
        assert_eq!(link_seen(&mut world, &key, X509, action, by_card), Err(Fault::MeansIssuer), "{name}");
    }
}

#[test]
fn another_card_authorizes_nothing() {
    let mut world = World::operational(56);
    let key = enrolled(&mut world);
    assert_eq!(authorized(&mut world, &key, by_other), Err(Fault::AssertionCredential));
    let elsewhere = |_: &Digest32| by_card(&Digest32([1; 32]));
    assert_eq!(authorized(&mut world, &key, elsewhere), Err(Fault::AssertionSignature));
    let token = |digest: &Digest32| Assertion::IdToken { token: idp::token(&idp::claims(digest, START)) };
    assert_eq!(authorized(&mut world, &key, token), Err(Fault::AssertionMalformed));
}

#[test]
fn an_answer_of_a_card_that_was_used_before_is_refused() {
    let mut world = World::operational(57);
    let key = enrolled(&mut world);
    let sad = sad_of(&mut world, &key, X509, Purpose::Sign, vec![hash(1)]);
    let assertion = by_card(&digest_of(&sad));
    assert!(authorize(&mut world, &key, &sad, assertion.clone()).is_ok());
    assert_eq!(authorize(&mut world, &key, &sad, assertion), Err(Fault::SadReplayed));
}

#[test]
fn a_card_without_fresh_status_authorizes_nothing() {
    let mut world = World::operational(58);
    let key = generated(&mut world);
    assert_eq!(link_seen(&mut world, &key, X509, link_card, by_card), Err(Fault::MeansStatus));
    let key = enrolled(&mut world);
    world.advance(3601);
    assert_eq!(authorized(&mut world, &key, by_card), Err(Fault::MeansStatus));
    provide_all(&mut world);
    assert!(authorized(&mut world, &key, by_card).is_ok());
    // Lists die with the boot.
    world.reboot();
    world.provide().unwrap();
    assert_eq!(authorized(&mut world, &key, by_card), Err(Fault::MeansStatus));
    provide_all(&mut world);
    assert!(authorized(&mut world, &key, by_card).is_ok());
}

#[test]
fn a_revoked_card_authorizes_nothing() {
    let mut world = World::operational(59);
    let key = enrolled(&mut world);
    let revoked = List { number: 1_000_000, revoked: vec![42], ..List::of_middle(START) };
    provide(&mut world, &revoked, &Plan::middle(START)).unwrap();
    assert_eq!(authorized(&mut world, &key, by_card), Err(Fault::MeansRevoked));
    // The host cannot bring the older list back.
    let older = List { number: 2, ..List::of_middle(START) };
    assert_eq!(provide(&mut world, &older, &Plan::middle(START)), Err(Fault::RevocationList));
    assert_eq!(authorized(&mut world, &key, by_card), Err(Fault::MeansRevoked));
}

#[test]
fn a_list_of_the_hosts_own_is_refused() {
    let mut world = World::operational(60);
    let own = List { key: 99, ..List::of_middle(START) };
    assert_eq!(provide(&mut world, &own, &Plan::middle(START)), Err(Fault::RevocationList));
    let issuer = Plan { key: 99, issuer_key: 99, ..Plan::root(START) };
    let own = List { key: 99, ..List::of_root(START) };
    assert_eq!(provide(&mut world, &own, &issuer), Err(Fault::MeansUntrusted));
}
