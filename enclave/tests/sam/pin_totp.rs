//! Place: SAM. Credentials with a PIN and one-time passwords: the signer's device of the tests, and what a credential of this
//! kind does in its life. Guesses and secrecy have a file each.

mod guesses;
mod secrecy;

use super::issued_means::{self, authorize, certify, digest_of, generated, link, link_seen, stated};
use super::relinking::relink;
use super::suspension::{by_ra, status};
use super::world::{Enrolled, World, hash};
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::{Blob, Secret};
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::key::PublicKey;
use fuin_shared::log::event::{EventBody, Holder};
use fuin_shared::message::{Answer, Command, MeansHint, Suspend};
use fuin_shared::sad::{Assertion, MeansProfile, Purpose, Sad};
use fuin_shared::statement::ManageAction;
use fuin_shared::totp::{STEP, TotpHash, password, step};

const PIN_TOTP: MeansProfile = MeansProfile::PinTotp;
const IDENTITY: Digest32 = Digest32([7; 32]);

/// A PIN with its generator.
pub struct TestPin {
    pin: Vec<u8>,
    secret: Vec<u8>,
}

impl TestPin {
    pub fn new(pin: &str, seed: u8) -> Self {
        Self { pin: pin.as_bytes().to_vec(), secret: vec![seed; 20] }
    }

    fn code(&self, at: u64) -> Secret {
        password(&self.secret, TotpHash::Sha1, 6, step(at).unwrap()).unwrap()
    }

    /// Both show themselves; always under one name.
    pub fn register(&self, at: u64) -> Assertion {
        Assertion::PinTotpRegistration {
            blind: vec![9; 32].into(),
            pin: self.pin.clone().into(),
            secret: self.secret.clone().into(),
            hash: TotpHash::Sha1,
            digits: 6,
            code: self.code(at),
        }
    }

    pub fn name(&self) -> Digest32 {
        self.register(0).registration().unwrap()
    }

    pub fn answer(&self, at: u64) -> Assertion {
        Assertion::PinTotp { pin: self.pin.clone().into(), code: self.code(at) }
    }

    /// Another PIN with the same generator.
    pub fn mistyped(&self) -> Self {
        Self { pin: b"0000".to_vec(), secret: self.secret.clone() }
    }
}

pub fn signers() -> TestPin {
    TestPin::new("2580", 41)
}

fn link_pin(registration: Digest32) -> ManageAction {
    ManageAction::LinkPinTotp { identity: IDENTITY, registration }
}

fn sad_of(world: &mut World, key: &Enrolled, purpose: Purpose, hashes: Vec<Blob>) -> Sad {
    issued_means::sad_of(world, key, PIN_TOTP, purpose, hashes)
}

/// From nothing to `active`; the next step has begun.
pub fn enrol(world: &mut World, pin: &TestPin) -> Enrolled {
    let key = generated(world);
    let at = world.seconds();
    link_seen(world, &key, PIN_TOTP, link_pin, |_| pin.register(at)).unwrap();
    world.advance(STEP);
    let at = world.seconds();
    certify(world, &key, PIN_TOTP, |_| pin.answer(at));
    world.advance(STEP);
    key
}

/// Authorizes one hash with this answer.
pub fn answered(world: &mut World, key: &Enrolled, answer: Assertion) -> Result<Blob, Fault> {
    let sad = sad_of(world, key, Purpose::Sign, vec![hash(1)]);
    authorize(world, key, &sad, answer)
}

/// With PIN and password of this moment.
fn authorized(world: &mut World, key: &Enrolled, pin: &TestPin) -> Result<Blob, Fault> {
    let at = world.seconds();
    answered(world, key, pin.answer(at))
}

fn ready(seed: u64) -> (World, Enrolled, TestPin) {
    let mut world = World::operational(seed);
    let pin = signers();
    let key = enrol(&mut world, &pin);
    (world, key, pin)
}

fn attempts(world: &World) -> usize {
    world.bodies().iter().filter(|body| matches!(body, EventBody::AttemptDebited { .. })).count()
}

