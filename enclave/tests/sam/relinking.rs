//! Place: SAM. Another means in the place of the signer's: on the linked one's word and the RA client's, and on nothing less.

use super::device_key::{TestDeviceKey, enrol as enrol_with_device_key};
use super::passkey::{RELYING_PARTY, TestPasskey};
use super::world::{Enrolled, World, evidence, hash};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::key_statement::{KeyAttestation, KeyStatement};
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::{Answer, Command, Manage, Relink};
use fuin_shared::sad::{Assertion, MeansProfile, Purpose, Sad, sad_digest};
use fuin_shared::statement::ManageAction;

fn ready(seed: u64) -> (World, Enrolled, TestPasskey) {
    let mut world = World::operational(seed);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    (world, key, TestPasskey::new(22))
}

fn registration(passkey: &TestPasskey) -> Digest32 {
    passkey.register(&Digest32([0; 32])).registration().unwrap()
}

fn action(passkey: &TestPasskey) -> ManageAction {
    ManageAction::RelinkPasskey {
        relying_party: RELYING_PARTY.to_owned(),
        registration: registration(passkey),
    }
}

/// SAD with which the new means shows itself.
fn shown(world: &mut World, key: &Enrolled) -> Sad {
    world.sad(&key.id, &key.spki, Purpose::Link, Vec::new())
}

/// SAD with which the linked means authorizes this registration.
fn authorizing(world: &mut World, key: &Enrolled, registration: &Digest32) -> Sad {
    let hash = fuin_shared::algorithm::HashAlgorithm::Sha256.digest(registration.as_ref());
    world.sad(&key.id, &key.spki, Purpose::Relink, vec![hash.into()])
}

pub fn relink(
    world: &mut World,
    key: &Enrolled,
    action: ManageAction,
    authorization: Option<Blob>,
    registration: Blob,
) -> Result<Answer, Fault> {
    let statement = world.manage(action, Some(&key.id));
    let manage = world.signed_manage(&statement, authorization);
    world.call(Command::Relink(Relink { manage, registration }))
}

/// As it should be.
pub fn relinked(
    world: &mut World,
    key: &Enrolled,
    old: &TestPasskey,
    new: &TestPasskey,
) -> Result<Answer, Fault> {
    let showing = shown(world, key);
    let authorizing = authorizing(world, key, &registration(new));
    let authorization = evidence(&authorizing, |digest| old.assert(digest));
    let showing = evidence(&showing, |digest| new.register(digest));
    relink(world, key, action(new), Some(authorization), showing)
}

fn authorize_with(world: &mut World, key: &Enrolled, passkey: &TestPasskey) -> Result<Blob, Fault> {
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let evidence = world.sealed(&sad, passkey.assert(&sad_digest(&sad.to_bytes())));
    let request = world.authorize_request(key, &sad, evidence);
    world.authorize_call(request)
}

#[test]
fn a_new_passkey_takes_the_place_of_the_old_one() {
    let (mut world, key, new) = ready(81);
    // So that the counter of the old one is far ahead of the new one's.
    for _ in 0..2 {
        world.authorize(&key, vec![hash(9)]).unwrap();
    }
    let Ok(Answer::Linked(linked)) = relinked(&mut world, &key, &key.passkey, &new) else { panic!() };
    let attestation: KeyAttestation = codec::decode(linked.attestation.unwrap().as_slice()).unwrap();
    let statement: KeyStatement = codec::decode(attestation.key.as_slice()).unwrap();
    assert_eq!(statement.means, Some(MeansProfile::Passkey));
    let event: Event = codec::decode(world.store.entries.last().unwrap()).unwrap();
    let EventBody::MeansRelinked { attests, .. } = event.body else { panic!("{event:?}") };
    assert_eq!(attests, statement.digest());
    assert_eq!(authorize_with(&mut world, &key, &key.passkey), Err(Fault::AssertionCredential));
    let token = authorize_with(&mut world, &key, &new).unwrap();
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
    world.reboot();
    world.provide().unwrap();
    assert!(authorize_with(&mut world, &key, &new).is_ok());
}

