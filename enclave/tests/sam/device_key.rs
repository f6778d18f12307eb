//! Place: SAM. Credentials with a device key: from linkEid to signatures, and what no other kind of means may do to them.

use super::issued_means::{self, authorize, certify, digest_of, generated};
use super::passkey::{RELYING_PARTY, TestPasskey};
use super::world::{Enrolled, World, evidence, hash, link_action};
use base64ct::{Base64UrlUnpadded, Encoding};
use ecdsa::signature::Signer;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::key::PublicKey;
use fuin_shared::key_statement::{KeyAttestation, KeyStatement};
use fuin_shared::message::{Answer, Command, MeansHint};
use fuin_shared::sad::{Assertion, MeansProfile, Purpose, Sad, device_key_fingerprint, sad_digest};
use fuin_shared::statement::ManageAction;
use p256::ecdsa::{Signature, SigningKey};

const IDENTITY: Digest32 = Digest32([7; 32]);

/// A device key of a test.
pub struct TestDeviceKey {
    key: SigningKey,
}

impl TestDeviceKey {
    pub fn new(seed: u8) -> Self {
        Self { key: SigningKey::from_slice(&[seed; 32]).unwrap() }
    }

    fn spki(&self) -> Vec<u8> {
        PublicKey::P256(*self.key.verifying_key()).to_spki()
    }

    pub fn fingerprint(&self) -> Digest32 {
        device_key_fingerprint(&self.spki())
    }

    fn jws(&self, kid: &Digest32, digest: &Digest32) -> String {
        let encode = Base64UrlUnpadded::encode_string;
        let header = format!(r#"{{"alg":"ES256","typ":"fuin-sad+jws","kid":"{kid}"}}"#);
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(digest.as_ref()));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", encode(&signature.to_bytes()))
    }

    pub fn register(&self, digest: &Digest32) -> Assertion {
        let jws = self.jws(&self.fingerprint(), digest);
        Assertion::DeviceKeyRegistration { public_key: self.spki().into(), jws }
    }

    pub fn assert(&self, digest: &Digest32) -> Assertion {
        Assertion::DeviceKey { jws: self.jws(&self.fingerprint(), digest) }
    }
}

pub fn link_device_key(key: Digest32) -> ManageAction {
    ManageAction::LinkDeviceKey { identity: IDENTITY, key }
}

fn sad_of(world: &mut World, key: &Enrolled, purpose: Purpose, hashes: Vec<Blob>) -> Sad {
    issued_means::sad_of(world, key, MeansProfile::DeviceKey, purpose, hashes)
}

fn link(
    world: &mut World,
    key: &Enrolled,
    action: ManageAction,
    sad: &Sad,
    answer: impl Fn(&Digest32) -> Assertion,
) -> Result<Answer, Fault> {
    issued_means::link(world, key, action, evidence(sad, answer))
}

/// From nothing to `active`, with a device key.
pub fn enrol(world: &mut World, device: &TestDeviceKey) -> Enrolled {
    let key = generated(world);
    let sad = sad_of(world, &key, Purpose::Link, Vec::new());
    let action = link_device_key(device.fingerprint());
    link(world, &key, action, &sad, |digest| device.register(digest)).unwrap();
    certify(world, &key, MeansProfile::DeviceKey, |digest| device.assert(digest));
    key
}

fn answered(sad: &Sad, device: &TestDeviceKey) -> Assertion {
    device.assert(&digest_of(sad))
}

#[test]
fn a_credential_with_a_device_key_signs_what_the_key_authorized() {
    let mut world = World::operational(31);
    let device = TestDeviceKey::new(41);
    let key = enrol(&mut world, &device);
    let challenge = world.challenge(&key.id, Purpose::Sign).unwrap();
    assert_eq!(challenge.means, Some(MeansProfile::DeviceKey));
    assert_eq!(challenge.passkey, None);
    assert_eq!(challenge.hint, Some(MeansHint::DeviceKey { key: device.fingerprint() }));
    for round in 0..2 {
        let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(round)]);
        let token = authorize(&mut world, &key, &sad, answered(&sad, &device)).unwrap();
        let signatures = world.sign(&key, &token, vec![hash(round)]).unwrap();
        let public = PublicKey::from_spki(&key.spki).unwrap();
        public.verify_digest(hash(round).as_slice(), signatures[0].as_slice()).unwrap();
    }
    // Deletion asks the same key.
    let sad = sad_of(&mut world, &key, Purpose::Delete, Vec::new());
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let consent = evidence(&sad, |digest| device.assert(digest));
    world.call(Command::DeleteKey(world.signed_manage(&statement, Some(consent)))).unwrap();
}

#[test]
fn the_key_statement_names_the_device_key() {
    let mut world = World::operational(32);
    let (key, device) = (generated(&mut world), TestDeviceKey::new(41));
    let sad = sad_of(&mut world, &key, Purpose::Link, Vec::new());
    let action = link_device_key(device.fingerprint());
    let Answer::Linked(linked) =
        link(&mut world, &key, action, &sad, |digest| device.register(digest)).unwrap()
    else {
        panic!()
    };
    let attestation: KeyAttestation = codec::decode(linked.attestation.unwrap().as_slice()).unwrap();
    let statement: KeyStatement = codec::decode(attestation.key.as_slice()).unwrap();
    assert_eq!((statement.means, statement.scal), (Some(MeansProfile::DeviceKey), 2));
    assert!(statement.eid_ref.is_some());
}