#[test]
fn a_credential_with_a_pin_signs_what_was_authorized_and_is_deleted_with_it() {
    let (mut world, key, pin) = ready(101);
    let challenge = world.challenge(&key.id, Purpose::Sign).unwrap();
    assert_eq!((challenge.means, challenge.passkey), (Some(PIN_TOTP), None));
    assert_eq!(challenge.hint, Some(MeansHint::PinTotp { registration: pin.name() }));
    for round in 0..2 {
        let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(round)]);
        let answer = pin.answer(world.seconds());
        let token = authorize(&mut world, &key, &sad, answer).unwrap();
        let signatures = world.sign(&key, &token, vec![hash(round)]).unwrap();
        let public = PublicKey::from_spki(&key.spki).unwrap();
        public.verify_digest(hash(round).as_slice(), signatures[0].as_slice()).unwrap();
        world.advance(STEP);
    }
    let sad = sad_of(&mut world, &key, Purpose::Delete, Vec::new());
    let consent = world.sealed(&sad, pin.mistyped().answer(world.seconds()));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let refused = world.call(Command::DeleteKey(world.signed_manage(&statement, Some(consent))));
    assert_eq!(refused, Err(Fault::AssertionSignature));
    let sad = sad_of(&mut world, &key, Purpose::Delete, Vec::new());
    let consent = world.sealed(&sad, pin.answer(world.seconds()));
    world.call(Command::DeleteKey(world.signed_manage(&statement, Some(consent)))).unwrap();
    assert!(matches!(world.last(), EventBody::KeyDestroyed { .. }));
}

#[test]
fn the_key_statement_says_scal_1_and_nothing_of_the_pin() {
    let mut world = World::operational(102);
    let (key, pin) = (generated(&mut world), signers());
    let at = world.seconds();
    let statement = stated(link_seen(&mut world, &key, PIN_TOTP, link_pin, |_| pin.register(at)).unwrap());
    assert_eq!((statement.means, statement.scal), (Some(PIN_TOTP), 1));
    assert!(statement.eid_ref.is_some());
}

#[test]
fn a_pin_that_the_ra_did_not_name_is_not_linked() {
    let mut world = World::operational(103);
    let (key, hosts) = (generated(&mut world), TestPin::new("1111", 66));
    let at = world.seconds();
    let named = |_| link_pin(signers().name());
    let refused = link_seen(&mut world, &key, PIN_TOTP, named, |_| hosts.register(at));
    assert_eq!(refused, Err(Fault::EidMismatch));
    // Nor is one whose generator shows another password, or one that is no registration.
    let wrong = |_: &Digest32| signers().register(at - 10 * STEP);
    assert_eq!(link_seen(&mut world, &key, PIN_TOTP, link_pin, wrong), Err(Fault::AssertionSignature));
    let sad = sad_of(&mut world, &key, Purpose::Link, Vec::new());
    let answer = world.sealed(&sad, signers().answer(at));
    assert_eq!(link(&mut world, &key, link_pin(signers().name()), answer), Err(Fault::EidMismatch));
}

#[test]
fn a_manifest_that_does_not_open_pins_has_none_linked_and_none_answer() {
    let (mut world, key, pin) = ready(104);
    let closing = world.approved(|manifest| manifest.means.as_mut().unwrap().pin_totp.clear());
    world.change(closing).unwrap();
    let before = attempts(&world);
    assert_eq!(authorized(&mut world, &key, &pin), Err(Fault::MeansNotOpen));
    assert_eq!(attempts(&world), before, "nothing was compared, and nothing debited");
    let new = generated(&mut world);
    let at = world.seconds();
    let refused = link_seen(&mut world, &new, PIN_TOTP, link_pin, |_| pin.register(at));
    assert_eq!(refused, Err(Fault::MeansNotOpen));
    // Open to another client, or with no word about means at all.
    let elsewhere = world.approved(|manifest| {
        let other = fuin_shared::ids::RaClientId::new("other-ra").unwrap();
        manifest.means.as_mut().unwrap().pin_totp = vec![other];
    });
    world.change(elsewhere).unwrap();
    assert_eq!(authorized(&mut world, &key, &pin), Err(Fault::MeansNotOpen));
    let silent = world.approved(|manifest| manifest.means = None);
    world.change(silent).unwrap();
    assert_eq!(authorized(&mut world, &key, &pin), Err(Fault::MeansNotOpen));
}