#[test]
fn a_new_device_key_takes_the_place_of_the_old_one() {
    let mut world = World::operational(82);
    let (old, new) = (TestDeviceKey::new(41), TestDeviceKey::new(42));
    let key = enrol_with_device_key(&mut world, &old);
    let of_device = |sad: Sad| Sad { means: MeansProfile::DeviceKey, ..sad };
    let showing = of_device(shown(&mut world, &key));
    let authorizing = of_device(authorizing(&mut world, &key, &new.fingerprint()));
    let authorization = evidence(&authorizing, |digest| old.assert(digest));
    let showing = evidence(&showing, |digest| new.register(digest));
    let action = ManageAction::RelinkDeviceKey { key: new.fingerprint() };
    relink(&mut world, &key, action, Some(authorization), showing).unwrap();
    let mut answer = |device: &TestDeviceKey| {
        let sad = of_device(world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]));
        let sealed = world.sealed(&sad, device.assert(&sad_digest(&sad.to_bytes())));
        let request = world.authorize_request(&key, &sad, sealed);
        world.authorize_call(request)
    };
    assert_eq!(answer(&old), Err(Fault::AssertionCredential));
    assert!(answer(&new).is_ok());
}

#[test]
fn the_ra_alone_relinks_nothing() {
    let (mut world, key, new) = ready(83);
    let showing = shown(&mut world, &key);
    let showing = evidence(&showing, |digest| new.register(digest));
    assert_eq!(relink(&mut world, &key, action(&new), None, showing), Err(Fault::SadMalformed));
    // Nor does the new means authorize itself.
    let itself = TestPasskey::new(22);
    assert_eq!(relinked(&mut world, &key, &itself, &new), Err(Fault::AssertionCredential));
    assert!(authorize_with(&mut world, &key, &key.passkey).is_ok());
}

#[test]
fn the_signer_alone_relinks_nothing() {
    let (mut world, key, new) = ready(84);
    let showing = shown(&mut world, &key);
    let authorizing = authorizing(&mut world, &key, &registration(&new));
    let authorization = evidence(&authorizing, |digest| key.passkey.assert(digest));
    let registration = evidence(&showing, |digest| new.register(digest));
    let statement = world.manage(action(&new), Some(&key.id));
    let record = world.store.records.get(&key.id).cloned();
    let evidence = Some(authorization);
    let manage = Manage { proof: world.other_ra.prove(&statement), evidence, record, nonce: None };
    let command = Command::Relink(Relink { manage, registration });
    assert_eq!(world.call(command), Err(Fault::UnknownCredential));
}

#[test]
fn the_linked_means_must_authorize_this_registration_for_relinking() {
    let (mut world, key, new) = ready(85);
    let other = TestPasskey::new(23);
    // Another registration than the one that the RA names and that shows itself.
    let showing = evidence(&shown(&mut world, &key), |digest| new.register(digest));
    let sad = authorizing(&mut world, &key, &registration(&other));
    let authorization = evidence(&sad, |digest| key.passkey.assert(digest));
    let refused = relink(&mut world, &key, action(&new), Some(authorization), showing.clone());
    assert_eq!(refused, Err(Fault::SadRequest));
    // The RA names another one.
    let sad = authorizing(&mut world, &key, &registration(&new));
    let authorization = evidence(&sad, |digest| key.passkey.assert(digest));
    let refused = relink(&mut world, &key, action(&other), Some(authorization.clone()), showing.clone());
    assert_eq!(refused, Err(Fault::EidMismatch));
    // A SAD to sign with that hash is no authorization to relink.
    let hash = sad.hashes.clone();
    let sign = world.sad(&key.id, &key.spki, Purpose::Sign, hash);
    let signing = evidence(&sign, |digest| key.passkey.assert(digest));
    let refused = relink(&mut world, &key, action(&new), Some(signing), showing.clone());
    assert_eq!(refused, Err(Fault::SadPurpose));
    // Nor the reverse.
    let relinking = world.sealed(&sad, key.passkey.assert(&sad_digest(&sad.to_bytes())));
    let request = world.authorize_request(&key, &sad, relinking);
    assert_eq!(world.authorize_call(request), Err(Fault::SadPurpose));
    // Once.
    relink(&mut world, &key, action(&new), Some(authorization.clone()), showing.clone()).unwrap();
    let again = relink(&mut world, &key, action(&new), Some(authorization), showing);
    assert_eq!(again, Err(Fault::SadReplayed));
}