#[test]
fn a_device_key_that_the_ra_did_not_name_is_not_linked() {
    let mut world = World::operational(33);
    let (key, device, hosts) = (generated(&mut world), TestDeviceKey::new(41), TestDeviceKey::new(42));
    let sad = sad_of(&mut world, &key, Purpose::Link, Vec::new());
    let action = link_device_key(device.fingerprint());
    let refused = link(&mut world, &key, action.clone(), &sad, |digest| hosts.register(digest));
    assert_eq!(refused, Err(Fault::EidMismatch));
    // The named key's name over another key's signature.
    let forged = |digest: &Digest32| Assertion::DeviceKeyRegistration {
        public_key: device.spki().into(),
        jws: hosts.jws(&device.fingerprint(), digest),
    };
    assert_eq!(link(&mut world, &key, action.clone(), &sad, forged), Err(Fault::AssertionSignature));
    let sad = sad_of(&mut world, &key, Purpose::Link, Vec::new());
    let elsewhere = |_: &Digest32| device.register(&Digest32([1; 32]));
    assert_eq!(link(&mut world, &key, action, &sad, elsewhere), Err(Fault::AssertionChallenge));
}

#[test]
fn a_registration_of_another_kind_than_named_is_refused() {
    let mut world = World::operational(34);
    let (key, device, passkey) = (generated(&mut world), TestDeviceKey::new(41), TestPasskey::new(21));
    let by_device = link_device_key(device.fingerprint());
    // A passkey's registration where the RA named a device key, whatever the SAD says.
    for means in MeansProfile::ALL {
        let sad = Sad { means, ..sad_of(&mut world, &key, Purpose::Link, Vec::new()) };
        let refused = link(&mut world, &key, by_device.clone(), &sad, |digest| passkey.register(digest));
        let fault = if means == MeansProfile::DeviceKey { Fault::EidMismatch } else { Fault::SadForeign };
        assert_eq!(refused, Err(fault));
    }
    // And the reverse.
    for means in MeansProfile::ALL {
        let sad = Sad { means, ..sad_of(&mut world, &key, Purpose::Link, Vec::new()) };
        let refused = link(&mut world, &key, link_action(&passkey), &sad, |digest| device.register(digest));
        let fault = if means == MeansProfile::Passkey { Fault::EidMismatch } else { Fault::SadForeign };
        assert_eq!(refused, Err(fault));
    }
    // The passkey's action under the name of a device key.
    let confused = ManageAction::LinkEid {
        means: MeansProfile::DeviceKey,
        identity: IDENTITY,
        relying_party: RELYING_PARTY.to_owned(),
        registration: device.fingerprint(),
    };
    let sad = sad_of(&mut world, &key, Purpose::Link, Vec::new());
    let refused = link(&mut world, &key, confused, &sad, |digest| device.register(digest));
    assert_eq!(refused, Err(Fault::InvalidProof));
}

#[test]
fn a_second_means_is_not_linked() {
    let mut world = World::operational(35);
    let (device, other) = (TestDeviceKey::new(41), TestDeviceKey::new(42));
    let key = enrol(&mut world, &device);
    let sad = sad_of(&mut world, &key, Purpose::Link, Vec::new());
    let action = link_device_key(other.fingerprint());
    let refused = link(&mut world, &key, action, &sad, |digest| other.register(digest));
    assert_eq!(refused, Err(Fault::InvalidKeyState));
}

#[test]
fn a_passkeys_answer_on_a_credential_with_a_device_key_is_refused() {
    let mut world = World::operational(36);
    let (device, passkey) = (TestDeviceKey::new(41), TestPasskey::new(21));
    let key = enrol(&mut world, &device);
    let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
    let answer = passkey.assert(&sad_digest(&sad.to_bytes()));
    assert_eq!(authorize(&mut world, &key, &sad, answer), Err(Fault::AssertionMalformed));
    let sad = Sad { means: MeansProfile::Passkey, ..sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]) };
    let answer = passkey.assert(&sad_digest(&sad.to_bytes()));
    assert_eq!(authorize(&mut world, &key, &sad, answer), Err(Fault::SadForeign));
}

#[test]
fn a_device_keys_answer_on_a_credential_with_a_passkey_is_refused() {
    let mut world = World::operational(37);
    let device = TestDeviceKey::new(41);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let answer = answered(&sad, &device);
    assert_eq!(authorize(&mut world, &key, &sad, answer), Err(Fault::AssertionMalformed));
    let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
    let answer = answered(&sad, &device);
    assert_eq!(authorize(&mut world, &key, &sad, answer), Err(Fault::SadForeign));
}

#[test]
fn a_device_keys_answer_to_another_sad_or_used_before_is_refused() {
    let mut world = World::operational(38);
    let device = TestDeviceKey::new(41);
    let key = enrol(&mut world, &device);
    let seen = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
    let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(2)]);
    let old = answered(&seen, &device);
    assert_eq!(authorize(&mut world, &key, &sad, old), Err(Fault::AssertionChallenge));
    let answer = answered(&seen, &device);
    authorize(&mut world, &key, &seen, answer.clone()).unwrap();
    assert_eq!(authorize(&mut world, &key, &seen, answer), Err(Fault::SadReplayed));
}

#[test]
fn another_device_key_authorizes_nothing() {
    let mut world = World::operational(39);
    let (device, other) = (TestDeviceKey::new(41), TestDeviceKey::new(42));
    let key = enrol(&mut world, &device);
    let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
    let answer = answered(&sad, &other);
    assert_eq!(authorize(&mut world, &key, &sad, answer), Err(Fault::AssertionCredential));
    let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
    let forged = Assertion::DeviceKey { jws: other.jws(&device.fingerprint(), &sad_digest(&sad.to_bytes())) };
    assert_eq!(authorize(&mut world, &key, &sad, forged), Err(Fault::AssertionSignature));
}
