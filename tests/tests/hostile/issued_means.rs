//! Place: none. Means that others issue, through a real enclave: certificates and revocation lists by openssl, ID tokens by a
//! provider of this suite, evidence by the signer's device.

use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::sad::{Assertion, MeansProfile, Purpose, sad_digest};
use fuin_tests::hostile::host::Refused;
use fuin_tests::hostile::signer::{Enrolled, hash, sad_request, verify};
use fuin_tests::hostile::world::World;
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// An activation token and a signature under it, or the refusal.
fn sign(
    world: &World,
    key: &Enrolled,
    answer: impl Fn(&fuin_shared::ids::Digest32) -> Assertion,
) -> Result<(), Refused> {
    let (on, hashes) = (world.trusted(), [hash()]);
    let challenge = world.challenge(&key.id, Purpose::Sign);
    let request = sad_request(&key.id, &key.spki, Purpose::Sign, &hashes);
    let sad = on.build_sad_for(key.means, &challenge, request).unwrap();
    world.oracle.borrow_mut().consented(&sad);
    let assertion = answer(&sad_digest(&sad.to_bytes()));
    let sealed = on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap();
    let token: Blob = world.activated(key, codec::encode(&sealed).into(), &hashes)?;
    verify(key, &hashes, &world.sign(key, &token, &hashes)?);
    Ok(())
}

#[test]
fn a_card_and_a_list_that_openssl_made_authorize_a_signature_until_the_card_is_revoked() {
    let mut world = World::operational();
    world.bring_list().unwrap();
    let key = world.enrol_with(MeansProfile::X509);
    sign(&world, &key, |digest| world.means.cards.answer(digest)).unwrap();
    world.means.cards.revoke();
    world.means.cards.publish();
    world.bring_list().unwrap();
    let refused = sign(&world, &key, |digest| world.means.cards.answer(digest)).unwrap_err();
    assert_eq!(refused.number(), 533);
    assert_eq!((world.oracle.borrow().signed, world.oracle.borrow().signed_scal1), (1, 0));
    assert_eq!(world.oracle.borrow().unauthorized, Vec::<String>::new());
    assert_eq!(world.panics(), Vec::<String>::new());
}

#[test]
fn an_id_token_authorizes_a_signature() {
    let mut world = World::operational();
    let key = world.enrol_with(MeansProfile::Oidc);
    let by = |account| {
        let provider = &world.means.provider;
        sign(&world, &key, move |digest| provider.token(account, digest))
    };
    by("hanako").unwrap();
    assert_eq!(by("taro").unwrap_err().number(), 507);
    // Counted apart.
    assert_eq!((world.oracle.borrow().signed, world.oracle.borrow().signed_scal1), (0, 1));
    assert_eq!(world.oracle.borrow().unauthorized, Vec::<String>::new());
    assert_eq!(world.panics(), Vec::<String>::new());
}