#[test]
fn a_registration_for_another_person_or_of_another_kind_is_refused() {
    let (mut world, key, new) = ready(86);
    let sad = authorizing(&mut world, &key, &registration(&new));
    let authorization = evidence(&sad, |digest| key.passkey.assert(digest));
    let mut showing = shown(&mut world, &key);
    showing.link.as_mut().unwrap().identity = Digest32([8; 32]);
    let showing = evidence(&showing, |digest| new.register(digest));
    let refused = relink(&mut world, &key, action(&new), Some(authorization.clone()), showing);
    assert_eq!(refused, Err(Fault::EidMismatch));
    let device = TestDeviceKey::new(41);
    let showing = Sad { means: MeansProfile::DeviceKey, ..shown(&mut world, &key) };
    let showing = evidence(&showing, |digest| device.register(digest));
    let action = ManageAction::RelinkDeviceKey { key: device.fingerprint() };
    let refused = relink(&mut world, &key, action, Some(authorization), showing);
    assert_eq!(refused, Err(Fault::EidMismatch));
}

#[test]
fn a_registration_that_does_not_answer_its_sad_is_refused() {
    let (mut world, key, new) = ready(87);
    let sad = authorizing(&mut world, &key, &registration(&new));
    let authorization = evidence(&sad, |digest| key.passkey.assert(digest));
    let showing = evidence(&shown(&mut world, &key), |_| new.register(&Digest32([1; 32])));
    let refused = relink(&mut world, &key, action(&new), Some(authorization), showing);
    assert_eq!(refused, Err(Fault::AssertionChallenge));
    // An assertion of the linked means in the place of a registration.
    let sad = authorizing(&mut world, &key, &registration(&new));
    let authorization = evidence(&sad, |digest| key.passkey.assert(digest));
    let assertion = |digest: &Digest32| -> Assertion { key.passkey.assert(digest) };
    let showing = evidence(&shown(&mut world, &key), assertion);
    let refused = relink(&mut world, &key, action(&new), Some(authorization), showing);
    assert_eq!(refused, Err(Fault::EidMismatch));
    assert!(authorize_with(&mut world, &key, &key.passkey).is_ok());
}

#[test]
fn relinking_ends_live_tokens_and_a_suspended_credential_is_not_relinked() {
    let (mut world, key, new) = ready(88);
    let token = authorize_with(&mut world, &key, &key.passkey).unwrap();
    relinked(&mut world, &key, &key.passkey, &new).unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenUnknown));

    let (mut world, key, new) = ready(89);
    let showing = shown(&mut world, &key);
    let authorizing = authorizing(&mut world, &key, &registration(&new));
    let statement = world.manage(ManageAction::Suspend {}, Some(&key.id));
    world.call(Command::Hold(world.signed_manage(&statement, None))).unwrap();
    let authorization = evidence(&authorizing, |digest| key.passkey.assert(digest));
    let showing = evidence(&showing, |digest| new.register(digest));
    let refused = relink(&mut world, &key, action(&new), Some(authorization), showing);
    assert_eq!(refused, Err(Fault::CredentialDisabled));
    assert_eq!(world.challenge(&key.id, Purpose::Relink), Err(Fault::CredentialDisabled));
}