#[test]
fn signer_suspends_and_resumes_with_the_pin() {
    let (mut world, key, pin) = ready(105);
    let suspend = |world: &mut World, pin: &TestPin| {
        let sad = sad_of(world, &key, Purpose::Suspend, Vec::new());
        let evidence = world.sealed(&sad, pin.answer(world.seconds()));
        let record = world.store.records[&key.id].clone();
        world.call(Command::Suspend(Suspend { credential: key.id.clone(), evidence, record }))
    };
    assert_eq!(suspend(&mut world, &pin.mistyped()), Err(Fault::AssertionSignature));
    suspend(&mut world, &pin).unwrap();
    assert_eq!(status(&mut world, &key).suspended, [Holder::Signer]);
    world.advance(STEP);
    let resume = |world: &mut World, pin: &TestPin| {
        let sad = sad_of(world, &key, Purpose::Resume, Vec::new());
        let consent = world.sealed(&sad, pin.answer(world.seconds()));
        let statement = world.manage(ManageAction::Resume {}, Some(&key.id));
        world.call(Command::Hold(world.signed_manage(&statement, Some(consent))))
    };
    assert_eq!(resume(&mut world, &pin.mistyped()), Err(Fault::AssertionSignature));
    resume(&mut world, &pin).unwrap();
    assert!(status(&mut world, &key).suspended.is_empty());
    world.advance(STEP);
    assert!(authorized(&mut world, &key, &pin).is_ok());
}

/// Evidence with which the linked PIN authorizes another, and the other's registration.
fn relinking(world: &mut World, key: &Enrolled, old: &TestPin, new: &TestPin) -> (Blob, Blob) {
    let showing = sad_of(world, key, Purpose::Link, Vec::new());
    let digest = HashAlgorithm::Sha256.digest(new.name().as_ref());
    let authorizing = sad_of(world, key, Purpose::Relink, vec![digest.into()]);
    let at = world.seconds();
    (world.sealed(&authorizing, old.answer(at)), world.sealed(&showing, new.register(at)))
}

fn relinked(world: &mut World, key: &Enrolled, old: &TestPin, new: &TestPin) -> Result<Answer, Fault> {
    let (authorization, registration) = relinking(world, key, old, new);
    let action = ManageAction::RelinkPinTotp { registration: new.name() };
    relink(world, key, action, Some(authorization), registration)
}

#[test]
fn a_new_pin_takes_the_place_of_the_old_one_on_the_old_ones_word_alone() {
    let (mut world, key, old) = ready(106);
    let new = TestPin::new("13579", 42);
    assert_eq!(relinked(&mut world, &key, &old.mistyped(), &new), Err(Fault::AssertionSignature));
    assert_eq!(relinked(&mut world, &key, &new, &new), Err(Fault::AssertionSignature));
    assert_eq!(status(&mut world, &key).failures, 2);
    relinked(&mut world, &key, &old, &new).unwrap();
    assert_eq!(authorized(&mut world, &key, &old), Err(Fault::AssertionSignature));
    // The password of the registration is spent.
    assert_eq!(authorized(&mut world, &key, &new), Err(Fault::AssertionSignature));
    world.advance(STEP);
    assert!(authorized(&mut world, &key, &new).is_ok());
    world.advance(STEP);
    world.reboot();
    world.provide().unwrap();
    assert_eq!(authorized(&mut world, &key, &old), Err(Fault::AssertionSignature));
    assert!(authorized(&mut world, &key, &new).is_ok());
}

