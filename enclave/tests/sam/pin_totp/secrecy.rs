//! Place: SAM. PIN and secret reach the enclave sealed to it and to one SAD, and leave it no more.

use super::super::world::evidence;
use super::*;
use fuin_shared::codec;
use fuin_shared::sad::AuthorizationEvidence;

/// What a host would look for: no octets of these come about by chance.
fn telling() -> TestPin {
    TestPin { pin: b"correct horse battery staple".to_vec(), secret: b"a generator's own secret".to_vec() }
}

#[test]
fn the_host_sees_neither_pin_nor_secret() {
    let mut world = World::operational(131);
    let pin = telling();
    let key = generated(&mut world);
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let sad = sad_of(&mut world, &key, Purpose::Link, Vec::new());
    let sealed = world.sealed(&sad, pin.register(world.seconds()));
    seen.push(sealed.0.clone());
    let linked = link(&mut world, &key, link_pin(pin.name()), sealed).unwrap();
    seen.push(codec::encode(&linked));
    world.advance(STEP);
    let at = world.seconds();
    certify(&mut world, &key, PIN_TOTP, |_| pin.answer(at));
    world.advance(STEP);
    seen.push(codec::encode(&world.challenge(&key.id, Purpose::Sign).unwrap()));
    for used in [pin.mistyped(), telling()] {
        let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
        let sealed = world.sealed(&sad, used.answer(world.seconds()));
        let request = world.authorize_request(&key, &sad, sealed);
        seen.push(codec::encode(&request));
        let _ = world.authorize_call(request);
    }
    assert!(matches!(world.last(), EventBody::Authorized { .. }));
    seen.extend(world.store.entries.iter().cloned());
    seen.extend(world.store.records.values().map(codec::encode));
    for octets in &seen {
        for secret in [&pin.pin, &pin.secret] {
            for part in secret.windows(8) {
                assert!(!octets.windows(8).any(|window| window == part));
            }
        }
    }
}

#[test]
fn an_unsealed_answer_and_an_unsealed_registration_are_refused() {
    let (mut world, key, pin) = ready(132);
    let at = world.seconds();
    let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
    let plain = evidence(&sad, |_| pin.answer(at));
    let request = world.authorize_request(&key, &sad, plain);
    assert_eq!(world.authorize_call(request), Err(Fault::SadUnsealed));
    let new = generated(&mut world);
    let sad = sad_of(&mut world, &new, Purpose::Link, Vec::new());
    let plain = evidence(&sad, |_| pin.register(at));
    assert_eq!(link(&mut world, &new, link_pin(pin.name()), plain), Err(Fault::SadUnsealed));
}

#[test]
fn an_answer_sealed_for_another_sad_or_instance_is_refused_and_not_debited() {
    let (mut world, key, pin) = ready(133);
    let before = attempts(&world);
    let at = world.seconds();
    let sads = [1, 2].map(|seed| sad_of(&mut world, &key, Purpose::Sign, vec![hash(seed)]));
    let sealed = sads.each_ref().map(|sad| {
        let sealed = world.sealed(sad, pin.answer(at));
        codec::decode::<AuthorizationEvidence>(sealed.as_slice()).unwrap()
    });
    let [
        AuthorizationEvidence::Sealed { instance, sad_digest, encapsulated, ciphertext },
        AuthorizationEvidence::Sealed {
            sad_digest: other_digest,
            encapsulated: other_encapsulated,
            ciphertext: other_ciphertext,
            ..
        },
    ] = sealed
    else {
        panic!("not sealed")
    };
    let try_with = |world: &mut World, sad_digest, encapsulated: &Blob, ciphertext: &Blob| {
        let (encapsulated, ciphertext) = (encapsulated.clone(), ciphertext.clone());
        let evidence = AuthorizationEvidence::Sealed { instance, sad_digest, encapsulated, ciphertext };
        let request = world.authorize_request(&key, &sads[0], codec::encode(&evidence).into());
        world.authorize_call(request)
    };
    // What was sealed for one SAD under the digest of the other, and halves of both.
    let malformed = Err(Fault::SadMalformed);
    assert_eq!(try_with(&mut world, other_digest, &encapsulated, &ciphertext), malformed);
    assert_eq!(try_with(&mut world, sad_digest, &other_encapsulated, &other_ciphertext), malformed);
    assert_eq!(try_with(&mut world, sad_digest, &encapsulated, &other_ciphertext), malformed);
    // The whole evidence of the other SAD in a request for this one.
    let whole = try_with(&mut world, other_digest, &other_encapsulated, &other_ciphertext);
    assert_eq!(whole, Err(Fault::SadRequest));
    world.reboot();
    world.provide().unwrap();
    let elsewhere = try_with(&mut world, sad_digest, &encapsulated, &ciphertext);
    assert_eq!(elsewhere, Err(Fault::SadForeign));
    assert_eq!(attempts(&world), before);
    assert!(authorized(&mut world, &key, &pin).is_ok());
}

#[test]
fn a_sealed_answer_serves_once() {
    let (mut world, key, pin) = ready(134);
    let sad = sad_of(&mut world, &key, Purpose::Sign, vec![hash(1)]);
    let sealed = world.sealed(&sad, pin.answer(world.seconds()));
    let request = world.authorize_request(&key, &sad, sealed);
    world.authorize_call(request.clone()).unwrap();
    assert_eq!(world.authorize_call(request), Err(Fault::SadReplayed));
}