/// The PIN alone is changed.
#[test]
fn with_the_same_generator_no_password_serves_twice() {
    let (mut world, key, old) = ready(115);
    let new = TestPin::new("13579", 41);
    world.advance(STEP);
    let now = world.seconds();
    // The password that authorizes serves for the registration too, or an earlier one does.
    let shown_at = |world: &mut World, authorized: u64, shown: u64| {
        let showing = sad_of(world, &key, Purpose::Link, Vec::new());
        let digest = HashAlgorithm::Sha256.digest(new.name().as_ref());
        let authorizing = sad_of(world, &key, Purpose::Relink, vec![digest.into()]);
        let authorization = world.sealed(&authorizing, old.answer(authorized));
        let showing = world.sealed(&showing, new.register(shown));
        let action = ManageAction::RelinkPinTotp { registration: new.name() };
        relink(world, &key, action, Some(authorization), showing)
    };
    assert_eq!(shown_at(&mut world, now, now), Err(Fault::AssertionSignature));
    assert_eq!(shown_at(&mut world, now + STEP, now), Err(Fault::AssertionSignature));
    world.advance(STEP);
    let now = world.seconds();
    shown_at(&mut world, now, now + STEP).unwrap();
    // Neither serves again, now or after a boot.
    let answered = |world: &mut World, at: u64| {
        let sad = sad_of(world, &key, Purpose::Sign, vec![hash(1)]);
        authorize(world, &key, &sad, new.answer(at))
    };
    for _ in 0..2 {
        assert_eq!(answered(&mut world, now), Err(Fault::AssertionSignature));
        assert_eq!(answered(&mut world, now + STEP), Err(Fault::AssertionSignature));
        world.reboot();
        world.provide().unwrap();
    }
    world.advance(STEP);
    let next = world.seconds() + STEP;
    assert!(answered(&mut world, next).is_ok());
}

#[test]
fn a_registration_that_is_refused_takes_no_answer_of_the_linked_pin() {
    let (mut world, key, old) = ready(107);
    let new = TestPin::new("13579", 42);
    let (authorization, _) = relinking(&mut world, &key, &old, &new);
    let showing = sad_of(&mut world, &key, Purpose::Link, Vec::new());
    let late = world.sealed(&showing, new.register(world.seconds() - 10 * STEP));
    let before = attempts(&world);
    let action = ManageAction::RelinkPinTotp { registration: new.name() };
    let refused = relink(&mut world, &key, action.clone(), Some(authorization.clone()), late);
    assert_eq!(refused, Err(Fault::AssertionSignature));
    assert_eq!(attempts(&world), before);
    let showing = sad_of(&mut world, &key, Purpose::Link, Vec::new());
    let registration = world.sealed(&showing, new.register(world.seconds()));
    relink(&mut world, &key, action, Some(authorization), registration).unwrap();
}

#[test]
fn a_pin_is_not_relinked_to_another_kind_nor_while_suspended() {
    let (mut world, key, old) = ready(108);
    let new = TestPin::new("13579", 42);
    let (authorization, registration) = relinking(&mut world, &key, &old, &new);
    let action = ManageAction::RelinkDeviceKey { key: new.name() };
    let refused = relink(&mut world, &key, action, Some(authorization.clone()), registration.clone());
    assert_eq!(refused, Err(Fault::EidMismatch));
    by_ra(&mut world, &key).unwrap();
    let action = ManageAction::RelinkPinTotp { registration: new.name() };
    let refused = relink(&mut world, &key, action, Some(authorization), registration);
    assert_eq!(refused, Err(Fault::CredentialDisabled));
}

#[test]
fn an_answer_of_another_kind_of_means_is_refused_both_ways() {
    let (mut world, key, pin) = ready(109);
    let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
    let assertion = key.passkey.assert(&digest_of(&sad));
    assert_eq!(authorize(&mut world, &key, &sad, assertion), Err(Fault::AssertionMalformed));
    let with_passkey = world.enrol(fuin_shared::algorithm::KeyAlgorithm::EcdsaP256, 21);
    let sad = world.sad(&with_passkey.id, &with_passkey.spki, Purpose::Sign, vec![hash(1)]);
    let answer = pin.answer(world.seconds());
    assert_eq!(authorize(&mut world, &with_passkey, &sad, answer.clone()), Err(Fault::AssertionMalformed));
    let sad = sad_of(&mut world, &with_passkey, Purpose::Sign, vec![hash(1)]);
    assert_eq!(authorize(&mut world, &with_passkey, &sad, answer), Err(Fault::SadForeign));
}
